"""How do fresh events get into the lake, exactly once and without a gap?

Read what is fresh in one snapshot, write it as files, then one transaction: files into the ledger, exactly those
rows out of the day. A reader sees a row fresh or sealed, never both, never neither. What changed since the snapshot
(an erasure) makes the whole seal start again; what arrived since stays fresh.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import pyarrow as pa

from byname.home import Home
from byname.lake import ledger
from byname.lake.ledger import Segment, Step
from byname.lake.shape import FRESH, arrow, cut
from byname.store import Db

MOST = 20_000  # events in one transaction: the day waits a tenth of a second for each
MOST_TRIES = 5


class Sealed(NamedTuple):
    """What one seal moved."""

    events: int
    lines: int
    files: int


class _Changed(Exception):
    """Fresh rows are not what they were in the snapshot."""


def due(db: Db, *, rows: int, age_s: int, now: int) -> bool:
    """Is it time to seal: more than `rows` fresh events, or one that came more than `age_s` ago?"""
    oldest = db.row("select received_at from event order by seq limit 1")
    if oldest is None:
        return False
    (count,) = db.row("select count(*) from event") or (0,)
    return bool(count >= rows or now - oldest[0] >= age_s * 1_000_000)


def seal(home: Home, now: int, *, most: int = MOST, step: Step = ledger.nothing) -> Sealed:
    """Move what is fresh at this moment into the lake, oldest receipts first, `most` events in one transaction."""
    moved = Sealed(0, 0, 0)
    with ledger.alone(home):
        ledger.sweep(home)
        found = home.store.read().row("select count(*) from event")
        left = found[0] if found else 0
        while left > 0 and (piece := _piece(home, now, most, step)).events:
            moved = Sealed(*(a + b for a, b in zip(moved, piece, strict=True)))
            left -= piece.events
    return moved


def _piece(home: Home, now: int, most: int, step: Step) -> Sealed:
    """One transaction's worth; again when its rows changed meanwhile."""
    for _ in range(MOST_TRIES):
        try:
            return _seal(home, now, most, step)
        except _Changed:
            continue
    return Sealed(0, 0, 0)


def _seal(home: Home, now: int, most: int, step: Step) -> Sealed:
    db = home.store.read()
    with db.snapshot():
        seqs = [s for (s,) in db.rows("select seq from event order by seq limit :most", most=most)]
        if not seqs:
            return Sealed(0, 0, 0)
        taken = {"low": seqs[0], "high": seqs[-1]}
        events = arrow("event", db.rows(f"{FRESH['event']} where e.seq between :low and :high", **taken))
        lines = arrow("line", db.rows(f"{FRESH['line']} where l.seq between :low and :high", **taken))
    step("read")
    files = [*_write(home, "event", events, now, step), *_write(home, "line", lines, now, step)]
    owners = Counter(zip(events["id"].to_pylist(), events["identifier"].to_pylist(), strict=True))

    def hand_over(db: Db) -> None:
        still = Counter(db.rows("select id, identifier from event where seq in :seqs", seqs=seqs))
        gone = db.run("delete from line where seq in :seqs", seqs=seqs)
        db.run("delete from event where seq in :seqs", seqs=seqs)
        if still != owners or gone != lines.num_rows:
            raise _Changed
        ledger.record(db, files, now)
        step("recorded")

    try:
        home.store.write(hand_over)
    except _Changed:  # after any other error the commit may have gone through: what is not in the ledger is swept
        for file in files:
            (home.lake / file.path).unlink(missing_ok=True)
        raise
    step("committed")
    return Sealed(events.num_rows, lines.num_rows, len(files))


def _write(home: Home, table: str, rows: pa.Table, now: int, step: Step) -> list[Segment]:
    files: list[Segment] = []
    for folder, piece in cut(rows):
        name = f"{now}-{len(files):03d}"
        files.append(ledger.write(home.lake, table, folder, piece, _unused(home, table, folder, name), "seal"))
        step("renamed")
    return files


def _unused(home: Home, table: str, folder: str, name: str) -> str:
    """A file name that the ledger cannot hold yet, even when two seals share a `now`."""
    number = 0
    while (home.lake / table / folder / f"{name}-{number}.parquet").exists():
        number += 1
    return f"{name}-{number}"
