"""Did this message come before? Every message ever accepted is known for ever (law 2: once)."""

from __future__ import annotations

from collections.abc import Collection

from byname.store import Db


def take(db: Db, ids: Collection[bytes]) -> set[bytes]:
    """Those that never came before; they are known from now on.

    Two processes with the same message at once: one meets a unique violation (Conflict) and does its work again.
    """
    known = {i for (i,) in db.rows("select id from message where id in :ids", ids=list(ids))}
    new = set(ids) - known
    db.many("insert into message (id) values (?)", [(i,) for i in sorted(new)])
    return new
