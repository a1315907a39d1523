"""Can it be shown who looked at whom? And is someone who wants it so never recognised again?"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from byname.home import Home
from byname.terms import Key
from byname.trust import audit, unrecognised
from byname.trust.audit import Look


def test_a_customer_sees_who_looked_at_her_under_any_id_she_ever_had(home: Home, now: int) -> None:
    looks = [
        Look(now, "staff:ben", "brief", "c1", "service", "till 3", "known"),
        Look(now + 1, "staff:zoe", "view", "c2", "service"),
        Look(now + 2, "staff:zoe", "view", "c9", "service"),
    ]
    home.store.write(lambda db: audit.log(db, looks))
    found = audit.looks_at(home.store.read(), ["c1", "c2"])
    assert [logged.look for logged in found] == [looks[1], looks[0]]
    assert audit.looks_at(home.store.read(), []) == []


def test_the_log_is_read_in_pages_and_narrowed(home: Home, now: int) -> None:
    looks = [Look(now + n, f"staff:{n % 2}", "view" if n % 3 else "search", f"c{n}") for n in range(10)]
    home.store.write(lambda db: audit.log(db, looks))
    db = home.store.read()
    first = audit.page(db, most=4)
    second = audit.page(db, most=4, below=first[-1].id)
    assert [k.look for k in first + second] == looks[:1:-1]
    assert {k.look.customer for k in audit.page(db, actor="staff:1", action="search")} == {"c3", "c9"}
    assert len(audit.page(db, since=now + 2, until=now + 5)) == 3


def test_an_act_without_a_name_in_the_list_is_not_logged(home: Home, now: int) -> None:
    with pytest.raises(ValueError, match="Unknown actions"):
        home.store.write(lambda db: audit.log(db, [Look(now, "cli", "peek")]))


class Came(NamedTuple):
    keys: tuple[Key, ...]
    values: tuple[str, ...]
    witnesses: tuple[Key, ...] = ()
    same: tuple[Key, Key] | None = None


def test_who_asked_never_to_be_recognised_turns_up_without_a_name(home: Home, now: int) -> None:
    card, phone, other = Key("loyalty", b"a" * 16), Key("device", b"b" * 16), Key("loyalty", b"c" * 16)
    hers, theirs = Came((card, phone), ("123", "d")), Came((other,), ("456",))
    assert unrecognised.nameless(home.store.read(), home.keys, [hers, theirs]) == [hers, theirs]
    home.store.write(lambda db: unrecognised.flag(db, home.keys, [card], now=now))
    db = home.store.read()
    assert unrecognised.nameless(db, home.keys, [hers, theirs]) == [Came((), ()), theirs]
    assert unrecognised.flagged(db, home.keys, {card, other}) == {card}
    home.store.write(lambda db: unrecognised.unflag(db, home.keys, [card]))
    assert unrecognised.nameless(home.store.read(), home.keys, [hers]) == [hers]
