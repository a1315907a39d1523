"""Are these two one customer? What the night suggests, side by side with its evidence; people decide, and can undo."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from byname import customers, learn
from byname.customers import Customer
from byname.identity.match import suggest
from byname.identity.match.score import Evidence
from byname.store import Db
from byname.terms import BynameError
from byname.trust import audit, vault
from byname.web.asking import Answer, Ask, Goto, Shown

TITLE = "Matches"
PATH = "/matches"
PERMISSION = "match"
ICON = "matches"
MENU = True

MOST = 10
WAITING = ("open", "later")
FIELDS = {
    "given": "Given name",
    "surname": "Surname",
    "born": "Born",
    "email": "E-mail",
    "phone": "Phone",
    "postcode": "Postcode",
    "street": "Street",
    "town": "Town",
    "card": "Card",
    "national": "National number",
    "occupation": "Occupation",
}
AGREEMENT = {
    "same": "the same",
    "swapped": "swapped",
    "nickname": "a nickname",
    "initial": "an initial",
    "typo": "a slip",
    "near": "near",
    "year": "same year",
    "mailbox": "same mailbox",
    "district": "same district",
    "other": "different",
    "missing": "not known of both",
}


class Side(NamedTuple):
    """One of the two, as the reviewer sees her."""

    id: str
    name: str
    values: dict[str, str]  # by field of the model; contacts masked
    her: Customer


class Pair(NamedTuple):
    """A suggestion with what speaks for and against it."""

    id: int
    score: float
    model: str
    later: bool
    a: Side
    b: Side
    evidence: tuple[Evidence, ...]
    most: float  # greatest weight among the evidence, for the bars


class Run(NamedTuple):
    """What came of one model's suggestions."""

    model: str
    made_at: int
    joined: int
    refused: int
    waiting: int


def page(ask: Ask) -> Answer:
    """The strongest suggestions that wait; both customers of each pair are logged as looked at."""
    found = pairs(ask)
    for one in (s for pair in found for s in (pair.a, pair.b)):
        ask.log("view", one.id, "match")
    return Shown(
        "matches.html",
        {
            "pairs": found,
            "count": open_count(ask),
            "runs": runs(ask.db),
            "fields": FIELDS,
            "agreement": AGREEMENT,
            "customers": ask.db.row("select 1 from identifier limit 1") is not None,
        },
    )


def open_count(ask: Ask) -> int:
    """How many pairs wait for an answer."""
    row = ask.db.row(
        "select count(*) from suggestion s join identifier a on a.id = s.a_identifier"
        " join identifier b on b.id = s.b_identifier where s.state = 'open' and a.person <> b.person"
    )
    return int(row[0]) if row else 0


def pairs(ask: Ask) -> list[Pair]:
    rows = ask.db.rows(
        "select s.id, s.score, s.model, s.state, s.evidence, a.person, b.person from suggestion s"
        " join identifier a on a.id = s.a_identifier join identifier b on b.id = s.b_identifier"
        " where s.state in ('open', 'later') and a.person <> b.person"
        " order by case when s.state = 'open' then 0 else 1 end, s.weight desc, s.id limit :most",
        most=MOST,
    )
    found = []
    for id_, score, model, state, evidence, a, b in rows:
        told = msgspec.json.decode(evidence, type=tuple[Evidence, ...])
        shown = tuple(sorted(told, key=lambda e: -abs(e.weight)))
        most = max((abs(e.weight) for e in told), default=1.0) or 1.0
        found.append(Pair(id_, score, model, state == "later", side(ask, a), side(ask, b), shown, most))
    return found


def side(ask: Ask, person: int) -> Side:
    """One customer as the matcher saw her, contacts masked."""
    her = customers.read(ask.home, ask.db, person, ask.now)
    plain = vault.reveal(ask.db, ask.home.keys, [h.id for h in her.identifiers])
    record = learn.record(
        person, {h.type: plain[h.id] for h in reversed(her.identifiers) if h.id in plain}, dict(her.standing)
    )
    masked = {h.type: h.masked for h in reversed(her.identifiers)}
    values = {f: str(getattr(record, f, "") or "") for f in FIELDS}
    for f in ("email", "phone", "card"):
        values[f] = masked.get(f, "") if values[f] else ""
    return Side(her.id, her.brief.name, values, her)


def runs(db: Db) -> list[Run]:
    """The models whose suggestions were answered or wait, newest first."""
    rows = db.rows(
        "select m.id, m.made_at, sum(case when s.state in ('yes', 'auto') then 1 else 0 end),"
        " sum(case when s.state = 'no' then 1 else 0 end),"
        " sum(case when s.state in ('open', 'later') then 1 else 0 end)"
        " from match_model m join suggestion s on s.model = m.id"
        " group by m.id, m.made_at order by m.made_at desc limit 10"
    )
    return [Run(r[0], r[1], int(r[2]), int(r[3]), int(r[4])) for r in rows]


def decide(ask: Ask) -> Answer:
    """Yes, no or later to one pair."""
    try:
        suggestion = int(ask.form.get("suggestion", ""))
    except ValueError:
        raise BynameError("This suggestion waits for no answer", cure="Look at the list again") from None
    verdict = ask.form.get("verdict", "")
    if verdict not in NOTES:
        raise BynameError("Unknown answer to a suggestion", cure="Known: yes, no, later")
    product, now, actor = ask.product, ask.now, ask.staff.actor

    def do(db: Db) -> None:
        ids = db.rows(
            "select i.public_id from suggestion s join identifier i on i.id in (s.a_identifier, s.b_identifier)"
            " where s.id = :id",
            id=suggestion,
        )
        suggest.decide(db, product.policy, suggestion, verdict, actor=actor, now=now, new_id=product.new_id)  # type: ignore[arg-type]
        act = {"yes": "confirm", "no": "split"}.get(verdict, "view")
        audit.log(db, [audit.Look(now, actor, act, i, "service", ask.terminal, "match") for (i,) in ids])

    ask.home.store.write(do)
    return Goto(PATH, NOTES[verdict])


NOTES = {"yes": "joined", "no": "refused", "later": "left"}


def take_back(ask: Ask) -> Answer:
    """Undo everything that came of one model."""
    model, product, now, actor = ask.form.get("model", ""), ask.product, ask.now, ask.staff.actor

    def do(db: Db) -> None:
        suggest.take_back(db, product.policy, model, actor=actor, because="run taken back", now=now)
        audit.log(db, [audit.Look(now, actor, "revoke", "", "service", ask.terminal, "run")])

    ask.home.store.write(do)
    return Goto(PATH, "run_revoked")


ACTIONS = (("POST", "/decide", PERMISSION, decide), ("POST", "/take-back", PERMISSION, take_back))
