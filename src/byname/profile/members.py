"""Which household or account does a source say she belongs to? The group's id is kept as a keyed token."""

from __future__ import annotations

from collections.abc import Sequence

from byname.keyring import Keyring
from byname.store import Db
from byname.terms import Event

UPSERT = """
insert into member as m (identifier, kind, group_token, occurred_at, source) values (?, ?, ?, ?, ?)
on conflict (identifier, kind, group_token) do update set
    occurred_at = excluded.occurred_at, source = excluded.source
where (excluded.occurred_at, excluded.source) > (m.occurred_at, m.source)
"""


def group_token(keyring: Keyring, kind: str, group: str) -> bytes:
    """The 16-byte keyed token of a group's id."""
    return keyring.digest(f"group {kind}", group.encode())[:16]


def put(db: Db, keyring: Keyring, told: Sequence[tuple[int, Event]]) -> None:
    """Keep the memberships that events tell of their own identifier."""
    rows = {
        (i, m.kind, group_token(keyring, m.kind, m.group)): (e.occurred_at, e.source)
        for i, e in sorted(told, key=lambda t: (t[1].occurred_at, t[1].source))
        for m in e.memberships
    }
    db.many(UPSERT, [(*key, *value) for key, value in sorted(rows.items())])


def read(db: Db, identifiers: Sequence[int]) -> list[tuple[str, bytes, int, str]]:
    """(kind, group token, last told at, source) of these identifiers."""
    found = db.rows(
        "select kind, group_token, max(occurred_at), max(source) from member where identifier in :identifiers"
        " group by kind, group_token order by kind, group_token",
        identifiers=list(identifiers),
    )
    return [(kind, token, at, source) for kind, token, at, source in found]
