"""Who looked at whom, when, why, and what did they get? Every look at a person is a row; nobody changes one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from byname.store.db import Db

ACTIONS: dict[str, str] = {
    "recognise": "asked who it is",
    "candidate": "was shown her as one of a few it may be",
    "brief": "read the brief",
    "view": "opened the customer's page",
    "timeline": "read the timeline",
    "reveal": "saw contact details in plain",
    "search": "searched",
    "explain": "asked why these are one person",
    "confirm": "said 'this is her'",
    "challenge": "checked an answer of hers",
    "split": "said 'this is not her'",
    "revoke": "took a statement back",
    "consent": "recorded what she allows",
    "export": "exported everything held",
    "erase": "erased a customer",
    "hide": "marked as never to be recognised",
    "audience": "took her into an audience",
    "sign_in": "signed in",
    "staff": "changed a staff account or token",
}


class Look(NamedTuple):
    """One row. `customer`: a public id, or '' when nobody was found; no field holds personal data."""

    occurred_at: int
    actor: str  # 'staff:<id>' | 'token:<id>' | 'cli' | 'customer'
    action: str
    customer: str = ""
    purpose: str = ""
    terminal: str = ""
    outcome: str = ""


class Logged(NamedTuple):
    id: int
    look: Look


def log(db: Db, looks: Sequence[Look]) -> None:
    """Append. In the transaction of what it tells of, or alone through the writer before a look is answered."""
    if unknown := {k.action for k in looks} - ACTIONS.keys():
        raise ValueError(f"Unknown actions {sorted(unknown)}: add them to trust.audit.ACTIONS")
    db.many(
        "insert into audit (occurred_at, actor, action, customer, purpose, terminal, outcome)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        looks,
    )


def page(
    db: Db,
    *,
    actor: str = "",
    action: str = "",
    customers: Collection[str] = (),
    since: int = 0,
    until: int = 2**62,
    below: int = 2**62,
    most: int = 50,
) -> list[Logged]:
    """Rows newest first, below an id (that of the last row shown), narrowed by what is given."""
    where = ["id < :below", "occurred_at >= :since", "occurred_at < :until"]
    values: dict[str, object] = {"below": below, "since": since, "until": until, "most": most}
    if actor:
        where, values = [*where, "actor = :actor"], {**values, "actor": actor}
    if action:
        where, values = [*where, "action = :action"], {**values, "action": action}
    if customers:
        where, values = [*where, "customer in :customers"], {**values, "customers": list(customers)}
    rows = db.rows(
        "select id, occurred_at, actor, action, customer, purpose, terminal, outcome from audit"
        f" where {' and '.join(where)} order by id desc limit :most",
        **values,
    )
    return [Logged(r[0], Look(*r[1:])) for r in rows]


def looks_at(db: Db, customers: Collection[str], *, below: int = 2**62, most: int = 50) -> list[Logged]:
    """The customer's own list of who looked at her: under any public id that was ever hers, newest first."""
    return page(db, customers=customers, below=below, most=most) if customers else []
