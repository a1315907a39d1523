"""Do the night's SQL and the day's Python put every pair of records into the same level?"""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.identity.match.questions import level_of, sql
from byname.identity.match.records import Record, columns
from byname.identity.match.shape import COMPARISONS, Comparison, columns_used, shape_of

NAME = st.sampled_from(["", "k", "kate", "catherine", "kat", "katte", "lee", "leigh", "bill", "william", "will", "é"])
RECORD = st.builds(
    Record,
    unique_id=st.just("1"),
    given=NAME,
    surname=NAME,
    born=st.sampled_from(["", "1971-06-24", "1971-06-42", "1971-06-25", "1971-07-24", "1971-12-01", "1980-01-01"]),
    email=st.sampled_from(["", "a@b.uk", "a@c.uk", "ab@b.uk", "zzz@q.uk"]),
    phone=st.sampled_from(["", "+447400123456", "+447400123465", "+443300123456"]),
    postcode=st.sampled_from(["", "sw1a 1aa", "sw1a 1ab", "sw1a 9zz", "2119", "2118"]),
    street=st.sampled_from(["", "light street", "light setreet", "high road"]),
    town=st.sampled_from(["", "london", "lonon", "leeds"]),
    card=st.sampled_from(["", "tok_1", "tok_2"]),
    national=st.sampled_from(["", "12345", "12354", "99999"]),
    occupation=st.sampled_from(["", "baker", "poet"]),
)


@pytest.fixture(scope="module")
def night() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def case(comparison: Comparison) -> str:
    whens = [f"when {sql(level)} then {i}" for i, level in enumerate(comparison.levels[:-1])]
    return f"case {' '.join(whens)} else {len(comparison.levels) - 1} end"


@given(pairs=st.lists(st.tuples(RECORD, RECORD), min_size=1, max_size=40))
def test_both_engines_agree(night: duckdb.DuckDBPyConnection, pairs: list[tuple[Record, Record]]) -> None:
    shape = shape_of(COMPARISONS)
    rows = [(columns(a), columns(b)) for a, b in pairs]
    arrow = pa.table(
        {
            f"{c}_{side}": pa.array(
                [pair[at][c] for pair in rows], pa.list_(pa.string()) if c == "nick" else pa.string()
            )
            for c in columns_used(shape)
            for at, side in enumerate("lr")
        }
    )
    night.register("pairs", arrow)
    found = night.execute(f"select {', '.join(case(c) for c in shape.comparisons)} from pairs").fetchall()
    assert found == [tuple(level_of(c, a, b) for c in shape.comparisons) for a, b in rows]


def test_every_comparison_ends_with_a_level_for_the_rest() -> None:
    for name, levels in COMPARISONS.items():
        assert levels[0].missing or name == "surname"
        assert not levels[-1].when
        assert all(level.when for level in levels[:-1])
        assert len({level.code for level in levels}) == len(levels), f"{name}: a code must name one level"


def test_the_page_has_a_word_for_every_field_and_every_agreement() -> None:
    matches = pytest.importorskip("byname.web.desks.matches")
    assert set(COMPARISONS) <= set(matches.FIELDS)
    assert {level.code for levels in COMPARISONS.values() for level in levels} <= set(matches.AGREEMENT)
