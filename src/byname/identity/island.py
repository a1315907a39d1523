"""Which people live on one island of identifiers? Steps 3 and 4 of F (resolve.py), one implementation for all.

An island is what own pairs and `same` statements connect, ignoring limits and splits; no person reaches beyond it.
Its identifiers are named by their position in a list, so that the oracle, the store and the rebuild share this.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from byname.identity.policy import Policy

T = TypeVar("T", bound=Hashable)


class Node(NamedTuple):
    """An identifier of an island; elsewhere in the island it is named by its position."""

    type: int  # index in the policy
    token: bytes
    first: int


class Same(NamedTuple):
    at: int
    sid: bytes
    a: int
    b: int


class Split(NamedTuple):
    at: int
    keep: frozenset[int]
    away: frozenset[int]


class Settled(NamedTuple):
    person: list[int]  # position of the canonical identifier of each node's person
    refused: list[tuple[int, int]]  # (weaker, stronger) end of each pair that was not joined


class Group:
    """A person in the making: members, how many of each type, and the splits they carry."""

    __slots__ = ("anchored", "counts", "members", "sides")

    def __init__(self, position: int, node: Node, policy: Policy) -> None:
        rule = policy.types[node.type]
        self.members = [position]
        self.counts = {node.type: 1}
        self.anchored = 0 <= rule.rank <= policy.anchor_rank
        self.sides: dict[int, int] = {}  # split -> 1 kept, 2 away, 3 both

    def take(self, other: Group) -> None:
        self.members += other.members
        for type_, count in other.counts.items():
            self.counts[type_] = self.counts.get(type_, 0) + count
        self.anchored |= other.anchored
        for split, side in other.sides.items():
            self.sides[split] = self.sides.get(split, 0) | side


def settle(
    nodes: Sequence[Node],
    pairs: Mapping[tuple[int, int], int],
    sames: Sequence[Same],
    splits: Sequence[Split],
    policy: Policy,
) -> Settled:
    """The people of one island: first what persons and rules said, then sightings, strongest first."""
    if not splits and _nothing_in_the_way(nodes, pairs, policy):
        everyone = min(range(len(nodes)), key=lambda i: node_order(policy, nodes[i]))
        return Settled([everyone] * len(nodes), [])
    return settle_strongest_first(nodes, pairs, sames, splits, policy)


def settle_strongest_first(
    nodes: Sequence[Node],
    pairs: Mapping[tuple[int, int], int],
    sames: Sequence[Same],
    splits: Sequence[Split],
    policy: Policy,
) -> Settled:
    """Kruskal's algorithm with constraints: the strongest evidence decides and the weakest link is cut."""
    group = [Group(i, node, policy) for i, node in enumerate(nodes)]
    for number, split in enumerate(splits):
        for i in split.keep:
            group[i].sides[number] = 1
        for i in split.away:
            group[i].sides[number] = group[i].sides.get(number, 0) | 2
    for same in sorted(sames):
        forbidding = {n for n, split in enumerate(splits) if split.at >= same.at}
        if not _crosses(group[same.a], group[same.b], forbidding):
            _join(group, same.a, same.b)
    refused = []
    every_split = set(range(len(splits)))
    for a, b in sorted(pairs, key=lambda pair: pair_order(policy, nodes, pair, pairs[pair])):
        if group[a] is not group[b]:
            if _may_join(nodes[a], nodes[b], group[a], group[b], every_split, policy):
                _join(group, a, b)
            else:
                refused.append((a, b))
    people = {id(g): g for g in group}
    canonical = {i: min(g.members, key=lambda p: node_order(policy, nodes[p])) for i, g in people.items()}
    apart = [_weaker_first(policy, nodes, a, b) for a, b in refused if group[a] is not group[b]]
    return Settled([canonical[id(g)] for g in group], apart)


def island_splits(splits: Iterable[tuple[int, Iterable[T], Iterable[T]]], place: Mapping[T, int]) -> Iterator[Split]:
    """The splits that run through an island; one with a side elsewhere separates nothing here."""
    for at, keep, away in splits:
        kept = frozenset(place[k] for k in keep if k in place)
        gone = frozenset(place[k] for k in away if k in place)
        if kept and gone:
            yield Split(at, kept, gone)


def _nothing_in_the_way(nodes: Sequence[Node], pairs: Mapping[tuple[int, int], int], policy: Policy) -> bool:
    """No limit can be passed, and no device stands between two people: the whole island is one person."""
    rules = [policy.types[node.type] for node in nodes]
    counts: dict[int, int] = {}
    for rule in rules:
        counts[rule.index] = counts.get(rule.index, 0) + 1
    if any(n > policy.types[t].limit for t, n in counts.items()):
        return False
    if all(rule.bridge for rule in rules):
        return True
    anchors = [i for i, rule in enumerate(rules) if 0 <= rule.rank <= policy.anchor_rank]
    if len(anchors) < 2:
        return True
    one, *others = anchors  # all seen with one of them: together without the device
    return all(rules[i].bridge and ((one, i) in pairs or (i, one) in pairs) for i in others) and rules[one].bridge


def _may_join(a: Node, b: Node, x: Group, y: Group, splits: Collection[int], policy: Policy) -> bool:
    """May a sighting of a and b make one person of the two that they belong to?"""
    bridges = policy.types[a.type].bridge and policy.types[b.type].bridge
    if not bridges and x.anchored and y.anchored:
        return False
    over = any(t in y.counts and n + y.counts[t] > policy.types[t].limit for t, n in x.counts.items())
    return not over and not _crosses(x, y, splits)


def _crosses(x: Group, y: Group, splits: Collection[int]) -> bool:
    """Would joining put the two sides of one of these splits into one person?"""
    if not x.sides or not y.sides or x is y:
        return False
    return any(n in splits and n in y.sides and _opposite(side, y.sides[n]) for n, side in x.sides.items())


def _opposite(side: int, other: int) -> bool:
    return bool((side & 1 and other & 2) or (side & 2 and other & 1))


def _join(group: list[Group], a: int, b: int) -> None:
    large, small = group[a], group[b]
    if large is small:
        return
    if len(large.members) < len(small.members):
        large, small = small, large
    for i in small.members:
        group[i] = large
    large.take(small)


def _weaker_first(policy: Policy, nodes: Sequence[Node], a: int, b: int) -> tuple[int, int]:
    def weakness(i: int) -> tuple[int, int, int, bytes]:
        n = nodes[i]
        return policy.types[n.type].rank, n.first, n.type, n.token

    return (a, b) if weakness(a) > weakness(b) else (b, a)


# --- orders: content only -------------------------------------------------------------------------------------


def node_order(policy: Policy, node: Node) -> tuple[int, int, int, bytes]:
    """The least of a person's identifiers by this is its canonical one."""
    return node.first, policy.types[node.type].rank, node.type, node.token


def pair_order(policy: Policy, nodes: Sequence[Node], pair: tuple[int, int], at: int) -> tuple[Any, ...]:
    """Strongest first: (max rank, min rank, first observed together, the two ends)."""
    a, b = nodes[pair[0]], nodes[pair[1]]
    ranks = policy.types[a.type].rank, policy.types[b.type].rank
    ends = (a.type, a.token), (b.type, b.token)
    return max(ranks), min(ranks), at, min(ends), max(ends)
