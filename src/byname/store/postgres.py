"""How does the day run on PostgreSQL? psycopg 3, several processes, advisory locks where writers meet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.rows import tuple_row

from byname.store.db import Conflict, DbGone, Row
from byname.terms import BynameError

T = TypeVar("T")
NAMED = re.compile(r"(?<![:\w]):(\w+)")
SPREAD = re.compile(r"\bin\s+:(\w+)")


class PostgresDb:
    engine = "postgres"

    def __init__(
        self, connection: psycopg.Connection[Row], reopen: Callable[[], psycopg.Connection[Row]] | None = None
    ) -> None:
        self.connection, self._reopen = connection, reopen
        self._in_snapshot = False

    @property
    def closed(self) -> bool:
        return self.connection.closed

    def rows(self, sql: str, **values: Any) -> list[Row]:
        return self._asked(lambda c: c.execute(_named(sql), _lists(values)).fetchall())

    def row(self, sql: str, **values: Any) -> Row | None:
        return self._asked(lambda c: c.execute(_named(sql), _lists(values)).fetchone())

    def _asked(self, ask: Callable[[psycopg.Connection[Row]], T]) -> T:
        """The answer; a reader whose server was away while nobody asked opens a new connection and asks again."""
        with _clear_errors():
            try:
                return ask(self.connection)
            except psycopg.OperationalError:
                if self._reopen is None or self._in_snapshot or not self.connection.closed:
                    raise
                self.connection = self._reopen()
                return ask(self.connection)

    def run(self, sql: str, **values: Any) -> int:
        with _clear_errors():
            return self.connection.execute(_named(sql), _lists(values)).rowcount

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            with _clear_errors(), self.connection.cursor() as cursor:
                cursor.executemany(_positional(sql), rows)

    def script(self, sql: str) -> None:
        with _clear_errors():
            self.connection.execute(sql.encode())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with _clear_errors(), self.connection.transaction():
            yield

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        with _clear_errors(), self.connection.transaction():
            yield

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        if self.connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
            yield
            return
        self._asked(lambda c: c.execute("begin isolation level repeatable read read only"))
        self._in_snapshot = True
        try:
            with _clear_errors():
                yield
        finally:
            self._in_snapshot = False
            if not self.connection.closed:
                with _clear_errors():
                    self.connection.execute("rollback")

    def lock(self, keys: Iterable[int]) -> None:
        wanted = sorted(set(keys))
        if wanted:
            with _clear_errors():
                self.connection.execute("select pg_advisory_xact_lock(k) from unnest(%s::bigint[]) as k", (wanted,))

    def close(self) -> None:
        self.connection.close()


def connect(address: str, *, durability: str = "full", read_only: bool = False) -> PostgresDb:
    """Open a connection in UTC; `durability` 'process' gives up waiting for the disk."""

    def opened() -> psycopg.Connection[Row]:
        connection = psycopg.connect(
            address, autocommit=True, row_factory=tuple_row, connect_timeout=10, application_name="byname"
        )
        connection.execute("set time zone 'UTC'")
        if durability != "full":
            connection.execute("set synchronous_commit = off")
        if read_only:
            connection.execute("set default_transaction_read_only = on")
        return connection

    with _clear_errors():
        return PostgresDb(opened(), opened if read_only else None)


@lru_cache(2048)
def _named(sql: str) -> bytes:
    spread = SPREAD.sub(r"= any(:\1)", sql.replace("%", "%%"))
    return NAMED.sub(r"%(\1)s", spread).encode()


@lru_cache(2048)
def _positional(sql: str) -> bytes:
    return sql.replace("%", "%%").replace("?", "%s").encode()


def _lists(values: dict[str, Any]) -> dict[str, Any]:
    return {n: list(v) if type(v) in (tuple, set, frozenset) else v for n, v in values.items()}


@contextmanager
def _clear_errors() -> Iterator[None]:
    try:
        yield
    except (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation) as error:
        raise Conflict(type(error).__name__) from error
    except errors.DiskFull as error:
        raise DbGone("The database's disk is full", cure="Free some space there") from error
    except psycopg.DataError as error:  # psycopg's own: a zero byte in a text
        raise BynameError("A value cannot be kept as text", cure="Send it without control characters") from error
    except psycopg.OperationalError as error:
        cure = "Check that the server runs and that the address in byname.toml is right; byname tries again"
        raise DbGone("PostgreSQL does not answer", type(error).__name__, cure) from error
