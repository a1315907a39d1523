"""Which pages are there? One file in desks/ and one line here; router, menu and the roles test read this list.

A desk offers TITLE, PATH, PERMISSION, ICON and `page(ask) -> Answer`; MENU is False for pages that only open from
another one. ACTIONS lists what else it answers below its path: fragments (GET) and forms (POST).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from byname.web.asking import Answer, Ask
from byname.web.desks import access, audit, customer, customers, matches, quarantine, sources, till, today


class Action(NamedTuple):
    """One more thing a desk answers: `/live` below its path, by GET or POST, to whom it is permitted."""

    method: str
    below: str
    permission: str
    answer: Callable[[Ask], Answer]


class Desk(Protocol):
    TITLE: str
    PATH: str
    PERMISSION: str
    ICON: str
    MENU: bool

    def page(self, ask: Ask) -> Answer: ...


PAGES: tuple[Any, ...] = (today, customers, customer, till, matches, quarantine, sources, audit, access)


def actions(desk: Any) -> tuple[Action, ...]:
    """The desk's page and everything below it."""
    more = (Action(*a) for a in getattr(desk, "ACTIONS", ()))
    return (Action("GET", "", desk.PERMISSION, desk.page), *more)


def menu(permissions: frozenset[str]) -> list[Any]:
    """The desks this person may open, in the order of the list."""
    return [d for d in PAGES if d.MENU and d.PERMISSION in permissions]
