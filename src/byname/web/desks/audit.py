"""Who looked at whom, when, and what did they get? The audit, newest first, narrowed by person or act."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from byname.store import Db
from byname.terms import DAY
from byname.trust import audit
from byname.trust.audit import Logged
from byname.web import actors
from byname.web.asking import Answer, Ask, Shown

TITLE = "Who looked"
PATH = "/audit"
PERMISSION = "audit"
ICON = "audit"
MENU = True

MOST = 50  # lines of a page
ROWS = 1000  # rows read for them: one look at a list is a row per customer shown
BUSY = 100  # different customers in a day: worth a second look


class Line(NamedTuple):
    """What one actor did in one moment: a row, or the rows of a list that was shown."""

    rows: tuple[Logged, ...]
    customers: tuple[str, ...]

    @property
    def look(self) -> audit.Look:
        return self.rows[0].look

    @property
    def last(self) -> int:
        """The id below which the rows of earlier lines lie."""
        return self.rows[-1].id

    @property
    def outcomes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(r.look.outcome for r in self.rows if r.look.outcome))


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
    rows = audit.page(
        ask.db, actor=actor, action=action, customers=[customer] if customer else (), below=below(ask), most=ROWS
    )
    found = lines(rows, cut=len(rows) == ROWS)
    names = actors.names(ask.db, ask.say)
    return Shown("audit.html", {
        "lines": found[:MOST], "next": next_of(found, more=len(rows) == ROWS),
        "actor": actor, "action": action, "customer": customer, "actions": audit.ACTIONS, "names": names,
        "busy": [a for a in busiest(ask.db, names, ask.now) if a.customers >= BUSY],
    })  # fmt: skip


def below(ask: Ask) -> int:
    given = ask.query.get("below", "")
    return int(given) if given.isdigit() and len(given) < 19 else 2**62


def lines(rows: Sequence[Logged], *, cut: bool) -> list[Line]:
    """Rows next to each other of the same actor, act and moment are one line; `cut`: the last may lack rows."""
    groups = [tuple(g) for _, g in groupby(rows, lambda r: (r.look.actor, r.look.action, r.look.occurred_at))]
    if cut and len(groups) > 1:
        groups.pop()
    return [Line(g, tuple(dict.fromkeys(r.look.customer for r in g if r.look.customer))) for g in groups]


def next_of(found: Sequence[Line], *, more: bool) -> str:
    """Where the earlier lines begin; '' when there are none."""
    return str(found[:MOST][-1].last) if found and (more or len(found) > MOST) else ""


def busiest(db: Db, names: dict[str, str], now: int) -> list[Actor]:
    """Who looked at the most different customers within a day."""
    rows = db.rows(
        "select actor, count(distinct customer) from audit where occurred_at >= :since and customer <> ''"
        " group by actor order by 2 desc limit 5",
        since=now - DAY,
    )
    return [Actor(a, str(names.get(a, a)), int(n)) for a, n in rows]
