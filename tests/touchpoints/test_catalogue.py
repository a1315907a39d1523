"""Does the catalogue hold together, and does docs/events.md say what it says?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from byname.touchpoints import catalogue
from byname.touchpoints.catalogue import CATALOGUE, FADES_DAYS, KINDS, MEANING, PROPERTIES, Meaning
from byname.touchpoints.events_page import events_page

ECOMMERCE_V2 = (
    """
Products Searched|Product List Viewed|Product List Filtered|Promotion Viewed|Promotion Clicked|Product Clicked
Product Viewed|Product Added|Product Removed|Cart Viewed|Checkout Started|Checkout Step Viewed
Checkout Step Completed|Payment Info Entered|Order Completed|Order Updated|Order Refunded|Order Cancelled
Coupon Entered|Coupon Applied|Coupon Denied|Coupon Removed|Product Added to Wishlist
Product Removed from Wishlist|Wishlist Product Added to Cart|Product Shared|Cart Shared|Product Reviewed
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
IN_PERSON = (
    """
Till Sale|Till Return|Card Presented|Staff Note|Call Started|Call Ended|Kiosk Session Started|Kiosk Session Ended
Cashpoint Session Started|Cashpoint Session Ended|Device Event|Message Delivered|Message Opened|Message Clicked
Message Bounced|Offer Shown|Survey Answered|Mention|Complaint Raised
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


def test_the_page_about_events_is_written_from_the_catalogue() -> None:
    page = Path(__file__).parents[2] / "docs" / "events.md"
    assert page.read_text("utf-8") == events_page(), "python -m byname.touchpoints.events_page > docs/events.md"


@pytest.mark.parametrize("name", [*ECOMMERCE_V2, *IN_PERSON])
def test_every_promised_event_is_in_the_list(name: str) -> None:
    assert name in MEANING


@pytest.mark.parametrize("meaning", CATALOGUE, ids=lambda m: m.name)
def test_an_entry_uses_only_words_that_are_defined(meaning: Meaning) -> None:
    assert meaning.kind in KINDS
    assert {*meaning.opens, *meaning.closes} <= FADES_DAYS.keys()
    assert set(meaning.properties) <= PROPERTIES.keys()
    assert set(meaning.ref) <= set(meaning.properties), "the code by which it is known must be a property of it"
    assert len(meaning.opens) <= 1
    assert catalogue.canonical(meaning.name) == meaning.name


def test_no_spelling_means_two_events() -> None:
    spellings = [s.casefold() for m in CATALOGUE for s in (m.name, *m.aliases)]
    assert len(spellings) == len(set(spellings))


def test_what_is_opened_can_be_closed() -> None:
    for matter in FADES_DAYS:
        assert any(matter in m.opens for m in CATALOGUE)
        assert any(matter in m.closes for m in CATALOGUE)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Completed Order", "Order Completed"),
        ("order completed", "Order Completed"),
        ("order_completed", "Order Completed"),
        ("  Order   Completed ", "Order Completed"),
        ("Email Opened", "Message Opened"),
        ("Viewed Product Category", "Product List Viewed"),
        ("Bike Serviced", "Bike Serviced"),
        ("checkout_v2.step-3", "checkout_v2.step-3"),
        ("Fahrrad repariert für sie", "Fahrrad repariert für sie"),
    ],
)
def test_names_are_read_in_the_spellings_that_senders_use(sent: str, read: str) -> None:
    assert catalogue.canonical(sent) == read


@pytest.mark.parametrize(
    "sent", ["", "   ", "write to ann@example.com", "call +44 20 7946 0018", "x" * 101, "a\0b", "<b>"]
)
def test_what_may_be_personal_is_no_name(sent: str) -> None:
    assert catalogue.canonical(sent) is None


def test_a_cart_is_closed_by_the_order_whatever_its_id() -> None:
    added = catalogue.matters(MEANING["Product Added"], "cart-31")
    bought = catalogue.matters(MEANING["Order Completed"], "A-1001")
    assert ("cart", "", True) in list(added)
    assert ("cart", "", False) in list(bought)


def test_examples_are_safe_to_copy() -> None:
    for p in PROPERTIES.values():
        assert not re.search(r"\d{12}(?!\d)", str(p.example).replace("+44", "")), p.name
