"""Which program calls the API, and what may it do? Tokens: shown once, kept as a digest, with scopes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from byname.keyring import Keyring
from byname.store.db import Db
from byname.terms import SECOND, BynameError
from byname.trust.access import PERMISSIONS

PREFIX = "byn_"  # so that secret scanners and people recognise one
USED_EVERY = 60 * SECOND


class Token(NamedTuple):
    """A program that may call. `scopes` are permissions."""

    id: str
    name: str
    scopes: frozenset[str]
    made_at: int
    used_at: int  # 0: never; to the minute
    revoked_at: int  # 0: in force

    @property
    def actor(self) -> str:
        return f"token:{self.id}"


def make(
    db: Db,
    keyring: Keyring,
    *,
    name: str,
    scopes: Collection[str],
    now: int,
    new_id: Callable[[], str],
    new_secret: Callable[[], str] = secrets.token_urlsafe,
) -> tuple[str, str]:
    """A new token: its id, and its secret, which cannot be had again."""
    if unknown := sorted(set(scopes) - PERMISSIONS.keys()):
        raise BynameError("Unknown scopes", ", ".join(unknown), f"Known: {', '.join(PERMISSIONS)}")
    if not scopes:
        raise BynameError("A token needs a scope", cure=f"Known: {', '.join(PERMISSIONS)}")
    id, secret = new_id(), PREFIX + new_secret()
    db.run(
        "insert into api_token (id, name, digest, scopes, made_at, used_at, revoked_at)"
        " values (:id, :name, :d, :scopes, :now, 0, 0)",
        id=id, name=name.strip() or id, d=_digest(keyring, secret), now=now,
        scopes=msgspec.json.encode(sorted(set(scopes))).decode(),
    )  # fmt: skip
    return id, secret


def find(db: Db, keyring: Keyring, secret: str) -> Token | None:
    """Whose secret is this, if it is in force?"""
    if not secret.startswith(PREFIX):
        return None
    row = db.row(f"{SELECT} where digest = :d and revoked_at = 0", d=_digest(keyring, secret))
    return _token(row) if row else None


def is_due(token: Token, now: int) -> bool:
    """Is it time to write down that it is in use?"""
    return now - token.used_at >= USED_EVERY


def used(db: Db, token: str, *, now: int) -> None:
    db.run("update api_token set used_at = :now where id = :id and used_at < :now", now=now, id=token)


def revoke(db: Db, token: str, *, now: int) -> bool:
    """Take a token out of force; False when there is none such in force."""
    sql = "update api_token set revoked_at = :now where id = :id and revoked_at = 0"
    return db.run(sql, now=now, id=token) > 0


def tokens(db: Db) -> list[Token]:
    """All, newest first."""
    return [_token(r) for r in db.rows(f"{SELECT} order by made_at desc, id")]


SELECT = "select id, name, scopes, made_at, used_at, revoked_at from api_token"


def _token(row: tuple[object, ...]) -> Token:
    id, name, scopes, made_at, used_at, revoked_at = row
    held = frozenset(msgspec.json.decode(str(scopes), type=list[str]))
    return Token(str(id), str(name), held, int(str(made_at)), int(str(used_at)), int(str(revoked_at)))


def _digest(keyring: Keyring, secret: str) -> bytes:
    return keyring.digest("api_token", secret.encode())
