"""Whose are the rows, and how many can be used? One look over the file, before anything of it is written.

Every distinct set of identifiers is seen once, with its earliest time.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from byname.backfill.planning import rejected
from byname.encounter import Arrival, Byname
from byname.identity import graph
from byname.identity.graph import Sighting
from byname.lake.duck import Connection
from byname.store import Db
from byname.terms import Event, Identifier
from byname.touchpoints.files import Mapping
from byname.touchpoints.reading import LEFT_OUT
from byname.trust import unrecognised, vault

TOGETHER = 2_000  # sets of identifiers in one transaction: the day goes on in between


class Looked(NamedTuple):
    """How many rows a file has, by what is wrong with them (None: nothing)."""

    counts: dict[str | None, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def bad(self) -> int:
        return self.total - self.counts.get(None, 0) - self.counts.get(LEFT_OUT, 0)


def look(lake: Connection, mapping: Mapping, view: str) -> Looked:
    """Read the file once: count its rows, and make table `named` of the distinct sets of identifiers."""
    raw = "".join(f", i{n}" for n in range(len(mapping.identifiers)))
    lake.execute(f"create temp table named as select why{raw}, min(at_) as at_, count(*) as n from {view} group by all")
    rows = dict(lake.execute("select why, sum(n)::bigint from named group by why").fetchall())
    if rejected(lake):
        rows["not_a_row"] = rejected(lake)
    return Looked(rows)


def see(product: Byname, lake: Connection, mapping: Mapping, now: int) -> None:
    """Make table `whose` (i0, i1, ..., identifier): the owner of each set of raw identifiers; absent: nobody."""
    raw = [f"i{n}" for n in range(len(mapping.identifiers))]
    if not raw:
        return
    columns = ", ".join(raw)
    lake.execute(f"create table whose as select {columns}, 0::bigint as identifier from named where false")
    some = " or ".join(f"{c} is not null" for c in raw)
    found = lake.execute(f"select {columns}, at_ from named where why is null and ({some})").fetchall()
    types = list(mapping.identifiers)
    for start in range(0, len(found), TOGETHER):
        chunk = found[start : start + TOGETHER]
        arrivals = [_arrival(product, mapping, types, row) for row in chunk]
        ids = product.home.store.write(partial(_own, product, arrivals, now))
        columns_of = list(zip(*(row[:-1] for row in chunk), strict=True))
        arrived = pa.table({c: pa.array(v) for c, v in zip(raw, columns_of, strict=True)})
        lake.register("arrived", arrived.append_column("identifier", pa.array(ids, pa.int64())))
        lake.execute("insert into whose select * from arrived where identifier > 0")
        lake.unregister("arrived")


def _own(product: Byname, arrivals: Sequence[Arrival], now: int, db: Db) -> list[int]:
    """The strongest identifier of each arrival, seen, with its key and plain value in the vault; 0: nobody."""
    nameable = unrecognised.nameless(db, product.keyring, arrivals)
    sightings = [Sighting(a.event.source, a.event.occurred_at, a.keys, a.witnesses) for a in nameable if a.keys]
    ids = graph.see(db, product.policy, sightings, now=now, new_id=product.new_id)
    keys = vault.open_keys(db, product.keyring, set(ids.values()), now=now)
    plain = {ids[k]: v for a in nameable for k, v in zip(a.keys, a.values, strict=True)}
    vault.keep(db, product.keyring, plain, now=now, keys=keys)
    return [ids[a.keys[0]] if a.keys else 0 for a in nameable]


def _arrival(product: Byname, mapping: Mapping, types: list[str], row: tuple[object, ...]) -> Arrival:
    identifiers = tuple(Identifier(t, str(v)) for t, v in zip(types, row[:-1], strict=True) if v is not None)
    at = row[-1]
    assert isinstance(at, int)
    return product.prepare(
        Event("", mapping.source, mapping.touchpoint, "", occurred_at=at, received_at=at, identifiers=identifiers)
    )
