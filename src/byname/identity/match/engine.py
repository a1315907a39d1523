"""How is a model trained, and which pairs does it find? Splink 5, the one file that touches it.

It works on a DuckDB of its own from lake/duck.py (in memory; what spills is encrypted), which holds nothing but the
run's columns and is gone with it. Both are loaded when they are needed: a page that shows suggestions loads neither.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from byname.identity.match import questions
from byname.identity.match.model import Digest, Model, Odds, count_terms, odds_of, rarity_columns
from byname.identity.match.records import Columns
from byname.identity.match.shape import Level, Shape, columns_used, count_pairs, pairs_agreeing
from byname.terms import BynameError

if TYPE_CHECKING:
    import pyarrow as pa

SEED = 20261121
PAIRS_FOR_U = 1_000_000  # random pairs of strangers
PAIRS_FOR_M = 5_000_000  # pairs of one training block; of more a sample is enough
RECALL_OF_CERTAIN = 0.7  # share of the true pairs that the `certain` rules find: a guess, and a mild one
ENOUGH = 10  # pairs below which nothing can be learnt


class Pair(NamedTuple):
    """Two records that may be one person's."""

    left: str
    right: str
    weight: float  # bits
    probability: float


def train(rows: Sequence[Columns], shape: Shape, *, id: str, digest: Digest, seed: int = SEED) -> Model:
    """Learn from unlabelled records: u from random pairs, m by expectation maximisation, prior from sure rules.

    Raises BynameError when the records hold too few likely pairs to learn from.
    """
    certain = pairs_agreeing(rows, shape.certain)
    blocks = [block for block in shape.training if count_pairs(rows, block) >= ENOUGH]
    if certain < ENOUGH or not blocks:
        cure = "Add records, or records that carry more (name, e-mail, phone, date of birth, postcode)"
        raise BynameError("Too few likely pairs to learn matching from", f"{certain} of {len(rows)} records", cure)
    prior = min(certain / RECALL_OF_CERTAIN / math.comb(len(rows), 2), 0.5)
    terms = {c: count_terms(rows, c, digest) for c in rarity_columns(shape)}
    with _linker(rows, shape, _settings(shape, prior), terms, digest) as linker:
        linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS_FOR_U, seed=seed)
        for block in blocks:
            linker.training.estimate_parameters_using_expectation_maximisation(_rule(block), max_pairs=PAIRS_FOR_M)
        learnt = linker.misc.save_model_to_json()
    told = {c["output_column_name"]: _learnt(c) for c in learnt["comparisons"]}
    odds = {c.name: odds_of(c.levels, told[c.name]) for c in shape.comparisons}
    return Model(id=id, shape=shape, prior=prior, odds=odds, terms=terms, records=len(rows), seed=seed)


def predict(rows: Sequence[Columns], model: Model, *, digest: Digest, least: float = 0.5) -> list[Pair]:
    """Every pair of records that share a block and reach the probability, strongest first."""
    with _linker(rows, model.shape, _settings(model.shape, model.prior, model.odds), model.terms, digest) as linker:
        found = linker.inference.predict(threshold_match_probability=least, warning_mode="never")
        table = found.as_pyarrow_table()
    columns = (table.column(c).to_pylist() for c in ("unique_id_l", "unique_id_r", "match_weight", "match_probability"))
    pairs = [Pair(min(a, b), max(a, b), w, p) for a, b, w, p in zip(*columns, strict=True)]
    return sorted(pairs, key=lambda p: (-p.weight, p.left, p.right))


@contextmanager
def _linker(
    rows: Sequence[Columns], shape: Shape, settings: dict[str, Any], terms: dict[str, Any], digest: Digest
) -> Iterator[Any]:
    import pyarrow as pa
    from splink import DuckDBAPI, Linker

    from byname.lake import duck

    logging.getLogger("splink").setLevel(logging.ERROR)
    engine = DuckDBAPI(duck.connect())
    try:
        data = engine.register(_arrow(rows, shape), dataset_display_name="records")
        linker = Linker(data, settings, log_level=None)
        for column, frequencies in terms.items():
            values = sorted({str(r[column]) for r in rows if r[column]})
            shares = [frequencies.frequency(v, digest) for v in values]
            lookup = engine.register(pa.table({column: values, f"tf_{column}": shares}))
            linker.table_management.register_term_frequency_lookup(lookup, column)
        yield linker
    finally:
        engine.duckdb_con.close()


def _arrow(rows: Sequence[Columns], shape: Shape) -> pa.Table:
    import pyarrow as pa

    names = ["unique_id", *columns_used(shape)]
    types = [pa.list_(pa.string()) if n == "nick" else pa.string() for n in names]
    return pa.table({n: pa.array([r[n] for r in rows], t) for n, t in zip(names, types, strict=True)})


def _settings(shape: Shape, prior: float, odds: dict[str, tuple[Odds, ...]] | None = None) -> dict[str, Any]:
    """The shape in Splink's words, with what was learnt if anything was."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "unique_id",
        "probability_two_random_records_match": prior,
        "comparisons": [
            {
                "output_column_name": c.name,
                "comparison_description": c.name,
                "comparison_levels": [
                    _level(level, learnt)
                    for level, learnt in zip(c.levels, odds[c.name] if odds else [None] * len(c.levels), strict=True)
                ],
            }
            for c in shape.comparisons
        ],
        "blocking_rules_to_generate_predictions": [_rule(b) for b in shape.blocks],
        "retain_matching_columns": False,
        "max_iterations": 40,
    }


def _level(level: Level, odds: Odds | None) -> dict[str, Any]:
    found: dict[str, Any] = {"sql_condition": questions.sql(level), "label_for_charts": level.code}
    if level.missing:
        return found | {"is_null_level": True}
    if odds:
        found |= {"m_probability": odds.m, "u_probability": odds.u}
    if level.rarity:
        found |= {"tf_adjustment_column": level.rarity, "disable_tf_exact_match_detection": True}
    return found


def _rule(columns: tuple[str, ...]) -> Any:
    from splink import block_on

    return block_on(*columns)


def _learnt(comparison: dict[str, Any]) -> list[tuple[float | None, float | None]]:
    """(m, u) of every level as Splink saved them; None for what it did not meet."""
    return [(c.get("m_probability"), c.get("u_probability")) for c in comparison["comparison_levels"]]
