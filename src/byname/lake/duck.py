"""How is history asked? DuckDB over the lake's files and the fresh rows, seen in one moment.

The only module that imports duckdb (besides Splink's own use). No extension is installed or loaded from outside,
the session is in UTC, and what is spilled to disk is encrypted.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import duckdb
import pyarrow as pa

from byname.home import Home
from byname.lake import ledger
from byname.lake.shape import FRESH, SCHEMAS, arrow

Connection = duckdb.DuckDBPyConnection

__all__ = ["Connection", "connect", "literal", "open_lake"]

DAY = "cast(make_timestamp(occurred_at) as date) as day"


def connect(spill: Path | None = None, *, threads: int = 0, memory_gb: float = 0) -> duckdb.DuckDBPyConnection:
    """A DuckDB of its own, in memory; larger work spills below `spill`. 0: as many threads, as much as fits."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_file_encryption": "true",
    }
    if spill is not None:
        config["temp_directory"] = str(spill)
    if threads:
        config["threads"] = threads
    if memory_gb:
        config["memory_limit"] = f"{memory_gb}GB"
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("set enable_progress_bar = false")
    return connection


def open_lake(home: Home, identifiers: Collection[int] | None = None, **options: float) -> duckdb.DuckDBPyConnection:
    """A connection with views `event`, `line` and the reference tables: sealed plus fresh, in one moment.

    Both views have the lake's columns and `day` (a DATE, UTC). With `identifiers` only these customers' rows are
    in the views, which is quick: use it for one person's history. Close it.
    """
    db = home.store.read()
    with db.snapshot():
        files = ledger.segments(db)
        fresh = {t: arrow(t, _fresh(home, t, identifiers)) for t in SCHEMAS}
    connection = connect(home.lake / "tmp", **options)  # type: ignore[arg-type]
    for table in sorted({f.table for f in files} | set(SCHEMAS)):
        mine = [f for f in files if f.table == table and _may_hold(f, identifiers)]
        _view(connection, table, [home.lake / f.path for f in mine], fresh.get(table), identifiers)
    return connection


def literal(text: str | Path) -> str:
    """A SQL string literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + str(text).replace("'", "''") + "'"


def _fresh(home: Home, table: str, identifiers: Collection[int] | None) -> list[tuple[object, ...]]:
    if identifiers is None:
        return home.store.read().rows(FRESH[table])
    alias = "e" if table == "event" else "l"
    return home.store.read().rows(f"{FRESH[table]} where {alias}.identifier in :ids", ids=list(identifiers))


def _may_hold(file: ledger.Segment, identifiers: Collection[int] | None) -> bool:
    if identifiers is None or file.table not in SCHEMAS:
        return True
    return any(file.identifier_min <= i <= file.identifier_max for i in identifiers)


def _view(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    files: list[Path],
    fresh: pa.Table | None,
    identifiers: Collection[int] | None,
) -> None:
    columns = ", ".join(SCHEMAS[table].names) if table in SCHEMAS else "*"
    parts = []
    if files:
        paths = ", ".join(literal(_plain(f)) for f in files)
        parts.append(f"select {columns} from read_parquet([{paths}], hive_partitioning = false)")
    if fresh is not None:
        connection.register("arrived", fresh)
        connection.execute(f"create table fresh_{table} as select * from arrived")
        connection.unregister("arrived")
        parts.append(f"select {columns} from fresh_{table}")
    union = " union all ".join(parts)
    if table in SCHEMAS:
        only = f"where identifier in ({', '.join(map(str, identifiers)) or 'null'})" if identifiers is not None else ""
        union = f"select {columns}, {DAY} from ({union}) {only}"
    connection.execute(f"create view {table} as {union}")


def _plain(path: Path) -> str:
    """A path in which DuckDB sees no pattern."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in str(path))
