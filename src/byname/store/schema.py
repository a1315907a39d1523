"""What may a table be made of? The few column types that SQLite, PostgreSQL and DuckDB read alike."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

__all__ = ["Index", "big", "blob", "metadata", "number", "serial", "table", "text"]


def table(name: str, *columns: Any, rowid: bool = True) -> Table:
    """A table of the day. Without `rowid` SQLite keeps it as one tree by its primary key."""
    return Table(name, metadata, *columns, sqlite_with_rowid=rowid)


def serial(name: str = "id") -> Column[Any]:
    """A number the store hands out, growing, never used twice."""
    return Column(name, BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


def big(name: str, **options: Any) -> Column[Any]:
    """A 64-bit integer (times in microseconds, money in minor units, counts)."""
    return Column(name, BigInteger, **_strict(options), autoincrement=False)


def text(name: str, **options: Any) -> Column[Any]:
    return Column(name, Text, **_strict(options))


def blob(name: str, **options: Any) -> Column[Any]:
    """Bytes: a token, a digest, something encrypted."""
    return Column(name, LargeBinary, **_strict(options))


def number(name: str, **options: Any) -> Column[Any]:
    """A double: scores and weights, never money."""
    return Column(name, Float(53), **_strict(options))


def _strict(options: dict[str, Any]) -> dict[str, Any]:
    """Columns are NOT NULL unless they say otherwise."""
    return options if "primary_key" in options else {"nullable": False, **options}
