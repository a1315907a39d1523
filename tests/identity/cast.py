"""Who plays in the identity tests: keys by short names, statements in one line, random histories."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from hypothesis import strategies as st

from byname.identity.policy import Policy
from byname.identity.resolve import People, Statement
from byname.terms import Key

POLICY = Policy.load()


def key(name: str) -> Key:
    """'email:ann' -> its Key, with a token that is made up."""
    type_ = name.partition(":")[0]
    return Key(type_, hashlib.sha256(name.encode()).digest()[:16])


def keys(names: str) -> tuple[Key, ...]:
    return tuple(key(n) for n in names.split())


def see(names: str, at: int = 1, source: str = "till") -> Statement:
    seen = tuple(sorted(keys(names)))
    return Statement(_sid("see", source, *seen), "see", at, seen)


def same(a: str, b: str, at: int = 1) -> Statement:
    return Statement(_sid("same", at, key(a), key(b)), "same", at, (key(a),), (key(b),))


def split(keep: str, away: str, at: int = 1) -> Statement:
    return Statement(_sid("split", at, keep, away), "split", at, keys(keep), keys(away))


def _sid(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode()).digest()[:16]


def together(people: People, names: str) -> bool:
    """Are all of these one person?"""
    return len({people.person[k] for k in keys(names)}) == 1


CAST = """
account:1 account:2 account:3 loyalty:1 loyalty:2 card:1 card:2 card:3 email:1 email:2 email:3
phone:1 phone:2 device:1 device:2 device:3 social:1 given:ann given:bob given:eve
"""
NAMES = CAST.split()
JOINABLE = [n for n in NAMES if not n.startswith("given")]
TIMES = st.integers(1, 9)

SIGHTINGS = st.builds(
    lambda names, at, source: see(" ".join(names), at, source),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True),
    TIMES,
    st.sampled_from(["till", "web"]),
)
SAMES = st.builds(
    lambda pair, at: same(pair[0], pair[1], at),
    st.lists(st.sampled_from(JOINABLE), min_size=2, max_size=2, unique=True),
    TIMES,
)
SPLITS = st.builds(
    lambda names, cut, at: split(" ".join(names[:cut]), " ".join(names[cut:]), at),
    st.lists(st.sampled_from(JOINABLE), min_size=2, max_size=4, unique=True),
    st.just(1),
    TIMES,
)
STATEMENTS = st.one_of(SIGHTINGS, SIGHTINGS, SIGHTINGS, SAMES, SPLITS)
HISTORIES = st.lists(STATEMENTS, min_size=1, max_size=14)


def crowd_policy() -> Policy:
    """The shipped policy with a household of two, so that small histories reach junk."""
    import dataclasses

    return dataclasses.replace(POLICY, household_max=2)


def mentioned(statements: Iterable[Statement]) -> set[Key]:
    return {k for s in statements for k in (*s.left, *s.right)}
