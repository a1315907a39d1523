"""Who came before, so that nothing has to be looked up? Only where this process is the only writer (SQLite).

A sighting that the store holds already names the same identifiers for ever, and their keys last until an erasure. So
what was found in one transaction is known in the next: if that one was committed, and nobody was erased since.
PostgreSQL has other writers; there every sighting is looked up (docs/decisions/0501).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from byname.store import Db
from byname.terms import Key

MOST = 200_000  # sightings; about 100 MB

Seen = tuple[str, tuple[Key, ...], tuple[Key, ...]]
"""Source, keys and witnesses of a sighting."""


class Owner(NamedTuple):
    """The identifier that an event with this sighting belongs to."""

    seen_at: int  # the store holds the sighting with this time or an earlier one
    identifier: int
    key: AESGCM


class Familiar:
    """Sightings and their owners, as far as they are known to be in the store."""

    def __init__(self) -> None:
        self._known: dict[Seen, Owner] = {}
        self._pending: dict[Seen, Owner] = {}
        self._as_of = (-1, -1, -1)  # commits, rollbacks, erasures

    def begin(self, db: Db, commits: int, rollbacks: int) -> None:
        """A transaction begins: what the last one found is known if it was committed.

        A rollback since then may have been that one, even when others committed after it.
        """
        (erased,) = db.row("select count(*) from erasure") or (0,)
        before, rollbacks_before, erased_before = self._as_of
        if erased != erased_before or len(self._known) > MOST:
            self._known.clear()
        elif commits > before and rollbacks == rollbacks_before:
            self._known.update(self._pending)
        self._pending.clear()
        self._as_of = (commits, rollbacks, erased)

    def owner(self, seen: Seen, occurred_at: int) -> Owner | None:
        """The owner of a sighting that adds nothing to what the store holds."""
        found = self._known.get(seen)
        return found if found is not None and found.seen_at <= occurred_at else None

    def learn(self, found: Iterable[tuple[Seen, Owner]]) -> None:
        """These were found or made in the transaction under way."""
        self._pending.update(found)
