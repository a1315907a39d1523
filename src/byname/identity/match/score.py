"""Is this new record someone we know? The saved model by day: one record against those that share a block with it.

Plain Python over the model's numbers, no Splink and no DuckDB; agrees with the night's probability to 1e-6 (tested).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from byname.identity.match.model import Digest, Model, probability
from byname.identity.match.questions import level_of
from byname.identity.match.records import Columns, Record, columns
from byname.identity.match.shape import Comparison, block_keys
from byname.identity.match.veto import vetoed


class Evidence(msgspec.Struct, frozen=True):
    """What one field says, in codes: no personal value."""

    field: str
    agreement: str  # the level's code: same, nickname, initial, typo, near, ..., other, missing
    weight: float  # bits; above 0 speaks for one person, below against


class Scored(msgspec.Struct, frozen=True):
    """How much two records speak for one person."""

    weight: float
    probability: float
    evidence: tuple[Evidence, ...]
    vetoed: str  # why they are of one household at most; '' if nothing speaks against it


class Match(msgspec.Struct, frozen=True):
    unique_id: str
    scored: Scored


def score(model: Model, left: Columns, right: Columns, digest: Digest) -> Scored:
    """Compare two records by the model: prior plus the weight of every field."""
    evidence = tuple(_evidence(model, c, left, right, digest) for c in model.shape.comparisons)
    weight = model.prior_weight + math.fsum(e.weight for e in evidence)
    return Scored(weight, probability(weight), evidence, vetoed(left, right))


def _evidence(model: Model, comparison: Comparison, left: Columns, right: Columns, digest: Digest) -> Evidence:
    index = level_of(comparison, left, right)
    level, odds = comparison.levels[index], model.odds[comparison.name][index]
    weight = odds.weight
    if level.rarity:
        # u of this level is the chance that strangers share some value; of this value it is its frequency.
        weight += math.log2(odds.u / model.terms[level.rarity].frequency(str(left[level.rarity]), digest))
    return Evidence(comparison.name, level.code, 0.0 if level.missing else weight)


class Known:
    """The records a newcomer is compared with, findable by block. Holds plain values: memory only."""

    def __init__(self, model: Model, rows: Iterable[Columns], digest: Digest) -> None:
        self.model = model
        self.digest = lru_cache(65_536)(digest)
        self.rows: dict[str, Columns] = {}
        self._blocks: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for row in rows:
            self.add(row)

    def add(self, row: Columns) -> None:
        """Make a record findable; one that is known under its id is left as it is."""
        unique_id = str(row["unique_id"])
        if unique_id in self.rows:
            return
        self.rows[unique_id] = row
        for key in block_keys(self.model.shape, row):
            self._blocks[key].append(unique_id)

    def matches(self, record: Record, *, least: float = 0.5, most: int = 10, width: int = 2_000) -> list[Match]:
        """Who the record may be, likeliest first: at most `most`, each at least `least` probable.

        A block of more than `width` records is too common to look through and is left out.
        """
        row = columns(record)
        keys = block_keys(self.model.shape, row)
        blocks: Sequence[list[str]] = [
            self._blocks[k] for k in keys if len(self._blocks.get(k, ())) in range(1, width + 1)
        ]
        candidates = {i for block in blocks for i in block} - {record.unique_id}
        found = (Match(i, score(self.model, row, self.rows[i], self.digest)) for i in candidates)
        likely = [m for m in found if m.scored.probability >= least]
        return sorted(likely, key=lambda m: (-m.scored.weight, m.unique_id))[:most]
