"""Why are these identifiers one person? In words, the weakest link first."""

from __future__ import annotations

from byname.home import Home
from byname.identity import explain, graph
from tests.identity.cast import POLICY, key, same, see, split
from tests.identity.stored import NOW, play, writing

DAY = 86_400_000_000


def _public(db, name: str) -> str:
    (public,) = db.row("select public_id from identifier where token = :token", token=key(name).token)
    return public


def _person(db, name: str) -> int:
    return graph.person_of(db, _public(db, name))


def test_the_chain_is_a_tree_and_begins_with_its_weakest_link(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann email:ann", DAY), source="web")
        play(db, POLICY, see("email:ann phone:ann", 2 * DAY), source="call")
        play(db, POLICY, see("phone:ann device:ann account:ann", 3 * DAY), source="app")
        play(db, POLICY, same("card:par", "account:ann", 4 * DAY))
        steps = explain.explain(db, POLICY, _person(db, "account:ann"))
        assert [s.kind for s in steps] == ["joined"] * 4, "five identifiers, four links"
        assert "device" in str(steps[0])
        assert steps[-1].op == "same", "what somebody said is taken first"
        a, b = _public(db, "account:ann"), _public(db, "email:ann")
        assert f"account {a} and email {b} turned up together (web, first on 1970-01-02)" in {str(s) for s in steps}
        weakest = bytes.fromhex(steps[0].sid)
        graph.revoke(db, POLICY, weakest, at=NOW, actor="t", because="", now=NOW)
        assert _person(db, "device:ann") != _person(db, "account:ann")


def test_what_was_refused_and_set_apart_is_told(home: Home):
    with writing(home) as db:
        for s in (see("account:ann email:us", 1), see("account:bob email:us", 2), see("account:ann phone:p", 3),
                  see("account:bob phone:p", 4), split("account:ann", "loyalty:x", 5)):  # fmt: skip
            play(db, POLICY, s)
        steps = explain.explain(db, POLICY, _person(db, "account:ann"))
        assert [s.kind for s in steps] == ["joined", "refused", "split", "shared"]
        assert "still not one person" in str(steps[1])
        assert "are not one person" in str(steps[2])
        assert str(steps[3]) == f"phone {_public(db, 'phone:p')} is shared by several people and joins nobody"


def test_the_history_tells_who_came_and_who_left(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("account:ann email:a", 1))
        play(db, POLICY, see("card:par", 2))
        sid = play(db, POLICY, same("card:par", "email:a", 3))
        graph.revoke(db, POLICY, sid, at=NOW, actor="t", because="", now=NOW)
        told = explain.history(db, _person(db, "card:par"))
        assert [(c.op, c.cause) for c in told] == [("same", sid.hex()), ("revoke", sid.hex())]
        assert told[0].went_to == told[1].came_from
        assert [c.seq for c in explain.changes(db, after=told[0].seq)] == [told[1].seq]


def test_values_that_many_use_are_proposed_for_the_blocked_list(home: Home):
    with writing(home) as db:
        for n, name in enumerate(["ann", "bob", "eve"] * 4):
            play(db, POLICY, see(f"account:{n} phone:shop given:{name}", n + 1))
        for n in range(2):
            play(db, POLICY, see(f"account:{n} phone:home", n + 50))
        first, second = explain.suspects(db)
        assert (first.public_id, first.state, first.sightings, first.given_names) == (
            _public(db, "phone:shop"), "junk", 12, 3
        )  # fmt: skip
        assert (second.public_id, second.state) == (_public(db, "phone:home"), "shared")
