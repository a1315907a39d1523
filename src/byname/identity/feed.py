"""Who is somebody else's now, and because of which statement? The change feed: audit and outbox in one table."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from byname.identity.region import CHANGE_LOCK, Region


def write(region: Region, causes: Mapping[int, bytes], op: str, now: int) -> None:
    """Store what differs and tell who moved."""
    region.write()
    moves = list(_moves(region, causes))
    if not moves:
        return
    if region.db.engine != "sqlite":
        region.db.lock([CHANGE_LOCK])  # the last lock: numbers are given in the order of commits
    region.db.many(
        "insert into change (recorded_at, cause, op, body) values (?, ?, ?, ?)",
        [(now, cause, op, json.dumps(body, separators=(",", ":"))) for cause, body in moves],
    )


def _moves(region: Region, causes: Mapping[int, bytes]) -> Iterable[tuple[bytes, list[dict[str, str]]]]:
    """Which identifiers are somebody else's now, by the statement that did it."""
    moved = [r for r in region.changed() if not r.fresh and r.person != r.stored[2]]
    if not moved:
        return
    by_island: dict[int, bytes] = {}
    for id_, sid in causes.items():
        if id_ in region.rows:
            row = region.rows[id_]
            by_island[row.stored[3]] = by_island[row.island] = sid
    fallback = min(causes.values())
    bodies: dict[bytes, list[dict[str, str]]] = defaultdict(list)
    for row in sorted(moved, key=lambda r: r.id):
        cause = causes.get(row.id) or by_island.get(row.island) or by_island.get(row.stored[3]) or fallback
        before, after = region.rows[row.stored[2]].public_id, region.rows[row.person].public_id
        bodies[cause].append({"identifier": row.public_id, "from": before, "to": after})
    yield from sorted(bodies.items())
