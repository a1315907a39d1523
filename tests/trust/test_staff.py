"""Who gets in, and who does not? Ann owns the shop, Ben works at the till, Mallory has no business here."""

from __future__ import annotations

import doctest
import itertools
from collections.abc import Callable

import pytest

from byname.home import Home
from byname.store.db import Db
from byname.terms import SECOND, BynameError
from byname.trust import access, sessions, staff, tokens
from byname.trust.staff import Account, Refused

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
WORDS = "four words by the sea"


@pytest.fixture
def ann(home: Home, now: int, new_id: Callable[[], str]) -> Account:
    """The owner, as the first start and its link make her."""
    link = home.store.write(lambda db: staff.first_link(db, home.keys, now=now, new_id=new_id))
    assert link is not None
    return staff.use_link(home.store, home.keys, link, WORDS, now=now)


def hired(home: Home, login: str, role: str, now: int) -> str:
    ids = itertools.count()
    return home.store.write(
        lambda db: staff.create(db, login=login, name=login, role=role, now=now, new_id=lambda: f"{login}-{next(ids)}")
    )


def test_the_first_start_prints_a_link_until_the_owner_chose_a_password(
    home: Home, now: int, new_id: Callable[[], str]
) -> None:
    def first(db: Db) -> str | None:
        return staff.first_link(db, home.keys, now=now, new_id=new_id)

    lost, link = home.store.write(first), home.store.write(first)
    assert lost
    assert link
    with pytest.raises(BynameError, match="does not work"):
        staff.use_link(home.store, home.keys, lost, WORDS, now=now)
    staff.use_link(home.store, home.keys, link, WORDS, now=now)
    assert home.store.write(first) is None
    assert len(staff.accounts(home.store.read())) == 1


def test_a_link_works_once_and_not_for_ever(home: Home, ann: Account, now: int) -> None:
    ben = hired(home, "ben", "associate", now)
    link = home.store.write(lambda db: staff.make_link(db, home.keys, ben, now=now))
    db = home.store.read()
    assert staff.link_owner(db, home.keys, link, now=now + staff.LINK_VALID) is None
    with pytest.raises(BynameError, match="12 to 200"):
        staff.use_link(home.store, home.keys, link, "short", now=now)
    with pytest.raises(BynameError, match="easily guessed"):
        staff.use_link(home.store, home.keys, link, "ben-and-his-dog-2026", now=now)
    staff.use_link(home.store, home.keys, link, WORDS, now=now)
    with pytest.raises(BynameError, match="does not work"):
        staff.use_link(home.store, home.keys, link, WORDS, now=now)


def test_ann_signs_in_and_mallory_waits_longer_each_time(home: Home, ann: Account, now: int) -> None:
    def tries(login: str, password: str, at: int, address: str = "10.0.0.1") -> Account | Refused:
        return staff.sign_in(home.store, home.keys, login, password, address=address, now=at)

    assert tries(" Owner ", WORDS, now) == ann
    for _ in range(staff.FREE_TRIES["login"]):
        assert tries("owner", "wrong", now) == Refused(0)
    assert tries("owner", WORDS, now) == Refused(1)
    assert tries("owner", "wrong", now + SECOND) == Refused(0)
    assert tries("owner", WORDS, now + 2 * SECOND) == Refused(1)
    assert tries("owner", WORDS, now + 3 * SECOND) == ann
    assert tries("owner", WORDS, now + 3 * SECOND) == ann


def test_one_address_cannot_try_many_logins(home: Home, ann: Account, now: int) -> None:
    for n in range(staff.FREE_TRIES["address"]):
        assert staff.sign_in(home.store, home.keys, f"x{n}", "wrong", address="10.6.6.6", now=now) == Refused(0)
    again = staff.sign_in(home.store, home.keys, "owner", WORDS, address="10.6.6.6", now=now)
    assert again == Refused(1)
    assert staff.sign_in(home.store, home.keys, "owner", WORDS, address="10.0.0.1", now=now) == ann


def test_who_never_chose_a_password_or_was_shut_out_cannot_sign_in(home: Home, ann: Account, now: int) -> None:
    ben = hired(home, "ben", "associate", now)
    assert isinstance(staff.sign_in(home.store, home.keys, "ben", "", address="", now=now), Refused)
    link = home.store.write(lambda db: staff.make_link(db, home.keys, ben, now=now))
    staff.use_link(home.store, home.keys, link, WORDS, now=now)
    cookie = home.store.write(lambda db: sessions.start(db, home.keys, ben, now=now))
    home.store.write(lambda db: staff.change(db, ben, enabled=False))
    assert isinstance(staff.sign_in(home.store, home.keys, "ben", WORDS, address="", now=now), Refused)
    assert sessions.find(home.store.read(), home.keys, cookie, now=now, idle_min=30) is None


def test_the_last_owner_stays(home: Home, ann: Account, now: int) -> None:
    for change in ({"role": "agent"}, {"enabled": False}):
        with pytest.raises(BynameError, match="needs an owner"):
            home.store.write(lambda db, change=change: staff.change(db, ann.id, **change))  # type: ignore[misc]
    zoe = hired(home, "zoe", "owner", now)
    home.store.write(lambda db: staff.change(db, ann.id, role="agent"))
    assert {a.id: a.role for a in staff.accounts(home.store.read())} == {ann.id: "agent", zoe: "owner"}


def test_passwords_and_secrets_lie_nowhere_in_plain(home: Home, ann: Account, now: int) -> None:
    cookie = home.store.write(lambda db: sessions.start(db, home.keys, ann.id, now=now))
    rows = home.store.read().rows("select password from staff")
    assert all(p.startswith("$argon2id$") for (p,) in rows)
    stored = home.store.read().rows("select digest from session") + home.store.read().rows(
        "select digest from invitation"
    )
    assert cookie.encode() not in b"".join(bytes(d) for (d,) in stored)


def test_a_session_ends_when_idle_after_a_day_and_at_sign_out(home: Home, ann: Account, now: int) -> None:
    def alive(at: int) -> bool:
        return sessions.find(home.store.read(), home.keys, cookie, now=at, idle_min=30) is not None

    cookie = home.store.write(lambda db: sessions.start(db, home.keys, ann.id, now=now, terminal="till 3"))
    session = sessions.find(home.store.read(), home.keys, cookie, now=now, idle_min=30)
    assert session is not None
    assert (session.staff, session.role, session.terminal) == (ann.id, "owner", "till 3")
    assert "erase" in session.permissions
    assert sessions.is_ours(session, session.csrf)
    assert not sessions.is_ours(session, "é")
    assert alive(now + 29 * MINUTE)
    assert not alive(now + 30 * MINUTE)
    home.store.write(lambda db: sessions.seen(db, home.keys, cookie, now=now + 29 * MINUTE))
    assert alive(now + 58 * MINUTE)
    home.store.write(lambda db: sessions.seen(db, home.keys, cookie, now=now + 12 * HOUR))
    assert not alive(now + 12 * HOUR)
    home.store.write(lambda db: sessions.end(db, home.keys, cookie))
    assert not alive(now)


def test_signing_in_ends_the_session_that_the_browser_came_with(home: Home, ann: Account, now: int) -> None:
    planted = home.store.write(lambda db: sessions.start(db, home.keys, ann.id, now=now))
    own = home.store.write(lambda db: sessions.start(db, home.keys, ann.id, now=now, before=planted))
    db = home.store.read()
    assert sessions.find(db, home.keys, planted, now=now, idle_min=30) is None
    assert sessions.find(db, home.keys, own, now=now, idle_min=30) is not None


def test_a_token_may_do_what_its_scopes_say_until_it_is_revoked(
    home: Home, now: int, new_id: Callable[[], str]
) -> None:
    def make(db: Db) -> tuple[str, str]:
        return tokens.make(db, home.keys, name="Till", scopes=["recognise"], now=now, new_id=new_id)

    id, secret = home.store.write(make)
    found = tokens.find(home.store.read(), home.keys, secret)
    assert found is not None
    assert (found.actor, found.scopes) == (f"token:{id}", {"recognise"})
    assert tokens.is_due(found, now)
    home.store.write(lambda db: tokens.used(db, id, now=now))
    assert [t.used_at for t in tokens.tokens(home.store.read())] == [now]
    assert tokens.find(home.store.read(), home.keys, secret + "x") is None
    assert tokens.find(home.store.read(), home.keys, "") is None
    assert home.store.write(lambda db: tokens.revoke(db, id, now=now))
    assert not home.store.write(lambda db: tokens.revoke(db, id, now=now))
    assert tokens.find(home.store.read(), home.keys, secret) is None
    with pytest.raises(BynameError, match="Unknown scopes"):
        home.store.write(lambda db: tokens.make(db, home.keys, name="", scopes=["all"], now=now, new_id=new_id))


def test_roles_name_only_known_permissions_and_only_few_may_erase() -> None:
    assert all(r.permissions <= access.PERMISSIONS.keys() for r in access.ROLES.values())
    assert {r for r in access.ROLES if access.permits(r, "erase")} == {"steward", "owner"}
    assert {r for r in access.ROLES if access.permits(r, "reveal")} == {"agent", "steward", "owner"}
    assert not access.permits("insight", "profile")
    with pytest.raises(ValueError, match="Unknown permission"):
        access.permits("owner", "fly")
    assert doctest.testmod(access).failed == doctest.testmod(staff).failed == 0


def test_an_unknown_login_costs_the_same_work_as_a_known_one() -> None:
    assert not staff.HASHER.check_needs_rehash(staff.NOBODY), "make NOBODY anew with the hasher's parameters"
