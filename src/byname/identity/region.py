"""Which part of the graph must be looked at again, and what is written about it?

A region is what one transaction may change: the identifiers it touches, their islands, their households. On
PostgreSQL it is locked before it is believed: read, lock what was read, read again, until nothing new turns up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from byname.identity.policy import Policy
from byname.identity.resolve import CONTESTED, OWN
from byname.store.db import Conflict, Db

LOCKS = 2039  # lock names are identifier ids modulo this, so that a large batch holds a bounded number
LOCK_SPACE = 0x1DE0_0000
CHANGE_LOCK = LOCK_SPACE + LOCKS

COLUMNS = "id, type, token, public_id, first_at, state, person, island, household, crowd"


@dataclass(slots=True)
class Row:
    """An identifier as stored, and as it will be."""

    id: int
    type: str
    token: bytes
    public_id: str
    first_at: int
    state: str
    person: int
    island: int
    household: int
    crowd: str
    fresh: bool = False  # not stored yet
    stored: tuple[Any, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        self.token = bytes(self.token)
        self.stored = self.derived()

    def derived(self) -> tuple[Any, ...]:
        return self.first_at, self.state, self.person, self.island, self.household, self.crowd

    @property
    def joins(self) -> bool:
        """Do sightings of it join people?"""
        return self.state in (OWN, CONTESTED)

    @property
    def moved(self) -> bool:
        return self.fresh or self.derived() != self.stored

    def shared_with(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = json.loads(self.crowd) if self.crowd else {}
        return found


def crowd_text(crowd: dict[str, list[int]]) -> str:
    """A crowd as the table keeps it: one spelling, so that a rebuild gives the same bytes."""
    return json.dumps({t: sorted(ids) for t, ids in sorted(crowd.items())}, separators=(",", ":")) if crowd else ""


class Region:
    """The rows that one transaction works on."""

    def __init__(self, db: Db, policy: Policy) -> None:
        self.db, self.policy = db, policy
        self.rows: dict[int, Row] = {}
        self.by_token: dict[bytes, Row] = {}
        self.locking = db.engine != "sqlite"  # there the transaction is the only writer
        self._held: set[int] = set()

    def add(self, row: Row) -> None:
        self.rows[row.id] = row
        self.by_token[row.token] = row

    def find(self, tokens: Collection[bytes]) -> None:
        """Load the identifiers of these tokens; not locked yet."""
        self._take(self._select("token", tokens))

    def load(self, ids: Collection[int]) -> None:
        missing = [i for i in ids if i not in self.rows]
        self._take(self._select("id", missing))

    def load_islands(self, islands: Collection[int]) -> None:
        self._take(self._select("island", islands))

    def load_households(self, households: Collection[int]) -> None:
        self._take(self._select("household", households))

    def claim(self, names: Iterable[int]) -> bool:
        """Lock these; True when some were not held before, so that what was read must be read again.

        The first claim waits for whoever holds them. A later one comes out of order and could wait for somebody who
        waits for us, so it does not wait: the work is done again from the start, where waiting is safe.
        """
        if not self.locking:
            return False
        wanted = sorted({LOCK_SPACE + n % LOCKS for n in names} - self._held)
        if wanted and self._held:
            sql = "select pg_try_advisory_xact_lock(k) from unnest(cast(:wanted as bigint[])) as k"
            if not all(got for (got,) in self.db.rows(sql, wanted=wanted)):
                raise Conflict("somebody else works on the same people")
        else:
            self.db.lock(wanted)
        self._held.update(wanted)
        return bool(wanted)

    def claim_islands(self, touched: Collection[int], also: Iterable[int] = ()) -> None:
        """Own the islands and households of these stored identifiers, as they are now; and what else is named.

        Everything in one go and in order, so that two writers who meet wait and do not deadlock.
        """
        ids, others = list(touched), list(also)
        if not self.locking or not (ids or others):
            return
        while True:
            near = self.db.rows("select island, household from identifier where id in :ids", ids=ids)
            islands = list({island for island, _ in near})
            around = self.db.rows("select household from identifier where island in :islands", islands=islands)
            if not self.claim([*others, *islands, *(h for _, h in near), *(h for (h,) in around)]):
                break
        self.reread(ids)

    def reread(self, ids: Collection[int]) -> None:
        """Forget what was read of these before the lock was held."""
        again = [i for i in ids if i in self.rows and not self.rows[i].fresh]
        for i in again:
            del self.rows[i]
        self._take(self._select("id", again))

    def _select(self, column: str, values: Collection[Any]) -> list[tuple[Any, ...]]:
        if not values:
            return []
        return self.db.rows(f"select {COLUMNS} from identifier where {column} in :wanted", wanted=list(values))

    def _take(self, found: Iterable[tuple[Any, ...]]) -> None:
        for values in found:
            if values[0] not in self.rows:
                self.add(Row(*values))

    def changed(self) -> Iterator[Row]:
        return (row for row in self.rows.values() if row.moved)

    def write(self) -> None:
        """Store what differs; new identifiers in the order of their tokens, so that writers meet in one order."""
        fresh = sorted((r for r in self.rows.values() if r.fresh), key=lambda r: r.token)
        self.db.many(
            f"insert into identifier ({COLUMNS}, erased) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
            [(r.id, r.type, r.token, r.public_id, *r.derived()) for r in fresh],
        )
        self.db.many(
            "update identifier set first_at = ?, state = ?, person = ?, island = ?, household = ?, crowd = ?"
            " where id = ?",
            [(*r.derived(), r.id) for r in self.changed() if not r.fresh],
        )
