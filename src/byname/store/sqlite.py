"""How does the day run on SQLite? Python's own sqlite3, WAL, one writing connection a home.

SQLite before 3.51.3 can corrupt a WAL database when two connections checkpoint at the same instant, so readers
never write and never checkpoint (`query_only`, and no automatic checkpoint).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from byname.store.db import DbGone, Row

SPREAD = re.compile(r"\bin\s+:(\w+)")
MOST_SPREAD = 256  # SQLite finds a named parameter by walking the list: 30,000 at once are 30 times slower


class SqliteDb:
    engine = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @property
    def closed(self) -> bool:
        return False

    def rows(self, sql: str, **values: Any) -> list[Row]:
        spread = [n for n, v in values.items() if type(v) in (list, tuple, set, frozenset)]
        if not spread:
            with _clear_errors():
                return self.connection.execute(sql, values).fetchall()
        if len(spread) > 1:
            raise ValueError("one list parameter a query")
        (name,) = spread
        items = list(values.pop(name))
        found: list[Row] = []
        for start in range(0, len(items), MOST_SPREAD):
            part = items[start : start + MOST_SPREAD]
            width = 1 << (len(part) - 1).bit_length()  # few widths: SQLite keeps the prepared statements
            part += part[-1:] * (min(width, MOST_SPREAD) - len(part))
            bound = {f"{name}_{i}": v for i, v in enumerate(part)}
            with _clear_errors():
                found += self.connection.execute(_spread(sql, name, len(part)), {**values, **bound}).fetchall()
        return found

    def row(self, sql: str, **values: Any) -> Row | None:
        with _clear_errors():
            found: Row | None = self.connection.execute(sql, values).fetchone()
            return found

    def run(self, sql: str, **values: Any) -> int:
        spread = next((n for n, v in values.items() if type(v) in (list, tuple, set, frozenset)), None)
        with _clear_errors():
            if spread is None:
                return self.connection.execute(sql, values).rowcount
            items, changed = list(values.pop(spread)), 0
            for start in range(0, len(items), MOST_SPREAD):
                part = items[start : start + MOST_SPREAD]
                bound = {f"{spread}_{i}": v for i, v in enumerate(part)}
                text = _spread(sql, spread, len(part))
                changed += self.connection.execute(text, {**values, **bound}).rowcount
            return changed

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            with _clear_errors():
                self.connection.executemany(sql, rows)

    def script(self, sql: str) -> None:
        with _clear_errors():
            for statement in filter(None, (s.strip() for s in sql.split(";"))):
                self.connection.execute(statement)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield from self._between("begin immediate", "commit", "rollback")

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        yield from self._between("savepoint s", "release s", "rollback to s; release s")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        if self.connection.in_transaction:
            yield
        else:
            yield from self._between("begin", "commit", "rollback")

    def _between(self, begin: str, end: str, undo: str) -> Iterator[None]:
        with _clear_errors():
            self.connection.execute(begin)
        try:
            yield
            with _clear_errors():
                self.connection.execute(end)
        except BaseException:
            if self.connection.in_transaction:
                for statement in undo.split(";"):
                    self.connection.execute(statement)
            raise

    def lock(self, keys: Iterable[int]) -> None:
        """Nothing to do: `begin immediate` already made this the only writer."""

    def checkpoint(self) -> None:
        """Move the WAL into the database; only the writing connection may."""
        self.connection.execute("pragma wal_checkpoint(truncate)").fetchall()

    def close(self) -> None:
        self.connection.close()


def connect(path: Path, *, durability: str = "full", read_only: bool = False) -> SqliteDb:
    """Open a connection; readers can neither write nor checkpoint."""
    with _clear_errors():
        connection = sqlite3.connect(
            f"file:{path}?mode={'ro' if read_only else 'rwc'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            timeout=10,
            cached_statements=512,
        )
        pragmas = ["busy_timeout = 10000", "cache_size = -65536", "mmap_size = 1073741824", "temp_store = memory"]
        if read_only:
            pragmas += ["query_only = on"]
        else:
            pragmas += [
                "journal_mode = wal",
                f"synchronous = {'full' if durability == 'full' else 'normal'}",
                "secure_delete = on",  # what is erased leaves no bytes in free pages
                "wal_autocheckpoint = 16000",  # 64 MB: a page written often is moved once
            ]
        for pragma in pragmas:
            connection.execute(f"pragma {pragma}").fetchall()
    return SqliteDb(connection)


@lru_cache(512)
def _spread(sql: str, name: str, count: int) -> str:
    marks = ", ".join(f":{name}_{i}" for i in range(count))
    return SPREAD.sub(lambda m: f"in ({marks})" if m[1] == name else m[0], sql)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """The ground's own failures in words people can act on."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        for sign, rule, cure in GROUND:
            if sign in text:
                raise DbGone(rule, text, cure) from error
        raise


GROUND = (
    ("disk is full", "The disk is full", "Free some space; nothing that was acknowledged is lost"),
    ("disk I/O error", "The disk does not answer", "Check the disk; nothing that was acknowledged is lost"),
    ("locked", "The database is locked", "Another program writes to day.db; stop it"),
    ("readonly", "The database cannot be written", "Check the owner and rights of the home folder"),
    ("not a database", "day.db is not a byname database", "Restore a backup"),
    ("malformed", "The database is damaged", "Restore a backup, or let `sqlite3 day.db .recover` save what it can"),
    ("unable to open", "The database cannot be opened", "Check that the home folder exists and may be read"),
)
