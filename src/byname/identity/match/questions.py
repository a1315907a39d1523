"""Do two values agree? Each kind of question once in SQL, for the night, and once in Python, for the day."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from byname.identity.match.distance import edits, jaro_winkler
from byname.identity.match.records import Columns
from byname.identity.match.shape import Comparison, Level, Question

ROOM = 1e-9  # both engines round the last bit of a similarity their own way


class Kind(NamedTuple):
    sql: Callable[[Question], str]
    holds: Callable[[Question, Columns, Columns], bool]


def sql(level: Level) -> str:
    """The condition over columns x_l and x_r in DuckDB's SQL; 'ELSE' for the last level."""
    return " OR ".join(f"({KINDS[t.kind].sql(t)})" for t in level.when) or "ELSE"


def level_of(comparison: Comparison, left: Columns, right: Columns) -> int:
    """The index of the level that two records reach."""
    for i, level in enumerate(comparison.levels):
        if not level.when or any(KINDS[t.kind].holds(t, left, right) for t in level.when):
            return i
    raise ValueError(f"comparison '{comparison.name}' has no last level")


def _missing(t: Question, left: Columns, right: Columns) -> bool:
    return left[t.columns[0]] is None or right[t.columns[0]] is None


def _same(t: Question, left: Columns, right: Columns) -> bool:
    return all(left[c] is not None and left[c] == right[c] for c in t.columns)


def _full(t: Question, left: Columns, right: Columns) -> bool:
    return _same(t, left, right) and len(_text(left, t)) > 1


def _swapped(t: Question, left: Columns, right: Columns) -> bool:
    a, b = t.columns
    given, surname = left[a], left[b]
    return given is not None and surname is not None and given == right[b] and surname == right[a] != given


def _overlap(t: Question, left: Columns, right: Columns) -> bool:
    return bool(set(left[t.columns[0]] or ()) & set(right[t.columns[0]] or ()))


def _initial(t: Question, left: Columns, right: Columns) -> bool:
    a, b = _text(left, t), _text(right, t)
    return bool(a and b) and a[0] == b[0] and (len(a) == 1 or len(b) == 1)


def _near(t: Question, left: Columns, right: Columns) -> bool:
    return jaro_winkler(_text(left, t), _text(right, t)) >= t.bound - ROOM


def _edits(t: Question, left: Columns, right: Columns) -> bool:
    return edits(_text(left, t), _text(right, t)) <= t.bound


def _text(row: Columns, t: Question) -> str:
    return cast("str", row[t.columns[0]] or "")


def _initial_sql(t: Question) -> str:
    (c,) = t.columns
    return f"{c}_l[1] = {c}_r[1] and (length({c}_l) = 1 or length({c}_r) = 1)"


def _swapped_sql(t: Question) -> str:
    a, b = t.columns
    return f"{a}_l = {b}_r and {b}_l = {a}_r and {a}_l <> {b}_l"


KINDS: dict[str, Kind] = {
    "missing": Kind(lambda t: "{0}_l is null or {0}_r is null".format(*t.columns), _missing),
    "same": Kind(lambda t: " and ".join(f"{c}_l = {c}_r" for c in t.columns), _same),
    "full": Kind(lambda t: "{0}_l = {0}_r and length({0}_l) > 1".format(*t.columns), _full),
    "swapped": Kind(_swapped_sql, _swapped),
    "overlap": Kind(lambda t: "list_has_any({0}_l, {0}_r)".format(*t.columns), _overlap),
    "initial": Kind(_initial_sql, _initial),
    "near": Kind(lambda t: "jaro_winkler_similarity({0}_l, {0}_r) >= {1!r}".format(*t.columns, t.bound - ROOM), _near),
    "edits": Kind(lambda t: "damerau_levenshtein({0}_l, {0}_r) <= {1}".format(*t.columns, int(t.bound)), _edits),
}
