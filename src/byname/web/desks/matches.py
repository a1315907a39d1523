"""To come."""

from __future__ import annotations

from byname.web.asking import Answer, Ask, Goto

TITLE = "Matches"
PATH = "/matches"
PERMISSION = "match"
ICON = "matches"
MENU = True


def page(ask: Ask) -> Answer:
    return Goto("/")


def open_count(ask: Ask) -> int:
    return 0
