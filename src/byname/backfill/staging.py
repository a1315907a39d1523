"""Into which parts is a file cut, so that no event lies in two of them?

Most files hold each order in one piece: then a part is a range of rows, and a Parquet file is read where it lies. A CSV
is first copied as Parquet, in its order, so that a range can be found; a file with torn orders is copied into one
folder a part, by what names the order. Copies hold nothing personal: identifiers have become numbers.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

from byname.backfill.planning import Plan, is_held
from byname.lake.duck import Connection, literal
from byname.touchpoints import reading
from byname.touchpoints.files import Mapping

PART_ROWS = 2_000_000  # rows of a part: fits in memory, and the day waits half a second for its commit
READY = "ready.json"  # written last: the copies are whole
ORDER = ("named", "file_row", "at_", "place", "product", "quantity", "amount", "discount", "coupon", "coupon_match")
EVENT = ("named", "file_row", "at_", "place", "name", "ref", "amount", "discount")


class Part(NamedTuple):
    """The rows of a part, as a relation. Those in memory are as quick to read again as to copy."""

    rows: str
    in_memory: bool = False


def cut(lake: Connection, plan: Plan, view: str, folder: Path, total: int, parts: int) -> list[Part]:
    """The parts, in order. `parts`: as many as an earlier try had; 0: this is the first."""
    good = _good(plan.mapping, view)
    if total <= PART_ROWS and parts <= 1:
        return [Part(f"({good})", is_held(lake, view))]
    starts = None if parts == 1 else _starts(lake, plan)
    if starts is not None and parts in (0, len(starts)):
        if plan.file.suffix == ".parquet":
            return _ranges(f"({good})", starts)
        return _copied(lake, good, folder, starts)
    return _split(lake, good, folder, parts or -(-total // PART_ROWS))


def ready(folder: Path, mapping: Mapping) -> list[Part] | None:
    """The parts of copies that an earlier try left whole, or None."""
    if not (folder / READY).exists():
        return None
    left = json.loads((folder / READY).read_text("utf-8"))
    if left["starts"] is not None:
        return _ranges(_file(folder / "rows.parquet"), left["starts"])
    return [Part(_file(folder / f"part={n}" / "*.parquet")) for n in range(left["parts"])]


def _starts(lake: Connection, plan: Plan) -> list[int] | None:
    """The first row of each part, when every order stands in one piece; None when orders are torn.

    In one piece means: as many changes from row to row as there are orders.
    """
    rows = reading.relation(plan.file, plan.mapping)
    named = reading.named(plan.mapping, plan.types)
    before = f"select file_row, {named} as named, lag({named}) over () as before from ({rows})"
    lake.execute(
        f"create or replace table change as select file_row, named from ({before}) where named is distinct from before"
    )
    torn = lake.execute("select count(*) > count(distinct named) from change").fetchall()[0][0]
    found = lake.execute(
        f"select min(file_row) from change group by (file_row - 1) // {PART_ROWS} order by 1"
    ).fetchall()
    lake.execute("drop table change")
    return None if torn else [row for (row,) in found]


def _ranges(rows: str, starts: list[int]) -> list[Part]:
    ends = [*starts[1:], 1 << 62]
    return [
        Part(f"(select * from {rows} where file_row >= {a} and file_row < {b})")
        for a, b in zip(starts, ends, strict=True)
    ]


def _copied(lake: Connection, good: str, folder: Path, starts: list[int]) -> list[Part]:
    """One copy in the order of the file."""
    _empty(folder)
    lake.execute(f"copy ({good}) to {literal(folder / 'rows.parquet')} (format parquet, compression lz4)")
    (folder / READY).write_text(json.dumps({"starts": starts, "parts": len(starts)}), "utf-8")
    return _ranges(_file(folder / "rows.parquet"), starts)


def _split(lake: Connection, good: str, folder: Path, parts: int) -> list[Part]:
    """One folder a part, by what names the order."""
    _empty(folder)
    for number in range(parts):
        (folder / f"part={number}").mkdir()
        empty = literal(folder / f"part={number}" / "empty.parquet")
        lake.execute(f"copy (select * from ({good}) where false) to {empty} (format parquet)")
    lake.execute(
        f"copy (select *, cast(hash(named) % {parts} as bigint) as part from ({good})) to {literal(folder)}"
        " (format parquet, compression lz4, partition_by (part), overwrite_or_ignore)"
    )
    (folder / READY).write_text(json.dumps({"starts": None, "parts": parts}), "utf-8")
    return [Part(_file(folder / f"part={n}" / "*.parquet")) for n in range(parts)]


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _file(path: Path) -> str:
    return f"read_parquet({literal(path)}, hive_partitioning = false)"


def _good(mapping: Mapping, view: str) -> str:
    """The rows that can be used, each with its owner."""
    columns = ORDER if mapping.kind == "orders" else EVENT
    listed = ", ".join(f"r.{c}" for c in (*columns, *(["currency"] if "currency" in mapping.columns else [])))
    raw = [f"i{n}" for n in range(len(mapping.identifiers))]
    owner = "coalesce(w.identifier, 0)" if raw else "0::bigint"
    same = " and ".join(f"r.{c} {'=' if len(raw) == 1 else 'is not distinct from'} w.{c}" for c in raw)
    joined = f"{view} r" + (f" left join whose w on {same}" if raw else "")
    return f"select {listed}, {owner} as identifier from {joined} where r.why is null"
