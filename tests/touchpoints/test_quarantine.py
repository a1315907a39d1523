"""What could not be used is kept, listed alike with alike, mended, sent again, or dropped."""

from __future__ import annotations

from typing import Any

import pytest

from byname.home import Home
from byname.terms import BynameError, Quarantined
from byname.touchpoints import quarantine

BODY = b'{"type":"track","event":"Order Completed","messageId":"m1","userId":"ann","properties":{"total":"x"}}'


def unfit(body: bytes = BODY, reason: str = "bad_amount", source: str = "till", at: int = 1) -> Quarantined:
    return Quarantined(source, reason, "$.properties.total", "Amounts must be numbers.", at, body)


def put(home: Home, *items: Quarantined) -> None:
    home.store.write(lambda db: quarantine.put(db, home.keys, items))


def ids(home: Home, **wanted: Any) -> list[int]:
    return [item.id for item in quarantine.items(home.store.read(), **wanted)]


def numbered(n: int) -> bytes:
    return BODY.replace(b"m1", b"m%d" % n)


def test_it_is_listed_with_its_reason_and_opened_only_on_demand(home: Home) -> None:
    put(home, unfit())
    (item,) = quarantine.items(home.store.read())
    assert (item.source, item.reason, item.event_name, item.state) == ("till", "bad_amount", "Order Completed", "open")
    assert quarantine.show(home.store.read(), home.keys, item.id) == (item, BODY)
    assert quarantine.show(home.store.read(), home.keys, 99) is None
    assert b"ann" not in bytes(home.store.read().rows("select body from quarantine")[0][0])


def test_a_retry_is_not_listed_twice(home: Home) -> None:
    put(home, unfit(), unfit(at=2))
    put(home, unfit(BODY.replace(b"track", b"TRACK")))
    assert quarantine.count(home.store.read()) == 1
    put(home, unfit(reason="schema"), unfit(source="other"), unfit(b"\xff", "not_json"), unfit(b"\xff", "not_json"))
    assert quarantine.count(home.store.read()) == 4


def test_pages_go_from_the_newest_back(home: Home) -> None:
    put(home, *(unfit(numbered(n), at=n) for n in range(7)), unfit(source="web"))
    first = quarantine.items(home.store.read(), source="till", limit=4)
    rest = quarantine.items(home.store.read(), source="till", limit=4, before=first[-1].id)
    assert len(first) == 4
    assert len(rest) == 3
    assert sorted({i.id for i in (*first, *rest)}, reverse=True) == [i.id for i in (*first, *rest)]


def test_alike_mistakes_are_one_group(home: Home) -> None:
    put(home, *(unfit(numbered(n), at=n) for n in range(1, 4)), unfit(reason="schema"))
    groups = quarantine.groups(home.store.read())
    assert [(g.reason, g.number, g.first_at, g.last_at) for g in groups] == [
        ("bad_amount", 3, 1, 3),
        ("schema", 1, 1, 1),
    ]


def test_mended_sent_through_and_gone(home: Home) -> None:
    put(home, unfit(at=5))
    (id,) = ids(home)
    good = BODY.replace(b'"x"', b"7")
    home.store.write(lambda db: quarantine.fix(db, home.keys, id, good))
    (again,) = quarantine.replay(home.store.read(), home.keys, [id, 99])
    assert (again.source, again.body, again.received_at) == ("till", good, 5)
    assert home.store.write(lambda db: quarantine.replayed(db, [id], by="staff:1", now=9)) == 1
    shown = quarantine.show(home.store.read(), home.keys, id)
    assert shown is not None
    assert (shown[0].state, shown[0].settled_at, shown[0].settled_by, shown[1]) == ("replayed", 9, "staff:1", None)
    assert quarantine.replay(home.store.read(), home.keys, [id]) == []
    assert quarantine.replay(home.store.read(), home.keys, []) == []
    with pytest.raises(BynameError, match="settled"):
        home.store.write(lambda db: quarantine.fix(db, home.keys, id, good))


def test_what_is_still_unfit_stays_with_the_reason_of_today(home: Home) -> None:
    put(home, unfit())
    (id,) = ids(home)
    home.store.write(lambda db: quarantine.failed(db, id, unfit(reason="bad_time")))
    assert [i.reason for i in quarantine.items(home.store.read())] == ["bad_time"]


def test_dropped_is_destroyed(home: Home) -> None:
    put(home, unfit(), unfit(numbered(2)))
    one, two = ids(home)
    assert home.store.write(lambda db: quarantine.drop(db, [one], by="erasure", now=2)) == 1
    assert home.store.write(lambda db: quarantine.drop(db, [], by="erasure", now=2)) == 0
    assert [id for id, _ in quarantine.bodies(home.store.read(), home.keys)] == [two]
    kept = home.store.read().rows("select data_key, body from quarantine where id = :id", id=one)
    assert kept == [(None, None)]
    put(home, unfit(), unfit(numbered(2)))
    assert quarantine.count(home.store.read()) == 1, "what was dropped does not come back by a retry"


def test_a_card_number_never_gets_in(home: Home) -> None:
    put(home, unfit(b'{"messageId":"m","pan":"4111 1111 1111 1111"}', "card_number"))
    (id,) = ids(home)
    shown = quarantine.show(home.store.read(), home.keys, id)
    assert shown is not None
    assert shown[1] == b'{"messageId":"m","pan":"####"}'
    with pytest.raises(BynameError, match="card number"):
        home.store.write(lambda db: quarantine.fix(db, home.keys, id, b'{"pan":4111111111111111}'))


def test_odd_bodies_and_fields_are_kept(home: Home) -> None:
    odd = Quarantined("till", "malformed", "$.a\0b" + "x" * 500, "d", 1, b"\x00\xff" * 10)
    put(home, odd)
    (item,) = quarantine.items(home.store.read())
    assert quarantine.show(home.store.read(), home.keys, item.id) == (item, b"\x00\xff" * 10)
