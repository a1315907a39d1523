"""What is compared, in how many grades, and which records meet? One definition for every set of fields.

A `Shape` follows from the fields that a set of records fills. It is plain data: every level names its questions, and a
question is written once for SQL (the night) and once for Python (the day) in `questions.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from itertools import combinations

import msgspec

from byname.identity.match.records import FIELDS, Columns, Record


class Question(msgspec.Struct, frozen=True):
    """A question about two values of the same columns: its kind (see questions.KINDS), columns and bound."""

    kind: str
    columns: tuple[str, ...]
    bound: float = 0.0


class Level(msgspec.Struct, frozen=True):
    """One grade of agreement; it holds when any of its questions does and none above held. None: all the rest."""

    code: str  # what the page shows and the evidence keeps: 'same', 'nickname', 'typo', 'other', ...
    when: tuple[Question, ...] = ()
    missing: bool = False  # says nothing for or against
    rarity: str = ""  # column whose term frequency weighs this level: a shared rare name says more


class Comparison(msgspec.Struct, frozen=True):
    """The grades of one field, best first."""

    name: str
    levels: tuple[Level, ...]


class Shape(msgspec.Struct, frozen=True):
    """Everything that is decided before training."""

    comparisons: tuple[Comparison, ...]
    blocks: tuple[tuple[str, ...], ...]  # records meet that agree on all columns of one of these
    training: tuple[tuple[str, ...], ...]  # blocks in which EM learns
    certain: tuple[tuple[str, ...], ...]  # pairs taken as true for the first guess of how many there are


def missing(*columns: str) -> Level:
    return Level("missing", tuple(Question("missing", (c,)) for c in columns), missing=True)


def same(column: str, *, rarity: bool = False) -> Level:
    return Level("same", (Question("same", (column,)),), rarity=column if rarity else "")


def near(code: str, column: str, similarity: float) -> Level:
    return Level(code, (Question("near", (column,), similarity),))


def typo(column: str, most: int, code: str = "typo") -> Level:
    return Level(code, (Question("edits", (column,), most),))


OTHER = Level("other")
SWAPPED = Question("swapped", ("given", "surname"))

COMPARISONS: dict[str, tuple[Level, ...]] = {
    "given": (
        missing("given"),
        Level("swapped", (SWAPPED,)),
        Level("same", (Question("full", ("given",)),), rarity="given"),
        Level("nickname", (Question("overlap", ("nick",)),)),
        Level("initial", (Question("initial", ("given",)),)),
        near("typo", "given", 0.9),
        near("near", "given", 0.8),
        OTHER,
    ),
    "surname": (
        # Swapped names are counted once, with the given name.
        Level("missing", (Question("missing", ("surname",)), SWAPPED), missing=True),
        same("surname", rarity=True),
        near("typo", "surname", 0.92),
        near("near", "surname", 0.8),
        OTHER,
    ),
    "born": (
        missing("born"),
        same("born"),
        typo("born", 1),
        typo("born", 2, "near"),
        Level("year", (Question("same", ("year",)),)),
        OTHER,
    ),
    "email": (
        missing("email"),
        same("email"),
        Level("mailbox", (Question("same", ("mailbox",)),)),
        typo("email", 1),
        OTHER,
    ),
    "phone": (missing("phone"), same("phone"), typo("phone", 1), OTHER),
    "postcode": (
        missing("postcode"),
        same("postcode", rarity=True),
        typo("postcode", 1),
        Level("district", (Question("same", ("outward",)),)),
        OTHER,
    ),
    "street": (
        missing("street"),
        same("street"),
        near("typo", "street", 0.92),
        near("near", "street", 0.8),
        OTHER,
    ),
    "town": (missing("town"), same("town", rarity=True), near("typo", "town", 0.88), OTHER),
    "card": (missing("card"), same("card"), OTHER),
    "national": (missing("national"), same("national"), typo("national", 1), typo("national", 2, "near"), OTHER),
    "occupation": (missing("occupation"), same("occupation", rarity=True), OTHER),
}

BLOCKS: tuple[tuple[str, ...], ...] = (
    ("national",),
    ("card",),
    ("email",),
    ("phone",),
    ("mailbox", "surname"),
    ("given", "surname"),
    ("surname", "born"),
    ("given", "born"),
    ("born", "postcode"),
    ("born", "town"),
    ("surname", "postcode"),
    ("given", "postcode"),
    ("outward", "born"),
    ("given3", "surname4", "year"),
    ("given3", "surname4", "outward"),
    ("given3", "surname4"),
    ("initial", "surname"),
    ("postcode",),
    ("born",),
    ("surname",),
    ("given", "town"),
    ("given",),
)

TRAINING = (
    ("given", "surname"),
    ("born",),
    ("email",),
    ("phone",),
    ("card",),
    ("surname", "postcode"),
    ("given", "postcode"),
)
CERTAIN = (
    ("national", "surname"),
    ("email", "given"),
    ("card", "surname"),
    ("given", "surname", "born"),
    ("given", "surname", "phone"),
    ("given", "surname", "postcode"),
)

PAIRS_A_RECORD = 20.0  # a block that makes more comparisons than this per record is left out
MOST_ALIKE = 100  # records that agree in all of a sure rule; more are a test account or a default

FROM = {
    "initial": "given",
    "given3": "given",
    "nick": "given",
    "surname4": "surname",
    "year": "born",
    "mailbox": "email",
    "outward": "postcode",
}


def shape_of(fields: Collection[str]) -> Shape:
    """The shape for records that fill these fields (names of `Record`)."""
    have = {f for f in FIELDS if f in fields}

    def possible(rules: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
        return tuple(rule for rule in rules if {FROM.get(c, c) for c in rule} <= have)

    return Shape(
        comparisons=tuple(Comparison(f, levels) for f, levels in COMPARISONS.items() if f in have),
        blocks=possible(BLOCKS),
        training=possible(TRAINING),
        certain=possible(CERTAIN),
    )


def shape_for(records: Sequence[Record], rows: Sequence[Columns]) -> Shape:
    """The shape for these records and their columns: what they fill, in blocks that we can afford."""
    return affordable(shape_of(filled(records)), rows)


def affordable(shape: Shape, rows: Sequence[Columns], most: float = PAIRS_A_RECORD) -> Shape:
    """The shape without the blocks in which these records would make more pairs than we can compare."""
    return msgspec.structs.replace(
        shape, blocks=tuple(rule for rule in shape.blocks if count_pairs(rows, rule) <= most * len(rows))
    )


def count_pairs(rows: Sequence[Columns], rule: tuple[str, ...]) -> int:
    """How many pairs agree on all columns of the rule."""
    sizes = Counter(key for row in rows if all(key := tuple(row[c] for c in rule)))
    return sum(n * (n - 1) // 2 for n in sizes.values())


def pairs_agreeing(rows: Sequence[Columns], rules: Sequence[tuple[str, ...]]) -> int:
    """How many different pairs agree on all columns of at least one of the rules; a crowd of equals is nobody."""
    found: set[tuple[int, int]] = set()
    for rule in rules:
        groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for i, row in enumerate(rows):
            if all(key := tuple(row[c] for c in rule)):
                groups[key].append(i)
        for members in groups.values():
            if len(members) <= MOST_ALIKE:
                found.update(combinations(members, 2))
    return len(found)


def filled(records: Sequence[Record], least: float = 0.01) -> set[str]:
    """The fields that at least this share of the records fill."""
    need = max(1, least * len(records))
    return {f for f in FIELDS if sum(bool(getattr(r, f)) for r in records) >= need}


def columns_used(shape: Shape) -> list[str]:
    """Every column that a comparison or a block reads."""
    tested = (c for k in shape.comparisons for level in k.levels for t in level.when for c in t.columns)
    return sorted({*tested, *(c for rule in shape.blocks + shape.training + shape.certain for c in rule)})


def block_keys(shape: Shape, row: Columns) -> set[tuple[str, ...]]:
    """The meeting points of one record: two records that share one are compared.

    >>> shape = shape_of({"email", "card"})
    >>> sorted(block_keys(shape, {"email": "a@b.uk", "mailbox": "a", "card": None}))
    [('email', 'a@b.uk')]
    """
    keys = set()
    for rule in shape.blocks:
        values = [row[c] for c in rule]
        if all(values):
            keys.add(("+".join(rule), *(str(v) for v in values)))
    return keys
