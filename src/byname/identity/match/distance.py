"""How far apart are two strings? The three measures of the matcher, the same as DuckDB's.

The night compares in SQL and the day in Python; a pair must fall into the same level in both. DuckDB counts
bytes of UTF-8, so these do too (a test holds them together on random text; similarities agree to 1e-12, and the
levels leave that much room).
"""

from __future__ import annotations

from functools import lru_cache

BOOST = 0.7  # Winkler adds the prefix only above this similarity
PREFIX, PREFIX_WEIGHT = 4, 0.1


@lru_cache(65_536)
def jaro_winkler(left: str, right: str) -> float:
    """Similarity from 0 to 1 (Winkler 1990): shared letters near each other, and a shared beginning.

    >>> round(jaro_winkler("martha", "marhta"), 4)
    0.9611
    """
    a, b = left.encode(), right.encode()
    if not a or not b:
        return 0.0
    similarity = _jaro(a, b)
    if similarity <= BOOST:
        return similarity
    prefix = 0
    for x, y in zip(a[:PREFIX], b[:PREFIX], strict=False):
        if x != y:
            break
        prefix += 1
    return similarity + prefix * PREFIX_WEIGHT * (1.0 - similarity)


def _jaro(a: bytes, b: bytes) -> float:
    """Jaro 1989: the mean of matched shares of both strings and of the matches in order."""
    if a == b:
        return 1.0
    reach = max(max(len(a), len(b)) // 2 - 1, 0)
    taken = [False] * len(b)
    matched_a: list[int] = []
    for i, letter in enumerate(a):
        for j in range(max(0, i - reach), min(len(b), i + reach + 1)):
            if not taken[j] and b[j] == letter:
                taken[j] = True
                matched_a.append(letter)
                break
    if not matched_a:
        return 0.0
    matched_b = [letter for letter, hit in zip(b, taken, strict=True) if hit]
    crossed = sum(x != y for x, y in zip(matched_a, matched_b, strict=True)) // 2
    n = len(matched_a)
    return (n / len(a) + n / len(b) + (n - crossed) / n) / 3.0


@lru_cache(65_536)
def edits(left: str, right: str) -> int:
    """Fewest insertions, deletions, changes and swaps of neighbours (Damerau 1964, unrestricted).

    >>> edits("1971-06-24", "1971-06-42"), edits("ca", "abc")
    (1, 2)
    """
    a, b = left.encode(), right.encode()
    if a == b:
        return 0
    far = len(a) + len(b)
    last_row: dict[int, int] = {}
    table = [[far] * (len(b) + 2) for _ in range(len(a) + 2)]
    for i in range(len(a) + 1):
        table[i + 1][1] = i
    for j in range(len(b) + 1):
        table[1][j + 1] = j
    for i, x in enumerate(a, 1):
        last_column = 0
        for j, y in enumerate(b, 1):
            row, column = last_row.get(y, 0), last_column
            cost = 1
            if x == y:
                cost, last_column = 0, j
            table[i + 1][j + 1] = min(
                table[i][j] + cost,
                table[i + 1][j] + 1,
                table[i][j + 1] + 1,
                table[row][column] + (i - row - 1) + 1 + (j - column - 1),
            )
        last_row[x] = i
    return table[-1][-1]
