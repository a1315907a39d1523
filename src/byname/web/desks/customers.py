"""Who are our customers, and which of them is this? A list that pages on the server, and one search field."""

from __future__ import annotations

from byname.web import people
from byname.web.asking import Answer, Ask, Goto, Shown

TITLE = "Customers"
PATH = "/customers"
PERMISSION = "search"
ICON = "customers"
MENU = True


def page(ask: Ask) -> Answer:
    """The list, sorted and paged; every name shown is a look that is logged."""
    sort = ask.query.get("sort", "seen")
    sort = sort if sort in people.SORTS else "seen"
    kind = ask.query.get("open", "")
    kind = kind if kind in people.OPEN_KINDS else ""
    found = people.page(
        ask.home, ask.db, sort=sort, currency=ask.say.currency, after=ask.query.get("after", ""), open_kind=kind
    )
    if found.rows:
        log_looks(ask, found.rows, "listed")
    values = {
        "rows": found.rows, "next": found.next, "sort": sort, "sorts": people.SORTS, "open_kind": kind,
        "count": people.count(ask.db), "typed": "", "searched": False, "paged": bool(ask.query.get("after")),
    }  # fmt: skip
    return Shown("customers_part.html" if ask.part else "customers.html", values)


def search(ask: Ask) -> Answer:
    """By any identifier, as a post: what was typed stands in no address and in no log. One hit opens her page."""
    typed = ask.form.get("q", "")[:300]
    persons = people.find(ask.db, ask.product.key, searchable(ask), typed)
    if len(persons) == 1 and not ask.part:
        row = ask.db.row("select public_id from identifier where id = :p", p=persons[0])
        log_looks(ask, [], "one")
        return Goto(f"{PATH}/{row[0]}" if row else PATH)
    found = people.rows(ask.home, ask.db, persons[: people.PAGE], ask.say.currency)
    log_looks(ask, found, "found")
    values = {
        "rows": found, "next": "", "sort": "", "sorts": people.SORTS, "open_kind": "", "count": len(persons),
        "typed": typed, "searched": True, "paged": False,
    }  # fmt: skip
    return Shown("customers_part.html" if ask.part else "customers.html", values)


def searchable(ask: Ask) -> list[str]:
    """The types someone may type: all but witnesses."""
    return [rule.name for rule in ask.product.policy.types if not rule.witness]


def log_looks(ask: Ask, rows: list[people.Row], outcome: str) -> None:
    """Every name shown is a look of its own; a search that finds nobody is one too."""
    for row in rows:
        ask.log("search", row.id, outcome)
    if not rows:
        ask.log("search", outcome="none" if outcome == "found" else outcome)


ACTIONS = (("POST", "/search", PERMISSION, search),)
