"""To come."""

from __future__ import annotations

from byname.web.asking import Answer, Ask, Goto

TITLE = "Quarantine"
PATH = "/quarantine"
PERMISSION = "quarantine"
ICON = "quarantine"
MENU = True


def page(ask: Ask) -> Answer:
    return Goto("/")


def open_count(ask: Ask) -> int:
    return 0
