"""How good is a set of pairs or clusters, when the truth is known? Pairwise precision, recall, F1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import NamedTuple


class Quality(NamedTuple):
    precision: float
    recall: float
    f1: float


def quality(right: int, said: int, true: int) -> Quality:
    """From counts of pairs: right among those said, and how many are true."""
    precision, recall = right / said if said else 1.0, right / true if true else 1.0
    both = precision + recall
    return Quality(precision, recall, 2 * precision * recall / both if both else 0.0)


def of_pairs(pairs: Collection[tuple[str, str]], truth: Mapping[str, str]) -> Quality:
    """Of pairs of records, against the person of every record."""
    right = sum(truth[a] == truth[b] for a, b in pairs)
    return quality(right, len(pairs), _pairs_in(Counter(truth.values())))


def of_clusters(found: Mapping[str, str], truth: Mapping[str, str]) -> Quality:
    """Of clusters, each seen as all its pairs."""
    right = _pairs_in(Counter((found[i], truth[i]) for i in truth))
    return quality(right, _pairs_in(Counter(found.values())), _pairs_in(Counter(truth.values())))


def _pairs_in(sizes: Counter[object] | Counter[str] | Counter[tuple[str, str]]) -> int:
    return sum(n * (n - 1) // 2 for n in sizes.values())
