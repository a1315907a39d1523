"""Values: one form each, and nothing that stands for nobody."""

from __future__ import annotations

import dataclasses
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byname.identity.policy import Policy, read_policy
from byname.identity.values import REASONS, masked, normalise
from byname.issuers import is_card_number
from byname.terms import BynameError
from tests.identity.cast import POLICY

TYPES = [rule.name for rule in POLICY.types]

ONE_FORM = [
    ("email", " Marie@Shop.FR ", "marie@shop.fr"),
    ("email", "a.b+news@bücher.de", "a.b+news@xn--bcher-kva.de"),
    ("email", "mailto:ann@example.org", "ann@example.org"),
    ("email", "an\u200bn@example.org", "ann@example.org"),
    ("email", "ａｎｎ@example.org", "ann@example.org"),
    ("email", '"ann@example.org"', "ann@example.org"),
    ("phone", "020 7946 0018", "+442079460018"),
    ("phone", "07400 123456", "+447400123456"),
    ("phone", "tel:+44-7400-123456", "+447400123456"),
    ("phone", "0044 7400 123456", "+447400123456"),
    ("phone", "+44 7400 123456 ext. 12", "+447400123456"),
    ("phone", "+1 (202) 555-0143", "+12025550143"),
    ("card", "v9mk3p7q2x1l8z5t4r6w0y9b8c7d6", "V9MK3P7Q2X1L8Z5T4R6W0Y9B8C7D6"),
    ("card", "tok_1NirD82eZvKYlo2C", "tok_1NirD82eZvKYlo2C"),
    ("loyalty", "9826 0012-7", "982600127"),
    ("loyalty", "11", "11"),
    ("loyalty", "2222", "2222"),
    ("account", "User-7", "User-7"),
    ("device", "2f4a0c1e-7c1b-4f1e-9d53-1f2a3b4c5d6e", "2f4a0c1e-7c1b-4f1e-9d53-1f2a3b4c5d6e"),
    ("given", "Mr. Bill J.", "william"),
    ("given", "ZOË", "zoe"),
    ("social", "Insta:@Ann_B", "insta:ann_b"),
]


@pytest.mark.parametrize(("type_", "raw", "value"), ONE_FORM)
def test_a_value_has_one_form(type_, raw, value):
    assert normalise(POLICY, type_, raw) == (value, "")
    assert normalise(POLICY, type_, value) == (value, ""), "and that form is its own form"


PLACEHOLDERS = """null, "null", 'None', undefined, NULL, nil, anonymous, Guest, unknown, TEST, n/a, 0, 0000, -1, --,
00-00, xxx, aaaaaa, 11111, 00000000-0000-0000-0000-000000000000, [object Object], NaN, \u200bnull"""


@pytest.mark.parametrize("type_", TYPES)
def test_what_stands_for_nobody_is_dropped(type_):
    for raw in PLACEHOLDERS.replace("\n", " ").split(", "):
        assert normalise(POLICY, type_, raw) == (None, "placeholder"), raw
    assert normalise(POLICY, type_, " \u200b ") == (None, "empty")


NOBODYS = """
noemail@shop.co.uk no-email@x.org test@test.com a@a.com none@none.com noreply@shop.fr test12@gmail.com
donotreply@shop.fr xxx@xxx.com anonymous@web.de nobody@shop.fr no.mail@shop.fr asdf@asdf.com
"""


@pytest.mark.parametrize("raw", NOBODYS.split())
def test_an_address_of_nobody_is_dropped(raw):
    assert normalise(POLICY, "email", raw) == (None, "placeholder")


def test_real_addresses_that_look_a_little_like_it_pass():
    for raw in ["norma@shop.fr", "tester.smith@shop.fr", "noel@shop.fr", "nathan@na.example.com", "mia.null@web.de"]:
        assert normalise(POLICY, "email", raw).value == raw


@pytest.mark.parametrize(
    ("type_", "raw", "why"),
    [
        ("email", "ann@@example.org", "not valid"),
        ("email", "ann", "not valid"),
        ("phone", "12345", "not valid"),
        ("phone", "07700 900123", "not valid"),  # Ofcom's drama numbers
        ("card", "4242", "not valid"),  # last digits are no identifier
        ("given", "B.", "initial"),
        ("account", "x" * 300, "too long"),
        ("passport", "x", "unknown type"),
    ],
)
def test_what_is_no_value_is_dropped_with_its_reason(type_, raw, why):
    assert normalise(POLICY, type_, raw) == (None, why)
    assert why in REASONS


CARDS = ["4111111111111111", "5555 5555 5555 4444", "3782-822463-10005", "6011111111111117", "3530111333300000"]


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("number", CARDS)
def test_a_payment_card_number_is_refused_whatever_it_claims_to_be(type_, number):
    for raw in (number, f" {number} ", f"card {number}", f"id:{number}"):
        assert normalise(POLICY, type_, raw) == (None, "card number"), raw


def test_numbers_that_only_look_long_are_no_card_numbers():
    for raw in ["1234567890123456", "5000128000010", "4006381333931", "4111111111111112", "20261121000017"]:
        assert normalise(POLICY, "account", raw) == (raw, "")
    assert normalise(POLICY, "phone", "+62 812 3456 789").value == "+628123456789"


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True))
def test_exactly_one_check_digit_makes_a_card_number(body):
    assert sum(is_card_number(f"{body}{d}") for d in range(10)) == 1


@settings(max_examples=300)
@given(st.sampled_from(TYPES), st.text(max_size=40))
def test_anything_at_all_has_a_form_or_a_reason_and_a_form_is_final(type_, raw):
    value, why = normalise(POLICY, type_, raw)
    assert (value is None) == bool(why)
    assert why in REASONS
    if value is not None:
        assert normalise(POLICY, type_, value).value == value


@given(st.uuids())
def test_a_random_id_is_a_value(given_id: uuid.UUID):
    if given_id.int:
        assert normalise(POLICY, "device", str(given_id)).why in ("", "card number")


def test_a_home_blocks_its_own_number():
    policy = dataclasses.replace(POLICY, blocked={"phone": frozenset({"+442079460018"})})
    assert normalise(policy, "phone", "020 7946 0018") == (None, "blocked")
    assert normalise(POLICY, "phone", "020 7946 0018").why == ""


def test_staff_see_enough_to_recognise_and_too_little_to_learn():
    assert masked("email", "marie@shop.fr") == "m***@shop.fr"
    assert masked("phone", "+447400123456") == "** ** 34 56"
    assert masked("account", "u1") == "***1"


def test_the_shipped_policy_is_the_specified_one_with_social_handles_after_it(shared):
    given_ = Policy.load(shared / "spec" / "identity-policy.json")
    assert [r.name for r in POLICY.types] == [r.name for r in given_.types] + ["social"]
    assert POLICY.types[:-1] == given_.types
    assert (POLICY.household_max, POLICY.anchor_rank) == (given_.household_max, given_.anchor_rank)


def test_a_policy_says_what_is_wrong_with_it():
    with pytest.raises(BynameError, match="links to an unknown type: fax"):
        read_policy({"types": {"email": {"rank": 1, "limit": 2, "links": {"fax": 1}}}})
    with pytest.raises(BynameError, match="'limit' must be a whole number"):
        read_policy({"types": {"email": {"rank": 1}}})


def test_the_digest_names_the_content_of_a_policy():
    assert Policy.load().digest == POLICY.digest
    assert Policy.load(region="FR").digest != POLICY.digest
