"""What came in, from whom, how much, how late? Counts per source and minute of receipt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from byname.store import Db
from byname.terms import SECOND


@dataclass
class Count:
    """What one source brought in one minute."""

    accepted: int = 0
    repeated: int = 0
    quarantined: int = 0
    refused: int = 0
    delay_sum: int = 0  # microseconds between occurrence and receipt (a day at most), over the accepted


UPSERT = """
insert into intake as i (source, minute, accepted, repeated, quarantined, refused, delay_sum)
values (?, ?, ?, ?, ?, ?, ?)
on conflict (source, minute) do update set
    accepted = i.accepted + excluded.accepted, repeated = i.repeated + excluded.repeated,
    quarantined = i.quarantined + excluded.quarantined, refused = i.refused + excluded.refused,
    delay_sum = i.delay_sum + excluded.delay_sum
"""


def minute(at: int) -> int:
    """Minutes since the epoch of a moment in microseconds."""
    return at // (60 * SECOND)


def add(db: Db, counts: Mapping[tuple[str, int], Count]) -> None:
    """Add counts by (source, minute); in key order, so that two writers never deadlock."""
    db.many(
        UPSERT,
        [
            (source, at, c.accepted, c.repeated, c.quarantined, c.refused, c.delay_sum)
            for (source, at), c in sorted(counts.items())
        ],
    )
