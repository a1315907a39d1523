"""Why are these identifiers one person, and what kept others out? Statements in words, the weakest link first.

F joins strongest first, so the last link that joined anything is the weakest: the one to question. Nothing personal is
said here; identifiers are named by type and public id, and the pages put masked values beside them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from byname.identity.island import Node, pair_order
from byname.identity.policy import Policy
from byname.identity.resolve import CONTESTED, JUNK, OWN, SHARED, WITNESS
from byname.identity.statements import RIGHT, TOGETHER
from byname.store.db import Db
from byname.terms import moment

MOST = 10_000  # statements looked at


class Because(NamedTuple):
    """One step of the explanation, or one thing that was refused. `str()` says it in words."""

    kind: str  # joined | refused | split | shared | junk
    op: str  # see | same | split; '' for shared and junk
    a: str  # type and public id
    b: str  # the other end; '' when there is none
    at: int
    source: str
    actor: str
    because: str
    sid: str  # hex: what to revoke

    def __str__(self) -> str:
        return WORDS[self.kind, self.op].format(**self._asdict(), who=self._who(), day=moment(self.at).date())

    def _who(self) -> str:
        return self.actor or self.source or "a source"


WORDS = {
    ("joined", "see"): "{a} and {b} turned up together ({who}, first on {day})",
    ("joined", "same"): "{who} said on {day} that {a} and {b} are one person: {because}",
    ("refused", "see"): "{a} and {b} turned up together ({who}, first on {day}) and are still not one person",
    ("refused", "same"): "{who} said on {day} that {a} and {b} are one person; a later split forbids it",
    ("split", "split"): "{who} said on {day} that {a} and {b} are not one person: {because}",
    ("shared", ""): "{a} is shared by several people and joins nobody",
    ("junk", ""): "{a} is nobody's: far too many use it",
}


class Change(NamedTuple):
    """An identifier that became somebody else's."""

    seq: int
    recorded_at: int
    op: str
    cause: str  # hex sid
    identifier: str  # public ids
    came_from: str
    went_to: str


class Suspect(NamedTuple):
    """A value that may belong on the blocked list: its public id, and how many used it."""

    public_id: str
    type: str
    state: str
    sightings: int
    given_names: int


class _End(NamedTuple):
    id: int
    type: str
    token: bytes
    public_id: str
    state: str
    person: int
    first_at: int

    @property
    def name(self) -> str:
        return f"{self.type} {self.public_id}"


class _Link(NamedTuple):
    op: str
    at: int
    sid: bytes
    source: str
    actor: str
    because: str
    a: _End
    b: _End

    def told(self, kind: str) -> Because:
        return Because(
            kind, self.op, self.a.name, self.b.name, self.at, self.source, self.actor, self.because, self.sid.hex()
        )


def explain(db: Db, policy: Policy, person: int) -> list[Because]:
    """The chain that makes this person's identifiers one, weakest link first; then what was refused or set apart."""
    links = _links(db, person)
    hers = [link for link in links if link.a.person == link.b.person == person]
    chain = [link.told("joined") for link in _chain(policy, hers)]
    others = [link for link in links if (link.a.person == person) != (link.b.person == person)]
    refused = _first_of_each(link for link in others if link.op == "same" or _both_join(link))
    splits = _first_of_each(link for link in links if link.op == "split")
    crowded = {e.id: e for link in others for e in (link.a, link.b) if e.state in (SHARED, JUNK) and link.op == "see"}
    return [
        *reversed(chain),
        *(link.told("refused") for link in refused),
        *(link.told("split") for link in splits),
        *(Because(e.state, "", e.name, "", 0, "", "", "", "") for _, e in sorted(crowded.items())),
    ]


def _chain(policy: Policy, links: Iterable[_Link]) -> list[_Link]:
    """The links that joined something, in the order in which F takes them: a tree over her identifiers."""

    def order(link: _Link) -> tuple[Any, ...]:
        if link.op == "same":
            return (0, link.at, link.sid)
        ends = [Node(policy.index(e.type), e.token, e.first_at) for e in (link.a, link.b)]
        return (1, *pair_order(policy, ends, (0, 1), link.at))

    usable = [x for x in links if x.op == "same" or (x.op == "see" and _both_join(x))]
    group: dict[int, set[int]] = {}
    chain = []
    for link in sorted(usable, key=order):
        one, other = group.setdefault(link.a.id, {link.a.id}), group.setdefault(link.b.id, {link.b.id})
        if one is not other:
            one |= other
            group.update(dict.fromkeys(other, one))
            chain.append(link)
    return chain


def _both_join(link: _Link) -> bool:
    return link.op == "see" and link.a.state in (OWN, CONTESTED) and link.b.state in (OWN, CONTESTED)


def _first_of_each(links: Iterable[_Link]) -> list[_Link]:
    found: dict[tuple[int, int, str], _Link] = {}
    for link in sorted(links, key=lambda x: (x.at, x.sid)):
        found.setdefault((min(link.a.id, link.b.id), max(link.a.id, link.b.id), link.op), link)
    return list(found.values())


def _links(db: Db, person: int) -> list[_Link]:
    """Everything said of her identifiers and others, pair by pair; sightings of her shared ones are not read."""
    statements = db.rows(
        "select s.id, s.op, s.at_, s.sid, s.source, s.actor, s.because from statement s where s.live = 1 and s.id in"
        " (select x.statement from statement_identifier x join identifier i on i.id = x.identifier"
        f" where i.person = :person and (i.state in ('{OWN}', '{CONTESTED}') or x.side > 0)) order by s.id limit :most",
        person=person,
        most=MOST,
    )
    said = {row[0]: row[1:] for row in statements}
    if not said:
        return []
    ends: dict[int, tuple[list[_End], list[_End]]] = {}
    for statement, side, *end in db.rows(
        "select x.statement, x.side, i.id, i.type, i.token, i.public_id, i.state, i.person, i.first_at"
        f" from statement_identifier x join identifier i on i.id = x.identifier and i.state <> '{WITNESS}'"
        " where x.statement in :ids",
        ids=list(said),
    ):
        end[2] = bytes(end[2])
        ends.setdefault(statement, ([], []))[side in RIGHT].append(_End(*end))
        if side == TOGETHER:
            ends[statement][1].append(_End(*end))
    return [
        _Link(op, at, bytes(sid), source, actor, because, a, b)
        for statement, (op, at, sid, source, actor, because) in said.items()
        for a in ends.get(statement, ([], []))[0]
        for b in ends.get(statement, ([], []))[1]
        if (a.id < b.id if op == "see" else a.id != b.id) and person in (a.person, b.person)
    ]


def history(db: Db, person: int) -> list[Change]:
    """How this person's identifiers came to be hers, or left another: the change feed, oldest first."""
    hers = {p for (p,) in db.rows("select public_id from identifier where person = :person", person=person)}
    found: dict[tuple[int, str], Change] = {}
    for public_id in sorted(hers):
        rows = db.rows(
            "select seq, recorded_at, op, cause, body from change where body like :about order by seq",
            about=f'%"{public_id}"%',
        )
        for seq, at, op, cause, body in rows:
            for move in json.loads(body):
                if not hers.isdisjoint(move.values()):
                    change = Change(seq, at, op, bytes(cause).hex(), move["identifier"], move["from"], move["to"])
                    found[seq, change.identifier] = change
    return [found[k] for k in sorted(found)]


def changes(db: Db, after: int, most: int = 1000) -> list[Change]:
    """The change feed after a number, in the order of commits. A row's moves come whole, so there may be more."""
    rows = db.rows(
        "select seq, recorded_at, op, cause, body from change where seq > :after order by seq limit :most",
        after=after,
        most=most,
    )
    return [
        Change(seq, at, op, bytes(cause).hex(), move["identifier"], move["from"], move["to"])
        for seq, at, op, cause, body in rows
        for move in json.loads(body)
    ]


def suspects(db: Db, most: int = 20, among: Collection[str] = (SHARED, JUNK)) -> list[Suspect]:
    """Which values are on the way to being everybody's? Proposals for the blocked list; the shop decides."""
    rows = db.rows(
        "select i.id, i.public_id, i.type, i.state, count(*) from identifier i"
        " join statement_identifier x on x.identifier = i.id and x.side = 0"
        " where i.state in :among and i.erased = 0 group by i.id, i.public_id, i.type, i.state"
        f" order by 5 desc, i.id limit {int(most)}",
        among=list(among),
    )
    names = {id_: _given_names(db, id_) for id_, *_ in rows}
    return [Suspect(public, type_, state, n, names[id_]) for id_, public, type_, state, n in rows]


def _given_names(db: Db, identifier: int) -> int:
    row = db.row(
        "select count(distinct y.identifier) from statement_identifier x join statement_identifier y"
        f" on y.statement = x.statement join identifier i on i.id = y.identifier and i.state = '{WITNESS}'"
        " where x.identifier = :identifier and x.side = 0",
        identifier=identifier,
    )
    return row[0] if row else 0
