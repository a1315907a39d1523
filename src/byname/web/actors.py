"""Whose name stands behind an actor of the audit: a colleague, a program, or nobody's?"""

from __future__ import annotations

from byname.store import Db
from byname.trust import staff, tokens
from byname.web.words import Say

OTHERS = {"cli": "Command line", "customer": "The customer herself"}
KINDS = {"staff": "A colleague", "token": "A program"}  # whose account or token is not named here


def names(db: Db, say: Say, *, colleagues: bool = True) -> dict[str, str]:
    """The name behind each actor that a row may carry; colleagues only for whoever may see audits."""
    people = {f"staff:{a.id}": a.name for a in staff.accounts(db)} if colleagues else {}
    programs = {t.actor: t.name for t in tokens.tokens(db)}
    return {**people, **programs, **{actor: say.text(words) for actor, words in OTHERS.items()}}


def name_of(actor: str, known: dict[str, str], say: Say) -> str:
    """The name, else what kind of actor it is."""
    return known.get(actor) or say.text(KINDS.get(actor.partition(":")[0], actor))
