"""How does the day keep its rows? One protocol, one file per engine, one writer with group commit.

SQL of the day is one text for both engines: `text, bigint, double precision, on conflict, returning`, CTEs, window
functions, `:named` parameters (a list behind `in :names` is spread), and `?` in `many`. A reader sees one moment
inside `snapshot()`. All writing goes through `Store.write`, which groups what is waiting into one transaction.
"""

from __future__ import annotations

from pathlib import Path

from byname.store.db import Db, DbGone
from byname.store.writer import Store

__all__ = ["ENGINES", "Db", "DbGone", "Store", "open_store"]

ENGINES = ("sqlite", "postgres")


def open_store(database: str, home: Path, *, durability: str = "full", read_only: bool = False) -> Store:
    """Open the day store: SQLite at home/day.db when `database` is empty, else the PostgreSQL address."""
    if database:
        from byname.store import postgres

        return Store(lambda ro: postgres.connect(database, durability=durability, read_only=ro), read_only)
    from byname.store import sqlite

    path = home / "day.db"
    return Store(lambda ro: sqlite.connect(path, durability=durability, read_only=ro), read_only)
