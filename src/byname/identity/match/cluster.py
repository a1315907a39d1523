"""Which records become one customer? Strongest pairs first, and never across a veto.

Kruskal's algorithm with constraints, as the live graph does it (spec/identity 4.2): two sisters are not chained
together by a record that carries only their initial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from byname.identity.match.engine import Pair

Veto = Callable[[str, str], object]
"""Truthy when two records are never one person."""


class Joined(NamedTuple):
    clusters: dict[str, str]  # record -> least id of its cluster
    links: list[Pair]  # the pairs that made them, strongest first: one fewer per cluster than its records


def join(ids: Iterable[str], pairs: Iterable[Pair], vetoed: Veto | None = None) -> Joined:
    """Join the ends of every pair unless some veto stands between the two clusters that would become one."""
    parent = {i: i for i in ids}
    members: dict[str, list[str]] = {}
    links: list[Pair] = []

    def root(i: str) -> str:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for pair in sorted(pairs, key=lambda p: (-p.weight, p.left, p.right)):
        a, b = root(pair.left), root(pair.right)
        if a == b:
            continue
        if vetoed and any(vetoed(x, y) for x in members.get(a, (a,)) for y in members.get(b, (b,))):
            continue
        low, high = (a, b) if a < b else (b, a)
        parent[high] = low
        members[low] = members.pop(low, [low]) + members.pop(high, [high])
        links.append(pair)
    return Joined({i: root(i) for i in parent}, links)
