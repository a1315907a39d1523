"""Which customers are there, and how do they show in a list? Paged by keyset on the server, names opened at the end.

A customer counts when at least one identifier of hers is not a witness (a given name) and not erased.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from byname import customers
from byname.home import Home
from byname.identity import values
from byname.profile import brief, state, traits
from byname.store import Db
from byname.trust import vault

PAGE = 50
NAMES = ("name", "first_name", "last_name")
FIRST = 1 << 62


class Sort(NamedTuple):
    """One way to sort: its words, and the SQL of what is compared (greatest first, ties by person)."""

    name: str
    words: str
    measure: str


SORTS: dict[str, Sort] = {
    s.name: s
    for s in (
        Sort("seen", "Last seen", "max(s.last_at)"),
        Sort("spent", "Spent", "sum(case when s.currency = :currency then s.spent - s.refunded else 0 end)"),
        Sort("orders", "Purchases", "sum(s.orders)"),
        Sort("since", "Newest", "min(s.first_at)"),
    )
}
OPEN_KINDS = ("complaint", "promise", "return", "order", "cart")


class Row(NamedTuple):
    """A customer in a list."""

    id: str
    person: int
    name: str
    contact: str  # her strongest identifier, masked
    contact_type: str
    invented: bool
    identifiers: int
    orders: int
    net: int  # minor units of `currency`
    currency: str
    last_at: int
    last_touchpoint: str


class Page(NamedTuple):
    rows: list[Row]
    next: str  # cursor of the page after this one, or ''


def count(db: Db) -> int:
    """How many customers there are, exactly."""
    return int(
        (db.row("select count(*) from identifier where person = id and type <> 'given' and erased = 0") or (0,))[0]
    )


def page(home: Home, db: Db, *, sort: str, currency: str, after: str = "", open_kind: str = "") -> Page:
    """One page of customers. `open_kind` keeps those with an open matter of that kind."""
    how = SORTS.get(sort, SORTS["seen"])
    above, below = cursor(after)
    only = (
        " and i.person in (select j.person from matter m join identifier j on j.id = m.identifier"
        " where m.kind = :kind and m.opened_at > m.closed_at)"
        if open_kind
        else ""
    )
    given: dict[str, object] = {"above": above, "below": below, "most": PAGE + 1}
    if open_kind:
        given["kind"] = open_kind
    if ":currency" in how.measure:
        given["currency"] = currency
    found = db.rows(
        f"select person, measure from (select i.person as person, {how.measure} as measure from state s"
        f" join identifier i on i.id = s.identifier where i.erased = 0{only} group by i.person) p"
        " where measure < :above or (measure = :above and person < :below)"
        " order by measure desc, person desc limit :most",
        **given,
    )
    more = f"{found[PAGE - 1][1]}.{found[PAGE - 1][0]}" if len(found) > PAGE else ""
    return Page(rows(home, db, [p for p, _ in found[:PAGE]], currency), more)


def cursor(text: str) -> tuple[int, int]:
    """Where a page begins; what nobody made begins at the start.

    >>> cursor("1200.17"), cursor("x") == (FIRST, FIRST)
    ((1200, 17), True)
    """
    above, _, below = text.partition(".")
    try:
        return int(above), int(below)
    except ValueError:
        return FIRST, FIRST


def rows(home: Home, db: Db, persons: Sequence[int], currency: str) -> list[Row]:
    """These persons as rows of a list, in the order given. Opens their names: the caller writes the audit rows."""
    if not persons:
        return []
    held = identifiers(db, persons)
    ids = [i for found in held.values() for i, *_ in found]
    states = by_identifier(db, ids)
    names, made_up = names_of(home, db, ids)
    plain = vault.reveal(db, home.keys, [first(held[p])[0] for p in persons if p in held])
    return [row_of(p, held[p], states, names, made_up, plain, currency) for p in persons if p in held]


Ident = tuple[int, str, str, int]  # id, type, public id, first seen


def row_of(
    person: int,
    held: Sequence[Ident],
    states: Mapping[int, list[tuple[object, ...]]],
    names: Mapping[int, str],
    made_up: Collection[int],
    plain: Mapping[int, str],
    currency: str,
) -> Row:
    mine = state.combine([s for i, *_ in held for s in states.get(i, ())], (), ())
    money = mine.money.get(currency) or next(iter(mine.money.values()), None)
    shown = currency if currency in mine.money else next(iter(mine.money), currency)
    last = max(mine.touchpoints.items(), key=lambda t: t[1][2], default=("", (0, 0, 0)))
    id_, type_, _, _ = first(held)
    return Row(
        next((public for i, _, public, _ in held if i == person), held[0][2]),
        person,
        next((names[i] for i, *_ in held if i in names), ""),
        values.masked(type_, plain[id_]) if id_ in plain else "",
        type_,
        any(i in made_up for i, *_ in held),
        len([1 for _, t, *_ in held if t != "given"]),
        sum(m.orders for m in mine.money.values()),
        money.spent - money.refunded if money else 0,
        shown,
        mine.last_at,
        last[0],
    )


RANK = {t: n for n, t in enumerate(("loyalty", "account", "email", "phone", "card", "social", "device"))}


def first(held: Sequence[Ident]) -> Ident:
    """The identifier by which people know her best: a card before an e-mail before a device."""
    return min(held, key=lambda h: (RANK.get(h[1], 9), h[3], h[0]))


def identifiers(db: Db, persons: Sequence[int]) -> dict[int, list[Ident]]:
    found: dict[int, list[Ident]] = {}
    sql = "select person, id, type, public_id, first_at from identifier where person in :persons"
    for person, *ident in db.rows(sql, persons=list(persons)):
        found.setdefault(person, []).append((ident[0], ident[1], ident[2], ident[3]))
    return found


STATES = (
    "select identifier, touchpoint, currency, events, orders, returns, items, spent, refunded, saved, first_at,"
    " last_at, last_order_at from state where identifier in :ids"
)


def by_identifier(db: Db, ids: Sequence[int]) -> dict[int, list[tuple[object, ...]]]:
    found: dict[int, list[tuple[object, ...]]] = {}
    for identifier, *rest in db.rows(STATES, ids=list(ids)):
        found.setdefault(identifier, []).append(tuple(rest))
    return found


def names_of(home: Home, db: Db, ids: Sequence[int]) -> tuple[dict[int, str], set[int]]:
    """Per identifier the name told with it, and the identifiers whose name is invented."""
    told = [t for t in traits.read(db, ids) if t.name in NAMES]
    keys = vault.keys_of(db, home.keys, {t.identifier for t in told})
    invented = customers.invented_sources(db)
    mine: dict[int, dict[str, brief.TraitView]] = {}
    for t in sorted(told, key=lambda t: (traits.TRUST[t.said_by], t.occurred_at)):
        mine.setdefault(t.identifier, {})[t.name] = customers.opened(t, keys, invented)
    names = {i: brief.full_name(views) for i, views in mine.items()}
    made_up = {i for i, views in mine.items() if any(v.invented for v in views.values())}
    return {i: n for i, n in names.items() if n}, made_up


def find(db: Db, key: Callable[[str, str], object], types: Sequence[str], typed: str) -> list[int]:
    """The persons behind what someone typed: tried as every type of identifier, by keyed token, never by scanning.

    A customer's public id works too. `key(type, raw)` gives the token or None.
    """
    text = typed.strip()
    if not text:
        return []
    tokens = [k.token for t in types if (k := key(t, text)) is not None]  # type: ignore[attr-defined]
    by_token = (
        db.rows("select person from identifier where token in :tokens and erased = 0", tokens=tokens) if tokens else []
    )
    by_id = db.rows("select person from identifier where public_id = :id and erased = 0", id=text)
    return sorted({p for (p,) in [*by_token, *by_id]})
