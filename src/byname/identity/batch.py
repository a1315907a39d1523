"""Who is who, for everyone at once? F over all statements, set-wise: for imports, the rebuild and the check.

Pairs, counts and states are arrays; islands come from scipy's connected components. Most islands have nothing in
the way and are one person each; the others go through island.py, the same code as one touch (spec/identity 4.5).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.sparse import coo_array  # type: ignore[import-untyped]
from scipy.sparse.csgraph import connected_components  # type: ignore[import-untyped]

from byname.identity import graph, resolve
from byname.identity.island import Node, Same, island_splits, node_order, settle
from byname.identity.policy import Policy
from byname.identity.region import CHANGE_LOCK, LOCK_SPACE, LOCKS, crowd_text
from byname.identity.resolve import CONTESTED, OWN, SHARED, STATES
from byname.identity.statements import AWAY, KEPT, ONE_END, OTHER_END, TOGETHER, Sighting
from byname.store.db import Db
from byname.terms import Key

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

DERIVED = ("first_at", "state", "person", "island", "household", "crowd")
NEVER = np.iinfo(np.int64).max
AT_ONCE = 2000  # sightings a step


class Difference(NamedTuple):
    """An identifier whose derived columns are not what follows from the statements."""

    identifier: int
    column: str
    live: Any
    should_be: Any

    def __str__(self) -> str:
        return f"identifier {self.identifier}: {self.column} is {self.live}, should be {self.should_be}"


# --- the verbs ------------------------------------------------------------------------------------------------


def rebuild_rows(db: Db, policy: Policy) -> pa.Table:
    """What the derived columns of `identifier` should be: id and DERIVED, by id."""
    made = Everyone(db, policy).settle()
    states = pa.array(STATES)
    return pa.table(
        {
            "id": made.ids,
            "first_at": made.first,
            "state": states.take(pa.array(made.state)),
            "person": made.ids[made.person],
            "island": made.island,
            "household": made.ids[made.household],
            "crowd": pa.array([made.crowd.get(i, "") for i in range(len(made.ids))], pa.string()),
        }
    )


def differences(db: Db, policy: Policy) -> list[Difference]:
    """Where live is not what it should be; empty when the law holds. Read it inside one snapshot."""
    wrong = [Difference(i, "live", live, 1 - live) for i, live in db.rows(WRONGLY_LIVE)]
    should = rebuild_rows(db, policy)
    live = _live(db)
    for column in DERIVED:
        a, b = live[column].combine_chunks(), should[column].combine_chunks()
        if not a.equals(b):
            odd = np.flatnonzero(np.asarray(a.to_numpy(False) != b.to_numpy(False)))
            wrong += [Difference(should["id"][i].as_py(), column, a[i].as_py(), b[i].as_py()) for i in odd.tolist()]
    return wrong


def rebuild(db: Db, policy: Policy, *, now: int = 0) -> int:
    """Put what follows from the statements in place of what is there; how many identifiers changed."""
    if db.engine != "sqlite":
        db.lock(range(LOCK_SPACE, LOCK_SPACE + LOCKS))
    db.run(
        "update statement set live = case when exists (select 1 from revoked r where r.sid = statement.sid)"
        " then 0 else 1 end where live <> case when exists"
        " (select 1 from revoked r where r.sid = statement.sid) then 0 else 1 end"
    )
    should, live = rebuild_rows(db, policy), _live(db)
    odd = np.zeros(len(should), dtype=bool)
    for column in DERIVED:
        odd |= live[column].to_numpy() != should[column].to_numpy()
    rows = should.filter(pa.array(odd))
    before = live.filter(pa.array(odd))
    values = zip(*(rows[c].to_pylist() for c in (*DERIVED, "id")), strict=True)
    db.many(f"update identifier set {', '.join(f'{c} = ?' for c in DERIVED)} where id = ?", list(values))
    _tell(db, before, rows, now)
    return len(rows)


def see_many(
    db: Db, policy: Policy, sightings: Sequence[Sighting], *, now: int, new_id: Callable[[], str]
) -> dict[Key, int]:
    """`graph.see` for an import, in steps that fit in memory. What it costs is writing the rows, not settling them."""
    ids: dict[Key, int] = {}
    for start in range(0, len(sightings), AT_ONCE):
        part = sightings[start : start + AT_ONCE]
        ids.update(graph.see(db, policy, part, now=now, new_id=new_id))
    return ids


# --- everyone -------------------------------------------------------------------------------------------------


class Everyone:
    """All identifiers and what is said of them, as arrays; an identifier is its position in order of id."""

    def __init__(self, db: Db, policy: Policy) -> None:
        self.policy = policy
        self.width = len(policy.types)
        rows = db.rows("select id, type, token from identifier order by id")
        self.ids: Ints = np.fromiter((r[0] for r in rows), np.int64, len(rows))
        self.type: Ints = np.fromiter((policy.index(r[1]) for r in rows), np.int64, len(rows))
        self.tokens = [bytes(r[2]) for r in rows]
        del rows
        said = db.rows(SAID)
        self.of: Ints = np.searchsorted(self.ids, np.fromiter((r[0] for r in said), np.int64, len(said)))
        self.statement: Ints = np.fromiter((r[1] for r in said), np.int64, len(said))
        self.side: Ints = np.fromiter((r[2] for r in said), np.int64, len(said))
        self.at: Ints = np.fromiter((r[3] for r in said), np.int64, len(said))
        del said
        self.sids = {i: bytes(sid) for i, sid in db.rows("select id, sid from statement where op = 'same'")}
        self.witness: Bools = np.array([r.witness for r in policy.types])[self.type]
        self.rank: Ints = np.array([r.rank for r in policy.types], np.int64)[self.type]
        self.crowd: dict[int, str] = {}

    def settle(self) -> Everyone:
        n = len(self.ids)
        self.first = self._first()
        self.a, self.b, self.pair_at = self._pairs()
        self.state = self._states()
        own = self.state == STATES.index(OWN)
        joins = own[self.a] & own[self.b]
        self.a_own, self.b_own, self.own_at = self.a[joins], self.b[joins], self.pair_at[joins]
        self.sames, self.splits = self._said()
        self.label = self._connected(self.a_own, self.b_own)
        least = np.full(n, NEVER)
        np.minimum.at(least, self.label, self.ids)
        self.island: Ints = least[self.label]
        self.person = self._canonical()
        self._settle_what_is_contested()
        self._shared_crowds()
        self.household = self._households()
        return self

    def _first(self) -> Ints:
        first = np.full(len(self.ids), NEVER)
        observed = (self.side < KEPT) & ~self.witness[self.of]
        np.minimum.at(first, self.of[observed], self.at[observed])
        first[first == NEVER] = 0
        return first

    def _pairs(self) -> tuple[Ints, Ints, Ints]:
        """Distinct pairs seen together, with the least time; a < b."""
        seen = self.side == TOGETHER
        order = np.lexsort((self.of[seen], self.statement[seen]))
        who, when, at = self.of[seen][order], self.statement[seen][order], self.at[seen][order]
        starts = np.flatnonzero(np.r_[True, when[1:] != when[:-1]]) if len(when) else np.zeros(0, np.int64)
        sizes = np.diff(np.r_[starts, len(when)])
        found: list[tuple[Ints, Ints, Ints]] = []
        for size in np.unique(sizes[sizes > 1]).tolist():
            rows = starts[sizes == size]
            for i, j in combinations(range(size), 2):
                found.append((who[rows + i], who[rows + j], at[rows]))
        if not found:
            return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
        a, b, pair_at = (np.concatenate(parts) for parts in zip(*found, strict=True))
        order = np.lexsort((pair_at, b, a))
        a, b, pair_at = a[order], b[order], pair_at[order]
        new = np.r_[True, (a[1:] != a[:-1]) | (b[1:] != b[:-1])]
        return a[new], b[new], pair_at[new]

    def _states(self) -> Ints:
        """`resolve.state_of`, asked once for each distinct combination of counts."""
        n, width = len(self.ids), self.width
        counts = np.bincount(self.a * width + self.type[self.b], minlength=n * width)
        counts += np.bincount(self.b * width + self.type[self.a], minlength=n * width)
        counts = counts.reshape(n, width)
        state = np.full(n, STATES.index(OWN))
        for rule in self.policy.types:
            mine = np.flatnonzero(self.type == rule.index)
            kinds, which = np.unique(counts[mine], axis=0, return_inverse=True)
            names = [{t.name: int(k) for t, k in zip(self.policy.types, kind, strict=True)} for kind in kinds]
            answers = [STATES.index(resolve.state_of(sizes, rule, self.policy)) for sizes in names]
            if len(mine):
                state[mine] = np.array(answers)[which.reshape(-1)]
        return state

    def _said(self) -> tuple[list[Same], list[tuple[int, list[int], list[int]]]]:
        ends: dict[int, tuple[int, dict[int, list[int]]]] = {}
        for row in np.flatnonzero(self.side != TOGETHER).tolist():
            at, side = int(self.at[row]), int(self.side[row])
            sides = ends.setdefault(int(self.statement[row]), (at, {}))[1]
            sides.setdefault(side, []).append(int(self.of[row]))
        sames = [
            Same(at, self.sids[i], side[ONE_END][0], side[OTHER_END][0])
            for i, (at, side) in ends.items()
            if ONE_END in side and OTHER_END in side
        ]
        return sames, [(at, side[KEPT], side[AWAY]) for at, side in ends.values() if KEPT in side and AWAY in side]

    def _order(self) -> tuple[Any, ...]:
        """`island.node_order` as keys of a lexsort (last is first)."""
        halves = np.frombuffer(b"".join(t.ljust(16, b"\0")[:16] for t in self.tokens), ">u8").reshape(-1, 2)
        return halves[:, 1], halves[:, 0], self.type, self.rank, self.first

    def _canonical(self) -> Ints:
        """The canonical identifier of each island, as if it were one person."""
        order = np.lexsort((*self._order(), self.label))
        labels = self.label[order]
        heads = order[np.r_[True, labels[1:] != labels[:-1]]] if len(order) else order
        least = np.zeros(len(self.ids), np.int64)
        least[self.label[heads]] = heads
        return least[self.label]

    def _in_the_way(self) -> Bools:
        """Islands (by label) that a limit, a split or a device may part."""
        n, width = len(self.ids), self.width
        counts = np.bincount(self.label * width + self.type, minlength=n * width).reshape(n, width)
        over = (counts > np.array([r.limit for r in self.policy.types])).any(axis=1)
        parted: Bools = np.logical_or(over, self._only_a_device_between())
        for _, keep, away in self.splits:
            parted[[*self.label[keep], *self.label[away]]] = True
        return parted

    def _only_a_device_between(self) -> Bools:
        """Islands whose anchors fall apart without the types that may not bridge."""
        rules = self.policy.types
        bridges = np.array([r.bridge for r in rules])[self.type]
        firm = bridges[self.a_own] & bridges[self.b_own]
        label = self._connected(self.a_own[firm], self.b_own[firm])
        anchors = (self.rank >= 0) & (self.rank <= self.policy.anchor_rank)
        least, most = np.full(len(self.ids), NEVER), np.full(len(self.ids), -1)
        np.minimum.at(least, self.label[anchors], label[anchors])
        np.maximum.at(most, self.label[anchors], label[anchors])
        return most > least

    def _connected(self, a: Ints, b: Ints) -> Ints:
        """The component of each identifier, by these pairs and every `same`."""
        n = len(self.ids)
        if not n:
            return np.zeros(0, np.int64)
        ends = np.array([(s.a, s.b) for s in self.sames], np.int64).reshape(-1, 2)
        one, other = np.concatenate([a, ends[:, 0]]), np.concatenate([b, ends[:, 1]])
        edges = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(n, n))
        label: Ints = connected_components(edges, directed=False)[1].astype(np.int64)
        return label

    def _settle_what_is_contested(self) -> None:
        parted = self._in_the_way()
        members: dict[int, list[int]] = defaultdict(list)
        for i in np.flatnonzero(parted[self.label]).tolist():
            members[int(self.label[i])].append(i)
        pairs: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        near = np.flatnonzero(parted[self.label[self.a_own]])
        for a, b, at in zip(
            self.a_own[near].tolist(), self.b_own[near].tolist(), self.own_at[near].tolist(), strict=True
        ):
            pairs[int(self.label[a])].append((a, b, at))
        sames: dict[int, list[Same]] = defaultdict(list)
        for s in self.sames:
            sames[int(self.label[s.a])].append(s)
        for label, island in members.items():
            self._settle_island(island, pairs[label], sames[label])

    def _settle_island(self, island: list[int], pairs: list[tuple[int, int, int]], sames: list[Same]) -> None:
        place = {i: p for p, i in enumerate(island)}
        settled = settle(
            [self._node(i) for i in island],
            {(place[a], place[b]): at for a, b, at in pairs},
            [Same(s.at, s.sid, place[s.a], place[s.b]) for s in sames],
            list(island_splits(self.splits, place)) if self.splits else (),
            self.policy,
        )
        self.person[island] = [island[c] for c in settled.person]
        against: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for weak, strong in settled.refused:
            other = island[strong]
            against[island[weak]][self.policy.types[self.type[other]].name].append(int(self.ids[other]))
        for weak, crowd in against.items():
            self.state[weak], self.crowd[weak] = STATES.index(CONTESTED), crowd_text(crowd)

    def _node(self, i: int) -> Node:
        return Node(int(self.type[i]), self.tokens[i], int(self.first[i]))

    def _shared_crowds(self) -> None:
        shared = self.state == STATES.index(SHARED)
        beside: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for one, other in ((self.a, self.b), (self.b, self.a)):
            near = np.flatnonzero(shared[one])
            types = self.type[other[near]].tolist()
            for i, type_, o in zip(one[near].tolist(), types, self.ids[other[near]].tolist(), strict=True):
                beside[i][self.policy.types[type_].name].append(o)
        for i, found in beside.items():
            rule = self.policy.types[self.type[i]]
            self.crowd[i] = crowd_text(resolve.crowd_of(found, rule, self.policy))

    def _households(self) -> Ints:
        household = self.person.copy()
        crowd = {i: json.loads(text) for i, text in self.crowd.items()}
        at = {int(self.ids[i]): i for i in self._mentioned(crowd)}
        told = {i: {t: [at[o] for o in others] for t, others in c.items()} for i, c in crowd.items()}
        every = {*told, *at.values()}
        links = resolve.household_links(
            told,
            {i: STATES[self.state[i]] for i in every},
            {i: int(self.person[i]) for i in every},
            self.policy,
            {i: self.policy.types[self.type[i]].name for i in every},
        )
        home = resolve.households(links, lambda i: node_order(self.policy, self._node(i)))
        least = np.arange(len(self.ids))
        least[list(home)] = list(home.values())
        household[:] = least[self.person]
        return household

    def _mentioned(self, crowd: dict[int, dict[str, list[int]]]) -> Iterator[int]:
        ids = np.array(sorted({o for c in crowd.values() for others in c.values() for o in others}), np.int64)
        yield from np.searchsorted(self.ids, ids).tolist()


# --- the store ------------------------------------------------------------------------------------------------

SAID = """
select x.identifier, x.statement, x.side, s.at_ from statement_identifier x
join statement s on s.id = x.statement left join revoked r on r.sid = s.sid where r.sid is null
"""

WRONGLY_LIVE = """
select s.id, s.live from statement s left join revoked r on r.sid = s.sid
where s.live <> case when r.sid is null then 1 else 0 end
"""


def _live(db: Db) -> pa.Table:
    rows = db.rows(f"select id, {', '.join(DERIVED)}, public_id from identifier order by id")
    columns = zip(*rows, strict=True) if rows else [()] * (len(DERIVED) + 2)
    types = {"state": pa.string(), "crowd": pa.string(), "public_id": pa.string()}
    names = ("id", *DERIVED, "public_id")
    return pa.table({n: pa.array(c, types.get(n, pa.int64())) for n, c in zip(names, columns, strict=True)})


def _tell(db: Db, before: pa.Table, after: pa.Table, now: int) -> None:
    """One row in the change feed for everyone whom a rebuild moved; newcomers (alone until now) are no news."""
    old, new = before["person"].to_pylist(), after["person"].to_pylist()
    moved = [
        (public, was, is_)
        for public, was, is_, island, id_ in zip(
            before["public_id"].to_pylist(),
            old,
            new,
            before["island"].to_pylist(),
            before["id"].to_pylist(),
            strict=True,
        )
        if was != is_ and (was != id_ or island != id_)
    ]
    if not moved:
        return
    ids = {p for _, was, is_ in moved for p in (was, is_)}
    public_id: dict[int, str] = dict(db.rows("select id, public_id from identifier where id in :ids", ids=list(ids)))
    body = [{"identifier": p, "from": public_id[was], "to": public_id[is_]} for p, was, is_ in moved]
    if db.engine != "sqlite":
        db.lock([CHANGE_LOCK])
    db.many(
        "insert into change (recorded_at, cause, op, body) values (?, ?, 'rebuild', ?)",
        [(now, b"", json.dumps(body, separators=(",", ":")))],
    )


__all__ = ["Difference", "Everyone", "differences", "rebuild", "rebuild_rows", "see_many"]
