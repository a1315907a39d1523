"""Which customers may be one person, and what did people say to it? The night's run and what is kept of it.

A suggestion joins nobody. A person says yes (a `same` statement), no (a `split`, and it is never asked again) or later.
A company may let a model join by itself above the line of spec/identity 6.5. Every join carries its model's id, so a
bad run is taken back whole.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Literal, NamedTuple

import msgspec

from byname.identity import graph
from byname.identity.match import engine
from byname.identity.match.cluster import join
from byname.identity.match.model import Digest, Model, from_json, to_json
from byname.identity.match.records import Record, table
from byname.identity.match.score import Evidence, score
from byname.identity.match.shape import shape_for
from byname.identity.match.veto import vetoed
from byname.identity.policy import Policy
from byname.identity.statements import AWAY, KEPT
from byname.store import Db
from byname.terms import BynameError, Key

SUGGEST = 0.95  # probability from which a pair is shown to a person
SURE = 0.999  # from which a model may join by itself, if the company opted in

Verdict = Literal["yes", "no", "later"]
NewId = Callable[[], str]


class Suggestion(msgspec.Struct, frozen=True):
    """Two customers who may be one; a vetoed pair is offered as a household only."""

    a: int  # identifier, the lower of the two
    b: int
    score: float
    weight: float
    evidence: tuple[Evidence, ...]
    vetoed: str
    model: str
    made_at: int


class Waiting(NamedTuple):
    """A suggestion as a page shows it; `a` and `b` are public ids."""

    id: int
    a: str
    b: str
    score: float
    weight: float
    evidence: tuple[Evidence, ...]
    vetoed: str
    model: str
    state: str


class Ends(NamedTuple):
    """The two identifiers of a suggestion as the graph knows them, and the people they belong to now."""

    a: Key
    b: Key
    persons: tuple[int, int]
    model: str


def learn(records: Sequence[Record], *, new_id: NewId, digest: Digest, seed: int = engine.SEED) -> Model:
    """Train a model on these records. Raises BynameError when there is too little to learn from."""
    rows = table(records)
    return engine.train(rows, shape_for(records, rows), id=new_id(), digest=digest, seed=seed)


def run(
    records: Sequence[Record], *, model: Model, digest: Digest, now: int, least: float = SUGGEST
) -> list[Suggestion]:
    """The pairs of records that may be one person: the fewest that join what the model would join, and the vetoed.

    `records`: one per customer, `unique_id` the decimal id of her canonical identifier, values in plain.
    """
    rows = {str(row["unique_id"]): row for row in table(records)}
    pairs = engine.predict(list(rows.values()), model, digest=digest, least=least)
    household = [p for p in pairs if vetoed(rows[p.left], rows[p.right])]
    allowed = set(pairs) - set(household)
    joined = join(rows, allowed, lambda x, y: vetoed(rows[x], rows[y]))
    found = []
    for pair in sorted([*joined.links, *household], key=lambda p: -p.weight):
        told = score(model, rows[pair.left], rows[pair.right], digest)
        a, b = sorted((int(pair.left), int(pair.right)))
        found.append(Suggestion(a, b, told.probability, told.weight, told.evidence, told.vetoed, model.id, now))
    return found


# --- what is kept ---------------------------------------------------------------------------------------------


def save_model(db: Db, model: Model, measured: dict[str, float], *, now: int, code_version: str) -> None:
    """Keep a model and what was measured of it, as JSON."""
    db.run(
        "insert into match_model (id, made_at, kind, params, measured, code_version)"
        " values (:id, :now, :kind, :params, :measured, :version)",
        id=model.id,
        now=now,
        kind=model.kind,
        params=to_json(model),
        measured=json.dumps(measured, sort_keys=True),
        version=code_version,
    )


def load_model(db: Db, id: str = "") -> Model | None:
    """A kept model; without an id the newest."""
    row = db.row(
        "select params from match_model where id = :id or :id = '' order by made_at desc, id desc limit 1", id=id
    )
    return from_json(row[0]) if row else None


def store(db: Db, suggestions: Sequence[Suggestion]) -> int:
    """Put a run in the place of the one before; how many wait for a person. What was decided stays decided."""
    db.run("delete from suggestion where state in ('open', 'later', 'household')")
    settled = _settled(db)
    persons = _persons(db, {i for s in suggestions for i in (s.a, s.b)})
    fresh = [
        s
        for s in suggestions
        if s.a in persons
        and s.b in persons
        and persons[s.a] != persons[s.b]
        and frozenset((persons[s.a], persons[s.b])) not in settled
    ]
    db.many(
        "insert into suggestion (a_identifier, b_identifier, score, weight, evidence, vetoed, model, state,"
        " decided_by, decided_at, sid) values (?, ?, ?, ?, ?, ?, ?, ?, '', 0, '')"
        " on conflict (a_identifier, b_identifier) do update set score = excluded.score, weight = excluded.weight,"
        " evidence = excluded.evidence, vetoed = excluded.vetoed, model = excluded.model, state = excluded.state,"
        " decided_by = '', decided_at = 0, sid = ''",
        [
            (s.a, s.b, s.score, s.weight, _json(s.evidence), s.vetoed, s.model, "household" if s.vetoed else "open")
            for s in fresh
        ],
    )
    return sum(not s.vetoed for s in fresh)


def waiting(db: Db, *, states: Sequence[str] = ("open", "later"), most: int = 50, skip: int = 0) -> list[Waiting]:
    """A page of suggestions, strongest first."""
    rows = db.rows(
        "select s.id, a.public_id, b.public_id, s.score, s.weight, s.evidence, s.vetoed, s.model, s.state"
        " from suggestion s join identifier a on a.id = s.a_identifier join identifier b on b.id = s.b_identifier"
        " where s.state in :states order by s.weight desc, s.id limit :most offset :skip",
        states=list(states),
        most=most,
        skip=skip,
    )
    return [
        Waiting(id, a, b, score, weight, msgspec.json.decode(told, type=tuple[Evidence, ...]), vetoed, model, state)
        for id, a, b, score, weight, told, vetoed, model, state in rows
    ]


def _settled(db: Db) -> set[frozenset[int]]:
    """Pairs of people whom somebody declared to be two; by their people of today, who may have grown since.

    From a "no" here, or from a split made anywhere: a model's join, being later, would otherwise override it.
    """
    refused = db.rows(
        "select a.person, b.person from suggestion s join identifier a on a.id = s.a_identifier"
        " join identifier b on b.id = s.b_identifier where s.state = 'no'"
    )
    split = db.rows(
        "select distinct a.person, b.person from statement s"
        f" join statement_identifier x on x.statement = s.id and x.side = {KEPT}"
        f" join statement_identifier y on y.statement = s.id and y.side = {AWAY}"
        " join identifier a on a.id = x.identifier join identifier b on b.id = y.identifier"
        " where s.op = 'split' and s.live = 1"
    )
    return {frozenset(row) for row in (*refused, *split)}


def _persons(db: Db, identifiers: Collection[int]) -> dict[int, int]:
    if not identifiers:
        return {}
    rows = db.rows("select id, person from identifier where id in :ids and erased = 0", ids=list(identifiers))
    return dict(rows)


def _json(evidence: tuple[Evidence, ...]) -> str:
    return msgspec.json.encode(evidence).decode()


# --- what people say ------------------------------------------------------------------------------------------


def decide(
    db: Db, policy: Policy, suggestion: int, verdict: Verdict, *, actor: str, now: int, new_id: NewId
) -> bytes | None:
    """Someone's answer to an open suggestion; the id of the statement it made, None for 'later'.

    Raises BynameError when there is no such open suggestion (another person was quicker, or a new run came).
    """
    if verdict not in ("yes", "no", "later"):
        raise BynameError("Unknown answer to a suggestion", verdict, "Known: yes, no, later")
    _claim(db, suggestion, verdict, actor, now)
    if verdict == "later":
        return None
    ends, because = _ends(db, suggestion), f"suggestion {suggestion}"
    if verdict == "yes":
        sid = graph.same(
            db, policy, ends.a, ends.b, at=now, actor=actor, because=because, model=ends.model, now=now, new_id=new_id
        )
    else:  # a person said so: it outlives the model
        sid = graph.split(db, policy, [ends.a], [ends.b], at=now, actor=actor, because=because, now=now, new_id=new_id)
    db.run("update suggestion set sid = :sid where id = :id", sid=sid.hex(), id=suggestion)
    return sid


def _claim(db: Db, suggestion: int, state: str, actor: str, now: int) -> None:
    """Only an undecided suggestion can be decided: the filter holds the old state, so two people cannot both."""
    changed = db.run(
        "update suggestion set state = :state, decided_by = :actor, decided_at = :now"
        " where id = :id and state in ('open', 'later', 'household')",
        state=state,
        actor=actor,
        now=now,
        id=suggestion,
    )
    if not changed:
        cure = "Look at the list again: someone may have been quicker, or a new run replaced it"
        raise BynameError("This suggestion waits for no answer", str(suggestion), cure)


def _ends(db: Db, suggestion: int) -> Ends:
    row = db.row(
        "select a.type, a.token, b.type, b.token, a.person, b.person, s.model from suggestion s"
        " join identifier a on a.id = s.a_identifier join identifier b on b.id = s.b_identifier where s.id = :id",
        id=suggestion,
    )
    if row is None:
        raise BynameError("A customer of this suggestion is gone", str(suggestion), "Run the matching again")
    return Ends(Key(row[0], bytes(row[1])), Key(row[2], bytes(row[3])), (row[4], row[5]), row[6])


def join_sure(db: Db, policy: Policy, *, opted_in: bool, now: int, new_id: NewId) -> int:
    """Join what a model is sure of: opted in, 0.999 or above, no veto, no limit passed. How many were joined."""
    if not opted_in:
        return 0
    joined, settled = 0, _settled(db)
    rows = db.rows(
        "select id from suggestion where state = 'open' and vetoed = '' and score >= :sure order by weight desc, id",
        sure=SURE,
    )
    for (suggestion,) in rows:
        ends = _ends(db, suggestion)
        if ends.persons[0] == ends.persons[1] or frozenset(ends.persons) in settled:
            continue
        if not _within_limits(db, policy, ends.persons):
            continue
        actor = f"model:{ends.model}"
        _claim(db, suggestion, "auto", actor, now)
        sid = graph.same(
            db,
            policy,
            ends.a,
            ends.b,
            at=now,
            actor=actor,
            because=f"suggestion {suggestion}",
            model=ends.model,
            now=now,
            new_id=new_id,
        )
        db.run("update suggestion set sid = :sid where id = :id", sid=sid.hex(), id=suggestion)
        joined += 1
    return joined


def _within_limits(db: Db, policy: Policy, persons: tuple[int, int]) -> bool:
    """Whether one person may hold all identifiers of these two."""
    types = db.rows("select type from identifier where person in :persons and erased = 0", persons=list(persons))
    held = Counter(t for (t,) in types)
    return all(policy.rule(t).witness or n <= policy.rule(t).limit for t, n in held.items() if policy.knows(t))


def take_back(db: Db, policy: Policy, model: str, *, actor: str, because: str, now: int) -> int:
    """Undo every join that came from a model, by people or by itself; how many statements were revoked."""
    revoked = graph.revoke_model(db, policy, model, at=now, actor=actor, because=because, now=now)
    db.run(
        "update suggestion set state = 'taken_back', decided_by = :actor, decided_at = :now"
        " where model = :model and state in ('yes', 'auto')",
        actor=actor,
        now=now,
        model=model,
    )
    db.run("delete from suggestion where model = :model and state in ('open', 'later', 'household')", model=model)
    return revoked
