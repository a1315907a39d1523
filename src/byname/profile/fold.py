"""What does an event change in what we remember?

State is folded per identifier, and every piece combines in any order: sums over distinct events, min, max,
last-write-wins by (occurred_at, event id). So order of arrival does not matter, no merge and no split rewrites
anything, and history that comes set-wise gives the same rows (laws 3, 4 and 5 of the design).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from byname.store import Db
from byname.store.numbers import allocate
from byname.terms import Line


class Matter(NamedTuple):
    """Something that an event opens or closes for her: a cart, an order, a complaint, a promise, a return."""

    kind: str
    ref: str
    due_at: int = 0


class Happened(NamedTuple):
    """An event with its meaning, as memory takes it in. `identifier` 0: nobody we could name."""

    id: bytes  # digest of the message id
    identifier: int
    source: str
    touchpoint: str
    name: str
    kind: str  # 'sale' | 'return' | anything else: no money is counted
    occurred_at: int
    received_at: int
    place: str = ""
    ref: str = ""
    currency: str = ""
    amount: int = 0
    discount: int = 0
    lines: tuple[Line, ...] = ()
    due_at: int = 0
    opens: tuple[Matter, ...] = ()
    closes: tuple[Matter, ...] = ()
    body: bytes | None = None  # sealed


EVENT_COLUMNS = (
    "id, identifier, source, touchpoint, name, occurred_at, received_at, place, ref,"
    " currency, amount, discount, lines, due_at, body"
)
LINE_COLUMNS = (
    "seq, position, identifier, occurred_at, place, product, quantity, currency, amount, discount, coupon, coupon_match"
)

EVENT = f"insert into event (seq, {EVENT_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
LINE = f"insert into line ({LINE_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

STATE = """
insert into state as s (identifier, touchpoint, currency, events, orders, returns, items, spent, refunded, saved,
                        first_at, last_at, last_order_at)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (identifier, touchpoint, currency) do update set
    events = s.events + excluded.events,
    orders = s.orders + excluded.orders,
    returns = s.returns + excluded.returns,
    items = s.items + excluded.items,
    spent = s.spent + excluded.spent,
    refunded = s.refunded + excluded.refunded,
    saved = s.saved + excluded.saved,
    first_at = case when excluded.first_at < s.first_at then excluded.first_at else s.first_at end,
    last_at = case when excluded.last_at > s.last_at then excluded.last_at else s.last_at end,
    last_order_at = case when excluded.last_order_at > s.last_order_at
                         then excluded.last_order_at else s.last_order_at end
"""

LATEST = """
insert into latest as l (identifier, touchpoint, name, occurred_at, event, place, ref)
values (?, ?, ?, ?, ?, ?, ?)
on conflict (identifier, touchpoint, name) do update set
    occurred_at = excluded.occurred_at, event = excluded.event, place = excluded.place, ref = excluded.ref
where (excluded.occurred_at, excluded.event) > (l.occurred_at, l.event)
"""

OPENED = """
insert into matter as m (identifier, kind, ref, opened_at, closed_at, due_at, event)
values (?, ?, ?, ?, 0, ?, ?)
on conflict (identifier, kind, ref) do update set
    opened_at = excluded.opened_at, due_at = excluded.due_at, event = excluded.event
where (excluded.opened_at, excluded.event) > (m.opened_at, m.event)
"""

CLOSED = """
insert into matter as m (identifier, kind, ref, opened_at, closed_at, due_at, event)
values (?, ?, ?, 0, ?, 0, ?)
on conflict (identifier, kind, ref) do update set closed_at = excluded.closed_at
where excluded.closed_at > m.closed_at
"""


class Tally:
    """The state that a set of distinct events adds to one (identifier, touchpoint, currency)."""

    __slots__ = (
        "events",
        "first_at",
        "items",
        "last_at",
        "last_order_at",
        "orders",
        "refunded",
        "returns",
        "saved",
        "spent",
    )

    def __init__(self, occurred_at: int) -> None:
        self.events = self.orders = self.returns = self.items = self.spent = self.refunded = self.saved = 0
        self.first_at = self.last_at = occurred_at
        self.last_order_at = 0

    def add(self, h: Happened) -> None:
        at = h.occurred_at
        self.events += 1
        if at < self.first_at:
            self.first_at = at
        if at > self.last_at:
            self.last_at = at
        if h.kind == "sale":
            self.orders += 1
            self.spent += h.amount
            self.items += sum(line.quantity for line in h.lines)
            self.saved += h.discount + sum(li.discount + li.coupon + li.coupon_match for li in h.lines)
            if at > self.last_order_at:
                self.last_order_at = at
        elif h.kind == "return":
            self.returns += 1
            self.refunded += h.amount

    def row(self) -> tuple[int, ...]:
        return (
            self.events, self.orders, self.returns, self.items, self.spent, self.refunded, self.saved,
            self.first_at, self.last_at, self.last_order_at,
        )  # fmt: skip


def tallies(events: Iterable[Happened]) -> dict[tuple[int, str, str], Tally]:
    """State to add, by (identifier, touchpoint, currency). Events must be distinct."""
    found: dict[tuple[int, str, str], Tally] = {}
    for h in events:
        if h.identifier:
            key = (h.identifier, h.touchpoint, h.currency if h.kind in ("sale", "return") else "")
            tally = found.get(key)
            if tally is None:
                tally = found[key] = Tally(h.occurred_at)
            tally.add(h)
    return found


def append(db: Db, events: Sequence[Happened]) -> None:
    """Append distinct, new events and fold them. Rows go in key order, so that two writers never deadlock."""
    numbers = allocate(db, "event", len(events), "seq")
    db.many(EVENT, [_event_row(n, h) for n, h in zip(numbers, events, strict=True)])
    db.many(LINE, [row for n, h in zip(numbers, events, strict=True) if h.lines for row in _line_rows(n, h)])
    fold(db, events)


def fold(db: Db, events: Sequence[Happened]) -> None:
    """Fold distinct, new events into state, latest and matters (their rows lie elsewhere already)."""
    db.many(STATE, [(*key, *tally.row()) for key, tally in sorted(tallies(events).items())])
    newest: dict[tuple[int, str, str], tuple[int, bytes, str, str]] = {}
    for h in events:
        if h.identifier:
            key, value = (h.identifier, h.touchpoint, h.name), (h.occurred_at, h.id, h.place, h.ref)
            if key not in newest or value > newest[key]:
                newest[key] = value
    db.many(LATEST, [(*key, *value) for key, value in sorted(newest.items())])
    held = [h for h in events if h.identifier]
    db.many(OPENED, sorted((h.identifier, m.kind, m.ref, h.occurred_at, m.due_at, h.id) for h in held for m in h.opens))
    db.many(CLOSED, sorted((h.identifier, m.kind, m.ref, h.occurred_at, b"") for h in held for m in h.closes))


def _event_row(seq: int, h: Happened) -> tuple[object, ...]:
    return (
        seq, h.id, h.identifier, h.source, h.touchpoint, h.name, h.occurred_at, h.received_at, h.place, h.ref,
        h.currency, h.amount, h.discount, len(h.lines), h.due_at, h.body,
    )  # fmt: skip


def _line_rows(seq: int, h: Happened) -> Iterable[tuple[object, ...]]:
    for position, li in enumerate(h.lines):
        yield (
            seq, position, h.identifier, h.occurred_at, h.place, li.product, li.quantity, h.currency,
            li.amount, li.discount, li.coupon, li.coupon_match,
        )  # fmt: skip


def replace(db: Db, table: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
    """Put a derived table that was made again in the place of the live one."""
    if table not in ("state", "latest", "matter"):
        raise ValueError(table)
    db.run(f"delete from {table}")
    db.many(f"insert into {table} ({columns}) values ({', '.join('?' * (columns.count(',') + 1))})", rows)
