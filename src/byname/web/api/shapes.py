"""How do customers, events and consents look on the wire? Times are ISO 8601 in UTC, money in minor units."""

from __future__ import annotations

from typing import Any

import msgspec

from byname.customers import Customer
from byname.profile import brief
from byname.profile.timeline import Entry
from byname.terms import moment
from byname.trust import consent


class Identifier(msgspec.Struct):
    """One identifier, masked."""

    id: str
    type: str
    masked: str
    state: str
    since: str
    invented: bool


class Trait(msgspec.Struct):
    """One thing held true, with who said so. `stands`: nothing stronger or later says otherwise."""

    name: str
    label: str
    value: Any
    said_by: str
    since: str
    source: str
    stands: bool
    invented: bool


class Money(msgspec.Struct):
    """What she bought in one currency, minor units."""

    currency: str
    orders: int
    returns: int
    spent: int
    refunded: int
    saved: int


class Matter(msgspec.Struct):
    """Something that is open."""

    kind: str
    ref: str
    since: str
    due: str | None


class Consent(msgspec.Struct):
    """What stands for one purpose on every channel, and where it differs."""

    purpose: str
    allowed: bool
    since: str | None
    channels: dict[str, bool]


class Brief(msgspec.Struct):
    """What to know before greeting her."""

    aloud: str
    open: list[str]
    asked_for: list[str]
    not_to_mention: list[str]


class CustomerShape(msgspec.Struct):
    """A customer as she is now. `id`: as asked; `now`: her id of today, which differs after a merge."""

    id: str
    now: str
    name: str
    invented: bool
    brief: Brief
    events: int
    first_at: str | None
    last_at: str | None
    touchpoints: dict[str, int]
    money: list[Money]
    open: list[Matter]
    identifiers: list[Identifier]
    traits: list[Trait]
    consents: list[Consent]


class EventShape(msgspec.Struct):
    """One event of her history."""

    id: str
    name: str
    touchpoint: str
    source: str
    occurred_at: str
    place: str
    ref: str
    currency: str
    amount: int
    discount: int
    lines: int


class Events(msgspec.Struct):
    """A page of her history, newest first; `next` goes into `before` for the page after it."""

    events: list[EventShape]
    next: str | None


def iso(at: int) -> str:
    """
    >>> iso(1_000_000)
    '1970-01-01T00:00:01Z'
    """
    return moment(at).isoformat().replace("+00:00", "Z")


def customer(asked: str, her: Customer) -> CustomerShape:
    p = her.profile
    return CustomerShape(
        id=asked,
        now=her.id,
        name=her.brief.name,
        invented=her.brief.invented,
        brief=brief_of(her),
        events=p.events,
        first_at=iso(p.first_at) if p.first_at else None,
        last_at=iso(p.last_at) if p.last_at else None,
        touchpoints={t: n for t, (n, _, _) in p.touchpoints.items()},
        money=[Money(c, m.orders, m.returns, m.spent, m.refunded, m.saved) for c, m in p.money.items()],
        open=[Matter(m.kind, m.ref, iso(m.opened_at), iso(m.due_at) if m.due_at else None) for m in p.open_matters],
        identifiers=[
            Identifier(h.public_id, h.type, h.masked, h.state, iso(h.first_at), h.invented)
            for h in her.identifiers
            if h.type != "given"
        ],
        traits=[
            Trait(
                t.name,
                t.label,
                brief.said(t),
                t.said_by,
                iso(t.since),
                t.source,
                t in her.standing.values(),
                t.invented,
            )
            for t in her.traits
        ],
        consents=consents(her.consents),
    )


def brief_of(her: Customer) -> Brief:
    b = her.brief
    return Brief(b.aloud(), list(b.open), list(b.asked_for), list(b.not_to_mention))


def consents(told: tuple[consent.Entry, ...]) -> list[Consent]:
    found = []
    for name in consent.PURPOSES:
        mine = [e for e in told if e.purpose == name]
        channels = sorted({e.channel for e in mine} - {consent.EVERY})
        found.append(
            Consent(
                name,
                consent.allowed([e for e in mine if e.channel == consent.EVERY], name),
                iso(mine[-1].occurred_at) if mine else None,
                {c: consent.allowed(mine, name, c) for c in channels},
            )
        )
    return found


def event(e: Entry) -> EventShape:
    return EventShape(
        e.id.hex(),
        e.name,
        e.touchpoint,
        e.source,
        iso(e.occurred_at),
        e.place,
        e.ref,
        e.currency,
        e.amount,
        e.discount,
        e.lines,
    )
