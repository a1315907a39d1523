"""What should the person who serves her know, in the time it takes to say good morning?

Who, how sure, since when, last contact anywhere, what is open, what she asked for, what not to mention. Pure: a
profile and traits in, short sentences out. What may be *shown* at a level of recognition is the caller's to ask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from byname.profile.state import Contact, Profile
from byname.terms import DAY, SaidBy, moment

TOUCHPOINT_WORDS = {
    "till": "at the till", "call_centre": "on the phone", "web": "on the web", "app": "in the app",
    "kiosk": "at a kiosk", "cashpoint": "at a cashpoint", "face_to_face": "face to face", "email": "by e-mail",
    "sms": "by text message", "mail": "by post", "social": "on social media", "device": "through a device",
}  # fmt: skip
MATTER_WORDS = {
    "cart": "a basket she has not bought yet", "order": "an order under way", "complaint": "a complaint",
    "promise": "something we promised her", "return": "a return under way",
}  # fmt: skip
NAME_ALOUD = "her name, aloud"
QUIET = {"complaint"}  # while one is open, nobody sells to her


class TraitView(NamedTuple):
    """A trait that stands, opened."""

    name: str
    label: str
    value: str
    said_by: SaidBy
    since: int
    source: str
    invented: bool = False
    valid_until: int = 0
    event: bytes = b""  # that told it: of two told at one moment the greater stands


class Brief(NamedTuple):
    """What to know. `name` is '' when she has none or may not be named."""

    name: str
    since: str
    last_contact: str
    worth: tuple[str, ...]
    open: tuple[str, ...]
    asked_for: tuple[str, ...]
    not_to_mention: tuple[str, ...]
    invented: bool

    def aloud(self) -> str:
        """The brief as one reads it out."""
        parts = [self.name or "No name yet", self.since, self.last_contact, *self.worth]
        parts += [f"Open: {x}" for x in self.open]
        parts += [f"She asked for: {x}" for x in self.asked_for]
        parts += [f"Do not mention: {x}" for x in self.not_to_mention]
        return ". ".join(p for p in parts if p) + "."


def brief(profile: Profile, traits: Mapping[str, TraitView], now: int, *, decimals: Mapping[str, int]) -> Brief:
    """The brief of one customer. `decimals`: digits after the point per currency (ISO 4217)."""
    preferences = [t for name, t in sorted(traits.items()) if name.startswith("preference.")]
    silent = [said(t) for n, t in traits.items() if n == "do_not_mention"]
    if any(m.kind in QUIET for m in profile.open_matters):
        silent.append("offers, while her complaint is open")
    aloud = traits.get("preference.name_aloud")
    if aloud and said(aloud) == "no":
        silent.append(NAME_ALOUD)
    return Brief(
        full_name(traits),
        f"Customer since {_day(profile.first_at)}" if profile.first_at else "New here",
        last_contact(profile.contacts, now),
        tuple(
            f"{_purchases(m.orders)}, {_money(m.spent - m.refunded, decimals.get(c, 2))} {c}"
            for c, m in profile.money.items()
            if m.orders or m.returns
        ),
        tuple(_matter(m.kind, m.ref, m.opened_at, m.due_at, now) for m in profile.open_matters),
        tuple(f"{t.label.lower()}: {said(t)}" for t in preferences if t.name != "preference.name_aloud"),
        tuple(silent),
        any(t.invented for t in traits.values()),
    )


def full_name(traits: Mapping[str, TraitView]) -> str:
    """Her name as she gave it: name, else first and last name."""
    if "name" in traits:
        return said(traits["name"])
    return " ".join(said(traits[n]) for n in ("first_name", "last_name") if n in traits)


def address_part(traits: Mapping[str, TraitView], trait: str, part: str) -> str:
    """A piece of her address: told by itself ('town') or within `address` ('city')."""
    if trait in traits:
        return said(traits[trait])
    address = msgspec.json.decode(traits["address"].value) if "address" in traits else {}
    value = address.get(part) if isinstance(address, dict) else None
    return value if isinstance(value, str) else ""


def said(trait: TraitView) -> str:
    """A trait's value as people read it."""
    value = msgspec.json.decode(trait.value)
    if isinstance(value, dict):
        return ", ".join(str(v) for v in value.values() if v not in (None, ""))
    if isinstance(value, list):
        return ", ".join(str(v) for v in value)
    return str(value)


def last_contact(contacts: tuple[Contact, ...], now: int) -> str:
    """The last contact anywhere, in words."""
    if not contacts:
        return "No contact yet"
    c = contacts[0]
    where = TOUCHPOINT_WORDS.get(c.touchpoint, c.touchpoint)
    return f"Last contact {_ago(c.occurred_at, now)} {where}: {c.name}" + (f", {c.place}" if c.place else "")


def _matter(kind: str, ref: str, opened_at: int, due_at: int, now: int) -> str:
    words = MATTER_WORDS.get(kind, kind) + (f" ({ref})" if ref else "") + f", since {_day(opened_at)}"
    if due_at:
        words += f", {'overdue since' if due_at < now else 'due'} {_day(due_at)}"
    return words


def _ago(at: int, now: int) -> str:
    """
    >>> _ago(0, 3 * DAY), _ago(5, 6)
    ('3 days ago', 'today')
    """
    days = (now - at) // DAY
    if days <= 0:
        return "today"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days < 60 else f"on {_day(at)}"


def _day(at: int) -> str:
    day: dt.datetime = moment(at)
    return f"{day.day} {day:%B %Y}"


def _purchases(count: int) -> str:
    return "1 purchase" if count == 1 else f"{count:,} purchases"


def _money(minor: int, decimals: int) -> str:
    sign, minor = ("-", -minor) if minor < 0 else ("", minor)
    whole, part = divmod(minor, 10**decimals)
    return f"{sign}{whole:,}" + (f".{part:0{decimals}}" if decimals else "")
