"""What does a model make of grades that it met seldom or never?"""

from __future__ import annotations

import pytest

from byname.identity.match.model import COMMON, NOTHING, SLIP, count_terms, odds_of, probability
from byname.identity.match.records import Record, columns
from byname.identity.match.shape import COMPARISONS
from tests.identity_match.people import digest

CARD = COMPARISONS["card"]  # missing, same, other


def test_a_field_that_nobody_shares_says_nothing() -> None:
    assert odds_of(CARD, [(None, None)] * 3) == (NOTHING,) * 3


def test_a_field_that_no_block_held_open_weighs_as_usual() -> None:
    missing, same, other = odds_of(CARD, [(None, None), (None, 0.001), (None, 0.999)])
    assert missing.weight == 0
    assert same.weight == pytest.approx(9.8, abs=0.1)
    assert other.weight < -4


def test_no_single_difference_rules_a_person_out() -> None:
    _, _, other = odds_of(CARD, [(None, None), (1.0, 0.5), (0.0, 0.5)])
    assert other.m == SLIP


def test_what_was_met_in_nobody_is_no_evidence_for_anybody() -> None:
    _, same, _ = odds_of(CARD, [(None, None), (0.0, 1e-6), (1.0, 1.0)])
    assert same.weight <= 0


def test_only_common_terms_are_kept_and_rare_ones_share_one_average() -> None:
    names = ["smith"] * COMMON + ["quux"] * 2 + ["featherstone"]
    rows = [columns(Record(unique_id=str(i), surname=name)) for i, name in enumerate(names)]
    terms = count_terms(rows, "surname", digest)
    assert list(terms.common) == [digest("smith")]
    assert terms.frequency("smith", digest) == pytest.approx(COMMON / len(names))
    assert terms.frequency("quux", digest) == terms.frequency("never met", digest) == pytest.approx(1.5 / len(names))


def test_certainty_has_no_overflow() -> None:
    assert probability(1e9) == 1.0
    assert 0 < probability(-50) < 1e-14
    assert probability(-1e9) >= 0
