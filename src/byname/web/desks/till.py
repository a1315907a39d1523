"""Who stands in front of us, and what may we say? One field, one answer in large type, for a phone at the till.

When she is only perhaps someone, the associate asks; byname says right or wrong and never shows the answer. Two right
answers make her known for this visit, and what she showed before can then be said to be hers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from byname import customers, recognition
from byname.customers import Customer
from byname.identity import confirm, recognise
from byname.recognition import Asker, Met, Turned
from byname.store import Db
from byname.terms import SECOND, Key, Level, Proof
from byname.trust import audit, consent
from byname.web import visit
from byname.web.asking import Answer, Ask, Shown
from byname.web.visit import Visit

TITLE = "Till"
PATH = "/till"
PERMISSION = "recognise"
ICON = "till"
MENU = True

PROOFS = {"shown": Proof.POSSESSED, "said": Proof.CLAIMED}
SAY = {
    Level.KNOWN: ("She is known", "Greet her by name."),
    Level.PROBABLE: ("Perhaps a returning customer", "Use no name, and do not say that we hold a record."),
    Level.HOUSEHOLD: ("Someone of a household we know", "Serve what suits the household; no names, no purchases."),
    Level.ANONYMOUS: ("A guest", "Serve this visit well. She may show her card at any time."),
}
NEVER: dict[Level, tuple[str, ...]] = {
    Level.KNOWN: (),
    Level.PROBABLE: ("Say her name", "Say what happened before"),
    Level.HOUSEHOLD: ("Say a name", "Say what anyone of them bought"),
    Level.ANONYMOUS: (),
}
QUESTIONS = {
    "postcode": "Her postcode",
    "birthday": "Her birthday, day and month",
    "order": "An order or receipt number",
}


UNSAID = frozenset({"serve", "attach_later", "load_context", "prepare_offers", "household_service"})
"""Not worth a line in front of someone who is known."""


class Result(NamedTuple):
    """The answer at the till. `her` only when she is known."""

    level: Level
    title: str
    advice: str
    why: tuple[str, ...]
    may: tuple[str, ...]
    never: tuple[str, ...]
    her: Customer | None


def page(ask: Ask) -> Answer:
    return shown(ask, None, Visit(ask.staff.id, ask.now))


def find(ask: Ask) -> Answer:
    """What she showed or said, as a post; every look-up is logged, whoever was found or not."""
    typed = " ".join(ask.form.get("q", "").split())[:300]
    proof = PROOFS.get(ask.form.get("how", ""), Proof.CLAIMED)
    before = visit.read(ask.home.keys, ask.form.get("visit", ""), staff=ask.staff.id, now=ask.now)
    keys = keys_of(ask, typed)
    asker = Asker(ask.staff.actor, ask.terminal)
    met = recognition.meet(ask.product, [Turned(k.type, typed, proof) for k in keys], asker, ask.now)
    unknown = (
        (keys[0].type, keys[0].token) if met.level is Level.ANONYMOUS and proof is Proof.POSSESSED and keys else None
    )
    perhaps = (met.recognition.person or 0) if met.level is Level.PROBABLE else 0
    return shown(ask, result(ask, met), Visit(ask.staff.id, ask.now, perhaps, unknown or before.shown))


def answer(ask: Ask) -> Answer:
    """One answer of hers, judged blind. Right twice: she is known for this visit."""
    visiting = visit.read(ask.home.keys, ask.form.get("visit", ""), staff=ask.staff.id, now=ask.now)
    field = ask.form.get("question", "")
    if not visiting.perhaps or field not in QUESTIONS:
        return page(ask)
    id_ = public_id(ask.db, visiting.perhaps)
    if wrong_lately(ask, id_) > confirm.WRONG_ALLOWED:
        return shown(ask, perhaps(ask, confirm.REFUSALS["too_many_wrong"]), visiting)
    said = visit.plain(field, ask.form.get("a", "")[:100])
    judged = recognition.challenge(ask.product, id_, {field: said}, ask.now)
    is_right = field in judged.right
    outcome = "right" if is_right else "wrong"
    look = audit.Look(ask.now, ask.staff.actor, "challenge", id_, "service", ask.terminal, outcome)
    ask.home.store.write(lambda db: audit.log(db, [look]))  # at once: wrong answers are counted
    right = tuple(sorted({*visiting.right, *judged.right}))
    visiting = visiting._replace(right=right)
    ground, _ = confirm.ground_of(confirm.Answers(right, ()))
    if ground:
        return known(ask, visiting, confirm.GROUNDS[ground])
    word = "Right. One more answer settles it." if is_right else "That is not what we hold."
    return shown(ask, perhaps(ask, word), visiting)


def hers(ask: Ask) -> Answer:
    """What she showed is hers, says the associate; a statement that can be taken back."""
    visiting = visit.read(ask.home.keys, ask.form.get("visit", ""), staff=ask.staff.id, now=ask.now)
    key = visiting.key
    if key is None or len(visiting.right) < confirm.RIGHT_NEEDED:
        return page(ask)
    product, now, person = ask.product, ask.now, visiting.perhaps
    id_ = public_id(ask.db, person)

    def do(db: Db) -> confirm.Confirmed:
        done = confirm.this_is_her(
            db, product.policy, key, person, staff=ask.staff.id, terminal=ask.terminal, ground="answered_twice",
            now=now, new_id=product.new_id,
        )  # fmt: skip
        outcome = done.refused or "done"
        audit.log(db, [audit.Look(now, ask.staff.actor, "confirm", id_, "service", ask.terminal, outcome)])
        return done

    done = ask.home.store.write(do)
    words = confirm.REFUSALS[done.refused] if done.refused else "It is hers from now on."
    return known(ask, visiting._replace(shown=None), words)


def shown(ask: Ask, met: Result | None, visiting: Visit) -> Answer:
    return Shown("till.html", {
        "met": met, "visit": visit.write(ask.home.keys, visiting), "questions": QUESTIONS,
        "ask_her": bool(met and met.level is Level.PROBABLE and visiting.perhaps),
        "join": bool(met and met.her and visiting.shown and visiting.right),
        "joinable": visiting.shown[0] if visiting.shown else "",
    })  # fmt: skip


def result(ask: Ask, met: Met) -> Result:
    """A meeting as the till shows it."""
    known = met.level is Level.KNOWN and met.brief is not None and met.recognition.person is not None
    her = customers.read(ask.home, ask.db, met.recognition.person, ask.now) if known else None  # type: ignore[arg-type]
    level = met.level if her or met.level is not Level.KNOWN else Level.ANONYMOUS
    return told(level, met.why, met.may, her)


def told(level: Level, why: tuple[str, ...], may: Sequence[str], her: Customer | None) -> Result:
    """What may be done and what must not, as short as an arm's length away asks for."""
    title, advice = SAY[level]
    if level is Level.KNOWN and "greet_by_name" not in may:
        advice = "Serve her as someone you know; there is no name to say."
    shown = [code for code in may if level is not Level.KNOWN or code not in UNSAID]
    never = (
        NEVER[level]
        if level is not Level.KNOWN or "make_offers" in may
        else ("Make personal offers: she has not agreed",)
    )
    return Result(level, title, advice, why, tuple(recognise.PERMISSIONS[code].words for code in shown), never, her)


def perhaps(ask: Ask, advice: str) -> Result:
    title, _ = SAY[Level.PROBABLE]
    return Result(Level.PROBABLE, title, advice, (), (), (), None)


def known(ask: Ask, visiting: Visit, why: str) -> Answer:
    """Known for this visit, as far as she allows it."""
    her = customers.read(ask.home, ask.db, visiting.perhaps, ask.now)
    codes = recognise.may(Level.KNOWN, consent.allowed_purposes(her.consents), "service")
    if "greet_by_name" not in codes:
        return shown(ask, told(Level.ANONYMOUS, (), (), None), Visit(ask.staff.id, ask.now))
    ask.log("brief", her.id, "known")
    return shown(ask, told(Level.KNOWN, (why,), codes, her), visiting)


def wrong_lately(ask: Ask, id_: str) -> int:
    """Wrong answers about her within the hour, by anybody: guessing ends, whoever guesses."""
    looks = audit.page(ask.db, action="challenge", customers=[id_], since=ask.now - 3600 * SECOND)
    return sum(x.look.outcome == "wrong" for x in looks)


def public_id(db: Db, person: int) -> str:
    row = db.row("select public_id from identifier where id = :p", p=person)
    return str(row[0]) if row else ""


def keys_of(ask: Ask, typed: str) -> list[Key]:
    """The identifiers that what was typed may be. Those we know come alone: a card number is no phone number."""
    rules: list[Any] = [rule for rule in ask.product.policy.types if not rule.witness]
    tried = [k for rule in rules if (k := ask.product.key(rule.name, typed)) is not None]
    if not tried:
        return []
    sql = "select token from identifier where token in :tokens and erased = 0"
    known = {bytes(t) for (t,) in ask.db.rows(sql, tokens=[k.token for k in tried])}
    return [k for k in tried if k.token in known] or [k for k in tried if k.type == "loyalty"] or tried[:1]


ACTIONS = (
    ("POST", "/find", PERMISSION, find),
    ("POST", "/answer", "confirm", answer),
    ("POST", "/hers", "confirm", hers),
)
