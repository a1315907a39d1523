"""Which questions does the night ask, and in which words on which engine?

Each `sql/*.sql` is written once, in DuckDB's words, over the views `event` and `line` (and reference tables);
Spark gets the same text rendered by sqlglot. Files keep to what both engines mean alike: whole numbers cast to bigint
after summing, days as DATE, every result ordered.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"


def names() -> list[str]:
    """The questions there are.

    >>> "customers" in names()
    True
    """
    return sorted(p.stem for p in FOLDER.glob("*.sql"))


@cache
def text(name: str, engine: str = "duckdb") -> str:
    """The SQL of one question for 'duckdb' or 'spark'."""
    sql = (FOLDER / f"{name}.sql").read_text("utf-8")
    if engine == "duckdb":
        return sql
    import sqlglot

    (rendered,) = sqlglot.transpile(sql, read="duckdb", write=engine)
    return rendered
