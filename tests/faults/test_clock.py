"""What if a clock is wrong: the sender's by years, or the server's own, set back under way?"""

from __future__ import annotations

import pytest

from byname import rebuild
from byname.home import Home
from byname.lake import duck, seal
from byname.terms import DAY, SECOND, moment
from byname.touchpoints import sources
from tests.conftest import NOW
from tests.encounter.test_capture import Till
from tests.web.conftest import House

YEARS = 3 * 365 * DAY


@pytest.fixture
def house(home: Home) -> House:
    return House(home, NOW)


@pytest.fixture
def till(house: House) -> Till:
    home = house.product.home
    return Till(house, home.store.write(lambda db: sources.create(db, home.keys, "shop", now=NOW, rate_per_s=20)))


def visit(n: int, at: int) -> dict[str, object]:
    when = moment(at).isoformat()
    return {"type": "page", "userId": "ann", "messageId": f"m{n}", "timestamp": when}


def history(house: House) -> list[tuple[int, int]]:
    """When it happened and when it came, fresh and sealed, in the order in which it happened."""
    lake = duck.open_lake(house.product.home)
    try:
        return lake.execute("select occurred_at, received_at from event order by occurred_at").fetchall()
    finally:
        lake.close()


def laws_hold(house: House) -> bool:
    return not any(f.wrong for f in rebuild.check(house.product))


@pytest.mark.parametrize("wrong_by", [YEARS, -YEARS], ids=["ahead", "behind"])
def test_a_senders_clock_that_is_years_off_is_set_right_by_the_time_of_sending(
    house: House, till: Till, wrong_by: int
) -> None:
    hour_ago = NOW - 3600 * SECOND
    body = {"batch": [visit(1, hour_ago + wrong_by)], "sentAt": moment(NOW + wrong_by).isoformat()}
    assert till.send("/v1/batch", body).json()["accepted"] == 1
    assert history(house) == [(hour_ago, NOW)]
    assert laws_hold(house)


def test_without_it_the_future_is_now_and_the_past_is_believed(house: House, till: Till) -> None:
    assert till.send("/v1/batch", {"batch": [visit(1, NOW + YEARS), visit(2, NOW - YEARS)]}).json()["accepted"] == 2
    assert history(house) == [(NOW - YEARS, NOW), (NOW, NOW)]
    seal.seal(house.product.home, NOW)
    assert history(house) == [(NOW - YEARS, NOW), (NOW, NOW)]
    assert laws_hold(house)


def test_the_servers_own_clock_set_back_loses_and_doubles_nothing(house: House, till: Till) -> None:
    home, expected = house.product.home, []
    for n, jump in enumerate((0, -400 * DAY, 1 * SECOND, 500 * DAY, -1)):
        house.now += jump
        assert till.send("/v1/page", visit(n, house.now)).json()["accepted"] == 1
        assert till.send("/v1/page", visit(0, house.now)).json()["repeated"] == 1
        expected.append((house.now, house.now))
        seal.seal(home, house.now)
        assert till.send("/v1/page", visit(n, house.now)).json()["repeated"] == 1
    assert history(house) == sorted(expected)
    assert laws_hold(house)


def test_a_clock_set_back_shuts_no_source_out(house: House, till: Till) -> None:
    for n in range(20):
        assert till.send("/v1/page", visit(n, NOW)).status_code == 200
    house.now -= DAY
    assert till.send("/v1/page", visit(99, house.now)).status_code == 429  # the burst is spent by any clock
    house.passes(1)
    assert till.send("/v1/page", visit(99, house.now)).status_code == 200
