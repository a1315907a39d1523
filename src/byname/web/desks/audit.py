"""Who looked at whom, when, and what did they get? The audit, newest first, narrowed by person or act."""

from __future__ import annotations

from typing import NamedTuple

from byname.store import Db
from byname.terms import DAY
from byname.trust import audit, staff, tokens
from byname.web.asking import Answer, Ask, Shown

TITLE = "Who looked"
PATH = "/audit"
PERMISSION = "audit"
ICON = "audit"
MENU = True

MOST = 50
BUSY = 100  # different customers in a day: worth a second look


class Actor(NamedTuple):
    """Someone who looked, by name."""

    id: str
    name: str
    customers: int  # different customers in the last 24 hours


def page(ask: Ask) -> Answer:
    ask.product.looks.hand_over()
    actor, action = ask.query.get("actor", ""), ask.query.get("action", "")
    action = action if action in audit.ACTIONS else ""
    customer = ask.query.get("customer", "")
    found = audit.page(
        ask.db, actor=actor, action=action, customers=[customer] if customer else (), below=below(ask), most=MOST + 1
    )
    names = actor_names(ask.db)
    return Shown("audit.html", {
        "looks": found[:MOST], "next": str(found[MOST - 1].id) if len(found) > MOST else "",
        "actor": actor, "action": action, "customer": customer, "actions": audit.ACTIONS, "names": names,
        "busy": [a for a in busiest(ask.db, names, ask.now) if a.customers >= BUSY],
    })  # fmt: skip


def below(ask: Ask) -> int:
    given = ask.query.get("below", "")
    return int(given) if given.isdigit() and len(given) < 19 else 2**62


def actor_names(db: Db) -> dict[str, str]:
    """The name behind each actor that a row may carry."""
    people = {f"staff:{a.id}": a.name for a in staff.accounts(db)}
    programs = {t.actor: t.name for t in tokens.tokens(db)}
    return {**people, **programs, "cli": "Command line", "customer": "The customer herself"}


def busiest(db: Db, names: dict[str, str], now: int) -> list[Actor]:
    """Who looked at the most different customers within a day."""
    rows = db.rows(
        "select actor, count(distinct customer) from audit where occurred_at >= :since and customer <> ''"
        " group by actor order by 2 desc limit 5",
        since=now - DAY,
    )
    return [Actor(a, str(names.get(a, a)), int(n)) for a, n in rows]
