"""The store is F, whatever comes in whatever order, on both grounds."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byname.home import Home
from byname.identity import graph
from byname.identity.graph import Sighting
from byname.terms import BynameError
from tests.identity.cast import HISTORIES, POLICY, STATEMENTS, crowd_policy, key, keys, same, see, split
from tests.identity.stored import NOW, assert_store_is_f, empty, new_id, people_in, play, playable, writing

POLICIES = st.sampled_from([POLICY, crowd_policy()])
TAKES = st.lists(st.integers(-3, 12), min_size=14, max_size=14)  # after each statement: which to take back
ONE_HOME = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def _law(examples: int):
    return settings(max_examples=examples, suppress_health_check=ONE_HOME, deadline=None)


# --- laws -----------------------------------------------------------------------------------------------------


@_law(120)
@given(history=HISTORIES, policy=POLICIES, takes=TAKES)
def test_after_every_statement_and_every_revocation_the_store_is_f(sqlite_home: Home, history, policy, takes):
    _play_and_check(sqlite_home, history, policy, takes)


@_law(25)
@given(history=HISTORIES, policy=POLICIES, takes=TAKES)
def test_the_same_on_postgres(postgres_home: Home, history, policy, takes):
    _play_and_check(postgres_home, history, policy, takes)


def _play_and_check(home: Home, history, policy, takes) -> None:
    with writing(home) as db:
        empty(db)
        sids = []
        for s, take in zip([s for s in history if playable(s, policy)], takes, strict=False):
            sids.append(play(db, policy, s))
            assert_store_is_f(db, policy)
            if take > 0:
                graph.revoke(db, policy, sids[take % len(sids)], at=NOW, actor="t", because="", now=NOW)
                assert_store_is_f(db, policy)


@_law(60)
@given(history=HISTORIES, policy=POLICIES, rng=st.randoms(use_true_random=False))
def test_one_batch_or_many_any_order_any_repetition(sqlite_home: Home, history, policy, rng: random.Random):
    told = [s for s in history if s.op == "see" and playable(s, policy)]

    def in_batches(db):
        empty(db)
        shuffled = told + rng.choices(told, k=len(told)) if told else []
        rng.shuffle(shuffled)
        while shuffled:
            size = rng.randint(1, 6)
            batch, shuffled = shuffled[:size], shuffled[size:]
            sightings = [Sighting("", s.at, tuple(k for k in s.left if k.type != "given"),
                                  tuple(k for k in s.left if k.type == "given")) for s in batch]  # fmt: skip
            graph.see(db, policy, sightings, now=NOW, new_id=new_id)
            assert_store_is_f(db, policy)
        return people_in(db)

    def one_by_one(db):
        empty(db)
        for s in told:
            play(db, policy, s)
        return people_in(db)

    with writing(sqlite_home) as db:
        assert in_batches(db) == one_by_one(db)


@_law(40)
@given(history=HISTORIES, extra=STATEMENTS)
def test_said_and_taken_back_is_never_said_whichever_comes_first(sqlite_home: Home, history, extra):
    history = [s for s in history if playable(s, POLICY) and s.sid != extra.sid]
    if not playable(extra, POLICY):
        return

    def told(before: bool):
        def story(db):
            empty(db)
            sid = graph.sid_of_see("extra", extra.left) if extra.op == "see" else extra.sid
            if before:
                graph.revoke(db, POLICY, sid, at=NOW, actor="t", because="", now=NOW)
            play(db, POLICY, extra, source="extra")
            for s in history:
                play(db, POLICY, s)
            if not before:
                graph.revoke(db, POLICY, sid, at=NOW, actor="t", because="", now=NOW)
            return assert_store_is_f(db, POLICY)

        return story

    with writing(sqlite_home) as db:
        assert told(True)(db) == told(False)(db)


# --- stories --------------------------------------------------------------------------------------------------


def test_a_repeated_sighting_writes_nothing(home: Home):
    def story(db):
        sighting = Sighting("till", 5, keys("card:par email:ann"), ())
        first = graph.see(db, POLICY, [sighting], now=NOW, new_id=new_id)
        rows = [db.rows(f"select count(*) from {t}") for t in ("statement", "identifier", "change")]
        later = Sighting("till", 9, keys("email:ann card:par"), ())
        assert graph.see(db, POLICY, [later, later], now=NOW, new_id=new_id) == first
        assert rows == [db.rows(f"select count(*) from {t}") for t in ("statement", "identifier", "change")]
        assert set(first) == set(keys("card:par email:ann"))

    home.store.write(story)


def test_an_earlier_sighting_that_comes_late_makes_the_older_identifier_canonical(home: Home):
    def story(db):
        play(db, POLICY, see("email:ann", 5))
        play(db, POLICY, see("card:par", 7))
        play(db, POLICY, see("card:par email:ann", 9))
        assert people_in(db).person[key("card:par")] == key("email:ann")
        play(db, POLICY, see("card:par", 2))
        assert assert_store_is_f(db, POLICY).person[key("email:ann")] == key("card:par")

    home.store.write(story)


def test_a_merge_is_told_and_its_revocation_is_told_and_every_old_id_resolves(home: Home):
    def story(db):
        for s in (see("account:ann email:a", 1), see("account:bob email:b", 2)):
            play(db, POLICY, s)
        public = dict(db.rows("select type || person, public_id from identifier where id = person"))
        sid = play(db, POLICY, same("account:ann", "account:bob", 3))
        assert len({graph.person_of(db, p) for p in public.values()}) == 1
        graph.revoke(db, POLICY, sid, at=NOW, actor="staff:2", because="wrong sister", now=NOW)
        assert len({graph.person_of(db, p) for p in public.values()}) == 2
        told = [(op, bytes(cause) == sid, json.loads(body)) for op, cause, body in
                db.rows("select op, cause, body from change order by seq")]  # fmt: skip
        assert [(op, ours, len(body)) for op, ours, body in told] == [("same", True, 2), ("revoke", True, 2)]
        forth, back = told[0][2], told[1][2]
        assert [(m["identifier"], m["to"], m["from"]) for m in forth] == [
            (m["identifier"], m["from"], m["to"]) for m in back
        ]

    home.store.write(story)


def test_the_same_id_for_another_statement_is_refused(home: Home):
    def story(db):
        first = same("card:1", "phone:1", 1)
        play(db, POLICY, first)
        play(db, POLICY, first)
        with pytest.raises(BynameError, match="used for another statement"):
            play(db, POLICY, same("card:2", "phone:1", 1)._replace(sid=first.sid))
        with pytest.raises(BynameError, match="used for another statement"):
            play(db, POLICY, split("card:1", "phone:1", 1)._replace(sid=first.sid))

    home.store.write(story)


def test_a_bad_model_is_taken_back_whole(home: Home):
    def story(db):
        pairs = [("card:1", "email:1"), ("card:2", "email:2"), ("card:3", "email:3")]
        for n, (a, b) in enumerate(pairs):
            model = "splink-1" if n < 2 else "splink-2"
            graph.same(db, POLICY, key(a), key(b), at=n, actor="rule:match", because="score", model=model,
                       now=NOW, new_id=new_id)  # fmt: skip
        assert len(set(people_in(db).person.values())) == 3
        assert graph.revoke_model(db, POLICY, "splink-1", at=NOW, actor="staff:1", because="bad run", now=NOW) == 2
        assert len(set(people_in(db).person.values())) == 5
        assert graph.revoke_model(db, POLICY, "splink-1", at=NOW, actor="staff:1", because="bad run", now=NOW) == 0
        assert_store_is_f(db, POLICY)

    home.store.write(story)


def test_ten_thousand_customers_behind_one_phone(sqlite_home: Home):
    """And later statements about the phone or one of them never read the other sightings."""

    def story(db):
        for start in range(0, 10_000, 100):
            batch = [
                Sighting("web", i + 1, (key(f"account:{i}"), key("phone:hub")), ()) for i in range(start, start + 100)
            ]
            graph.see(db, POLICY, batch, now=NOW, new_id=new_id)
        stored = people_in(db)
        assert len(set(stored.person.values())) == 10_001
        assert stored.state[key("phone:hub")] == "junk"
        play(db, POLICY, see("account:7 email:7 phone:hub", 20_000))
        sid = play(db, POLICY, same("account:8", "phone:hub", 20_001))
        after = people_in(db)
        assert after.person[key("email:7")] == key("account:7")
        assert after.person[key("phone:hub")] == after.person[key("account:8")]
        graph.revoke(db, POLICY, sid, at=NOW, actor="t", because="", now=NOW)
        graph.revoke(
            db, POLICY, graph.sid_of_see("web", keys("account:9 phone:hub")), at=NOW, actor="t", because="", now=NOW
        )

    sqlite_home.store.write(story)
    sqlite_home.store.write(lambda db: assert_store_is_f(db, POLICY))


class Reading:
    """A connection that counts the rows it reads."""

    def __init__(self, db) -> None:
        self._db, self.read = db, 0

    def __getattr__(self, name):
        return getattr(self._db, name)

    def rows(self, sql, **values):
        found = self._db.rows(sql, **values)
        self.read += len(found)
        return found


def test_what_comes_later_about_a_crowded_phone_reads_none_of_its_sightings(home: Home):
    with writing(home) as db:
        crowd = [Sighting("web", i + 1, (key(f"account:{i}"), key("phone:hub")), ()) for i in range(400)]
        graph.see(db, POLICY, crowd, now=NOW, new_id=new_id)
        mail = [Sighting("web", i + 1, (key(f"phone:{i}"), key("email:hub")), ()) for i in range(400)]
        graph.see(db, POLICY, mail, now=NOW, new_id=new_id)
        assert (people_in(db).state[key("phone:hub")], people_in(db).state[key("email:hub")]) == ("junk", "shared")
        reading = Reading(db)
        for s in (see("account:new phone:hub", 900), see("account:7 email:7 phone:hub", 901),
                  see("phone:new email:hub", 902), same("account:8", "phone:hub", 903),
                  split("account:9", "phone:hub", 904)):  # fmt: skip
            play(reading, POLICY, s)
        assert reading.read < 100
        assert_store_is_f(db, POLICY)


def test_too_many_identifiers_in_one_sighting_are_refused(sqlite_home: Home):
    many = Sighting("web", 1, tuple(key(f"device:{i}") for i in range(201)), ())
    with pytest.raises(BynameError, match="Too many identifiers"):
        sqlite_home.store.write(lambda db: graph.see(db, POLICY, [many], now=NOW, new_id=new_id))


def test_large_islands_are_told(sqlite_home: Home):
    def story(db):
        seen = [Sighting("app", i, (key("account:bot"), key(f"device:{i}")), ()) for i in range(1, 12)]
        graph.see(db, POLICY, seen, now=NOW, new_id=new_id)
        assert [n for _, n in graph.large_islands(db, over=10)] == [12]

    sqlite_home.store.write(story)
