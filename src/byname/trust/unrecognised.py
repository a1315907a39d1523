"""Does she want never to be recognised? Then every look-up of hers answers anonymous, and no event gets her
name.

Kept as a digest of the token under a purpose of its own: it outlives her erasure, and names nobody by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol, TypeVar

from byname.keyring import Keyring
from byname.store.db import Db
from byname.terms import Key


class Carries(Protocol):
    """An arrival: a named tuple with what names someone."""

    @property
    def keys(self) -> tuple[Key, ...]: ...
    @property
    def same(self) -> tuple[Key, Key] | None: ...


A = TypeVar("A", bound=Carries)


def flag(db: Db, keyring: Keyring, keys: Iterable[Key], *, now: int) -> None:
    """She is never to be recognised by any of these again."""
    db.many(
        "insert into unrecognised (token, at_) values (?, ?) on conflict (token) do nothing",
        [(_mark(keyring, k), now) for k in keys],
    )


def unflag(db: Db, keyring: Keyring, keys: Collection[Key]) -> None:
    """She changed her mind: from now on she may be recognised; what came before stays without a name."""
    db.run("delete from unrecognised where token in :tokens", tokens=[_mark(keyring, k) for k in keys])


def flagged(db: Db, keyring: Keyring, keys: Collection[Key]) -> set[Key]:
    """Which of these must not be recognised? Where nobody asked for it, one look at an empty table."""
    if not keys or db.row("select 1 from unrecognised limit 1") is None:
        return set()
    marks = {_mark(keyring, k): k for k in keys}
    found = db.rows("select token from unrecognised where token in :tokens", tokens=list(marks))
    return {marks[bytes(token)] for (token,) in found}


def nameless(db: Db, keyring: Keyring, arrivals: Sequence[A]) -> list[A]:
    """The arrivals, without any identifier where one of them is flagged: the others would lead back to her."""
    hidden = flagged(db, keyring, {k for a in arrivals for k in _named(a)})
    if not hidden:
        return list(arrivals)
    empty: dict[str, Any] = {"keys": (), "values": (), "witnesses": (), "same": None}
    return [a._replace(**empty) if hidden.intersection(_named(a)) else a for a in arrivals]  # type: ignore[attr-defined]


def _named(a: Carries) -> tuple[Key, ...]:
    """Whoever an arrival speaks of: an alias names two who need not be among its keys."""
    return (*a.keys, *(a.same or ()))


def _mark(keyring: Keyring, key: Key) -> bytes:
    return keyring.digest("unrecognised", key.type.encode() + b"\0" + key.token)[:16]
