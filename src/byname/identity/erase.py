"""How is someone forgotten here? Her statements are taken back, then gone; her tokens become dice.

Taking back comes first, so that F settles those who stay exactly as if her statements had never come. Then
the rows go too: a statement's id follows from its content, and one that stayed revoked would keep her from
being known again when she comes back as a newcomer. A split between others stays theirs.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection

from byname.identity import graph
from byname.identity.policy import Policy
from byname.store.db import Db


def new_token() -> bytes:
    """A token that no value has."""
    return secrets.token_bytes(16)


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
    for sid in _hers(db, ids):
        graph.revoke(db, policy, sid, at=now, actor=actor, because="erased", now=now)
        db.run("delete from revoked where sid = :sid", sid=sid)
        gone = [i for (i,) in db.rows("select id from statement where sid = :sid", sid=sid)]
        db.run("delete from statement_identifier where statement in :gone", gone=gone)
        db.run("delete from statement where id in :gone", gone=gone)
    db.run("delete from statement_identifier where identifier in :ids", ids=ids)
    db.many("update identifier set token = ?, erased = 1 where id = ?", [(new_token(), i) for i in ids])


def _hers(db: Db, ids: list[int]) -> list[bytes]:
    """Statements that speak of her, but for splits that still tell others apart without her."""
    about = db.rows(
        "select distinct s.id, s.sid, s.op from statement s"
        " join statement_identifier si on si.statement = s.id where si.identifier in :ids order by s.id",
        ids=ids,
    )
    splits = [i for i, _, op in about if op == "split"]
    sides: dict[int, set[int]] = {}
    rows = db.rows(
        "select statement, identifier, side from statement_identifier where statement in :splits", splits=splits
    )
    for statement, identifier, side in rows:
        if identifier not in ids:
            sides.setdefault(statement, set()).add(side)
    return [bytes(sid) for i, sid, _ in about if len(sides.get(i, ())) < 2]
