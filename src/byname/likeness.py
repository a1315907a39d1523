"""Whom does a new record look like? The live scorer: details that were told, against every named customer.

The saved model of the last night scores a record in well under a millisecond against the few candidates that share a
block with it. The candidates' values lie in memory only, for as long as nobody is erased and at most ten minutes.
"""

from __future__ import annotations

from typing import NamedTuple

from byname.encounter import Byname
from byname.identity.match import suggest
from byname.identity.match.records import Record, table
from byname.identity.match.score import Known
from byname.identity.recognise import Likeness
from byname.learn import match_digest, records_of
from byname.store import Db
from byname.terms import SECOND

FRESH = 600 * SECOND
MOST = 200_000  # customers in memory: about 300 MB


class Gathered(NamedTuple):
    """The candidates, and as of when they hold."""

    known: Known
    model: str
    erasures: int
    at: int


def likeness(product: Byname, record: Record, now: int) -> Likeness | None:
    """The customer whom this record is most like, or None: no model yet, too many customers, nobody alike."""
    found = gathered(product, now)
    best = found.known.matches(record, most=1) if found else []
    if not best:
        return None
    person = int(best[0].unique_id)
    row = product.home.store.read().row("select person, household from identifier where id = :p", p=person)
    if row is None:
        return None
    return Likeness(row[0], row[1], best[0].scored.probability, bool(best[0].scored.vetoed))


def gathered(product: Byname, now: int) -> Gathered | None:
    """The candidates, gathered anew when the model is new, somebody was erased, or they are old."""
    db = product.home.store.read()
    newest = db.row("select id from match_model order by made_at desc, id desc limit 1")
    if newest is None:
        return None
    held: Gathered | None = product.memory.get("likeness")
    erasures = _erasures(db)
    if held and held.model == newest[0] and held.erasures == erasures and now - held.at < FRESH:
        return held
    if not product.gathering.acquire(blocking=False):  # another call gathers already
        return held if held and held.erasures == erasures else None
    try:
        return _gather(product, db, newest[0], erasures, now)
    finally:
        product.gathering.release()


def _gather(product: Byname, db: Db, newest: str, erasures: int, now: int) -> Gathered | None:
    model = suggest.load_model(db, newest)
    (named,) = db.row("select count(distinct identifier) from trait where name in ('name', 'first_name')") or (0,)
    if model is None or named > MOST:
        return None
    known = Known(model, table(records_of(product)), match_digest(product))
    made = Gathered(known, newest, erasures, now)
    product.memory["likeness"] = made
    return made


def _erasures(db: Db) -> int:
    row = db.row("select count(*) from erasure")
    return row[0] if row else 0
