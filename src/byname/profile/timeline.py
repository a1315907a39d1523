"""What happened, newest first, over all touchpoints? Fresh events of the day; the lake adds the sealed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from byname.profile.fold import EVENT_COLUMNS
from byname.store import Db


class Entry(NamedTuple):
    """One event of a customer's history, its body still sealed."""

    id: bytes
    identifier: int
    source: str
    touchpoint: str
    name: str
    occurred_at: int
    received_at: int
    place: str
    ref: str
    currency: str
    amount: int
    discount: int
    lines: int
    body: bytes | None


FRESH = f"""
select {EVENT_COLUMNS} from event
where identifier in :identifiers and (occurred_at < :before or (occurred_at = :before and id < :below))
order by occurred_at desc, id desc limit :most
"""


def fresh(db: Db, identifiers: Sequence[int], *, before: int, below: bytes = b"", most: int = 50) -> list[Entry]:
    """Events not yet sealed, strictly before (occurred_at, id) = (before, below), newest first."""
    rows = db.rows(FRESH, identifiers=list(identifiers), before=before, below=below, most=most)
    return sorted((Entry(*r) for r in rows), key=lambda e: (e.occurred_at, e.id), reverse=True)[:most]
