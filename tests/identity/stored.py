"""The store as the tests ask it: play statements into it, read people out of it, compare with F."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from byname.home import Home
from byname.identity import graph
from byname.identity.graph import Sighting
from byname.identity.policy import Policy
from byname.identity.resolve import People, Statement, resolve
from byname.identity.statements import all_said
from byname.store import Db, postgres, sqlite
from byname.terms import Key

NOW = 1_790_000_000_000_000
COUNT = itertools.count()


def new_id() -> str:
    return f"c{next(COUNT)}"


def play(db: Db, policy: Policy, s: Statement, *, new_id: Callable[[], str] = new_id, source: str = "") -> bytes:
    """Say one statement to the store; the id it got there."""
    if s.op == "see":
        witnesses = tuple(k for k in s.left if policy.rule(k.type).witness)
        seen = tuple(k for k in s.left if k not in witnesses)
        graph.see(db, policy, [Sighting(source, s.at, seen, witnesses)], now=NOW, new_id=new_id)
        return graph.sid_of_see(source, s.left)
    if s.op == "same":
        return graph.same(
            db, policy, s.left[0], s.right[0], at=s.at, actor="t", because="", sid=s.sid, now=NOW, new_id=new_id
        )
    return graph.split(db, policy, s.left, s.right, at=s.at, actor="t", because="", sid=s.sid, now=NOW, new_id=new_id)


def playable(s: Statement, policy: Policy) -> bool:
    """A sighting of given names alone is nobody's: it never reaches the store."""
    return s.op != "see" or not all(policy.rule(k.type).witness for k in s.left)


def people_in(db: Db) -> People:
    """What the columns of `identifier` say, in the words of F."""
    rows = db.rows("select id, type, token, state, first_at, person, household, island, crowd from identifier")
    key = {r[0]: Key(r[1], bytes(r[2])) for r in rows}
    crowd = {key[r[0]]: {t: sorted(key[i] for i in ids) for t, ids in json.loads(r[8]).items()} for r in rows if r[8]}
    least: dict[int, Key] = {}  # an island's stored name is an id; its least key does not depend on who came first
    for r in rows:
        least[r[7]] = min(key[r[0]], least.get(r[7], key[r[0]]))
    return People(
        {key[r[0]]: key[r[5]] for r in rows},
        {key[r[0]]: key[r[6]] for r in rows},
        {key[r[0]]: r[3] for r in rows},
        {key[r[0]]: r[4] for r in rows},
        {key[r[0]]: least[r[7]] for r in rows},
        crowd,
    )


def assert_store_is_f(db: Db, policy: Policy) -> People:
    """The stored people are F of everything that was said; identifiers of which nothing is said are alone."""
    said, revoked = all_said(db)
    f, stored = resolve(said, policy, revoked), people_in(db)
    alone = stored.person.keys() - f.person.keys()
    assert all(stored.person[k] == k == stored.household[k] and stored.first[k] == 0 for k in alone)
    assert {k: v for k, v in stored.person.items() if k not in alone} == f.person
    assert {k: v for k, v in stored.state.items() if k not in alone} == f.state
    assert {k: v for k, v in stored.first.items() if k not in alone} == f.first
    assert stored.crowd == f.crowd
    assert {k: v for k, v in stored.household.items() if k not in alone} == f.household
    assert _groups((k, v) for k, v in stored.island.items() if k not in alone) == _groups(f.island.items())
    return stored


def _groups(named: Iterable[tuple[Key, Key]]) -> set[frozenset[Key]]:
    found: dict[Key, set[Key]] = {}
    for k, name in named:
        found.setdefault(name, set()).add(k)
    return {frozenset(g) for g in found.values()}


@contextmanager
def writing(home: Home) -> Iterator[Db]:
    """One transaction on a connection of the test's own thread, so that what hypothesis throws comes through."""
    db: Db
    if home.settings.database:
        db = postgres.connect(home.settings.database)
    else:
        db = sqlite.connect(home.path / "day.db", durability="process")
    try:
        with db.transaction():
            yield db
    finally:
        db.close()


def empty(db: Db) -> None:
    for table in ("statement_identifier", "statement", "revoked", "change", "identifier"):
        db.run(f"delete from {table}")
