"""Set-wise is row-wise: the rebuild and the import give the same people as one touch after another."""

from __future__ import annotations

import random

from hypothesis import given

from byname.home import Home
from byname.identity import batch, graph
from byname.identity.graph import Sighting
from tests.identity.cast import HISTORIES, POLICY, crowd_policy, key, keys, same, see
from tests.identity.stored import NOW, assert_store_is_f, empty, new_id, people_in, play, playable, writing
from tests.identity.test_graph import POLICIES, TAKES, _law


@_law(150)
@given(history=HISTORIES, policy=POLICIES, takes=TAKES)
def test_a_rebuild_finds_nothing_to_mend(sqlite_home: Home, history, policy, takes):
    with writing(sqlite_home) as db:
        empty(db)
        sids = []
        for s, take in zip([s for s in history if playable(s, policy)], takes, strict=False):
            sids.append(play(db, policy, s))
            if take > 8:
                graph.revoke(db, policy, sids[take % len(sids)], at=NOW, actor="t", because="", now=NOW)
        assert batch.differences(db, policy) == []
        assert batch.rebuild(db, policy) == 0


def test_a_rebuild_mends_what_was_broken_and_says_what(home: Home):
    with writing(home) as db:
        for s in (see("account:ann email:a", 1), see("account:bob email:b", 2), same("email:a", "email:b", 3)):
            play(db, POLICY, s)
        right = people_in(db)
        db.run("update identifier set person = id, first_at = 7 where type = 'email'")
        db.run("update statement set live = 0 where op = 'same'")
        wrong = batch.differences(db, POLICY)
        assert {d.column for d in wrong} == {"live", "first_at", "person"}
        assert "should be" in str(wrong[0])
        assert batch.rebuild(db, POLICY) == 2
        assert people_in(db) == right
        assert batch.differences(db, POLICY) == []


def test_another_policy_is_a_rebuild(sqlite_home: Home):
    with writing(sqlite_home) as db:
        for n in range(1, 5):
            play(db, POLICY, see(f"account:{n} phone:home", n))
        assert people_in(db).state[key("phone:home")] == "shared"
        assert batch.differences(db, crowd_policy())
        batch.rebuild(db, crowd_policy())
        assert people_in(db).state[key("phone:home")] == "junk"
        assert_store_is_f(db, crowd_policy())


def test_an_import_gives_the_people_of_one_touch_after_another(home: Home, monkeypatch):
    monkeypatch.setattr(batch, "AT_ONCE", 50)
    rng = random.Random(1)
    names = [f"{t}:{n}" for t in ("account", "card", "email", "phone", "device", "loyalty") for n in range(30)]
    told = [
        Sighting("file", rng.randint(1, 99), keys(" ".join(rng.sample(names, 3))), (key("given:ann"),))
        for _ in range(120)
    ]
    with writing(home) as db:
        first = batch.see_many(db, POLICY, told, now=NOW, new_id=new_id)
        again = batch.see_many(db, POLICY, told[:10], now=NOW, new_id=new_id)
        assert again.items() <= first.items()
        set_wise = assert_store_is_f(db, POLICY)
        empty(db)
        for s in told:
            graph.see(db, POLICY, [s], now=NOW, new_id=new_id)
        assert people_in(db) == set_wise


def test_nobody_at_all_is_fine(home: Home):
    with writing(home) as db:
        assert batch.differences(db, POLICY) == []
        assert batch.rebuild(db, POLICY) == 0
        assert batch.see_many(db, POLICY, [], now=NOW, new_id=new_id) == {}
