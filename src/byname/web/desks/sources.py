"""To come."""

from __future__ import annotations

from byname.web.asking import Answer, Ask, Goto

TITLE = "Sources"
PATH = "/sources"
PERMISSION = "source"
ICON = "sources"
MENU = True


def page(ask: Ask) -> Answer:
    return Goto("/")


def open_count(ask: Ask) -> int:
    return 0
