"""What do we remember of these identifiers, put together?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from byname.store import Db


class Contact(NamedTuple):
    """The last time something of one kind happened at one touchpoint."""

    occurred_at: int
    event: bytes
    touchpoint: str
    name: str
    place: str
    ref: str


class OpenMatter(NamedTuple):
    kind: str
    ref: str
    opened_at: int
    due_at: int
    event: bytes


class Money(NamedTuple):
    """What she bought in one currency, minor units."""

    orders: int
    returns: int
    items: int
    spent: int
    refunded: int
    saved: int


class Profile(NamedTuple):
    """A customer as her identifiers' states combine. Times 0: never."""

    events: int
    first_at: int
    last_at: int
    last_order_at: int
    money: dict[str, Money]
    touchpoints: dict[str, tuple[int, int, int]]  # events, first_at, last_at
    contacts: tuple[Contact, ...]  # newest first
    open_matters: tuple[OpenMatter, ...]  # oldest first


STATE = """
select touchpoint, currency, events, orders, returns, items, spent, refunded, saved, first_at, last_at, last_order_at
from state where identifier in :identifiers
"""
LATEST = "select occurred_at, event, touchpoint, name, place, ref from latest where identifier in :identifiers"
MATTER = "select kind, ref, opened_at, closed_at, due_at, event from matter where identifier in :identifiers"


HERS = "in (select id from identifier where person = :person)"


def read(db: Db, identifiers: Sequence[int]) -> Profile:
    """Her profile, combined from the rows of her identifiers; three indexed reads."""
    ids = list(identifiers)
    return combine(db.rows(STATE, identifiers=ids), db.rows(LATEST, identifiers=ids), db.rows(MATTER, identifiers=ids))


def of_person(db: Db, person: int) -> Profile:
    """As `read`, for all identifiers of a person: what an encounter asks, with the fewest steps."""
    return combine(*(db.rows(sql.replace("in :identifiers", HERS), person=person) for sql in (STATE, LATEST, MATTER)))


def combine(
    states: Iterable[Sequence[Any]],
    latest: Iterable[Sequence[Any]],
    matters: Iterable[Sequence[Any]],
) -> Profile:
    """Add up states, keep the newest contacts, and see what is still open. Any order gives the same."""
    money: dict[str, list[int]] = {}
    touchpoints: dict[str, tuple[int, int, int]] = {}
    events = last_at = last_order_at = first_at = 0
    for row in states:
        touchpoint, currency, n = str(row[0]), str(row[1]), int(row[2])
        first, last, last_order = int(row[9]), int(row[10]), int(row[11])
        events += n
        first_at = min(first_at or first, first)
        last_at, last_order_at = max(last_at, last), max(last_order_at, last_order)
        if currency:
            sums = money.setdefault(currency, [0] * 6)
            for i in range(6):
                sums[i] += int(row[3 + i])
        n0, first0, last0 = touchpoints.get(touchpoint, (0, first, last))
        touchpoints[touchpoint] = (n0 + n, min(first0, first), max(last0, last))
    newest: dict[tuple[str, str], Contact] = {}
    for found in latest:
        c = Contact(*found)
        key = (c.touchpoint, c.name)
        if key not in newest or c > newest[key]:
            newest[key] = c
    return Profile(
        events, first_at, last_at, last_order_at,
        {c: Money(*sums) for c, sums in sorted(money.items())},
        dict(sorted(touchpoints.items())),
        tuple(sorted(newest.values(), reverse=True)),
        still_open(matters),
    )  # fmt: skip


def still_open(matters: Iterable[Sequence[Any]]) -> tuple[OpenMatter, ...]:
    """A matter may be opened under one of her identifiers and closed under another: maxima over both."""
    found: dict[tuple[str, str], tuple[int, int, int, bytes]] = {}
    for kind, ref, opened_at, closed_at, due_at, event in matters:
        opened0, closed0, due0, event0 = found.get((kind, ref), (0, 0, 0, b""))
        if (opened_at, event) > (opened0, event0):
            opened0, due0, event0 = opened_at, due_at, event
        found[kind, ref] = (opened0, max(closed0, closed_at), due0, event0)
    return tuple(
        sorted(
            (OpenMatter(k, r, o, d, e) for (k, r), (o, c, d, e) in found.items() if o > c),
            key=lambda m: (m.opened_at, m.kind, m.ref),
        )
    )
