"""What does every engine of the day offer?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from byname.terms import GroundBroken

Row = tuple[Any, ...]


class DbGone(GroundBroken):
    """The ground is broken: disk full, server gone, file locked. Retry later; nothing was acknowledged."""


class Conflict(Exception):
    """Two writers met (deadlock, unique violation, serialisation): roll back and do the whole work again."""


class Db(Protocol):
    """One connection. Not shared between threads."""

    engine: str  # 'sqlite' | 'postgres'

    @property
    def closed(self) -> bool:
        """Is this connection gone for good?"""
        ...

    def rows(self, sql: str, **values: Any) -> list[Row]:
        """All rows of a query; `:name` parameters; a list value behind `in :name` is spread."""
        ...

    def row(self, sql: str, **values: Any) -> Row | None:
        """The first row, or None."""
        ...

    def run(self, sql: str, **values: Any) -> int:
        """Execute; how many rows it changed."""
        ...

    def many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute once per row; `?` parameters."""
        ...

    def script(self, sql: str) -> None:
        """Execute statements separated by semicolons (DDL); no parameters."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """BEGIN (immediate) .. COMMIT, or ROLLBACK on an exception."""
        ...

    def savepoint(self) -> AbstractContextManager[None]:
        """A part of a transaction that can fail alone."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Every read inside sees one moment."""
        ...

    def lock(self, keys: Iterable[int]) -> None:
        """Until the transaction ends nobody else holds any of these keys (ascending; SQLite: the one writer)."""
        ...

    def close(self) -> None: ...
