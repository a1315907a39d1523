"""Who is she, what happened, why do we think so, what did she allow, and who looked? One customer, in one page."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import Any, NamedTuple

from byname import customers, forget
from byname.customers import Customer
from byname.identity import graph
from byname.profile import brief
from byname.profile.timeline import Entry
from byname.store import Db
from byname.terms import BynameError, Key
from byname.touchpoints import catalogue
from byname.trust import audit, consent
from byname.web import actors, evidence
from byname.web.asking import Answer, Ask, Goto, NotThere, Sent, Shown
from byname.web.words import Say

TITLE = "Customer"
PATH = "/customers/{id:str}"
PERMISSION = "profile"
ICON = "customers"
MENU = False

MOST = 30


class Day(NamedTuple):
    """The entries of one day, under its heading."""

    words: str
    entries: list[Entry]


def page(ask: Ask) -> Answer:
    """Her page under her id of today; an old id leads there. Opening it is a look that is logged."""
    person, id_ = whose(ask)
    if id_ != ask.path["id"]:
        return Goto(f"/customers/{id_}")
    part = ask.part and "before" in ask.query
    if part:
        ask.log("timeline", id_, "shown")
        return Shown("timeline_part.html", timeline(ask, person, id_))
    ask.log("view", id_, "shown")
    her = customers.read(ask.home, ask.db, person, ask.now)
    return Shown("customer.html", {**about(ask, her), **timeline(ask, person, id_)})


def about(ask: Ask, her: Customer) -> dict[str, Any]:
    """Everything but the timeline."""
    name = brief.full_name(her.standing)
    return {
        "her": her,
        "title": name or ask.say.text("Customer without a name"),
        "name": name,
        "initials": "".join(w[0] for w in name.split()[:2]).upper(),
        "said": brief.said,
        "money": [(c, m) for c, m in her.profile.money.items() if m.orders or m.returns],
        "reasons": REASONS,
        "evidence": evidence.read(ask.db, ask.say, her.identifiers),
        "shown_identifiers": [h for h in her.identifiers if h.type != "given"],
        "consents": consents(her.consents),
        "looks": looks(ask.db, ask.say, her, ask.staff.may("audit")),
        "actions": audit.ACTIONS,
        "household": household(ask.db, her),
    }


def timeline(ask: Ask, person: int, id_: str) -> dict[str, Any]:
    """One page of her history, newest first, narrowed by touchpoint; strictly before the last entry shown."""
    touchpoint = ask.query.get("touchpoint", "")
    before, below = cursor(ask.query.get("before", ""))
    found = customers.timeline(ask.home, person, before=before, below=below, most=MOST + 1, touchpoint=touchpoint)
    shown = found[:MOST]
    more = f"{shown[-1].occurred_at}.{shown[-1].id.hex()}" if len(found) > MOST else ""
    return {
        "days": days(ask, shown), "more": more, "touchpoint": touchpoint, "id": id_, "kinds": catalogue.MEANING,
        "earlier": bool(ask.query.get("before")),
    }  # fmt: skip


def days(ask: Ask, entries: Sequence[Entry]) -> list[Day]:
    found: list[Day] = []
    for e in entries:
        words = ask.say.day(e.occurred_at)
        if not found or found[-1].words != words:
            found.append(Day(words, []))
        found[-1].entries.append(e)
    return found


def cursor(text: str) -> tuple[int, bytes]:
    """Where the timeline goes on; what nobody made begins at the newest.

    >>> cursor("17.00ff"), cursor("x") == (customers.FAR, b"")
    ((17, b'\\x00\\xff'), True)
    """
    before, _, below = text.partition(".")
    try:
        return max(0, min(int(before), customers.FAR)), binascii.unhexlify(below)
    except (ValueError, binascii.Error):
        return customers.FAR, b""


class Said(NamedTuple):
    """What stands for one purpose: allowed or not, since when, on which channels otherwise."""

    purpose: consent.Purpose
    allowed: bool
    entry: consent.Entry | None
    apart: tuple[tuple[str, bool], ...]  # channels that differ


def consents(told: Sequence[consent.Entry]) -> list[Said]:
    found = []
    for p in consent.PURPOSES.values():
        mine = [e for e in told if e.purpose == p.name]
        everywhere = [e for e in mine if e.channel == consent.EVERY]
        allowed = consent.allowed(everywhere, p.name)
        channels = sorted({e.channel for e in mine} - {consent.EVERY})
        apart = tuple((c, ok) for c in channels if (ok := consent.allowed(mine, p.name, c)) != allowed)
        found.append(Said(p, allowed, mine[-1] if mine else None, apart))
    return found


class Looked(NamedTuple):
    look: audit.Look
    who: str


def looks(db: Db, say: Say, her: Customer, named: bool) -> list[Looked]:
    """Who looked at her, under any id that was ever hers; colleagues by name only for whoever may see audits."""
    rows = audit.looks_at(db, [h.public_id for h in her.identifiers], most=12)
    known = actors.names(db, say, colleagues=named)
    return [Looked(r.look, actors.name_of(r.look.actor, known, say)) for r in rows]


def household(db: Db, her: Customer) -> list[str]:
    """The public ids of the others of her household."""
    if not her.household:
        return []
    rows = db.rows(
        "select i.public_id from identifier i where i.id = i.person and i.id <> :p and i.household = :h and"
        " i.erased = 0 order by i.id limit 12",
        h=her.household, p=her.person,
    )  # fmt: skip
    return [r[0] for r in rows]


def revoke(ask: Ask) -> Answer:
    """Take one statement back: exactly as if it had never been said."""
    person, id_ = whose(ask)
    sid = sid_of(ask)
    hers = ask.db.row(
        "select 1 from statement s join statement_identifier si on si.statement = s.id"
        " join identifier i on i.id = si.identifier where s.sid = :sid and i.person = :p",
        sid=sid, p=person,
    )  # fmt: skip
    if hers is None:
        raise NotThere
    policy, now, actor = ask.product.policy, ask.now, ask.staff.actor
    because = ask.form.get("because", "")[:200] or "page"

    def do(db: Db) -> bool:
        done = graph.revoke(db, policy, sid, at=now, actor=actor, because=reason(because), now=now)
        audit.log(db, [audit.Look(now, actor, "revoke", id_, "service", ask.terminal, "done" if done else "nothing")])
        return done

    done = ask.home.store.write(do)
    return Goto(f"/customers/{id_}", "revoked" if done else "nothing")


def split(ask: Ask) -> Answer:
    """Keep one identifier apart from the others of hers."""
    person, id_ = whose(ask)
    rows = ask.db.rows("select id, type, token, public_id from identifier where person = :p", p=person)
    away = [Key(t, token) for _, t, token, public in rows if public == ask.form.get("identifier")]
    keep = [Key(t, token) for _, t, token, public in rows if public != ask.form.get("identifier") and t != "given"]
    if not away or not keep:
        raise BynameError("Nothing to part", cure="She needs at least two identifiers")
    policy, now, actor = ask.product.policy, ask.now, ask.staff.actor

    def do(db: Db) -> None:
        graph.split(db, policy, keep, away, at=now, actor=actor, because="not her", now=now, new_id=ask.product.new_id)
        audit.log(db, [audit.Look(now, actor, "split", id_, "service", ask.terminal, "done")])

    ask.home.store.write(do)
    return Goto(f"/customers/{id_}", "split")


def reason(text: str) -> str:
    """A ground from the closed list; free text could hold personal data and has no place in a statement."""
    return text if text in REASONS else "other"


REASONS = ("wrong person", "shared in a family", "entered by mistake", "asked by the customer", "other")


def whose(ask: Ask) -> tuple[int, str]:
    found = customers.current(ask.db, ask.path["id"])
    if found is None:
        raise NotThere
    return found


def sid_of(ask: Ask) -> bytes:
    try:
        return binascii.unhexlify(ask.form.get("sid", ""))
    except (ValueError, binascii.Error):
        raise NotThere from None


def export(ask: Ask) -> Answer:
    """Everything held about her, as a page that she can open in any browser."""
    _, id_ = whose(ask)
    ask.log("export", id_, "html")
    held = forget.readable(forget.export(ask.home, id_, now=ask.now))
    return Sent(held.encode(), "text/html; charset=utf-8", f"{id_}.html")


def erase_page(ask: Ask) -> Answer:
    """What will go, before it goes."""
    person, id_ = whose(ask)
    ask.log("view", id_, "shown")
    her = customers.read(ask.home, ask.db, person, ask.now)
    return Shown("erase.html", {
        "her": her, "title": ask.say.text("Erase a customer"), "name": her.brief.name,
        "shared": [h for h in her.identifiers if h.state == "shared"],
    })  # fmt: skip


def erase(ask: Ask) -> Answer:
    """Erase her everywhere; the typed word stands against a slip of the hand."""
    _, id_ = whose(ask)
    if ask.form.get("confirm", "").strip().lower() != "erase":
        raise BynameError("Nothing was erased", cure="Go back and type the word erase into the field")
    forget.erase(
        ask.home, id_, policy=ask.product.policy, actor=ask.staff.actor, now=ask.now,
        never_again="never_again" in ask.form,
    )  # fmt: skip
    return Goto("/customers", "erased")


ACTIONS = (
    ("POST", "/revoke", "match", revoke),
    ("POST", "/split", "confirm", split),
    ("POST", "/export", "export", export),
    ("GET", "/erase", "erase", erase_page),
    ("POST", "/erase", "erase", erase),
)
