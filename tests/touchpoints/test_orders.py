"""What did she pay or get back? Exactly, in every currency."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.terms import Line
from byname.touchpoints import segment
from tests.touchpoints.sending import LIMITS, RECEIVED, SHOP, TILL, bought, event


def test_a_return_is_money_back_however_it_is_signed() -> None:
    for total in (-12.5, 12.5, "12.50"):
        e = event({"event": "Till Return", "properties": {"total": total}}, source=TILL)
        assert e.amount == 1250


def test_looking_at_a_product_counts_no_money() -> None:
    e = event({"event": "Product Viewed", "anonymousId": "c", "properties": {"product_id": 17, "price": 9.99}})
    assert (e.amount, e.currency, e.lines) == (0, "", (Line("17", 1000, 0),))


@pytest.mark.parametrize(
    ("total", "currency", "minor"),
    [
        (19.99, "GBP", 1999), ("19.99", "gbp", 1999), (0.1, "EUR", 10), (1234567.89, "EUR", 123456789),
        (500, "JPY", 500), (1.234, "KWD", 1234), (2.675, "EUR", 268), (1e3, "USD", 100000), (0, "GBP", 0),
        (99999999999.99, "IDR", 9999999999999),
    ],
)  # fmt: skip
def test_money_is_exact(total: Any, currency: str, minor: int) -> None:
    assert event(bought(total=total, currency=currency)).amount == minor


@given(st.integers(0, 10**12), st.sampled_from(["GBP", "JPY", "KWD", "CLF"]))
def test_every_amount_survives_the_way_through_json(minor: int, currency: str) -> None:
    places = {"GBP": 2, "JPY": 0, "KWD": 3, "CLF": 4}[currency]
    digits = str(minor).zfill(places + 1)
    text = digits[: len(digits) - places] + ("." + digits[len(digits) - places :] if places else "")
    body = f'{{"event":"Order Completed","userId":"u","properties":{{"total":{text},"currency":"{currency}"}}}}'
    (e,) = segment.parse(body.encode(), "track", SHOP, RECEIVED, LIMITS).events
    assert e.amount == minor


def test_without_a_total_the_lines_add_up() -> None:
    lines = [
        {"product_id": "a", "price": 2.99, "quantity": 0.335},
        {"product_id": "b", "amount": 5, "coupon_discount": 1},
    ]
    e = event(bought(products=lines))
    assert (e.amount, e.discount) == (600, 100)
    assert e.lines == (Line("a", 335, 100), Line("b", 1000, 500, 0, 100))
