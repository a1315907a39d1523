"""Which people follow now? F again, for one region of the stored graph (spec/identity 4.3).

The rules are resolve.py's and island.py's; this file only reads as little as they need. Sightings of a shared or junk
identifier are never read: what F wants to know of it stands in its row (`crowd`), so that ten thousand customers
behind one phone cost each of them nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from byname.identity import resolve
from byname.identity.island import Node, Same, island_splits, node_order, settle
from byname.identity.region import Region, Row, crowd_text
from byname.identity.resolve import CONTESTED, JUNK, OWN, SHARED, WITNESS
from byname.identity.statements import AWAY, KEPT, ONE_END, OTHER_END

Beside = dict[int, dict[str, set[int]]]


class Seen(NamedTuple):
    """A sighting by the ids of its identifiers, witnesses too; new in this transaction."""

    at: int
    ids: tuple[int, ...]


def resettle(
    region: Region, touched: Collection[int], *, added: Sequence[Seen] = (), recount: bool = False, said: bool = False
) -> None:
    """Make the derived columns of the region what F says. Nothing is written yet.

    `touched`: identifiers whose statements changed, loaded and claimed. `added`: sightings not stored yet. `recount`:
    a sighting was taken back, so neighbours are counted from the sightings again. `said`: a same or split changed.
    """
    rows = [region.rows[i] for i in touched]
    near = count_neighbours(region, rows, added, recount)
    if recount:
        changed = [r.id for r in rows if not r.fresh and (r.state, r.crowd) != (r.stored[1], r.stored[5])]
        around = {o for i in changed for others in near[i].values() for o in others} - set(touched)
        region.load(around)
        around = {i for i in around if region.rows[i].state != WITNESS}
        region.claim_islands(around)
        rows += [region.rows[i] for i in around]
    work = _islands(region, rows, said or recount)
    _settle_islands(region, work, added, said)
    _settle_households(region, {r.id: r for r in [*work, *rows] if r.state != WITNESS})


# --- whose: own, shared, junk ---------------------------------------------------------------------------------


def count_neighbours(region: Region, rows: Sequence[Row], added: Sequence[Seen], recount: bool) -> Beside:
    """Set the state and crowd of each row from whom it was seen with; what had to be read is returned."""
    policy = region.policy
    near = _beside(region, added)
    counted = [r for r in rows if policy.rule(r.type).links and (recount or r.state != JUNK)]
    reading = [r.id for r in counted if not r.fresh and (recount or r.state != SHARED)]
    for identifier, type_, other in _seen_with(region, reading):
        near[identifier][type_].add(other)
    for row in counted:
        rule, found = policy.rule(row.type), near[row.id]
        crowd = row.shared_with() if row.state == SHARED and not recount else {}
        sizes = {}
        for type_ in rule.links:
            together = found.get(type_, set()).union(crowd.get(type_, ()))
            too_many = crowd.get(type_) == []
            sizes[type_] = resolve.most_of(type_, rule, policy) + 1 if too_many else len(together)
        state = resolve.state_of(sizes, rule, policy)
        if state == SHARED:
            full = {t for t, ids in crowd.items() if not ids}
            grown = {t: found.get(t, set()).union(crowd.get(t, ())) for t in rule.links}
            known = resolve.crowd_of(grown, rule, policy)
            row.crowd = crowd_text({**known, **{t: [] for t in full}})
        elif state == JUNK or row.state in (SHARED, JUNK):
            row.crowd = ""
        if state != OWN or row.state != CONTESTED:
            row.state = state
    return near


def _beside(region: Region, added: Sequence[Seen]) -> Beside:
    near: Beside = defaultdict(lambda: defaultdict(set))
    for _, ids in added:
        for a, b in combinations(ids, 2):
            near[a][region.rows[b].type].add(b)
            near[b][region.rows[a].type].add(a)
    return near


def _seen_with(region: Region, ids: Collection[int]) -> list[tuple[int, str, int]]:
    if not ids:
        return []
    found: list[tuple[int, str, int]] = region.db.rows(
        "select distinct x.identifier, i.type, i.id from statement_identifier x"
        " join statement s on s.id = x.statement and s.live = 1"
        " join statement_identifier y on y.statement = x.statement and y.identifier <> x.identifier"
        " join identifier i on i.id = y.identifier where x.identifier in :ids and x.side = 0",
        ids=list(ids),
    )
    return found


# --- who: people ----------------------------------------------------------------------------------------------


def _islands(region: Region, rows: Sequence[Row], said: bool) -> list[Row]:
    """Every identifier of the islands that may look different now."""
    moved = [r for r in rows if said or r.joins or r.stored[1] in (OWN, CONTESTED) or r.first_at != r.stored[0]]
    islands = {r.stored[3] for r in moved if not r.fresh and r.state != WITNESS}
    region.load_islands(islands)
    work = [r for r in region.rows.values() if r.state != WITNESS and (r.fresh or r.stored[3] in islands)]
    for row in work:
        if row.state == CONTESTED:
            row.state, row.crowd = OWN, ""
    return work


def _settle_islands(region: Region, work: Sequence[Row], added: Sequence[Seen], said: bool) -> None:
    policy = region.policy
    own = {r.id for r in work if r.state == OWN}
    pairs = _pairs(region, [r.id for r in work if r.state == OWN and not r.fresh], own, added)
    sames, splits = _said(region, [r.id for r in work if said or not r.fresh])
    edges = [*pairs, *((s.a, s.b) for s in sames)]
    order = {r.id: (policy.index(r.type), r.token) for r in work}
    island_of: dict[int, int] = {}
    islands: list[list[int]] = []
    for members in resolve.connected(order, edges):
        members.sort(key=order.__getitem__)
        island_of.update(dict.fromkeys(members, len(islands)))
        islands.append(members)
    pairs_of: dict[int, list[tuple[tuple[int, int], int]]] = defaultdict(list)
    for pair, at in pairs.items():
        pairs_of[island_of[pair[0]]].append((pair, at))
    sames_of: dict[int, list[Same]] = defaultdict(list)
    for same in sames:
        sames_of[island_of[same.a]].append(same)
    for number, members in enumerate(islands):
        place = {i: p for p, i in enumerate(members)}
        rows = [region.rows[i] for i in members]
        settled = settle(
            [Node(order[r.id][0], r.token, r.first_at) for r in rows],
            {(place[a], place[b]): at for (a, b), at in pairs_of[number]},
            [Same(s.at, s.sid, place[s.a], place[s.b]) for s in sames_of[number]],
            list(island_splits(splits, place)) if splits else (),
            policy,
        )
        least = min(members)
        for row, canonical in zip(rows, settled.person, strict=True):
            row.person, row.island = members[canonical], least
        against: dict[int, list[int]] = defaultdict(list)
        for weak, strong in settled.refused:
            against[weak].append(strong)
        for weak, others in against.items():
            _contest(rows[weak], [rows[o] for o in others])


def _contest(row: Row, others: Sequence[Row]) -> None:
    crowd: dict[str, list[int]] = defaultdict(list)
    for other in others:
        crowd[other.type].append(other.id)
    row.state, row.crowd = CONTESTED, crowd_text(crowd)


def _pairs(
    region: Region, stored: Sequence[int], own: Collection[int], added: Sequence[Seen]
) -> dict[tuple[int, int], int]:
    """Own identifiers seen together, and when first."""
    together: dict[int, tuple[int, list[int]]] = {}
    if stored:
        for statement, identifier, at in region.db.rows(
            "select x.statement, x.identifier, s.at_ from statement_identifier x"
            " join statement s on s.id = x.statement and s.live = 1 where x.identifier in :ids and x.side = 0",
            ids=stored,
        ):
            together.setdefault(statement, (at, []))[1].append(identifier)
    pairs: dict[tuple[int, int], int] = {}
    for at, ids in (*together.values(), *added):
        for pair in combinations(sorted({i for i in ids if i in own}), 2):
            known = pairs.get(pair)
            if known is None or at < known:
                pairs[pair] = at
    return pairs


def _said(region: Region, ids: Sequence[int]) -> tuple[list[Same], list[tuple[int, list[int], list[int]]]]:
    """What people and rules said of these: the sames, and the splits as (at, kept, away)."""
    if not ids:
        return [], []
    ends: dict[int, tuple[int, bytes, dict[int, list[int]]]] = {}
    for statement, identifier, side, at, sid in region.db.rows(
        "select x.statement, x.identifier, x.side, s.at_, s.sid from statement_identifier x"
        " join statement s on s.id = x.statement and s.live = 1 where x.identifier in :ids and x.side > 0",
        ids=ids,
    ):
        ends.setdefault(statement, (at, bytes(sid), {}))[2].setdefault(side, []).append(identifier)
    sames = [
        Same(at, sid, side[ONE_END][0], side[OTHER_END][0])
        for at, sid, side in ends.values()
        if ONE_END in side and OTHER_END in side
    ]
    splits = [(at, side[KEPT], side[AWAY]) for at, _, side in ends.values() if KEPT in side and AWAY in side]
    return sames, splits


# --- households -----------------------------------------------------------------------------------------------


def _settle_households(region: Region, touched: dict[int, Row]) -> None:
    policy, rows = region.policy, region.rows
    if _only_newcomers(touched.values()):
        home = {r.person: r.household for r in touched.values() if not r.fresh}
        for row in touched.values():
            row.household = home.get(row.person, row.person)
        return
    linked = {i for r in touched.values() if r.crowd for ids in r.shared_with().values() for i in ids}
    beyond = linked - rows.keys()
    region.load(beyond)
    region.claim_islands([i for i in beyond if rows[i].state not in (JUNK, WITNESS)])
    near = [*touched.values(), *(rows[i] for i in linked if rows[i].state not in (JUNK, WITNESS))]
    homes = {r.stored[4] for r in near if not r.fresh}
    region.load_households(homes)
    people = {r.id: r for r in rows.values() if r.state != WITNESS and (r.fresh or r.stored[4] in homes)}
    crowd = {i: r.shared_with() for i, r in people.items() if r.crowd}
    region.load({i for shared in crowd.values() for ids in shared.values() for i in ids})
    links = resolve.household_links(
        crowd,
        {i: r.state for i, r in rows.items()},
        {i: r.person for i, r in rows.items()},
        policy,
        {i: r.type for i, r in rows.items()},
    )

    def order(person: int) -> tuple[int, int, int, bytes]:
        row = rows[person]
        return node_order(policy, Node(policy.index(row.type), row.token, row.first_at))

    home = resolve.households(links, order)
    for row in people.values():
        row.household = home.get(row.person, row.person)


def _only_newcomers(rows: Iterable[Row]) -> bool:
    """Did identifiers only join people who stay as they were, without a shared or contested one among them?"""
    return all(not r.crowd if r.fresh else (r.derived()[:3], r.crowd) == (r.stored[:3], r.stored[5]) for r in rows)
