"""What did she allow, and what did she forbid? A ledger by purpose and channel; the last word wins.

Checked when collecting (`why_not_collect`), when reading and when acting (`allowed`, with the caller's
purpose). The law's grounds are those of the GDPR, article 6(1); a withdrawal counts whatever the ground
(articles 7(3), 21).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from byname.store.db import Db
from byname.terms import ConsentSaid

EVERY = "*"


class Purpose(NamedTuple):
    """Why personal data may be used, and whether it may be before she has said anything."""

    name: str
    unless_said: bool  # True: allowed until she forbids it; False: forbidden until she allows it
    ground: str
    words: str


PURPOSES: dict[str, Purpose] = {
    p.name: p
    for p in (
        Purpose("service", True, "6(1)(b) contract", "serve her: orders, returns, questions, deliveries"),
        Purpose("programme", True, "6(1)(b) contract", "run the loyalty programme she joined"),
        Purpose("security", True, "6(1)(f) legitimate interest", "prevent fraud and misuse"),
        Purpose("recognition", True, "6(1)(f) legitimate interest", "know her again when she turns up"),
        Purpose("analytics", True, "6(1)(f) legitimate interest", "count and measure, without naming her"),
        Purpose("personalisation", False, "6(1)(a) consent", "fit offers and pages to what she did before"),
        Purpose("profiling", False, "6(1)(a) consent, 22", "infer traits and scores about her"),
        Purpose("marketing", False, "6(1)(a) consent; ePrivacy 13", "write or call her with offers"),
        Purpose("research", False, "6(1)(a) consent", "ask her opinion and study the answers"),
        Purpose("sharing", False, "6(1)(a) consent", "hand data about her to a partner"),
    )
}  # fmt: skip

CHANNELS = (EVERY, "email", "sms", "phone", "mail", "web", "app", "social", "face_to_face", "device")

# Categories of consent tools, as Segment's `context.consent.categoryPreferences` carries them (OneTrust's
# C000n included). A company's own category names are added in the source's mapping.
CATEGORIES: dict[str, tuple[str, ...]] = {
    name: purposes
    for purposes, names in (
        (("service",), ("c0001", "necessary", "strictly necessary", "essential")),
        (("analytics",), ("c0002", "performance", "statistics")),
        (("personalisation",), ("c0003", "functional", "preferences", "personalization")),
        (("marketing", "profiling"), ("c0004", "advertising", "targeting")),
        (("sharing",), ("c0005", "social media", "data sharing", "datasharing")),
    )
    for name in names
}


class Entry(NamedTuple):
    """One row of the ledger."""

    id: bytes  # 16 bytes, from `entry_id`: the same word told twice is one row
    identifier: int
    purpose: str
    channel: str
    granted: bool
    occurred_at: int
    source: str
    actor: str


def entry_id(event: bytes, said: ConsentSaid) -> bytes:
    """The id of what one event (or act) says about one purpose and channel."""
    content = f"{said.purpose}\0{said.channel}\0{said.granted:d}".encode()
    return hashlib.blake2b(event + content, digest_size=16, person=b"consent").digest()


def record(db: Db, rows: Sequence[Entry]) -> None:
    """Append to the ledger; what is there already stays as it is."""
    db.many(
        "insert into consent (id, identifier, purpose, channel, granted, occurred_at, source, actor)"
        " values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (id) do nothing",
        [(*e[:4], int(e.granted), *e[5:]) for e in rows],
    )


def entries(db: Db, identifiers: Collection[int]) -> list[Entry]:
    """Everything these identifiers ever said about consent, oldest first."""
    if not identifiers:
        return []
    rows = db.rows(
        "select id, identifier, purpose, channel, granted, occurred_at, source, actor from consent"
        " where identifier in :ids",
        ids=list(identifiers),
    )
    return sorted((Entry._make(r)._replace(granted=bool(r[4])) for r in rows), key=_order)


def entries_of_person(db: Db, person: int) -> list[Entry]:
    """As `entries`, for all identifiers of a person."""
    rows = db.rows(
        "select c.id, c.identifier, c.purpose, c.channel, c.granted, c.occurred_at, c.source, c.actor"
        " from identifier i join consent c on c.identifier = i.id where i.person = :person",
        person=person,
    )
    return sorted(map(_entry, rows), key=_order)


def _entry(row: tuple[Any, ...]) -> Entry:
    id_, identifier, purpose, channel, granted, occurred_at, source, actor = row
    return Entry(id_, identifier, purpose, channel, bool(granted), occurred_at, source, actor)


def standing(db: Db, identifiers: Collection[int]) -> dict[tuple[str, str], Entry]:
    """The last word per (purpose, channel) of a customer, over all her identifiers."""
    return last_words(entries(db, identifiers))


def last_words(told: Iterable[Entry]) -> dict[tuple[str, str], Entry]:
    """The entry in force per (purpose, channel).

    Enough for `allowed`: no earlier word about the same purpose and channel can be the last one.
    """
    return {(e.purpose, e.channel): e for e in sorted(told, key=_order)}


def allowed(told: Iterable[Entry], purpose: str, channel: str = EVERY) -> bool:
    """May we use her data for this purpose, on this channel?

    A word about '*' speaks for every channel. Asking about '*' means "wherever": a refusal in force on any
    one channel is a no. The last word by occurrence wins; of two at the same moment the refusal; then the
    greater id. An unknown purpose is never allowed.
    """
    if purpose not in PURPOSES:
        return False
    about = [e for e in told if e.purpose == purpose]
    channels = {EVERY, *(e.channel for e in about)} if channel == EVERY else {channel}
    return all(_last_word(about, c, PURPOSES[purpose].unless_said) for c in channels)


UNLESS_SAID = frozenset(p.name for p in PURPOSES.values() if p.unless_said)


def allowed_purposes(told: Collection[Entry], channel: str = EVERY) -> frozenset[str]:
    """Every purpose that is allowed on a channel; the set that identity.recognise and decisions take."""
    return frozenset(p for p in PURPOSES if allowed(told, p, channel)) if told else UNLESS_SAID


def understand(said: Iterable[ConsentSaid]) -> tuple[list[ConsentSaid], list[str]]:
    """Purposes as byname knows them, out of purposes or categories as sent; and the names it does not know.

    >>> understand([ConsentSaid("Advertising", "web", granted=False)])[0][1].purpose
    'profiling'
    """
    known: dict[ConsentSaid, None] = {}
    unknown: list[str] = []
    for one in said:
        name, channel = one.purpose.strip().lower(), one.channel.strip().lower() or EVERY
        purposes = (name,) if name in PURPOSES else CATEGORIES.get(name, ())
        if not purposes or channel not in CHANNELS:
            unknown.append(one.purpose if not purposes else one.channel)
            continue
        known |= dict.fromkeys(ConsentSaid(p, channel, one.granted) for p in purposes)
    return list(known), unknown


def why_not_collect(
    needs_consent: bool, said: Sequence[ConsentSaid], told: Mapping[tuple[str, str], Entry] | None = None
) -> str | None:
    """Why an event of a source may not be kept: 'no_consent', 'consent_denied', or None when it may.

    `said`: what the event itself carries, already understood; `told`: what stands for its identifiers, when
    the source's events may lean on it. A source that needs consent keeps an event when at least one purpose
    that needs asking was granted. The words themselves go to the ledger in any case: a refusal must be
    remembered.
    """
    if not needs_consent:
        return None
    asked = [one.granted for one in said if one.purpose != "service"]
    if not asked and told:
        asked = [e.granted for (purpose, _), e in told.items() if purpose != "service"]
    if not asked:
        return "no_consent"
    return None if any(asked) else "consent_denied"


def _last_word(about: list[Entry], channel: str, unless_said: bool) -> bool:
    last = max((e for e in about if e.channel in (channel, EVERY)), key=_order, default=None)
    return unless_said if last is None else last.granted


def _order(entry: Entry) -> tuple[int, bool, bytes]:
    return (entry.occurred_at, not entry.granted, entry.id)
