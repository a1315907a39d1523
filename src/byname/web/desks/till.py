"""Who stands in front of us, and what may we say? One field, one answer in large type, for a phone at the till.

When she is only perhaps someone, the associate asks; byname says right or wrong and never shows the answer. Two right
answers make her known for this visit, and what she showed before can then be said to be hers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from byname import customers
from byname.customers import Customer
from byname.identity import confirm, recognise
from byname.meeting import Met, meet
from byname.profile import brief
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
QUESTIONS = {
    "postcode": "Her postcode",
    "birthday": "Her birthday, day and month",
    "order": "An order or receipt number",
}


class Result(NamedTuple):
    """The answer at the till. `her` only when she is known."""

    level: Level
    title: str
    advice: str
    why: tuple[str, ...]
    may: tuple[str, ...]
    her: Customer | None


def page(ask: Ask) -> Answer:
    return shown(ask, None, Visit(ask.staff.id, ask.now))


def find(ask: Ask) -> Answer:
    """What she showed or said, as a post; every look-up is logged, whoever was found or not."""
    typed = " ".join(ask.form.get("q", "").split())[:300]
    proof = PROOFS.get(ask.form.get("how", ""), Proof.CLAIMED)
    before = visit.read(ask.home.keys, ask.form.get("visit", ""), staff=ask.staff.id, now=ask.now)
    keys = keys_of(ask, typed)
    met = meet(
        ask.product, [recognise.Shown(k, proof) for k in keys], purpose="service", actor=ask.staff.actor,
        terminal=ask.terminal, now=ask.now,
    )  # fmt: skip
    unknown = (
        (keys[0].type, keys[0].token) if met.level is Level.ANONYMOUS and proof is Proof.POSSESSED and keys else None
    )
    now_is = Visit(ask.staff.id, ask.now, met.perhaps or 0, unknown or before.shown)
    return shown(ask, result(ask, met), now_is)


def answer(ask: Ask) -> Answer:
    """One answer of hers, judged blind. Right twice: she is known for this visit."""
    visiting = visit.read(ask.home.keys, ask.form.get("visit", ""), staff=ask.staff.id, now=ask.now)
    field = ask.form.get("question", "")
    if not visiting.perhaps or field not in QUESTIONS:
        return page(ask)
    id_ = public_id(ask.db, visiting.perhaps)
    if wrong_lately(ask, id_) > confirm.WRONG_ALLOWED:
        return shown(ask, perhaps(ask, confirm.REFUSALS["too_many_wrong"]), visiting)
    judged = confirm.judge(expected(ask, visiting.perhaps), {field: token(ask, field, ask.form.get("a", ""))})
    is_right = field in judged.right
    log(ask, "challenge", id_, "right" if is_right else "wrong")
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
    her = customers.read(ask.home, ask.db, met.person, ask.now) if met.person is not None else None
    title, advice = SAY[met.level]
    return Result(met.level, title, advice, met.why, met.may_words, her)


def perhaps(ask: Ask, advice: str) -> Result:
    title, _ = SAY[Level.PROBABLE]
    return Result(Level.PROBABLE, title, advice, (), (), None)


def known(ask: Ask, visiting: Visit, why: str) -> Answer:
    """Known for this visit, as far as she allows it."""
    her = customers.read(ask.home, ask.db, visiting.perhaps, ask.now)
    codes = recognise.may(Level.KNOWN, consent.allowed_purposes(her.consents), "service")
    if "greet_by_name" not in codes:
        return shown(ask, Result(Level.ANONYMOUS, *SAY[Level.ANONYMOUS], (), (), None), Visit(ask.staff.id, ask.now))
    log(ask, "brief", her.id, "known")
    words = tuple(recognise.PERMISSIONS[c].words for c in codes)
    return shown(ask, Result(Level.KNOWN, *SAY[Level.KNOWN], (why,), words, her), visiting)


def expected(ask: Ask, person: int) -> dict[str, list[bytes]]:
    """What she may answer, as keyed digests: the plain values never meet the page."""
    her = customers.read(ask.home, ask.db, person, ask.now)
    ids = [h.id for h in her.identifiers]
    refs = [r for (r,) in ask.db.rows("select ref from latest where identifier in :ids and ref <> ''", ids=ids)]
    held: dict[str, list[str]] = {"order": refs}
    for field in ("postcode", "birthday"):
        if field in her.standing:
            held[field] = [brief.said(her.standing[field])]
    return {field: [token(ask, field, v) for v in found] for field, found in held.items()}


def token(ask: Ask, field: str, value: str) -> bytes:
    """The digest of an answer; an empty one equals nothing."""
    plain = visit.plain(field, value)
    return ask.home.keys.digest("answer", f"{field}\0{plain}".encode()) if plain else b""


def wrong_lately(ask: Ask, id_: str) -> int:
    """Wrong answers about her within the hour, by anybody: guessing ends, whoever guesses."""
    looks = audit.page(ask.db, action="challenge", customers=[id_], since=ask.now - 3600 * SECOND)
    return sum(x.look.outcome == "wrong" for x in looks)


def public_id(db: Db, person: int) -> str:
    row = db.row("select public_id from identifier where id = :p", p=person)
    return str(row[0]) if row else ""


def log(ask: Ask, action: str, id_: str, outcome: str) -> None:
    look = audit.Look(ask.now, ask.staff.actor, action, id_, "service", ask.terminal, outcome)

    def write(db: Db) -> None:
        audit.log(db, [look])

    ask.home.store.write(write)


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
