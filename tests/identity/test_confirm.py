"""'This is her' and 'this is not her': blind, bounded, and taken back in one step."""

from __future__ import annotations

import pytest

from byname.home import Home
from byname.identity import confirm, graph
from byname.identity.confirm import GROUNDS, REFUSALS, Answers, ground_of, judge
from tests.identity.cast import POLICY, key, see
from tests.identity.stored import NOW, assert_store_is_f, new_id, people_in, play, writing

WHO = {"staff": "17", "terminal": "12-3", "now": NOW, "new_id": new_id}


def _person(db, name: str) -> int:
    (person,) = db.row("select person from identifier where token = :token", token=key(name).token)
    return person


def test_the_challenge_tells_right_and_wrong_and_nothing_else():
    expected = {"postcode": {b"a"}, "birthday": {b"b"}, "order": {b"c", b"d"}}
    assert judge(expected, {"postcode": b"a", "order": b"d"}) == Answers(("order", "postcode"), ())
    assert judge(expected, {"postcode": b"x", "colour": b"a"}) == Answers((), ("colour", "postcode"))


@pytest.mark.parametrize(
    ("answers", "seen", "ground", "refusal"),
    [
        (Answers(("order", "postcode"), ()), "", "answered_twice", ""),
        (Answers(("order", "postcode"), ("birthday",)), "", "answered_twice", ""),
        (Answers(("order",), ()), "", "", "no_ground"),
        (Answers(("order", "postcode"), ("a", "b", "c")), "", "", "too_many_wrong"),
        (None, "photo_id_seen", "photo_id_seen", ""),
        (None, "answered_twice", "", "no_ground"),
        (None, "", "", "no_ground"),
    ],
)
def test_right_twice_or_a_card_or_a_document(answers, seen, ground, refusal):
    assert ground_of(answers, seen) == (ground, refusal)
    assert ground in GROUNDS or refusal in REFUSALS


def test_this_is_her_joins_the_card_in_her_hand_and_is_taken_back(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann email:ann", 1))
        play(db, POLICY, see("card:par", 2))
        before = people_in(db)
        done = confirm.this_is_her(
            db, POLICY, key("card:par"), _person(db, "account:ann"), ground="loyalty_card_seen", **WHO
        )
        assert _person(db, "card:par") == _person(db, "email:ann")
        actor, because = db.row("select actor, because from statement where sid = :sid", sid=done.sid)
        assert (actor, because) == ("staff:17", "loyalty_card_seen; terminal 12-3")
        again = confirm.this_is_her(
            db, POLICY, key("card:par"), _person(db, "account:ann"), ground="photo_id_seen", **WHO
        )
        assert again.refused == "is_already"
        graph.revoke(db, POLICY, done.sid, at=NOW, actor="staff:2", because="wrong", now=NOW)
        assert people_in(db) == before


def test_two_accounts_need_a_second_person_who_is_somebody_else(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann email:ann", 1))
        play(db, POLICY, see("account:bob phone:bob", 2))
        ask = dict(presented=key("phone:bob"), person=_person(db, "account:ann"), ground="photo_id_seen", **WHO)
        assert confirm.this_is_her(db, POLICY, **ask).refused == "two_accounts"
        assert confirm.this_is_her(db, POLICY, **ask, second="17").refused == "two_accounts"
        assert confirm.this_is_her(db, POLICY, **ask, second="2").sid is not None
        assert _person(db, "phone:bob") == _person(db, "account:ann")


def test_more_than_so_many_a_day_need_a_second_person(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann", 1))
        for n in range(3):
            ask = dict(presented=key(f"card:{n}"), person=_person(db, "account:ann"), ground="photo_id_seen", **WHO)
            refused = confirm.this_is_her(db, POLICY, **ask, cap=2).refused
            assert refused == ("daily_cap" if n == 2 else "")


def test_not_her_sets_apart_and_only_two_can_go_over_it(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann card:par", 1))
        ann = _person(db, "account:ann")
        assert confirm.not_her(db, POLICY, key("card:par"), ann, **WHO).sid
        assert _person(db, "card:par") != _person(db, "account:ann")
        ask = dict(presented=key("card:par"), person=_person(db, "account:ann"), ground="photo_id_seen", **WHO)
        assert confirm.this_is_her(db, POLICY, **ask).refused == "was_split"
        done = confirm.this_is_her(db, POLICY, **ask, second="2")
        assert len(done.took_back) == 1
        assert _person(db, "card:par") == _person(db, "account:ann")
        assert_store_is_f(db, POLICY)


def test_nothing_is_confirmed_without_a_ground_or_a_customer(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann", 1))
        ann = _person(db, "account:ann")
        assert confirm.this_is_her(db, POLICY, key("card:1"), ann, ground="I know her", **WHO).refused == "no_ground"
        assert confirm.this_is_her(db, POLICY, key("card:1"), 999, ground="herself", **WHO).refused == "nobody"
        assert confirm.not_her(db, POLICY, key("account:ann"), ann, **WHO).refused == "nobody"
