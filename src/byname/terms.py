"""What are the words of the business? Frozen values that every floor may name.

Times are integers: microseconds since 1970-01-01 UTC, so that they compare, sum and travel the same on every
engine. Money is an integer of minor units (cents) beside its ISO 4217 currency. Quantities are thousandths.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import NamedTuple, NewType

import msgspec

Micros = NewType("Micros", int)
"""Microseconds since 1970-01-01T00:00:00Z."""


class Touchpoint(StrEnum):
    """Where a customer meets the company (design: Words)."""

    TILL = "till"
    CALL_CENTRE = "call_centre"
    WEB = "web"
    APP = "app"
    KIOSK = "kiosk"
    CASHPOINT = "cashpoint"
    FACE_TO_FACE = "face_to_face"
    EMAIL = "email"
    SMS = "sms"
    MAIL = "mail"
    SOCIAL = "social"
    DEVICE = "device"


class SaidBy(StrEnum):
    """Who says that a trait holds: the order is the order of trust."""

    SHE_SAID = "she_said"
    WE_SAW = "we_saw"
    WE_INFERRED = "we_inferred"


class Level(StrEnum):
    """How sure we are who she is (spec/identity 6.3); callers ask `may`, not the level."""

    KNOWN = "known"
    PROBABLE = "probable"
    HOUSEHOLD = "household"
    ANONYMOUS = "anonymous"


class Proof(StrEnum):
    """How an identifier was shown in this encounter."""

    POSSESSED = "possessed"  # a card scanned, a payment account read, a session logged in, a code confirmed
    CLAIMED = "claimed"  # spoken or typed
    CARRIED = "carried"  # a cookie or device that turned up by itself


class Key(NamedTuple):
    """An identifier as byname keeps it: its type and the keyed token of its normalised value."""

    type: str
    token: bytes  # 16 bytes


class Identifier(msgspec.Struct, frozen=True, order=True):
    """Kind and normalised plain value by which someone turns up. Lives in memory and in the vault only."""

    type: str
    value: str


class Line(msgspec.Struct, frozen=True):
    """One product in an order."""

    product: str
    quantity: int  # thousandths
    amount: int  # what she paid for the line, minor units
    discount: int = 0  # the shop's own price reduction
    coupon: int = 0  # taken off by a coupon
    coupon_match: int = 0  # the shop's match of that coupon


class TraitSaid(msgspec.Struct, frozen=True):
    """One thing held true of a customer, as an event tells it."""

    name: str
    value: str  # JSON
    said_by: SaidBy = SaidBy.SHE_SAID
    valid_until: int | None = None


class ConsentSaid(msgspec.Struct, frozen=True):
    """She allows or forbids one purpose on one channel ('*' for every channel)."""

    purpose: str
    channel: str
    granted: bool


class Membership(msgspec.Struct, frozen=True):
    """She belongs to a household or account that the source names."""

    kind: str  # 'account' | 'household'
    group: str


class Event(msgspec.Struct, frozen=True):
    """An immutable fact, as a parser understood it. Plain values: never stored in this form.

    `identifiers` are in the order they were sent; the strongest (least rank) becomes the event's own.
    `witnesses` are given names: they count for identity and never join.
    `body` is the event as received, for the vault; `traits` go to the vault too.
    """

    message_id: str
    source: str
    touchpoint: str
    name: str  # canonical: 'Order Completed', 'Till Sale', 'Page Viewed', 'Identified', ...
    occurred_at: int
    received_at: int
    identifiers: tuple[Identifier, ...] = ()
    witnesses: tuple[Identifier, ...] = ()
    place: str = ""  # shop or site
    ref: str = ""  # order, conversation, campaign, session: a code, never text
    currency: str = ""
    amount: int = 0  # minor units: positive for a sale, positive also for a return (the name tells)
    discount: int = 0
    lines: tuple[Line, ...] = ()
    traits: tuple[TraitSaid, ...] = ()
    consents: tuple[ConsentSaid, ...] = ()
    memberships: tuple[Membership, ...] = ()
    due_at: int = 0  # when what was promised is due; 0: no promise
    same: tuple[Identifier, Identifier] | None = None  # alias: the source says that these two are one person
    body: bytes = b""


class Quarantined(msgspec.Struct, frozen=True):
    """An arrival that cannot be used, with its reason; kept, listed, fixable, replayable."""

    source: str
    reason: str  # from the closed list touchpoints.REASONS
    field: str  # JSON path of the offending value, or ''
    detail: str  # rule, value (never a personal one) and cure, in words
    received_at: int
    body: bytes  # as received; a card number in it is already struck out


class BynameError(Exception):
    """Something the caller can cure. The message gives rule, value and cure; it holds no personal data."""

    def __init__(self, rule: str, value: str = "", cure: str = "") -> None:
        self.rule, self.value, self.cure = rule, value, cure
        parts = [f"{rule}: {value}" if value else rule, cure]
        super().__init__(". ".join(p.rstrip(".") for p in parts if p) + ".")


class HomeInUse(BynameError):
    """Another process writes this home (SQLite allows one)."""


class GroundBroken(BynameError):
    """Disk, database or keys do not carry: nothing was acknowledged; retry once they are mended."""


def micros(when: dt.datetime) -> int:
    """Microseconds since the epoch of an aware datetime.

    >>> micros(dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC))
    1000000
    """
    return (when - EPOCH) // MICROSECOND


def moment(at: int) -> dt.datetime:
    """The aware UTC datetime of microseconds since the epoch.

    >>> moment(1_000_000).isoformat()
    '1970-01-01T00:00:01+00:00'
    """
    return EPOCH + dt.timedelta(microseconds=at)


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)
SECOND = 1_000_000
DAY = 86_400 * SECOND
