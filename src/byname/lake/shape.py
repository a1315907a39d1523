"""Which columns does the lake have, and into which files do rows go?

`event` is the day's table, column for column. `line` also carries where and what its event was, so that the
night's sums over products need no join (dictionary encoded these columns cost next to nothing). Files are cut by
day of occurrence (UTC); history too thin for that is cut by month or year, because a file of a few hundred rows
costs more to open than to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

EVENT = pa.schema(
    [
        ("id", pa.binary()),
        ("identifier", pa.int64()),
        ("source", pa.string()),
        ("touchpoint", pa.string()),
        ("name", pa.string()),
        ("occurred_at", pa.int64()),
        ("received_at", pa.int64()),
        ("place", pa.string()),
        ("ref", pa.string()),
        ("currency", pa.string()),
        ("amount", pa.int64()),
        ("discount", pa.int64()),
        ("lines", pa.int64()),
        ("due_at", pa.int64()),
        ("body", pa.binary()),
    ]
)
LINE = pa.schema(
    [
        ("event", pa.binary()),
        ("position", pa.int64()),
        ("identifier", pa.int64()),
        ("source", pa.string()),
        ("touchpoint", pa.string()),
        ("name", pa.string()),
        ("occurred_at", pa.int64()),
        ("place", pa.string()),
        ("product", pa.string()),
        ("quantity", pa.int64()),
        ("currency", pa.string()),
        ("amount", pa.int64()),
        ("discount", pa.int64()),
        ("coupon", pa.int64()),
        ("coupon_match", pa.int64()),
    ]
)
SCHEMAS = {"event": EVENT, "line": LINE}

# The fresh rows in these columns; `line` borrows from its event.
FRESH = {
    "event": "select " + ", ".join(f"e.{n}" for n in EVENT.names) + " from event e",
    "line": "select e.id, "
    + ", ".join(f"{'e' if n in ('source', 'touchpoint', 'name') else 'l'}.{n}" for n in LINE.names[1:])
    + " from line l join event e on e.seq = l.seq",
}

FILE_ROWS = 100_000  # below this a file by day is not worth its opening
FEW_FILES = 8


def arrow(table: str, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Rows of the day, in the lake's columns.

    >>> arrow("event", []).num_rows
    0
    """
    schema = SCHEMAS[table]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)


def period(rows: int, days: int) -> str:
    """How finely to cut: 'day', 'month' or 'year'.

    >>> [period(r, d) for r, d in ((9_000, 3), (1_469_307, 366), (90_000_000, 366), (9_000, 3_000))]
    ['day', 'month', 'day', 'year']
    """
    if days <= FEW_FILES or rows >= days * FILE_ROWS:
        return "day"
    return "month" if days <= 31 * FEW_FILES or rows >= days / 30 * FILE_ROWS else "year"


def cut(table: pa.Table, by: str | None = None) -> Iterator[tuple[str, pa.Table]]:
    """Pieces of a table by period of `occurred_at`, each sorted by identifier and time.

    Yields (folder, rows) such as ('day=2017-01-31', ...). Sorted so, one customer's history is few row groups.
    """
    if not table.num_rows:
        return
    days = table["occurred_at"].to_numpy().astype("datetime64[us]").astype("datetime64[D]")
    unit = by or period(table.num_rows, len(np.unique(days)))
    labels = days.astype(f"datetime64[{ {'day': 'D', 'month': 'M', 'year': 'Y'}[unit] }]")
    order = np.lexsort((table["occurred_at"].to_numpy(), table["identifier"].to_numpy(), labels))
    labels = labels[order]
    starts = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
    table = table.take(order)
    for start, end in zip(starts, [*starts[1:], len(labels)], strict=True):
        yield f"{unit}={labels[start]}", table.slice(start, end - start)
