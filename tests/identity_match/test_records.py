"""Is a record tidied so that only what differs differs?"""

from __future__ import annotations

import pytest

from byname.identity.match.records import CROWD, Record, columns, table
from byname.identity.match.shape import shape_of


def test_spelling_does_not_make_two_people_of_one() -> None:
    formal = columns(Record(unique_id="1", given="José", surname="O'Neill", postcode="SW1A 1AA", born="1971-06-24"))
    hasty = columns(Record(unique_id="2", given=" JOSE ", surname="ONEILL", postcode="sw1a1aa", born="19710624"))
    assert {k: v for k, v in formal.items() if k != "unique_id"} == {k: v for k, v in hasty.items() if k != "unique_id"}


def test_a_nickname_carries_the_name_it_is_short_for() -> None:
    nick = columns(Record(unique_id="1", given="Bill"))["nick"]
    assert nick == ["bill", "william"]


@pytest.mark.parametrize("born", ["yesterday", "1971-13-01", "", "0000-00-00"])
def test_what_is_no_day_is_no_date_of_birth(born: str) -> None:
    assert columns(Record(unique_id="1", born=born))["born"] is None


def test_a_phone_that_everybody_gives_names_nobody() -> None:
    crowd = [Record(unique_id=str(i), given=f"g{i}", surname=f"s{i}", phone="+4420794600") for i in range(CROWD + 1)]
    family = [Record(unique_id=f"f{i}", given=f"g{i}", surname="s", phone="+4420794611") for i in range(3)]
    rows = table([*crowd, *family])
    assert {row["phone"] for row in rows[: len(crowd)]} == {None}
    assert {row["phone"] for row in rows[len(crowd) :]} == {"+4420794611"}


def test_the_same_customer_may_use_her_phone_as_often_as_she_likes() -> None:
    rows = table([Record(unique_id=str(i), given="Ann", surname="Lee", phone="+4474001") for i in range(50)])
    assert {row["phone"] for row in rows} == {"+4474001"}


def test_a_shape_uses_only_the_fields_there_are() -> None:
    shape = shape_of({"given", "surname", "email"})
    assert [c.name for c in shape.comparisons] == ["given", "surname", "email"]
    assert ("surname", "born") not in shape.blocks
    assert ("mailbox", "surname") in shape.blocks
