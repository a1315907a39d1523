"""Which erasures were asked for, and which are done in the day and in the lake? Ids only."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from byname.store.db import Db


def note(db: Db, id: str, identifiers: Sequence[int], *, actor: str, now: int) -> None:
    """In the transaction that erased the day: what is left to do, should we die before it is done."""
    db.run(
        "insert into erasure (id, identifiers, actor, at_, state) values (:id, :ids, :actor, :now, 'day')",
        id=id, ids=msgspec.json.encode(list(identifiers)).decode(), actor=actor, now=now,
    )  # fmt: skip


def waiting(db: Db) -> list[tuple[str, list[int], int]]:
    """(id, identifiers, when) of those not done in the lake yet, oldest first."""
    rows = db.rows("select id, identifiers, at_ from erasure where state = 'day' order by at_, id")
    return [(id, msgspec.json.decode(ids, type=list[int]), at) for id, ids, at in rows]


def done(db: Db, id: str) -> None:
    db.run("update erasure set state = 'done' where id = :id", id=id)
