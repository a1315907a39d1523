"""Do clusters join what belongs together, and never across a veto?"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.identity.match.cluster import join
from byname.identity.match.engine import Pair
from byname.identity.match.measure import of_clusters, of_pairs, quality

IDS = [str(i) for i in range(8)]
PAIRS = st.lists(
    st.builds(
        lambda ends, weight: Pair(min(ends), max(ends), weight, 0.9),
        st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)).filter(lambda e: e[0] != e[1]),
        st.integers(-5, 20),
    ),
    max_size=20,
    unique_by=lambda p: (p.left, p.right),
)
VETOES = st.frozensets(st.frozensets(st.sampled_from(IDS), min_size=2, max_size=2), max_size=6)


def test_two_sisters_are_not_chained_by_a_record_with_their_initial() -> None:
    pairs = [Pair("anna", "a.", 9.0, 0.99), Pair("a.", "alice", 8.0, 0.99)]
    found = join(["anna", "a.", "alice"], pairs, lambda x, y: {x, y} == {"anna", "alice"})
    assert found.clusters == {"a.": "a.", "anna": "a.", "alice": "alice"}
    assert found.links == pairs[:1]


@given(PAIRS, VETOES, st.randoms())
def test_order_does_not_matter_and_no_cluster_holds_a_veto(pairs, vetoes, rng) -> None:  # type: ignore[no-untyped-def]
    def veto(x: str, y: str) -> bool:
        return frozenset((x, y)) in vetoes

    found = join(IDS, pairs, veto)
    shuffled = list(pairs)
    rng.shuffle(shuffled)
    assert join(IDS, shuffled, veto) == found
    for x, y in itertools.combinations(IDS, 2):
        if found.clusters[x] == found.clusters[y]:
            assert not veto(x, y)
    assert len(found.links) == len(IDS) - len(set(found.clusters.values()))


def test_quality_by_hand() -> None:
    truth = {"a": "1", "b": "1", "c": "1", "d": "2"}
    assert of_pairs([("a", "b"), ("c", "d")], truth) == (0.5, pytest.approx(1 / 3), pytest.approx(0.4))
    assert of_clusters({"a": "a", "b": "a", "c": "c", "d": "c"}, truth).precision == 0.5
    assert quality(0, 0, 0) == (1.0, 1.0, 1.0)
