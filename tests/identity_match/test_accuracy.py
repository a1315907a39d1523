"""Are the floors of spec/identity held on every labelled set? Clusters at 0.95, training without labels."""

from __future__ import annotations

import pytest

from byname.identity.match.measure import of_clusters
from tests.identity_match.labelled import DATA, SOURCES, matched


@pytest.mark.parametrize("name", SOURCES)
def test_clusters_reach_the_floor(name: str) -> None:
    source = SOURCES[name]
    if not (DATA / source.file).exists():
        pytest.skip(f"the labelled set {source.file} is not beside the repository")
    data, found = matched(name)
    got = of_clusters(found.households if source.households else found.plain, data.truth)
    assert got.f1 >= source.floor_f1
    assert got.precision >= source.floor_precision
    if source.households:  # what the veto is for
        without = of_clusters(found.plain, data.truth)
        assert got.precision > without.precision + 0.1
        assert got.recall > without.recall - 0.02
