"""Do the laws hold in this home, and can everything derived be made again from the facts?

Facts: messages, events with their lines (fresh and sealed), statements, what was told (traits, consents). Derived:
who is one person (identity), and state, latest contacts and matters per identifier (profile). `differences` makes
each derived table again, set-wise, and compares row by row; `rebuild` puts what was made in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pyarrow as pa

from byname import forget
from byname.encounter import Byname
from byname.identity import batch
from byname.lake import duck, ledger
from byname.profile import fold
from byname.store import Db
from byname.terms import GroundBroken
from byname.touchpoints import catalogue

Progress = Callable[[str], None]

STATE = """
with money as (
    select event, sum(quantity) as items, sum(discount + coupon + coupon_match) as saved from line group by event
), meant as (
    select e.*, coalesce(m.kind, '') as kind, coalesce(l.items, 0) as items, coalesce(l.saved, 0) + e.discount as saved
    from event e left join meaning m on m.name = e.name left join money l on l.event = e.id
    where e.identifier > 0
)
select identifier, touchpoint, case when kind in ('sale', 'return') then currency else '' end as currency,
    count(*)::bigint as events,
    count(*) filter (kind = 'sale')::bigint as orders,
    count(*) filter (kind = 'return')::bigint as returns,
    coalesce(sum(items) filter (kind = 'sale'), 0)::bigint as items,
    coalesce(sum(amount) filter (kind = 'sale'), 0)::bigint as spent,
    coalesce(sum(amount) filter (kind = 'return'), 0)::bigint as refunded,
    coalesce(sum(saved) filter (kind = 'sale'), 0)::bigint as saved,
    min(occurred_at) as first_at, max(occurred_at) as last_at,
    coalesce(max(occurred_at) filter (kind = 'sale'), 0) as last_order_at
from meant group by all
"""

LATEST = """
with newest as (
    select identifier, touchpoint, name, max(occurred_at) as occurred_at from event where identifier > 0 group by all
)
select identifier, touchpoint, name, occurred_at, id as event, place, ref
from event join newest using (identifier, touchpoint, name, occurred_at)
qualify row_number() over (partition by identifier, touchpoint, name order by id desc) = 1
"""

MATTER = """
with touched as (
    select e.identifier, t.kind, case when t.single then '' else e.ref end as ref, t.opened, e.occurred_at, e.due_at,
        e.id as event
    from event e join touch t on t.name = e.name
    where e.identifier > 0
)
select identifier, kind, ref,
    coalesce(max(occurred_at) filter (opened), 0) as opened_at,
    coalesce(max(occurred_at) filter (not opened), 0) as closed_at,
    coalesce(arg_max(due_at, (occurred_at, event)) filter (opened), 0) as due_at,
    coalesce(arg_max(event, (occurred_at, event)) filter (opened), ''::blob) as event
from touched group by all
"""

DERIVED = {
    "state": (STATE, "identifier, touchpoint, currency, events, orders, returns, items, spent, refunded, saved,"
              " first_at, last_at, last_order_at"),
    "latest": (LATEST, "identifier, touchpoint, name, occurred_at, event, place, ref"),
    "matter": (MATTER, "identifier, kind, ref, opened_at, closed_at, due_at, event"),
}  # fmt: skip


class Finding(NamedTuple):
    """One law and what was found: `wrong` is how many rows break it; `example` names no person."""

    law: str
    checked: int
    wrong: int
    example: str = ""


def check(product: Byname, progress: Progress = lambda what: None) -> list[Finding]:
    """Ask a home whether the laws hold. Reads only; runs beside a live server.

    While a file of the lake is damaged only the day is asked: what is made of history cannot be compared.
    """
    found = [f for ask in (sealed_files, identity) for f in ask(product, progress)]
    if found[0].wrong:
        return found
    found += [f for ask in (once, erased) for f in ask(product, progress)]
    return found + list(differences(product, progress))


def sealed_files(product: Byname, progress: Progress) -> Iterator[Finding]:
    """Nothing is lost: every file of the ledger is there, whole."""
    progress("sealed files")
    damaged = ledger.damaged(product.home)
    count = product.home.store.read().row("select count(*) from segment")
    yield Finding("sealed files are whole", count[0] if count else 0, len(damaged), str(damaged[0]) if damaged else "")


def once(product: Byname, progress: Progress) -> Iterator[Finding]:
    """Once: no event twice over day and lake, every line has its event, every event an owner that exists."""
    progress("events once")
    db = product.home.store.read()
    with db.snapshot():
        lake = duck.open_lake(product.home)
        known = pa.table({"id": pa.array([i for (i,) in db.rows("select id from identifier")], pa.int64())})
    try:
        lake.register("known", known)
        events, twice = lake.execute("select count(*), count(*) - count(distinct id) from event").fetchall()[0]
        yield Finding("every event once", events, twice)
        lines, orphans = lake.execute(
            "select count(*), count(*) filter (e.id is null) from line l left join event e on e.id = l.event"
        ).fetchall()[0]
        yield Finding("every line has its event", lines, orphans)
        wrong = lake.execute(
            "select count(*) from event e left join (select event, count(*) n from line group by event) l"
            " on l.event = e.id where e.lines <> coalesce(l.n, 0)"
        ).fetchall()[0][0]
        yield Finding("every event has its lines", events, wrong)
        ownerless = lake.execute(
            "select count(*) from event e anti join known k on k.id = e.identifier where e.identifier > 0"
        ).fetchall()[0][0]
        yield Finding("every event's owner exists", events, ownerless)
    finally:
        lake.close()


def erased(product: Byname, progress: Progress) -> Iterator[Finding]:
    """Erased is erased: no row of day or lake belongs to an erased identifier."""
    progress("erased is erased")
    left = forget.leftovers(product.home)
    gone = product.home.store.read().rows("select count(*) from identifier where erased = 1")[0][0]
    yield Finding("erased is erased", gone, sum(left.values()), ", ".join(left))


def identity(product: Byname, progress: Progress) -> Iterator[Finding]:
    """Rebuild equals live: who is one person follows from the statements."""
    progress("who is one person")
    db = product.home.store.read()
    with db.snapshot():
        wrong = batch.differences(db, product.policy)
        count = db.row("select count(*) from identifier")
    yield Finding("people follow from statements", count[0] if count else 0, len(wrong), str(wrong[0]) if wrong else "")


def differences(product: Byname, progress: Progress = lambda what: None) -> Iterator[Finding]:
    """Rebuild equals live: each derived table of the profile, made again and compared row by row, in one moment."""
    db = product.home.store.read()
    with db.snapshot():
        lake = duck.open_lake(product.home)
        live = {table: _live(db, table, columns) for table, (_, columns) in DERIVED.items()}
    try:
        meanings(lake)
        for table, (sql, columns) in DERIVED.items():
            progress(f"{table} again")
            lake.register("live", live[table])
            lake.execute(f"create or replace temp table again as select {columns} from ({sql})")
            wrong = lake.execute(
                f"select count(*) from ((select * from again except all select {columns} from live)"
                f" union all (select {columns} from live except all select * from again))"
            ).fetchall()[0][0]
            lake.unregister("live")
            yield Finding(f"{table} is the fold of its events", live[table].num_rows, wrong)
    finally:
        lake.close()


def rebuild(product: Byname, progress: Progress = lambda what: None) -> list[Finding]:
    """Make everything derived again and put it in place; returns what differed before.

    Errors: GroundBroken while a file of the lake is damaged: there is nothing to make it of.
    """
    before = check(product, progress)
    if before[0].wrong:
        raise GroundBroken("A file of the lake is damaged", before[0].example, "Restore it from a backup")
    progress("people")
    product.home.store.write(lambda db: batch.rebuild(db, product.policy))
    profiles(product, progress)
    return before


def profiles(product: Byname, progress: Progress = lambda what: None) -> None:
    """Make every derived table of the profile again and put it in place."""
    product.home.store.between(lambda db: _remake(product, db, progress))


def _remake(product: Byname, db: Db, progress: Progress) -> None:
    """In a transaction of its own: nobody folds meanwhile, and events that wait to be committed are not in the lake."""
    with db.transaction():
        if db.engine == "postgres":
            db.script("lock table state, latest, matter in exclusive mode")
        lake = duck.open_lake(product.home)
        try:
            meanings(lake)
            for table, (sql, columns) in DERIVED.items():
                progress(table)
                fold.replace(db, table, columns, lake.execute(f"select {columns} from ({sql}) order by all").fetchall())
        finally:
            lake.close()


def meanings(lake: Any) -> None:
    """The catalogue as two small tables: what an event's name means, and which matters it touches."""
    meanings = [(m.name, m.kind) for m in catalogue.CATALOGUE]
    touches = [
        (m.name, kind, opened, kind in catalogue.ONE_AT_A_TIME)
        for m in catalogue.CATALOGUE
        for kinds, opened in ((m.opens, True), (m.closes, False))
        for kind in kinds
    ]
    lake.execute("create temp table meaning (name varchar, kind varchar)")
    lake.executemany("insert into meaning values (?, ?)", meanings)
    lake.execute("create temp table touch (name varchar, kind varchar, opened boolean, single boolean)")
    lake.executemany("insert into touch values (?, ?, ?, ?)", touches)


def _live(db: Db, table: str, columns: str) -> pa.Table:
    names = [c.strip() for c in columns.split(",")]
    rows = db.rows(f"select {columns} from {table}")
    by_column = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table({n: pa.array(c, TYPES.get(n, pa.int64())) for n, c in zip(names, by_column, strict=True)})


TYPES = {n: pa.string() for n in ("touchpoint", "currency", "name", "place", "ref", "kind")} | {"event": pa.binary()}
