"""What does byname believe of people whose arrival was rolled back because the ground broke? Nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from byname import rebuild
from byname.encounter import Byname, Delivery
from byname.home import Home
from byname.store import Db, DbGone
from byname.terms import Event, Identifier
from tests.conftest import NOW


def visit(product: Byname, n: int, who: str) -> Delivery:
    event = Event(f"m{n}", "shop", "web", "Page Viewed", NOW, NOW, (Identifier("account", who),))
    return Delivery("shop", [product.prepare(event)], [], NOW)


def breaks(db: Db, items: Sequence[None]) -> Sequence[None]:
    raise DbGone("The disk is full")


def test_whoever_was_rolled_back_is_new_when_she_comes_again(home: Home) -> None:
    product = Byname(home)
    open_ = threading.Event()
    home.store.submit(lambda db, items: [open_.wait() for _ in items], None)  # so that the next two go together
    first, broken = product.deliver(visit(product, 1, "ann")), home.store.submit(breaks, None)
    open_.set()
    for future in (first, broken):
        with pytest.raises(DbGone):
            future.result()
    home.store.write(lambda db: db.run("insert into fact (name, value) values ('between', '')"))
    product.deliver(visit(product, 2, "bob")).result()
    assert product.deliver(visit(product, 1, "ann")).result() == ["accepted"]
    rows = home.store.read().rows(
        "select e.identifier, i.id from event e left join identifier i on i.id = e.identifier"
    )
    assert len(rows) == 2
    assert len({identifier for identifier, _ in rows}) == 2
    assert all(identifier == known for identifier, known in rows)
    assert [f for f in rebuild.check(product) if f.wrong] == []
