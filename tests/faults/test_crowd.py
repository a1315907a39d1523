"""What if ten thousand people give one phone number? Ten thousand customers, and a number that is nobody's."""

from __future__ import annotations

import pytest

from byname import rebuild
from byname.home import Home
from byname.touchpoints import sources
from tests.conftest import NOW
from tests.encounter.test_capture import Till
from tests.web.conftest import House

CROWD, TOGETHER = 10_000, 1000
PHONE = "+442079460018"


def arrival(n: int) -> dict[str, object]:
    return {"type": "identify", "userId": f"u{n}", "messageId": f"m{n}", "traits": {"phone": PHONE}}


@pytest.mark.parametrize("ground", ["sqlite", "postgres"])
def test_ten_thousand_customers_behind_one_phone_stay_ten_thousand(ground: str, request: pytest.FixtureRequest) -> None:
    home: Home = request.getfixturevalue(f"{ground}_home")
    house = House(home, NOW)
    till = Till(house, home.store.write(lambda db: sources.create(db, home.keys, "shop", now=NOW, trusted=True)))
    for start in range(0, CROWD, TOGETHER):
        answer = till.send("/v1/batch", {"batch": [arrival(n) for n in range(start, start + TOGETHER)]})
        assert answer.json()["accepted"] == TOGETHER
    db = home.store.read()
    assert db.rows("select count(distinct person) from identifier") == [(CROWD + 1,)]
    assert db.rows("select max(n) from (select count(*) as n from identifier group by person) as sizes") == [(1,)]
    before = moved(home)
    assert till.send("/v1/identify", arrival(CROWD)).json()["accepted"] == 1  # one more of them
    assert till.send("/v1/identify", {**arrival(7), "messageId": "again"}).json()["accepted"] == 1
    assert moved(home) == before  # nobody else was touched by it
    assert db.rows("select count(distinct person) from identifier") == [(CROWD + 2,)]
    assert [f for f in rebuild.check(house.product) if f.wrong] == []


def moved(home: Home) -> int:
    """How many changes of owner the feed tells of."""
    row = home.store.read().row("select count(*) from change")
    assert row is not None
    return int(row[0])
