"""How is someone forgotten here? Her statements are taken back, then gone; her tokens become dice.

Taking back comes first, so that F settles those who stay exactly as if her statements had never come. Then
the rows go too: a statement's id follows from its content, and one that stayed revoked would keep her from
being known again when she comes back as a newcomer. A split between others stays theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import NamedTuple

from byname.identity import graph
from byname.identity.policy import Policy
from byname.identity.region import Region
from byname.identity.resolve import OWN
from byname.store.db import Db


class Statement(NamedTuple):
    """A statement that speaks of her. `others`: whom else it speaks of, and how she stands beside them."""

    id: int
    sid: bytes
    op: str
    others: frozenset[int]
    sides: int  # different sides on which others stand


def new_token() -> bytes:
    """A token that no value has."""
    return secrets.token_bytes(16)


def hold(db: Db, policy: Policy, person: int) -> None:
    """Until the transaction ends nobody else joins anyone to this person."""
    region = Region(db, policy)
    ids = [i for (i,) in db.rows("select id from identifier where person = :p", p=person)]
    region.load(ids)
    region.claim_islands(ids)


def all_hers(db: Db, identifiers: Collection[int]) -> list[int]:
    """Her identifiers, and those counted as shared or contested that nobody else was ever seen with.

    A landline stays for the household; a phone that only she ever gave, under two names, goes; so do the
    given names that only her sightings tell.
    """
    hers = set(identifiers)
    about = _about(db, hers)
    beside = {i for s in about for i in s.others}
    rows = db.rows("select id, state from identifier where id in :ids", ids=list(beside))
    strangers = {i for i, state in rows if state == OWN}
    with_strangers = {i for s in about if s.others & strangers for i in s.others}
    elsewhere = _told_elsewhere(db, beside, {s.id for s in about})
    return sorted(hers | (beside - strangers - with_strangers - elsewhere))


def erase(
    db: Db,
    policy: Policy,
    identifiers: Collection[int],
    *,
    actor: str,
    now: int,
    new_token: Callable[[], bytes] = new_token,
) -> None:
    """Nothing here leads to these identifiers any more; their public ids stay and name nobody. In a transaction."""
    ids = sorted(identifiers)
    gone = [s for s in _about(db, set(ids)) if s.op != "split" or s.sides < 2]
    sids, statements = [s.sid for s in gone], [s.id for s in gone]
    graph.revoke_all(db, policy, sids, now, actor, "erased", now)
    db.run("delete from revoked where sid in :sids", sids=sids)
    db.run("delete from statement_identifier where statement in :statements", statements=statements)
    db.run("delete from statement where id in :statements", statements=statements)
    db.run("delete from statement_identifier where identifier in :ids", ids=ids)
    db.many("update identifier set token = ?, erased = 1 where id = ?", [(new_token(), i) for i in ids])


def _about(db: Db, hers: set[int]) -> list[Statement]:
    """Every statement that speaks of one of these."""
    found = db.rows(
        "select distinct s.id, s.sid, s.op from statement s"
        " join statement_identifier si on si.statement = s.id where si.identifier in :ids order by s.id",
        ids=list(hers),
    )
    ends: dict[int, list[tuple[int, int]]] = {}
    rows = db.rows(
        "select statement, identifier, side from statement_identifier where statement in :statements",
        statements=[id for id, _, _ in found],
    )
    for statement, identifier, side in rows:
        if identifier not in hers:
            ends.setdefault(statement, []).append((identifier, side))
    return [
        Statement(id, bytes(sid), op, frozenset(i for i, _ in others), len({side for _, side in others}))
        for id, sid, op in found
        for others in [ends.get(id, [])]
    ]


def _told_elsewhere(db: Db, identifiers: set[int], about: set[int]) -> set[int]:
    """Which of these stand in a statement that is not about her?"""
    rows = db.rows(
        "select identifier, statement from statement_identifier where identifier in :ids", ids=list(identifiers)
    )
    return {i for i, statement in rows if statement not in about}
