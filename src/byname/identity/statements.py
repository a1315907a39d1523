"""What was said about who is who, and how is it named? Statements as they come in and as the store keeps them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from byname.identity.resolve import Statement
from byname.store.db import Db
from byname.terms import Key

TOGETHER, ONE_END, OTHER_END, KEPT, AWAY = range(5)
"""The sides of `statement_identifier`: of a see; of a same; of a split."""

LEFT, RIGHT = (TOGETHER, ONE_END, KEPT), (OTHER_END, AWAY)


class Sighting(NamedTuple):
    """Identifiers that a source observed together, with the given names said beside them."""

    source: str
    occurred_at: int  # micros
    keys: tuple[Key, ...]
    witnesses: tuple[Key, ...] = ()


def sid_of_see(source: str, keys: Iterable[Key]) -> bytes:
    """The id of a sighting is its content: the same identifiers from the same source are one statement."""
    return hashlib.blake2b(_content(source, sorted(set(keys))), digest_size=16, person=b"see").digest()


def sid_of_same(a: Key, b: Key, at: int, actor: str) -> bytes:
    """Two who say the same say it twice; one who says it again later says it anew."""
    return hashlib.blake2b(_content(f"{actor}\0{at}", sorted((a, b))), digest_size=16, person=b"same").digest()


def sid_of_split(keep: Sequence[Key], away: Sequence[Key], at: int, actor: str) -> bytes:
    content = _content(f"{actor}\0{at}", sorted(set(keep))) + b"\1" + _content("", sorted(set(away)))
    return hashlib.blake2b(content, digest_size=16, person=b"split").digest()


def _content(head: str, keys: Iterable[Key]) -> bytes:
    return b"".join([head.encode(), *(b"\0" + type_.encode() + b"\0" + token for type_, token in keys)])


def all_said(db: Db) -> tuple[list[Statement], set[bytes]]:
    """Every statement and every revoked id: what F is asked of. For the checks; it reads everything."""
    key = {i: Key(type_, bytes(token)) for i, type_, token in db.rows("select id, type, token from identifier")}
    ends: dict[int, tuple[list[Key], list[Key]]] = {}
    for statement, identifier, side in db.rows("select statement, identifier, side from statement_identifier"):
        left_right = ends.setdefault(statement, ([], []))
        left_right[side in RIGHT].append(key[identifier])
    said = []
    for id_, sid, op, at in db.rows("select id, sid, op, at_ from statement"):
        left, right = ends.get(id_, ([], []))
        said.append(Statement(bytes(sid), op, at, tuple(sorted(left)), tuple(sorted(right))))
    return said, {bytes(sid) for (sid,) in db.rows("select sid from revoked")}
