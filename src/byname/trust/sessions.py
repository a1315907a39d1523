"""Whose browser is this? Sessions of staff: the cookie's digest is kept, a CSRF token beside it."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import NamedTuple

from byname.keyring import Keyring
from byname.store.db import Db
from byname.terms import SECOND
from byname.trust.access import permissions

LONGEST = 12 * 3600 * SECOND  # a working day; then sign in again, busy or not
SEEN_EVERY = 60 * SECOND  # a click is written down at most once a minute


class Session(NamedTuple):
    """A signed-in member of staff."""

    staff: str
    name: str
    login: str
    role: str
    permissions: frozenset[str]
    csrf: str
    terminal: str
    made_at: int
    seen_at: int


def start(
    db: Db,
    keyring: Keyring,
    staff: str,
    *,
    now: int,
    terminal: str = "",
    before: str = "",
    new_secret: Callable[[], str] = secrets.token_urlsafe,
) -> str:
    """A new session's secret, for the cookie. The one that the browser had before ends: nobody can plant one."""
    end(db, keyring, before)
    db.run("delete from session where made_at < :old", old=now - LONGEST)
    secret = new_secret()
    db.run(
        "insert into session (digest, staff, csrf, made_at, seen_at, terminal)"
        " values (:d, :staff, :csrf, :now, :now, :terminal)",
        d=_digest(keyring, secret), staff=staff, csrf=new_secret(), now=now, terminal=terminal[:60],
    )  # fmt: skip
    return secret


def find(db: Db, keyring: Keyring, secret: str, *, now: int, idle_min: int) -> Session | None:
    """Who is it, if the session is alive, not idle for too long, and the account still open?"""
    if not secret:
        return None
    row = db.row(
        "select t.id, t.name, t.login, t.role, s.csrf, s.terminal, s.made_at, s.seen_at"
        " from session s join staff t on t.id = s.staff"
        " where s.digest = :d and t.enabled = 1 and s.seen_at > :idle and s.made_at > :old",
        d=_digest(keyring, secret), idle=now - idle_min * 60 * SECOND, old=now - LONGEST,
    )  # fmt: skip
    if row is None:
        return None
    staff, name, login, role, csrf, terminal, made_at, seen_at = row
    return Session(staff, name, login, role, permissions(role), csrf, terminal, made_at, seen_at)


def is_due(session: Session, now: int) -> bool:
    """Is it time to write down that she is still there?"""
    return now - session.seen_at >= SEEN_EVERY


def seen(db: Db, keyring: Keyring, secret: str, *, now: int) -> None:
    """She clicked: the idle time begins anew."""
    sql = "update session set seen_at = :now where digest = :d and seen_at < :now"
    db.run(sql, now=now, d=_digest(keyring, secret))


def end(db: Db, keyring: Keyring, secret: str) -> None:
    """Sign out."""
    if secret:
        db.run("delete from session where digest = :d", d=_digest(keyring, secret))


def end_all(db: Db) -> None:
    """Everyone signs in anew, and no old link works: after a restore."""
    db.run("delete from session")
    db.run("delete from invitation")


def is_ours(session: Session, csrf: str) -> bool:
    """Does a form come from a page of this session?"""
    return hmac.compare_digest(session.csrf.encode(), csrf.encode())


def _digest(keyring: Keyring, secret: str) -> bytes:
    return keyring.digest("session", secret.encode())
