"""How does the lake forget a customer? Files that hold her are written anew without her, then swapped.

Her events stay as facts without an owner (identifier 0, no body, no reference): takings add up as before.
What the body held was unreadable from the moment her data key was destroyed.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from byname.home import Home
from byname.lake import ledger
from byname.lake.duck import connect, literal
from byname.lake.ledger import Segment, Step
from byname.lake.shape import SCHEMAS, cut


def erase(home: Home, identifiers: Collection[int], now: int, *, step: Step = ledger.nothing) -> int:
    """Rewrite every file that holds one of these identifiers; how many. Safe to repeat after a crash."""
    if not identifiers:
        return 0
    with ledger.alone(home):
        ledger.sweep(home)
        old = holding(home, identifiers)
        new = [_without(home, s, identifiers, step) for s in old]
        step("renamed")
        ledger.swap(home, old, new, now)
        step("committed")
        for s in old:
            (home.lake / s.path).unlink(missing_ok=True)
        return len(old)


def holding(home: Home, identifiers: Collection[int]) -> list[Segment]:
    """The files in which at least one of these identifiers occurs."""
    low, high = min(identifiers), max(identifiers)
    near = [
        s
        for s in ledger.segments(home.store.read())
        if s.table in SCHEMAS and s.identifier_min <= high and s.identifier_max >= low
    ]
    if not near:
        return []
    wanted = ", ".join(str(i) for i in identifiers)
    found = []
    with connect(home.lake / "tmp") as connection:
        for s in near:
            file = f"read_parquet({literal(home.lake / s.path)}, hive_partitioning = false)"
            if connection.execute(f"select 1 from {file} where identifier in ({wanted}) limit 1").fetchall():
                found.append(s)
    return found


def _without(home: Home, segment: Segment, identifiers: Collection[int], step: Step) -> Segment:
    rows = pq.read_table(home.lake / segment.path, partitioning=None)
    hers = pc.is_in(rows["identifier"], value_set=pa.array(list(identifiers), pa.int64()))
    rows = _set(rows, "identifier", pc.if_else(hers, pa.scalar(0, pa.int64()), rows["identifier"]))
    if segment.table == "event":
        rows = _set(rows, "body", pc.if_else(hers, pa.scalar(None, pa.binary()), rows["body"]))
        rows = _set(rows, "ref", pc.if_else(hers, pa.scalar(""), rows["ref"]))
    folder = segment.path.split("/")[1]
    ((_, rows),) = cut(rows, folder.partition("=")[0])
    step("rewriting")
    return ledger.write(home.lake, segment.table, folder, rows, uuid.uuid4().hex, segment.cause)


def _set(rows: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(column), column, values)
