"""Is her last word obeyed, in whatever order her words arrive?"""

from __future__ import annotations

import doctest
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.home import Home
from byname.terms import ConsentSaid
from byname.trust import consent
from byname.trust.consent import CHANNELS, PURPOSES, Entry, allowed, understand, why_not_collect


def word(purpose: str, channel: str, granted: bool, at: int, identifier: int = 1) -> Entry:
    said = ConsentSaid(purpose, channel, granted)
    return Entry(consent.entry_id(b"%d" % at, said), identifier, purpose, channel, granted, at, "web", "")


YES, NO = True, False
words = st.builds(
    word,
    st.sampled_from(["marketing", "service"]),
    st.sampled_from(["*", "email", "sms"]),
    st.booleans(),
    st.integers(0, 4),
    st.integers(1, 3),
)


@pytest.mark.parametrize(
    ("told", "channel", "may"),
    [
        ([], "email", NO),
        ([word("marketing", "email", YES, 1)], "email", YES),
        ([word("marketing", "email", YES, 1)], "sms", NO),
        ([word("marketing", "*", YES, 1)], "sms", YES),
        ([word("marketing", "*", YES, 1), word("marketing", "sms", NO, 2)], "sms", NO),
        ([word("marketing", "*", YES, 1), word("marketing", "sms", NO, 2)], "email", YES),
        ([word("marketing", "*", YES, 1), word("marketing", "sms", NO, 2)], "*", NO),
        ([word("marketing", "sms", NO, 1), word("marketing", "*", YES, 2)], "sms", YES),
        ([word("marketing", "email", YES, 3), word("marketing", "email", NO, 3)], "email", NO),
        ([word("marketing", "*", NO, 3), word("marketing", "email", YES, 3)], "email", NO),
        ([word("profiling", "email", YES, 3)], "email", NO),
    ],
)
def test_the_last_word_about_a_purpose_and_channel_counts(told: list[Entry], channel: str, may: bool) -> None:
    assert allowed(told, "marketing", channel) is may


def test_service_needs_no_consent_and_marketing_does() -> None:
    assert allowed([], "service", "email")
    assert not allowed([], "marketing", "email")
    assert not allowed([word("service", "*", NO, 1)], "service", "email")
    assert not allowed([word("whatever", "*", YES, 1)], "whatever", "email")


@given(st.lists(words), st.randoms(use_true_random=False), st.sampled_from(CHANNELS))
def test_order_and_repetition_do_not_matter(told: list[Entry], rng: random.Random, channel: str) -> None:
    shuffled = [*told, *told]
    rng.shuffle(shuffled)
    for purpose in PURPOSES:
        assert allowed(told, purpose, channel) == allowed(shuffled, purpose, channel)


@given(st.lists(words), st.sampled_from(CHANNELS))
def test_the_last_words_are_enough(told: list[Entry], channel: str) -> None:
    for purpose in PURPOSES:
        assert allowed(consent.last_words(told).values(), purpose, channel) == allowed(told, purpose, channel)


@given(st.lists(words))
def test_what_holds_wherever_holds_on_each_channel(told: list[Entry]) -> None:
    wherever = consent.allowed_purposes(told)
    assert all(wherever <= consent.allowed_purposes(told, channel) for channel in CHANNELS)


def test_the_ledger_gives_back_what_was_recorded_once(home: Home) -> None:
    told = [word("marketing", "email", YES, 1, 1), word("marketing", "email", NO, 2, 2)]
    home.store.write(lambda db: consent.record(db, told))
    home.store.write(lambda db: consent.record(db, told))
    db = home.store.read()
    assert consent.entries(db, [1, 2]) == told
    assert consent.entries(db, [1]) == told[:1]
    assert not consent.standing(db, [1, 2])["marketing", "email"].granted
    assert consent.standing(db, []) == {}


def test_categories_of_consent_tools_become_purposes() -> None:
    said = [
        ConsentSaid("C0004", "*", NO),
        ConsentSaid("Analytics", "web", YES),
        ConsentSaid("Voodoo", "*", YES),
    ]
    known, unknown = understand(said)
    assert [(s.purpose, s.channel, s.granted) for s in known] == [
        ("marketing", "*", NO),
        ("profiling", "*", NO),
        ("analytics", "web", YES),
    ]
    assert unknown == ["Voodoo"]
    assert all(p in PURPOSES for purposes in consent.CATEGORIES.values() for p in purposes)


def test_a_source_that_needs_consent_keeps_nothing_without_it() -> None:
    grant, refusal = ConsentSaid("analytics", "web", YES), ConsentSaid("analytics", "web", NO)
    assert why_not_collect(False, []) is None
    assert why_not_collect(True, []) == "no_consent"
    assert why_not_collect(True, [ConsentSaid("service", "*", YES)]) == "no_consent"
    assert why_not_collect(True, [refusal]) == "consent_denied"
    assert why_not_collect(True, [grant]) is None
    standing = consent.last_words([word("marketing", "web", YES, 1)])
    assert why_not_collect(True, [], standing) is None
    assert why_not_collect(True, [refusal], standing) == "consent_denied"


def test_the_examples_hold() -> None:
    assert doctest.testmod(consent).failed == 0
