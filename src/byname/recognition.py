"""Who stands in front of us, what may be said, and is this her?

`meet`: identifiers as they turn up -> how sure, why, what the caller may do at this level, for this purpose, with her
consent; a brief only where it may be shown. `confirm`: the associate's blind challenge (spec/identity 6.4).
Every look-up is logged with who asked, the level given and the purpose, whoever was found.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec

from byname import customers, likeness
from byname.encounter import Byname
from byname.identity import confirm as confirming
from byname.identity import recognise
from byname.identity.match.records import Record
from byname.identity.recognise import Recognition
from byname.profile import brief
from byname.profile.brief import Brief
from byname.store import Db
from byname.terms import SECOND, BynameError, Key, Level, Proof
from byname.trust import audit, consent, unrecognised

QUESTION = "Ask for her loyalty card, or for two of: postcode, birthday, last order number"
DETAILS = ("given", "surname", "born", "email", "phone", "postcode", "street", "town")
"""What the live scorer compares."""

FIELDS = ("postcode", "birthday", "order", "email", "phone")
"""What a blind challenge may ask: words of hers that nobody reads off a screen."""


class Turned(NamedTuple):
    """An identifier as it turns up: type and raw value, and how it was shown."""

    type: str
    value: str
    proof: Proof


class Asker(NamedTuple):
    """Who asks, where, and what for."""

    actor: str  # 'staff:<id>' | 'token:<id>' | 'cli'
    terminal: str
    purpose: str = "service"
    channel: str = consent.EVERY


class Met(NamedTuple):
    """The answer to an encounter. At any level but known there is no customer, no brief and no name."""

    level: Level
    customer: str
    why: tuple[str, ...]
    may: tuple[str, ...]
    question: str
    brief: Brief | None
    recognition: Recognition  # for the flows behind; never on the wire


def meet(
    product: Byname, turned: Sequence[Turned], asker: Asker, now: int, details: Mapping[str, str] | None = None
) -> Met:
    """Recognise whoever turns up, and write the look-up down before answering.

    `details`: what she told of herself (DETAILS), for the live scorer when no identifier leads to anybody.
    """
    if asker.purpose not in consent.PURPOSES:
        raise BynameError("Unknown purpose", asker.purpose[:40], f"Known: {', '.join(consent.PURPOSES)}")
    db = product.home.store.read()
    with db.snapshot():
        met = _meet(product, db, turned, asker, now, details or {})
    told = met.recognition.note or met.level.value
    product.looks.note(audit.Look(now, asker.actor, "recognise", met.customer, asker.purpose, asker.terminal, told))
    return met


def _meet(product: Byname, db: Db, turned: Sequence[Turned], asker: Asker, now: int, details: Mapping[str, str]) -> Met:
    shown = {key: t.proof for t in turned if (key := product.key(t.type, t.value)) is not None}
    flagged = unrecognised.flagged(db, product.keyring, shown.keys())
    alike = likeness.likeness(product, told_record(details), now) if details else None
    found = recognise.recognise(
        db, product.policy, [recognise.Shown(*s) for s in shown.items()], now=now, flagged=flagged, likeness=alike
    )
    entries = consent.entries_of_person(db, found.person or 0)  # asked of nobody too: time tells nothing
    allowed = consent.allowed_purposes(entries, asker.channel)
    may = recognise.may(found.level, allowed, asker.purpose)
    permitted = asker.purpose in allowed and "recognition" in allowed
    level = found.level if permitted else Level.ANONYMOUS
    if not permitted:  # what anybody may be given: the answer does not tell that she is a customer
        may = recognise.may(Level.ANONYMOUS, consent.UNLESS_SAID)
    if level is not Level.KNOWN:
        why = found.why if level is not Level.ANONYMOUS else recognise.nobody("").why
        question = QUESTION if "ask_one_question" in may else ""
        return Met(level, "", tuple(map(str, why)), tuple(may), question, None, found)
    told = customers.brief_of(product.home, db, found.person or 0, now)
    if "show_history" not in may:
        told = told._replace(since="", last_contact="", worth=(), open=(), asked_for=())
    if not told.name or brief.NAME_ALOUD in told.not_to_mention:
        may = [m for m in may if m != "greet_by_name"]
    return Met(found.level, found.customer or "", tuple(map(str, found.why)), tuple(may), "", told, found)


def told_record(details: Mapping[str, str]) -> Record:
    """What was told, as the matcher compares it."""
    if unknown := [d for d in details if d not in DETAILS]:
        raise BynameError("Unknown detail", unknown[0][:40], f"Known: {', '.join(DETAILS)}")
    return Record(unique_id="", **{name: value[:200] for name, value in details.items()})


# --- this is her, this is not her -----------------------------------------------------------------------------


class Candidate(NamedTuple):
    """Someone it may be, as little as an associate needs to ask: first name, initial, town."""

    customer: str
    first_name: str
    initial: str
    town: str
    invented: bool


def candidates(product: Byname, turned: Sequence[Turned], asker: Asker, now: int) -> list[Candidate]:
    """At most three people whom what was said may mean: only after the customer has said something."""
    db = product.home.store.read()
    tokens = [k.token for t in turned if (k := product.key(t.type, t.value)) is not None]
    rows = db.rows("select person, household from identifier where token in :tokens and erased = 0", tokens=tokens)
    people = list(dict.fromkeys(p for p, _ in rows))
    households = {h for _, h in rows}
    if len(people) < confirming.MOST_CANDIDATES and households:
        more = db.rows(
            "select distinct person from identifier where household in :h and erased = 0 order by person limit 10",
            h=list(households),
        )
        people = list(dict.fromkeys([*people, *(p for (p,) in more)]))
    found = []
    for person in people[: confirming.MOST_CANDIDATES]:
        ids = customers.identifiers_of(db, person)
        views = customers.standing_views(customers.traits_of(product.home, db, ids), now)
        first, _, last = brief.full_name(views).partition(" ")
        town = brief.address_part(views, "town", "city")
        row = db.row("select public_id from identifier where id = :p", p=person)
        if first and row:
            invented = any(t.invented for t in views.values())
            found.append(Candidate(row[0], first, last[:1], town, invented))
    looks = [
        audit.Look(now, asker.actor, "candidate", c.customer, asker.purpose, asker.terminal, "shown") for c in found
    ]
    product.home.store.write(lambda db: audit.log(db, looks))
    return found


def challenge(product: Byname, customer: str, answers: Mapping[str, str], now: int) -> confirming.Answers:
    """Which of the answers typed for her are right? Fields only: the right value is never shown."""
    if unknown := [f for f in answers if f not in FIELDS]:
        raise BynameError("Unknown question", unknown[0][:40], f"Known: {', '.join(FIELDS)}")
    db = product.home.store.read()
    person = _person(db, customer)
    expected = _expected(product, db, person, now)
    given = {f: _answer(product, f, a) for f, a in answers.items() if a.strip()}
    return confirming.judge(expected, given)


def wrong_lately(db: Db, customer: str, now: int) -> int:
    """Wrong answers about her within the hour."""
    looks = audit.page(db, action="challenge", customers=[customer], since=now - 3600 * SECOND)
    return sum(x.look.outcome == "wrong" for x in looks)


def confirm(
    product: Byname,
    turned: Turned,
    customer: str,
    *,
    staff: str,
    terminal: str,
    answers: Mapping[str, str],
    seen: str = "",
    second: str = "",
    now: int,
) -> confirming.Confirmed:
    """This is her: what turned up belongs to this customer, on the ground of right answers or what was seen.

    Wrong answers about her within the hour count together, whoever guesses and wherever.
    """
    key = _key(product, turned)
    judged = challenge(product, customer, answers, now) if answers else None
    if judged and wrong_lately(product.home.store.read(), customer, now) + len(judged.wrong) > confirming.WRONG_ALLOWED:
        judged = judged._replace(wrong=(*judged.wrong, *FIELDS))
    ground, refused = confirming.ground_of(judged, seen)

    def write(db: Db) -> confirming.Confirmed:
        done = confirming.Confirmed(None, refused)
        if not refused:
            done = confirming.this_is_her(
                db, product.policy, key, _person(db, customer), staff=staff, terminal=terminal, ground=ground,
                second=second, now=now, new_id=product.new_id,
            )  # fmt: skip
        look = audit.Look(now, f"staff:{staff}", "confirm", customer, "service", terminal, done.refused or ground)
        wrong = [look._replace(action="challenge", outcome="wrong") for _ in (judged.wrong if judged else ())]
        audit.log(db, [look, *wrong[: len(FIELDS)]])
        return done

    return product.home.store.write(write)


def deny(
    product: Byname, turned: Turned, customer: str, *, staff: str, terminal: str, now: int
) -> confirming.Confirmed:
    """This is not her: what turned up and this customer are two people."""
    key = _key(product, turned)

    def write(db: Db) -> confirming.Confirmed:
        done = confirming.not_her(
            db, product.policy, key, _person(db, customer), staff=staff, terminal=terminal, now=now,
            new_id=product.new_id,
        )  # fmt: skip
        told = done.refused or "not her"
        audit.log(db, [audit.Look(now, f"staff:{staff}", "split", customer, "service", terminal, told)])
        return done

    return product.home.store.write(write)


def _key(product: Byname, turned: Turned) -> Key:
    key = product.key(turned.type, turned.value)
    if key is None:
        raise BynameError("This identifier is nobody's", cure="Scan or type another one")
    return key


def _person(db: Db, customer: str) -> int:
    found = customers.current(db, customer)
    if found is None:
        raise BynameError("There is no such customer", cure="Look her up again")
    return found[0]


def _expected(product: Byname, db: Db, person: int, now: int) -> dict[str, Collection[bytes]]:
    """Tokens of the right answers, over all she told and did."""
    ids = customers.identifiers_of(db, person)
    found: dict[str, set[bytes]] = {f: set() for f in FIELDS}
    for view in customers.traits_of(product.home, db, ids):
        if view.name in ("postcode", "birthday"):
            found[view.name].add(_answer(product, view.name, brief.said(view)))
        elif view.name == "address":
            address = msgspec.json.decode(view.value)
            if isinstance(address, dict) and address.get("postalCode"):
                found["postcode"].add(_answer(product, "postcode", str(address["postalCode"])))
    for row in db.rows("select ref from latest where identifier in :ids and ref <> ''", ids=ids):
        found["order"].add(_answer(product, "order", row[0]))
    for (token,) in db.rows("select token from identifier where person = :p and type in ('email', 'phone')", p=person):
        found["email"].add(bytes(token))
        found["phone"].add(bytes(token))
    return dict(found)


def _answer(product: Byname, field: str, typed: str) -> bytes:
    """The token of an answer, spelling aside; a birthday counts by day and month."""
    if field in ("email", "phone"):
        key = product.key(field, typed)
        return key.token if key else b""
    plain = "".join(c for c in unicodedata.normalize("NFKC", typed).casefold() if c.isalnum())
    if field == "birthday":
        plain = (
            plain[-4:] if plain[:4].isdigit() and len(plain) == 8 and plain[:2] in ("19", "20") else _day_month(plain)
        )
    return product.keyring.digest(f"answer {field}", plain.encode())[:16]


def _day_month(digits: str) -> str:
    """Month and day of '2405' or '24051980' (day first, as people say it).

    >>> _day_month("24051980"), _day_month("2405")
    ('0524', '0524')
    """
    return digits[2:4] + digits[:2]
