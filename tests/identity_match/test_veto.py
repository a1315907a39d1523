"""Does the veto keep families apart and people whole? (spec/identity 3, the household finding)"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.identity.match.records import Record, columns
from byname.identity.match.veto import vetoed


def veto(a: Record, b: Record) -> str:
    return vetoed(columns(a), columns(b))


def person(given: str = "", surname: str = "Phillips", born: str = "") -> Record:
    return Record(unique_id="1", given=given, surname=surname, born=born)


def test_mother_and_daughter_share_everything_but_a_first_name() -> None:
    assert veto(person("Gina"), person("Sophie")) == "given"


def test_an_initial_that_does_not_fit_is_somebody_else() -> None:
    assert veto(person("G"), person("Sophie")) == "initial"
    assert veto(person("S"), person("Sophie")) == ""


def test_a_nickname_has_the_initial_of_its_name_too() -> None:
    assert veto(person("W"), person("Bill")) == ""


@pytest.mark.parametrize(("a", "b"), [("Bill", "William"), ("Kate", "Kat"), ("Jon", "John"), ("Sofia", "Sophia")])
def test_one_person_may_write_her_name_in_two_ways(a: str, b: str) -> None:
    assert veto(person(a), person(b)) == ""


def test_first_and_last_name_in_the_wrong_fields_are_no_veto() -> None:
    assert veto(person("Ryan", "Davis"), person("Davis", "Ryan")) == ""


def test_two_birthdays_are_two_people_but_a_slip_is_not() -> None:
    assert veto(person("Ann", born="1971-06-24"), person("Ann", born="1998-11-03")) == "born"
    assert veto(person("Ann", born="1971-06-24"), person("Ann", born="1971-06-42")) == ""
    assert veto(person("Ann", born="1971-06-24"), person("Ann", born="1971-08-25")) == ""


def test_what_is_not_told_speaks_against_nobody() -> None:
    assert veto(person(), person("Sophie")) == ""


NAMES = st.text(alphabet="abcdeés '", max_size=8)
PEOPLE = st.builds(person, NAMES, NAMES, st.sampled_from(["", "1971-06-24", "1998-11-03", "1971-06-25"]))


@given(PEOPLE, PEOPLE)
def test_the_veto_does_not_care_who_comes_first_and_never_splits_equals(a: Record, b: Record) -> None:
    assert veto(a, b) == veto(b, a)
    assert veto(a, a) == ""
