"""Who is in front of us, how sure are we, and what may be done? (spec/identity 6.3)

Deciding is pure: `decide` looks at what was found, `may` at level, consent and purpose. Callers ask what they may do,
not the level. A wrong greeting costs more than a missed one, so every contradiction lowers the level; and whoever is
not recognised, for whatever reason, gets one and the same answer, so that nobody can test who is a customer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from byname.identity.policy import Policy
from byname.identity.resolve import CONTESTED, JUNK, OWN, SHARED
from byname.store.db import Db
from byname.terms import Key, Level, Proof

SURE_SCORE = 0.99  # below it, a model's likeness is no reason for anything


class Shown(NamedTuple):
    """An identifier as it turned up in this encounter."""

    key: Key
    proof: Proof


class Found(NamedTuple):
    """What the store knows of a shown identifier."""

    type: str
    proof: Proof
    state: str
    person: int
    household: int


class Likeness(NamedTuple):
    """A person whose record a model finds like the one in front of us (identity/match)."""

    person: int
    household: int
    score: float
    vetoed: bool


class Reason(NamedTuple):
    """Why, ready for translation: a code of REASONS and what stands in it."""

    code: str
    about: str = ""  # the type of identifier, or a score

    def __str__(self) -> str:
        return REASONS[self.code].format(self.about)


REASONS = {
    "nobody": "Nothing that was shown leads to anybody",
    "possessed": "Her {} was shown by possession or login",
    "claimed": "Her {} was only told",
    "carried": "Her {} turned up by itself",
    "elsewhere": "The {} that was shown belongs to somebody else",
    "shared": "The {} is shared by several people",
    "contested": "The {} is contested by several people",
    "several": "What was shown belongs to several people of one household",
    "alike": "The details are like those of a known customer (score {})",
}


class Recognition(NamedTuple):
    """`person` at known and probable, `household` above anonymous. `note` is for the audit log only: it tells
    what the answer must not, why somebody is anonymous."""

    level: Level
    person: int | None
    household: int | None
    why: tuple[Reason, ...]
    note: str  # '' | 'unknown' | 'nobodys' | 'contradiction' | 'asked' | 'doubtful'
    customer: str | None = None  # public id; to be handed out at `known` only

    @property
    def person_id(self) -> int | None:
        return self.person


# --- the level ------------------------------------------------------------------------------------------------


def decide(found: Sequence[Found], policy: Policy, likeness: Likeness | None = None) -> Recognition:
    """How sure are we, given what was shown?"""
    useful = [f for f in found if f.state != JUNK and not policy.rule(f.type).witness]
    if not useful:
        return _alike(likeness) or nobody("nobodys" if found else "unknown")
    own = [f for f in useful if f.state == OWN]
    proved = {f.person for f in own if _proves(f, policy)}
    people = {f.person for f in own}
    if len(people) == 1 or len(proved) == 1:
        (person,) = proved if len(proved) == 1 else people
        hers = _one_person(person, useful, proved)
        if proved or not hers.note:
            return hers
    if len({f.household for f in useful}) == 1:
        reasons = [Reason(f.state, f.type) for f in useful if f.state in (SHARED, CONTESTED)]
        several = [Reason("several")] if len(people) > 1 else []
        return Recognition(Level.HOUSEHOLD, None, useful[0].household, (*several, *reasons), "")
    return nobody("contradiction")


def _one_person(person: int, useful: Sequence[Found], proved: Collection[int]) -> Recognition:
    """Known if something proves it and nothing points elsewhere; else perhaps."""
    household = next(f.household for f in useful if f.person == person)
    against = [f for f in useful if f.person != person and not (f.state == SHARED and f.household == household)]
    for_her = [f for f in useful if f.person == person and f.state == OWN]
    doubtful = [f for f in useful if f.person == person and f.state == CONTESTED]
    level = Level.KNOWN if proved and not against else Level.PROBABLE
    reasons = [
        *(Reason(f.proof.value, f.type) for f in for_her),
        *(Reason("elsewhere", f.type) for f in against),
        *(Reason("contested", f.type) for f in doubtful),
        *(Reason("shared", f.type) for f in useful if f.state == SHARED and f not in against),
    ]
    return Recognition(level, person, household, tuple(reasons), "doubtful" if against else "")


def _proves(f: Found, policy: Policy) -> bool:
    """A device is in somebody's hands, never an identity; what is told can be told by anyone."""
    return f.proof is Proof.POSSESSED and policy.rule(f.type).bridge


def _alike(likeness: Likeness | None) -> Recognition | None:
    if likeness is None or likeness.vetoed or likeness.score < SURE_SCORE:
        return None
    reason = Reason("alike", f"{likeness.score:.3f}")
    return Recognition(Level.PROBABLE, likeness.person, likeness.household, (reason,), "")


def nobody(note: str) -> Recognition:
    """The one answer for everyone who is not recognised."""
    return Recognition(Level.ANONYMOUS, None, None, (Reason("nobody"),), note)


def recognise(
    db: Db,
    policy: Policy,
    shown: Sequence[Shown],
    *,
    now: int,
    flagged: Collection[Key] = (),
    likeness: Likeness | None = None,
) -> Recognition:
    """Who is it? `flagged`: keys whose owner asked never to be recognised (trust/unrecognised.py).

    The same two queries whatever is found, so that the time tells nothing either.
    """
    proofs = {s.key.token: s for s in shown}
    rows = db.rows(
        "select token, type, state, person, household from identifier where token in :tokens",
        tokens=list(proofs) or [b""],
    )
    found = [Found(type_, proofs[bytes(t)].proof, state, p, h) for t, type_, state, p, h in rows]
    decided = nobody("asked") if flagged else decide(found, policy, likeness)
    row = db.row("select public_id from identifier where id = :person", person=decided.person or 0)
    return decided._replace(customer=row[0] if row else None)


# --- what may be done -----------------------------------------------------------------------------------------


class Permission(NamedTuple):
    levels: frozenset[Level]
    purposes: frozenset[str]  # she allowed all of these (trust/consent.py), besides the caller's own purpose
    words: str


def _for(levels: str, purposes: str, words: str) -> Permission:
    return Permission(frozenset(Level(name) for name in levels.split()), frozenset(purposes.split()), words)


ANYBODY = "known probable household anonymous"
PERMISSIONS: dict[str, Permission] = {
    "serve": _for(ANYBODY, "", "serve this visit well"),
    "attach_later": _for(ANYBODY, "", "attach this visit later, if she identifies herself"),
    "greet_by_name": _for("known", "recognition", "greet her by name"),
    "show_history": _for("known", "recognition service", "show what happened before"),
    "show_preferences": _for("known", "recognition service", "show what she asked for"),
    "apply_benefits": _for("known", "recognition programme", "apply her benefits"),
    "record_promise": _for("known", "recognition service", "write down a promise to her"),
    "change_account": _for("known", "recognition service", "change her details for her"),
    "make_offers": _for("known", "recognition personalisation", "make offers that fit what she did before"),
    "prepare_offers": _for("known probable", "recognition personalisation", "rank offers, and keep them to yourself"),
    "load_context": _for("known probable", "recognition service", "treat her as perhaps a returning customer"),
    "ask_one_question": _for("probable", "recognition", "ask one question that settles who she is"),
    "household_service": _for("known household", "recognition service", "use the household's store, slot and language"),
}
"""The closed list of what a caller may do."""


def may(level: Level, consents: Collection[str], purpose: str = "service") -> list[str]:
    """What may be done, in the order of PERMISSIONS. `consents`: the purposes in force for her; without the
    caller's own purpose among them she is served as anybody is."""
    allowed = frozenset(consents)
    level = level if purpose in allowed else Level.ANONYMOUS
    return [name for name, p in PERMISSIONS.items() if level in p.levels and p.purposes <= allowed]
