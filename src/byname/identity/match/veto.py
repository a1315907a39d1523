"""Are these two members of one household rather than one person? The veto that models lack (spec/identity 3).

A name, an address and a phone are not independent inside a family, so a model joins mother and daughter: of its false
pairs on retail records 99 of 100 were such. The veto looks at what a household does not share: given names and dates of
birth. A vetoed pair becomes a household link.
"""

from __future__ import annotations

from functools import lru_cache

from byname.identity.match.distance import edits, jaro_winkler
from byname.identity.match.records import Columns, nicknames

NAMES_ALIKE = 0.80  # Jaro-Winkler from which two given names may be one
BIRTHDAY_EDITS = 2  # more differences than this are another day, not a slip


def vetoed(left: Columns, right: Columns) -> str:
    """Why these two are not one person ('given', 'initial', 'born'); '' if nothing speaks against it."""
    a, b = left["given"], right["given"]
    if isinstance(a, str) and isinstance(b, str) and not _swapped(left, right) and (why := names_differ(a, b)):
        return why
    x, y = left["born"], right["born"]
    if isinstance(x, str) and isinstance(y, str) and edits(x, y) > BIRTHDAY_EDITS:
        return "born"
    return ""


@lru_cache(65_536)
def names_differ(a: str, b: str) -> str:
    """'given' for two clearly different names, 'initial' for an initial that does not fit, else ''.

    >>> names_differ("marie", "sophie"), names_differ("bill", "william"), names_differ("m", "sophie")
    ('given', '', 'initial')
    """
    if a == b:
        return ""
    if len(a) == 1 or len(b) == 1:
        fits = {n[0] for n in nicknames(a)} & {n[0] for n in nicknames(b)}
        return "" if fits else "initial"
    alike = jaro_winkler(a, b) >= NAMES_ALIKE or edits(a, b) <= 1 or nicknames(a) & nicknames(b)
    return "" if alike else "given"


def _swapped(left: Columns, right: Columns) -> bool:
    """First and last name changed places in one of the two."""
    return left["given"] == right["surname"] or left["surname"] == right["given"]
