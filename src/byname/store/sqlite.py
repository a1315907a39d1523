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

NAMED = re.compile(r"(?<![:\w]):(\w+)")
LISTS = (list, tuple, set, frozenset)
MOST_SPREAD = 4096  # of the 32,766 parameters that SQLite takes in a statement


class SqliteDb:
    engine = "sqlite"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    @property
    def closed(self) -> bool:
        return False

    def rows(self, sql: str, **values: Any) -> list[Row]:
        try:
            if any(type(v) in LISTS for v in values.values()):
                return [row for cursor in self._spread(sql, values, pad=True) for row in cursor.fetchall()]
            return self.connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise clear(error) from error

    def row(self, sql: str, **values: Any) -> Row | None:
        if any(type(v) in LISTS for v in values.values()):
            return next(iter(self.rows(sql, **values)), None)
        try:
            found: Row | None = self.connection.execute(sql, values).fetchone()
        except sqlite3.DatabaseError as error:
            raise clear(error) from error
        return found

    def run(self, sql: str, **values: Any) -> int:
        try:
            if any(type(v) in LISTS for v in values.values()):
                return sum(cursor.rowcount for cursor in self._spread(sql, values, pad=False))
            return self.connection.execute(sql, values).rowcount
        except sqlite3.DatabaseError as error:
            raise clear(error) from error

    def _spread(self, sql: str, values: dict[str, Any], *, pad: bool) -> Iterator[sqlite3.Cursor]:
        """Execute for a list in pieces. Numbered parameters: SQLite finds a named one by walking them all."""
        (name,) = [n for n, v in values.items() if type(v) in LISTS]  # one list a query
        items = list(values.pop(name))
        others = list(values.values())
        for start in range(0, len(items), MOST_SPREAD):
            part = items[start : start + MOST_SPREAD]
            if pad:  # few widths: SQLite keeps the prepared statements
                part += part[-1:] * (min(1 << (len(part) - 1).bit_length(), MOST_SPREAD) - len(part))
            yield self.connection.execute(_numbered(sql, tuple(values), name, len(part)), [*others, *part])

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            try:
                self.connection.executemany(sql, rows)
            except sqlite3.DatabaseError as error:
                raise clear(error) from error

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


@lru_cache(1024)
def _numbered(sql: str, names: tuple[str, ...], spread: str, count: int) -> str:
    """The statement with ?1, ?2, ... for the names in their order, and as many more for the list."""
    number = {name: f"?{n}" for n, name in enumerate(names, 1)}
    marks = ", ".join(f"?{n}" for n in range(len(names) + 1, len(names) + 1 + count))
    return NAMED.sub(lambda m: f"({marks})" if m[1] == spread else number[m[1]], sql)


def clear(error: sqlite3.DatabaseError) -> Exception:
    """The ground's own failures in words people can act on; any other error as it is."""
    text = str(error)
    for sign, rule, cure in GROUND:
        if sign in text:
            return DbGone(rule, text, cure)
    return error


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise clear(error) from error


GROUND = (
    ("disk is full", "The disk is full", "Free some space; nothing that was acknowledged is lost"),
    ("disk I/O error", "The disk does not answer", "Check the disk; nothing that was acknowledged is lost"),
    ("locked", "The database is locked", "Another program writes to day.db; stop it"),
    ("readonly", "The database cannot be written", "Check the owner and rights of the home folder"),
    ("not a database", "day.db is not a byname database", "Restore a backup"),
    ("malformed", "The database is damaged", "Restore a backup, or let `sqlite3 day.db .recover` save what it can"),
    ("unable to open", "The database cannot be opened", "Check that the home folder exists and may be read"),
)
