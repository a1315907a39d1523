"""How does one part of a file come in, whole or not at all?

What its events change in state, latest contacts and matters is aggregated by the same SQL by which `rebuild` makes
these tables again, and added by the same upserts by which a single touch is folded: one meaning, three ways.
"""

from __future__ import annotations

from typing import NamedTuple

from byname import rebuild
from byname.backfill import refused, writing
from byname.backfill.planning import Plan
from byname.backfill.staging import Part
from byname.encounter import Byname
from byname.lake import ledger, shape
from byname.lake.duck import Connection, literal
from byname.lake.ledger import Step
from byname.profile import fold
from byname.store import Db
from byname.terms import Quarantined
from byname.touchpoints import intake, runs

MOST_TRIES = 5
ONE_IN = 64  # events asked for at first: was any of them here before?
TOGETHER = 500  # message ids in one statement: half the time of one each
Rows = list[tuple[object, ...]]


class Derived(NamedTuple):
    """What the events of a part add to memory, as rows of the fold's upserts."""

    state: Rows
    latest: Rows
    opened: Rows
    closed: Rows


class _Erased(Exception):
    """Someone in this part was erased since it was staged."""


class _Known(Exception):
    """A message of this part came in another way meanwhile."""


def take(product: Byname, lake: Connection, plan: Plan, number: int, cut: Part, now: int, step: Step) -> None:
    """Bring in part `number` of a file.

    Tables: row (understood, with its owner), made (one per order or id), event (what is written, and where in the file
    it was). Views: item (the lines as they are written), line (their sums by event: all that states ask of them).
    """
    _clear(lake)
    lake.execute(f"create {'view' if cut.in_memory else 'table'} row as select * from {cut.rows}")
    (_orders if plan.mapping.kind == "orders" else _events)(lake, plan, now)
    differing = _differing(lake, plan)
    rebuild.meanings(lake)
    repeated = 0
    for tried in range(MOST_TRIES):
        repeated += _without_known(product, lake, sure=tried > 0)
        try:
            _commit(product, lake, plan, number, repeated, differing, now, step)
            return
        except (_Erased, _Known):
            continue
    raise RuntimeError("the day keeps changing under this import")


def _clear(lake: Connection) -> None:
    """Take away what the part before left."""
    for view in ("item", "line"):
        lake.execute(f"drop view if exists {view}")
    for table in ("row", "made", "event", "placed", "known", "meaning", "touch"):
        lake.execute(f"drop table if exists {table}")
    for word in FEW:
        lake.execute(f"drop type if exists few_{word}")


def _orders(lake: Connection, plan: Plan, now: int) -> None:
    """Rows into sales and returns, and their lines."""
    m = plan.mapping
    several = "currency" in m.columns
    currency = "min(currency)" if several else literal(m.constants["currency"])
    came_back = m.constants.get("return_event") or RETURN_OF.get(m.constants["event"], "Order Refunded")
    sale, back = literal(f"{m.source}:sale:"), literal(f"{m.source}:return:")
    lake.execute(f"""
        create table made as
        select *, {_digest(f"case when back then {back} else {sale} end")} as id,
            {literal(m.source)} as source, {literal(m.touchpoint)} as touchpoint,
            case when back then {literal(came_back)} else {literal(m.constants["event"])} end as name
        from (
            select named, {BACK} as back,
                min(at_) as occurred_at, min(identifier) as identifier, coalesce(min(place)::varchar, '') as place,
                {currency} as currency,
                min(identifier) = max(identifier) {"and min(currency) = max(currency)" if several else ""}
                    and min(place) is not distinct from max(place) and count(place) in (0, count(*)) as agrees,
                abs(sum(amount))::bigint as amount, count(*) as lines,
                sum(quantity) as items, sum(discount + coupon + coupon_match) as saved,
                min(file_row) as first_row, max(file_row) as last_row
            from row group by named, back)""")
    returns, torn = lake.execute(
        "select count(*) filter (back), count(*) filter (last_row - first_row + 1 <> lines) from made"
    ).fetchall()[0]
    for word in FEW:
        lake.execute(f"create type few_{word} as enum (select distinct {word} from made)")
    few = ", ".join(f"{word}::few_{word} as {word}" for word in FEW)
    lake.execute(f"""
        create table event as
        select id, identifier, {few}, occurred_at, {now}::bigint as received_at, named::varchar as ref, amount,
            0::bigint as discount, lines, 0::bigint as due_at, null::blob as body,
            named, back, first_row, last_row
        from made where agrees""")
    if torn:
        lake.execute(f"create table placed as select *, {IN_ORDER} as position from row r")
    lake.execute(f"""
        create view item as
        select e.id as event, {"r.position" if torn else IN_FILE} as position, e.identifier, e.source, e.touchpoint,
            e.name, e.occurred_at, e.place, r.product::varchar as product, {_amounts(returns > 0)}, r.file_row
        from {"placed" if torn else "row"} r
            join event e on r.named = e.named {f"and ({BACK_OF_ROW}) = e.back" if returns else ""}""")
    lake.execute("""
        create view line as
        select id as event, case when back then -items else items end as quantity,
            case when back then -saved else saved end as discount, 0 as coupon, 0 as coupon_match
        from made""")


# Words of few values: as enums their dictionaries need not be found again for every line that is written.
FEW = ("source", "touchpoint", "name", "place", "currency")

BACK = "amount < 0 or (amount = 0 and quantity < 0)"  # a line that came back
BACK_OF_ROW = "r.amount < 0 or (r.amount = 0 and r.quantity < 0)"

# The place of a line in its order. Files mostly hold orders in one piece; then no sort is needed.
IN_FILE = "r.file_row - e.first_row"
IN_ORDER = f"row_number() over (partition by r.named, {BACK_OF_ROW} order by r.file_row) - 1"


def _amounts(returns: bool) -> str:
    """A line's numbers; a return counts its lines as what came back: above zero."""
    signed = (f"case when e.back then -r.{c} else r.{c} end as {c}" if returns else f"r.{c}" for c in SIGNED)
    quantity, *money = signed
    return ", ".join([quantity, "e.currency", *money])


SIGNED = ("quantity", "amount", "discount", "coupon", "coupon_match")
RETURN_OF = {"Till Sale": "Till Return", "Order Completed": "Order Refunded"}


def _events(lake: Connection, plan: Plan, now: int) -> None:
    """One event a row; rows of the same id are one event (the first)."""
    m = plan.mapping
    currency = "r.currency" if "currency" in m.columns else literal(m.constants.get("currency", ""))
    lake.execute(f"""
        create table made as
        select named, count(*) as lines, min(file_row) as first_row, max(file_row) as last_row, true as agrees,
            {_digest(literal(f"{m.source}:event:"))} as id
        from row group by named""")
    lake.execute(f"""
        create table event as
        select o.id, r.identifier, {literal(m.source)} as source, {literal(m.touchpoint)} as touchpoint, r.name,
            r.at_ as occurred_at, {now}::bigint as received_at, coalesce(r.place::varchar, '') as place,
            coalesce(r.ref::varchar, '') as ref, {currency} as currency, r.amount,
            r.discount, 0::bigint as lines, 0::bigint as due_at, null::blob as body, o.first_row, o.last_row
        from made o join row r on r.file_row = o.first_row""")
    empty = ", ".join(f"null::{SQL_TYPE[str(f.type)]} as {f.name}" for f in shape.LINE)
    lake.execute(f"create view line as select {empty} where false")


SQL_TYPE = {"binary": "blob", "int64": "bigint", "string": "varchar"}


def _digest(prefix: str) -> str:
    """The id of an event: the first 16 bytes of the SHA-256 of its message id (encounter.message_digest)."""
    return f"unhex(left(sha256({prefix} || named::varchar), 32))"


def _differing(lake: Connection, plan: Plan) -> list[Quarantined]:
    """Rows of orders that do not agree with themselves about whose they are."""
    found = lake.execute(
        f"select file_row from row r join made o on r.named = o.named and ({BACK_OF_ROW}) = o.back where not o.agrees"
        if plan.mapping.kind == "orders"
        else "select 1 where false"
    ).fetchall()
    return refused.numbered(lake, plan, {n: "order_differs" for (n,) in found})


def _without_known(product: Byname, lake: Connection, *, sure: bool) -> int:
    """Drop the events whose message came before (law 2: once); how many rows of the file that were.

    Mostly none came. Unless `sure`, one event in 64 is asked for first; should another one be here already, then its
    message id breaks the commit, which undoes the part and asks again.
    """
    db = product.home.store.read()
    if db.row("select 1 from message limit 1") is None:
        return 0
    known: Rows = []
    for some in ("",) if sure else (f" where first_row % {ONE_IN} = 1", ""):
        ids = [i for (i,) in lake.execute(f"select id from event{some}").fetchall()]
        known = db.rows("select id from message where id in :ids", ids=ids)
        if not known:
            return 0
    lake.execute("create or replace table known (id blob)")
    lake.executemany("insert into known values (?)", known)
    rows = lake.execute("select coalesce(sum(lines), 0)::bigint from made where id in (from known)").fetchall()[0][0]
    lake.execute("delete from event where id in (from known)")
    return int(rows)


def _commit(
    product: Byname,
    lake: Connection,
    plan: Plan,
    number: int,
    repeated: int,
    differing: list[Quarantined],
    now: int,
    step: Step,
) -> None:
    """Files, then the one transaction that makes the part true."""
    home = product.home
    derived = _derived(lake)
    ids: list[bytes] = lake.sql("select id from event order by id").to_arrow_table()["id"].to_pylist()
    owners = [i for (i,) in lake.execute("select distinct identifier from event where identifier > 0").fetchall()]
    rows = lake.execute("select count(*) from row").fetchall()[0][0]
    taken, tried = rows - repeated - len(differing), False

    def make_true(db: Db) -> None:
        if not runs.advance(db, plan.id, number, taken=taken, repeated=repeated, quarantined=len(differing)):
            raise RuntimeError("another process runs this import")
        nonlocal tried
        if tried and db.rows("select id from message where id in :ids", ids=ids):
            raise _Known
        tried = True  # the insert below breaks on a message that came meanwhile: then we look
        gone = db.rows("select id from identifier where erased = 1 and id in :ids", ids=owners)
        if gone:
            raise _Erased([i for (i,) in gone])
        _remember(db, ids)
        _fold(db, derived)
        refused.put(db, product.keyring, plan.mapping.source, differing, now)
        counted = intake.Count(accepted=len(ids), quarantined=len(differing))
        intake.add(db, {(plan.mapping.source, intake.minute(now)): counted})
        ledger.record(db, files, now)
        step("recorded")

    with ledger.alone(home):
        files = writing.files(product, lake, plan, number)
        step("written")
        try:
            try:
                home.store.write(make_true)
            except Exception:
                home.store.write(make_true)
        except Exception as error:
            ledger.withdraw(home, files, error)
            if isinstance(error, _Erased):
                _disown(lake, error.args[0])
            raise


def _disown(lake: Connection, gone: list[int]) -> None:
    wanted = ", ".join(str(i) for i in gone)
    lake.execute(f"update event set identifier = 0 where identifier in ({wanted})")


def _remember(db: Db, ids: list[bytes]) -> None:
    """Their messages have come."""
    even = len(ids) // TOGETHER * TOGETHER
    together = [ids[start : start + TOGETHER] for start in range(0, even, TOGETHER)]
    db.many(f"insert into message (id) values {', '.join(['(?)'] * TOGETHER)}", together)
    db.many("insert into message (id) values (?)", [(i,) for i in ids[even:]])


def _derived(lake: Connection) -> Derived:
    made = {t: lake.execute(f"select {c} from ({sql}) order by all").fetchall() for t, (sql, c) in DERIVED.items()}
    matters = made["matter"]
    return Derived(
        made["state"],
        made["latest"],
        [(who, kind, ref, opened, due, event) for who, kind, ref, opened, _, due, event in matters if opened],
        [(who, kind, ref, closed, b"") for who, kind, ref, _, closed, _, _ in matters if closed],
    )


DERIVED = rebuild.DERIVED


def _fold(db: Db, derived: Derived) -> None:
    db.many(fold.STATE, derived.state)
    db.many(fold.LATEST, derived.latest)
    db.many(fold.OPENED, derived.opened)
    db.many(fold.CLOSED, derived.closed)
