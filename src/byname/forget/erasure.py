"""How is a customer erased, so that no byte of the home leads to her any more?

In one transaction of the day: her statements are taken back, her data keys destroyed (and with them all they
encrypted, in the lake too), her tokens replaced by dice, her rows deleted; her events stay as facts of
nobody, so that the books still balance. Then, resumable: a line in keys/erased.log (a restored backup forgets
her again), the lake's files written anew, the journal of the database emptied. Identifiers that others share
stay for the others.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Collection
from pathlib import Path
from typing import NamedTuple

from byname.forget.leftovers import clear
from byname.forget.personal import personal
from byname.forget.quarantined import drop_hers
from byname.home import Home
from byname.identity import erase as identity_erase
from byname.identity import graph
from byname.identity.policy import Policy
from byname.identity.resolve import CONTESTED, JUNK, OWN, SHARED
from byname.lake import erase as lake_erase
from byname.lake import iceberg
from byname.store.db import Db
from byname.terms import BynameError, Key
from byname.trust import audit, erasures, unrecognised, vault

NAMELESS = ("statement", "revoked", "quarantine")  # rows of hers went from here too
LOG = "erased.log"


class Erased(NamedTuple):
    """What was done. `shared`: identifiers seen with hers that stay, because others use them too."""

    id: str
    identifiers: int
    shared: int


Step = Callable[[str], None]


def nothing(step: str) -> None:
    """The usual step: go on."""


def new_id() -> str:
    return "e" + secrets.token_hex(8)


def erase(
    home: Home,
    customer: str,
    *,
    policy: Policy,
    actor: str,
    now: int,
    never_again: bool = False,
    new_id: Callable[[], str] = new_id,
    step: Step = nothing,
) -> Erased:
    """Erase the customer whom a public id (any that was ever hers) now belongs to.

    `never_again`: she also wants never to be recognised when she turns up as a newcomer.
    Errors: BynameError when there is no such customer, she is erased already, or the id is one that several
    people share: then nobody's data may be taken for hers.
    """
    erased = home.store.write(lambda db: _day(home, db, policy, customer, actor, now, never_again, new_id()))
    step("day")
    for waiting in erasures.waiting(home.store.read()):
        if waiting[0] == erased.id:
            _finish(home, *waiting, now, step)
    return erased


def resume(home: Home, *, now: int) -> int:
    """Finish erasures that a crash or a long reader held up; how many are still not done.

    The start of a server and the night call it.
    """
    return sum(not _finish(home, *erasure, now, nothing) for erasure in erasures.waiting(home.store.read()))


def erase_again(home: Home, public_ids: Collection[str], *, policy: Policy, now: int) -> int:
    """Forget those whom a restored backup remembered; how many identifiers it still knew."""

    def forget(db: Db) -> list[int]:
        rows = db.rows("select id from identifier where erased = 0 and public_id in :ids", ids=list(public_ids))
        ids = [i for (i,) in rows]
        if ids:
            _rows(home, db, policy, ids, "restore", now)
            erasures.note(db, new_id(), ids, actor="restore", now=now)
        return ids

    ids = home.store.write(forget)
    resume(home, now=now)
    return len(ids)


def logged(keys: Path) -> list[str]:
    """The public ids in keys/erased.log; a line that a crash cut off was never acknowledged."""
    path = keys / LOG
    found: list[str] = []
    for line in path.read_text("utf-8").splitlines() if path.exists() else []:
        try:
            found += json.loads(line)["identifiers"]
        except (ValueError, KeyError):
            continue
    return found


def _day(home: Home, db: Db, policy: Policy, customer: str, actor: str, now: int, never_again: bool, id: str) -> Erased:
    """The whole erasure in the day store, in one transaction."""
    person = graph.person_of(db, customer)
    if person is None:
        raise BynameError("No such customer", customer, "Search by an identifier")
    identity_erase.hold(db, policy, person)
    rows = db.rows("select id, state, erased from identifier where person = :p order by id", p=person)
    if not rows or all(erased for *_, erased in rows):
        raise BynameError("This customer is erased already, or someone else now", customer, "Search again")
    if all(state not in (OWN, CONTESTED) for _, state, _ in rows):
        cure = "Erase the customers who share it, one by one"
        raise BynameError("Several people share this identifier", customer, cure)
    own = [id for id, *_ in rows]
    ids = identity_erase.all_hers(db, own)
    shared = _shared_with(db, own, ids)
    if never_again:
        keys = db.rows("select type, token from identifier where id in :own", own=own)
        unrecognised.flag(db, home.keys, [Key(type, bytes(token)) for type, token in keys], now=now)
    _rows(home, db, policy, ids, actor, now)
    erasures.note(db, id, ids, actor=actor, now=now)
    return Erased(id, len(ids), shared)


def _rows(home: Home, db: Db, policy: Policy, ids: list[int], actor: str, now: int) -> None:
    drop_hers(db, home.keys, vault.reveal(db, home.keys, ids).values(), now=now)
    identity_erase.erase(db, policy, ids, actor=actor, now=now)  # first: it takes the locks that writers take
    vault.destroy(db, ids)
    clear(db, ids)
    audit.log(db, [audit.Look(now, actor, "erase", outcome=f"{len(ids)} identifiers")])


def _shared_with(db: Db, own: list[int], ids: list[int]) -> int:
    """How many shared identifiers that were seen with hers stay?"""
    rows = db.rows(
        "select distinct i.id, i.state from statement_identifier si"
        " join statement_identifier beside on beside.statement = si.statement"
        " join identifier i on i.id = beside.identifier where si.identifier in :own",
        own=own,
    )
    return sum(state in (SHARED, JUNK) and id not in ids for id, state in rows)


def _finish(home: Home, id: str, ids: list[int], at: int, now: int, step: Step) -> bool:
    """Everything after the day's transaction; each part may be repeated. False: something is in the way."""
    _log(home, id, ids, at)
    step("log")
    lake_erase.erase(home, ids, now)
    withdrawn = iceberg.withdraw(home)  # manifests tell the least and greatest value of each column of her files
    for spilled in (home.lake / "staging").glob("fresh-*.parquet"):  # Spark's copies of the fresh rows
        spilled.unlink(missing_ok=True)
    step("lake")
    if not home.store.between(_scrub) or not withdrawn:
        return False
    step("scrubbed")
    home.store.write(lambda db: erasures.done(db, id))
    return True


def _log(home: Home, id: str, ids: list[int], at: int) -> None:
    path = home.path / "keys" / LOG
    if path.exists() and f'"{id}"' in path.read_text("utf-8"):
        return
    rows = home.store.read().rows("select public_id from identifier where id in :ids", ids=ids)
    line = json.dumps({"id": id, "at": at, "identifiers": sorted(p for (p,) in rows)})
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(b"\n" + line.encode())  # a line of its own, whatever a crash left before it
        file.flush()
        os.fsync(file.fileno())


def _scrub(db: Db) -> bool:
    """Leave no old copy of a row: empty SQLite's journal, clear PostgreSQL's dead rows. False: try again later."""
    if db.engine == "sqlite":
        ((busy, _, _),) = db.rows("pragma wal_checkpoint(truncate)")
        return not busy
    for table in (*personal(), *NAMELESS):
        db.run(f"vacuum {table}")
    return True
