"""Who stands in front of us, and what may we say? One field, one answer in large type, for a phone at the till."""

from __future__ import annotations

from typing import Any, NamedTuple

from byname import customers
from byname.customers import Customer
from byname.terms import Key, Level, Proof
from byname.trust import audit, consent
from byname.web.asking import Answer, Ask, Shown

TITLE = "Till"
PATH = "/till"
PERMISSION = "recognise"
ICON = "till"
MENU = True

PROOFS = {"shown": Proof.POSSESSED, "said": Proof.CLAIMED}
SAY = {
    Level.KNOWN: ("She is known", "Greet her by name."),
    Level.PROBABLE: ("Perhaps a returning customer", "Do not use a name, and do not say that we hold a record."),
    Level.HOUSEHOLD: ("Someone of a household we know", "Serve what suits the household; no names, no purchases."),
    Level.ANONYMOUS: ("A guest", "Serve this visit well. She may give her card at any time."),
}


class Met(NamedTuple):
    """The answer to a look-up at the till."""

    level: Level
    title: str
    advice: str
    why: tuple[str, ...]
    may: tuple[str, ...]
    her: Customer | None  # only when known


def page(ask: Ask) -> Answer:
    return Shown("till.html", {"met": None, "how": "shown"})


def find(ask: Ask) -> Answer:
    """What she showed or said, as a post; every look-up is logged, whoever was found or not."""
    typed = " ".join(ask.form.get("q", "").split())[:300]
    how = ask.form.get("how", "shown")
    how = how if how in PROOFS else "said"
    met = meet(ask, typed, PROOFS[how])
    found = met.her.id if met.her else ""
    look = audit.Look(ask.now, ask.staff.actor, "recognise", found, "service", ask.terminal, met.level.value)
    ask.home.store.write(lambda db: audit.log(db, [look]))
    return Shown("till.html", {"met": met, "how": how})


def meet(ask: Ask, typed: str, proof: Proof) -> Met:
    from byname.identity import recognise

    keys = keys_of(ask, typed)
    found = recognise.recognise(ask.db, ask.product.policy, [recognise.Shown(k, proof) for k in keys], now=ask.now)
    return met_of(ask, found)


def met_of(ask: Ask, found: Any) -> Met:
    """A recognition as the till shows it: her brief only when she is known and allows it."""
    from byname.identity import recognise

    her = None
    told: list[consent.Entry] = []
    if found.level is Level.KNOWN and found.person_id is not None:
        her = customers.read(ask.home, ask.db, found.person_id, ask.now)
        told = list(her.consents)
    title, advice = SAY[found.level]
    may = recognise.may(found.level, consent.allowed_purposes(told), "service")
    return Met(found.level, title, advice, tuple(found.why), tuple(may), her)


def keys_of(ask: Ask, typed: str) -> list[Key]:
    """The identifiers that what was typed may be. Those we know come alone: a card number is no phone number."""
    tried = [
        k
        for rule in ask.product.policy.types
        if not rule.witness and (k := ask.product.key(rule.name, typed)) is not None
    ]
    if not tried:
        return []
    known = {
        bytes(t)
        for (t,) in ask.db.rows(
            "select token from identifier where token in :tokens and erased = 0", tokens=[k.token for k in tried]
        )
    }
    return [k for k in tried if k.token in known] or tried[:1]


ACTIONS = (("POST", "/find", PERMISSION, find),)
