"""Who works here, and how does someone sign in? Accounts, one-time links, throttled passwords.

There is no default password: the first start makes a one-time link for the owner, who chooses one; every
further account begins with such a link too. Passwords are kept as argon2id (RFC 9106), hashed outside the
writer's thread. Refusals never tell whether the login, the password or the account was wrong, and cost the
same time.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from byname.keyring import Keyring
from byname.store import Store
from byname.store.db import Db
from byname.terms import SECOND, BynameError
from byname.trust.access import ROLES

HASHER = PasswordHasher()
SHORTEST_PASSWORD = 12
LINK_VALID = 72 * 3600 * SECOND
FORGOTTEN_AFTER = 24 * 3600 * SECOND  # failures are forgotten after a day without one
LONGEST_WAIT_S = 900
FREE_TRIES = {"login": 5, "address": 20}


class Account(NamedTuple):
    """A member of staff. `login` is kept in lower case."""

    id: str
    name: str
    login: str
    role: str
    enabled: bool
    has_password: bool


class Refused(NamedTuple):
    """Not signed in; when to try again. 0: at once."""

    retry_after_s: int


def create(db: Db, *, login: str, name: str, role: str, now: int, new_id: Callable[[], str]) -> str:
    """A new account that nobody can enter before its link was used; its id."""
    if role not in ROLES:
        raise BynameError(f"Unknown role '{role}'", cure=f"Known: {', '.join(ROLES)}")
    login = login.strip().lower()
    if not login or any(c.isspace() for c in login):
        raise BynameError("A login is one word", cure="Take the e-mail address or a short name")
    if db.row("select 1 from staff where login = :login", login=login):
        raise BynameError("This login is taken", cure="Choose another, or send its owner a new link")
    staff = new_id()
    db.run(
        "insert into staff (id, name, login, password, role, oidc_subject, enabled, made_at)"
        " values (:id, :name, :login, '', :role, null, 1, :now)",
        id=staff, name=name.strip() or login, login=login, role=role, now=now,
    )  # fmt: skip
    return staff


def accounts(db: Db) -> list[Account]:
    """Everyone, by login."""
    return [_account(r) for r in db.rows(f"{SELECT} order by login")]


def account(db: Db, staff: str) -> Account | None:
    found = db.row(f"{SELECT} where id = :id", id=staff)
    return _account(found) if found else None


def by_login(db: Db, login: str) -> Account | None:
    found = db.row(f"{SELECT} where login = :login", login=login.strip().lower())
    return _account(found) if found else None


def change(db: Db, staff: str, *, role: str | None = None, enabled: bool | None = None) -> None:
    """Another role, or shut out and let in; the last enabled owner stays. Takes effect with the next request."""
    now_is = account(db, staff)
    if now_is is None:
        raise BynameError("No such account", staff)
    if role is not None and role not in ROLES:
        raise BynameError(f"Unknown role '{role}'", cure=f"Known: {', '.join(ROLES)}")
    then = now_is._replace(role=role or now_is.role, enabled=now_is.enabled if enabled is None else enabled)
    owners = [a for a in accounts(db) if a.role == "owner" and a.enabled and a.id != staff]
    if not owners and now_is.role == "owner" and (then.role != "owner" or not then.enabled):
        raise BynameError("byname needs an owner", cure="Make someone else an owner first")
    sql = "update staff set role = :role, enabled = :enabled where id = :id"
    db.run(sql, role=then.role, enabled=int(then.enabled), id=staff)
    if not then.enabled:
        db.run("delete from session where staff = :id", id=staff)


def make_link(
    db: Db,
    keyring: Keyring,
    staff: str,
    *,
    now: int,
    valid: int = LINK_VALID,
    new_secret: Callable[[], str] = secrets.token_urlsafe,
) -> str:
    """The secret of a one-time link by which the holder chooses a password; earlier links of hers stop working."""
    db.run("delete from invitation where staff = :staff", staff=staff)
    secret = new_secret()
    db.run(
        "insert into invitation (digest, staff, made_at, expires_at, used_at) values (:d, :staff, :now, :end, 0)",
        d=keyring.digest("invitation", secret.encode()), staff=staff, now=now, end=now + valid,
    )  # fmt: skip
    return secret


def first_link(db: Db, keyring: Keyring, *, now: int, new_id: Callable[[], str]) -> str | None:
    """The link that a start prints while no owner can sign in yet; None once one can."""
    owners = [a for a in accounts(db) if a.role == "owner" and a.enabled]
    by_oidc = db.row("select 1 from staff where role = 'owner' and enabled = 1 and oidc_subject is not null")
    if by_oidc or any(a.has_password for a in owners):
        return None
    if owners:
        staff = owners[0].id
    else:
        staff = create(db, login="owner", name="Owner", role="owner", now=now, new_id=new_id)
    return make_link(db, keyring, staff, now=now)


def link_owner(db: Db, keyring: Keyring, secret: str, *, now: int) -> Account | None:
    """Whose link is this, if it still works?"""
    found = db.row(
        "select staff from invitation where digest = :d and used_at = 0 and expires_at > :now",
        d=keyring.digest("invitation", secret.encode()), now=now,
    )  # fmt: skip
    who = account(db, found[0]) if found else None
    return who if who and who.enabled else None


def use_link(store: Store, keyring: Keyring, secret: str, password: str, *, now: int) -> Account:
    """Choose a password by a one-time link. It works once; every session of the account ends."""
    who = link_owner(store.read(), keyring, secret, now=now)
    if who is None:
        raise BynameError("This link does not work (any more)", cure="Ask for a new one")
    hashed = HASHER.hash(good_password(password, who.login))

    def use(db: Db) -> int:
        claimed = db.run(
            "update invitation set used_at = :now where digest = :d and used_at = 0 and expires_at > :now",
            d=keyring.digest("invitation", secret.encode()), now=now,
        )  # fmt: skip
        if claimed:  # else another request was there first
            db.run("update staff set password = :p where id = :id", p=hashed, id=who.id)
            db.run("delete from session where staff = :id", id=who.id)
            db.run("delete from sign_in_attempt where subject = :s", s=_subject(keyring, "login", who.login))
        return claimed

    if not store.write(use):
        raise BynameError("This link does not work (any more)", cure="Ask for a new one")
    return who._replace(has_password=True)


def good_password(password: str, login: str) -> str:
    """The password, if it is long enough and not the login (NIST SP 800-63B: length, no composition rules)."""
    if not SHORTEST_PASSWORD <= len(password) <= 200:
        raise BynameError(f"A password has {SHORTEST_PASSWORD} to 200 characters", cure="Take a few words")
    if login in password.lower() or len(set(password)) < 5:
        raise BynameError("This password is easily guessed", cure="Take a few words that have nothing to do with you")
    return password


def sign_in(store: Store, keyring: Keyring, login: str, password: str, *, address: str, now: int) -> Account | Refused:
    """Check login and password. Every try is counted before it is checked, so that parallel tries count too."""
    login = login.strip().lower()[:200]
    subjects = {kind: _subject(keyring, kind, v) for kind, v in (("login", login), ("address", address))}
    wait_s = store.write(lambda db: _count(db, subjects, now))
    if wait_s:
        return Refused(wait_s)
    found = store.read().row(
        "select id, password from staff where login = :l and enabled = 1 and password <> ''", l=login
    )
    if not _fits(found[1] if found else NOBODY, password) or found is None:
        return Refused(0)

    def let_in(db: Db) -> Account | None:
        db.run("delete from sign_in_attempt where subject = :s", s=subjects["login"])
        if HASHER.check_needs_rehash(found[1]):
            db.run("update staff set password = :p where id = :id", p=better, id=found[0])
        return account(db, found[0])

    better = HASHER.hash(password) if HASHER.check_needs_rehash(found[1]) else ""
    return store.write(let_in) or Refused(0)


def wait_s(failures: int, free: int) -> int:
    """Seconds to wait after so many failures: none for the free ones, then 1, 2, 4, ... up to a quarter of an
    hour.

    >>> [wait_s(n, free=5) for n in (4, 5, 6, 9, 40)]
    [0, 1, 2, 16, 900]
    """
    return 0 if failures < free else min(LONGEST_WAIT_S, 2 ** min(failures - free, 20))


SELECT = "select id, name, login, role, enabled, password <> '' from staff"
# What an unknown login is checked against, to take the same time: the hash of a password that nobody knows.
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$IGglfy0ueGH8/8xK9Xk2qA$M/5XubmD5SXjmPEupTHlbVob+kixbhSG0e56+dhHeLo"


def _account(row: tuple[object, ...]) -> Account:
    id, name, login, role, enabled, has_password = row
    return Account(str(id), str(name), str(login), str(role), bool(enabled), bool(has_password))


def _fits(hashed: str, password: str) -> bool:
    try:
        return HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _subject(keyring: Keyring, kind: str, value: str) -> str:
    return f"{kind}:{keyring.digest('sign_in', value.encode()).hex()[:32]}"


def _count(db: Db, subjects: dict[str, str], now: int) -> int:
    """Seconds to wait, or 0 and one more try is on the books."""
    rows = db.rows(
        "select subject, failures, last_at from sign_in_attempt where subject in :s", s=list(subjects.values())
    )
    past = {s: (failures, last) for s, failures, last in rows if now - last < FORGOTTEN_AFTER}
    for kind, subject in subjects.items():
        failures, last = past.get(subject, (0, 0))
        left = last + wait_s(failures, FREE_TRIES[kind]) * SECOND - now
        if failures and left > 0:
            return int(-(-left // SECOND))
    db.many(
        "insert into sign_in_attempt (subject, failures, last_at) values (?, ?, ?) on conflict (subject)"
        " do update set failures = excluded.failures, last_at = excluded.last_at",
        [(s, past.get(s, (0, 0))[0] + 1, now) for s in subjects.values()],
    )
    return 0
