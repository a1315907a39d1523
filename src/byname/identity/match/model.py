"""What has been learnt about agreement? A model as plain numbers: made by engine.train, kept as JSON, no pickle.

Fellegi and Sunter (1969): each level has the chance m among records of one person and u among strangers, and weighs
log2(m/u); `prior` is the chance that two random records are one person's. A shared rare name weighs more than a
shared common one: `Terms` holds how frequent the common ones are, under keyed digests, so that a model names nobody.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from byname.identity.match.records import Columns
from byname.identity.match.shape import Level, Shape

Digest = Callable[[str], str]
"""A keyed digest of a term, from the home's keyring."""

COMMON = 10  # a term borne by fewer records is kept only in the average of the rare ones


class Odds(msgspec.Struct, frozen=True):
    """How often a level occurs among records of one person (m) and of two (u)."""

    m: float
    u: float

    @property
    def weight(self) -> float:
        """Evidence in bits: +1 doubles the odds, 0 says nothing."""
        return math.log2(self.m / self.u)


NOTHING = Odds(1.0, 1.0)
LEAST = 1e-6  # no level is impossible
SLIP = 1e-3  # people slip in every way: a level that is common among strangers is at least so frequent in one person


USUAL = {"same": 0.9, "other": 0.03}  # how often the records of one person agree, when nothing could be learnt
SELDOM = 0.02  # ... and every grade between


class Terms(msgspec.Struct, frozen=True):
    """How frequent the values of a column are, as shares of the records that fill it."""

    common: dict[str, float]  # by keyed digest
    rare: float  # of any other value

    def frequency(self, value: str, digest: Digest) -> float:
        return self.common.get(digest(value), self.rare)


class Model(msgspec.Struct, frozen=True):
    """A trained matcher."""

    id: str
    shape: Shape
    prior: float
    odds: dict[str, tuple[Odds, ...]]  # by comparison, level by level
    terms: dict[str, Terms]  # by column
    records: int  # how many it learnt from
    seed: int
    kind: str = "splink-5"

    @property
    def prior_weight(self) -> float:
        return math.log2(self.prior / (1.0 - self.prior))


def probability(weight: float) -> float:
    """The chance of a match from its total weight in bits.

    >>> probability(0.0), round(probability(10), 4)
    (0.5, 0.999)
    """
    return 1.0 / (1.0 + math.exp2(-max(-1000.0, min(weight, 1000.0))))


def count_terms(rows: Sequence[Columns], column: str, digest: Digest, least: int = COMMON) -> Terms:
    """The frequencies of a column's common values, and one average for the rare ones."""
    counts = Counter(str(row[column]) for row in rows if row[column])
    total = sum(counts.values())
    rare = [n for n in counts.values() if n < least]
    average = sum(rare) / len(rare) if rare else 1.0
    return Terms({digest(v): n / total for v, n in counts.items() if n >= least}, average / max(total, 1))


def rarity_columns(shape: Shape) -> list[str]:
    """The columns whose term frequencies count."""
    return sorted({level.rarity for c in shape.comparisons for level in c.levels if level.rarity})


def to_json(model: Model) -> str:
    return msgspec.json.encode(model).decode()


def from_json(text: str | bytes) -> Model:
    return msgspec.json.decode(text, type=Model)


def odds_of(levels: Sequence[Level], learnt: Sequence[tuple[float | None, float | None]]) -> tuple[Odds, ...]:
    """The odds of a comparison's levels from (m, u) as learnt, None for what was never met.

    No training block may have held the field open (every one was drawn up by it): then m is USUAL.
    """
    unlearnt = all(m is None for m, _ in learnt)
    found = []
    for level, (m, u) in zip(levels, learnt, strict=True):
        if level.missing or (m is None and u is None):
            found.append(NOTHING)
        else:
            found.append(_odds(USUAL.get(level.code, SELDOM) if unlearnt else m or 0.0, u or 0.0))
    return tuple(found)


def _odds(m: float, u: float) -> Odds:
    u = max(u, LEAST)
    return Odds(max(m, min(SLIP, u), LEAST), u)
