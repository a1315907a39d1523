"""Someone turns up: who is it, how sure are we, and what may be said and done now? One read, one row of audit.

identity decides the level, trust says what she allows and whether she wants to be recognised at all; the answer for
everyone who is not recognised is one and the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from byname import customers
from byname.encounter import Byname
from byname.identity import recognise
from byname.identity.recognise import PERMISSIONS, Shown
from byname.terms import Level
from byname.trust import audit, consent, unrecognised


class Met(NamedTuple):
    """What the caller gets. `customer` and `person` only when she is known."""

    level: Level
    customer: str | None  # public id
    person: int | None
    why: tuple[str, ...]
    may: tuple[str, ...]  # codes of recognise.PERMISSIONS
    perhaps: int | None  # the person behind 'probable', for a blind challenge; never handed out

    @property
    def may_words(self) -> tuple[str, ...]:
        return tuple(PERMISSIONS[code].words for code in self.may)


def meet(product: Byname, shown: Sequence[Shown], *, purpose: str, actor: str, terminal: str, now: int) -> Met:
    """Recognise by what was shown; the look is written down, whoever was found."""
    db = product.home.store.read()
    flagged = unrecognised.flagged(db, product.home.keys, {s.key for s in shown})
    found = recognise.recognise(db, product.policy, shown, now=now, flagged=flagged)
    told = consent.entries(db, customers.identifiers_of(db, found.person)) if found.person else []
    may = recognise.may(found.level, consent.allowed_purposes(told), purpose)
    known = found.level is Level.KNOWN and "greet_by_name" in may
    outcome = f"{found.level.value} {found.note}".strip()
    look = audit.Look(now, actor, "recognise", found.customer or "", purpose, terminal, outcome)
    product.home.store.write(lambda db: audit.log(db, [look]))
    level = found.level if known or found.level is not Level.KNOWN else Level.ANONYMOUS
    if level is Level.ANONYMOUS:
        found = recognise.nobody("")
        may = recognise.may(level, consent.allowed_purposes(()), purpose)
    return Met(
        level,
        found.customer if known else None,
        found.person if known else None,
        tuple(str(r) for r in found.why),
        tuple(may),
        found.person if level is Level.PROBABLE else None,
    )
