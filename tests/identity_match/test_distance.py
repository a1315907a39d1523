"""Does the day measure strings as the night does?"""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.identity.match.distance import edits, jaro_winkler

TEXT = st.text(alphabet="abcdeoé漢 -1", min_size=1, max_size=14)


@pytest.fixture(scope="module")
def night() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=50))
def test_day_and_night_find_the_same_distance(night: duckdb.DuckDBPyConnection, pairs: list[tuple[str, str]]) -> None:
    found = night.execute(
        "select jaro_winkler_similarity(a, b), damerau_levenshtein(a, b)"
        " from (select unnest($1::text[]) as a, unnest($2::text[]) as b)",
        [[a for a, _ in pairs], [b for _, b in pairs]],
    ).fetchall()
    for (a, b), (similarity, distance) in zip(pairs, found, strict=True):
        assert jaro_winkler(a, b) == pytest.approx(similarity, abs=1e-12)
        assert edits(a, b) == distance


def test_published_examples_of_winkler() -> None:
    assert jaro_winkler("dwayne", "duane") == pytest.approx(0.84)
    assert jaro_winkler("dixon", "dicksonx") == pytest.approx(0.8133, abs=1e-4)
    assert jaro_winkler("abc", "xyz") == 0
