"""What if PostgreSQL goes away and comes back? A clear 503 meanwhile, nothing acknowledged lost, no restart needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from click.testing import CliRunner

from byname import rebuild
from byname.cli import cli
from byname.encounter import message_digest
from byname.home import Home
from byname.store import Db, DbGone
from byname.touchpoints import sources
from byname.trust.audit import Look
from tests import grounds
from tests.conftest import NOW
from tests.encounter.test_capture import Till
from tests.web.conftest import Browser, House


@contextmanager
def cut_off(home: Home) -> Iterator[None]:
    """The database ends every connection and takes none, until the block is over."""
    address = str(home.settings.database)
    name = urlsplit(address).path.lstrip("/")
    with psycopg.connect(grounds.with_database(address, "postgres"), autocommit=True) as admin:

        def allow(yes: bool) -> None:
            admin.execute(f'alter database "{name}" with allow_connections {str(yes).lower()}'.encode())

        allow(False)
        try:
            admin.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (name,))
            yield
        finally:
            allow(True)


@pytest.fixture
def house(postgres_home: Home) -> House:
    return House(postgres_home, NOW)


@pytest.fixture
def till(house: House) -> Till:
    home = house.product.home
    return Till(house, home.store.write(lambda db: sources.create(db, home.keys, "shop", now=NOW)))


def call(n: int) -> dict[str, str]:
    return {"type": "track", "event": "Page Viewed", "userId": f"u{n % 7}", "messageId": f"m{n}"}


def test_cut_off_and_back_everybody_is_told_and_served_again(house: House, till: Till) -> None:
    caller, allowed = Browser(house.app), house.token("profile", "source")
    asked = {"/v1/sources": allowed, "/v1/changes": allowed, "/health": {}}
    assert till.send("/v1/track", call(1)).json()["accepted"] == 1
    assert [caller.get(path, headers=h).status_code for path, h in asked.items()] == [200, 200, 200]
    with cut_off(house.product.home):
        for _ in range(2):  # the one that notices, and one after it
            refused = till.send("/v1/track", call(2))
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) >= 1
            assert "PostgreSQL does not answer" in refused.json()["error"]["message"]
        for path, headers in asked.items():
            away = caller.get(path, headers=headers)
            assert away.status_code == 503, path
            assert "PostgreSQL does not answer" in away.text
            assert path == "/health" or int(away.headers["retry-after"]) >= 1
    assert till.send("/v1/track", call(2)).json()["accepted"] == 1
    assert till.send("/v1/track", call(1)).json()["repeated"] == 1
    assert [caller.get(path, headers=h).status_code for path, h in asked.items()] == [200, 200, 200]
    assert [f for f in rebuild.check(house.product) if f.wrong] == []


def test_a_reader_that_lay_idle_meanwhile_notices_nothing(postgres_home: Home) -> None:
    db = postgres_home.store.read()
    asking = "select count(*) from event"
    for ask in (lambda: db.row(asking), lambda: db.rows(asking)[0], lambda: one_moment(db, asking)):
        assert ask() == (0,)
        with cut_off(postgres_home):
            pass
        assert ask() == (0,)
    with pytest.raises(DbGone), db.snapshot():  # noqa: PT012  what began before does not go on after
        with cut_off(postgres_home):
            pass
        db.row(asking)
    assert db.row(asking) == (0,)


def one_moment(db: Db, asking: str) -> object:
    with db.snapshot():
        return db.row(asking)


def test_cut_off_under_load_loses_nothing_that_was_acknowledged(house: House, till: Till) -> None:
    house.product.home.store.write(
        lambda db: sources.change(db, house.product.home.keys, "shop", rate_per_s=1_000_000)
    )  # fmt: skip
    acknowledged: list[str] = []
    refused, stop = threading.Event(), threading.Event()

    def sending(lane: int) -> None:
        n = lane
        while not stop.is_set():
            answer = till.send("/v1/batch", {"batch": [call(n), call(n + 2)]})
            if answer.status_code == 200:
                acknowledged.extend((f"m{n}", f"m{n + 2}"))
                n += 4
            else:
                assert answer.status_code == 503
                refused.set()

    threads = [threading.Thread(target=sending, args=(lane,)) for lane in (0, 1)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        before = len(acknowledged)
        while len(acknowledged) < before + 10:
            threads[0].join(0.01)
            assert all(t.is_alive() for t in threads)
        refused.clear()
        with cut_off(house.product.home):
            assert refused.wait(30)
    stop.set()
    for thread in threads:
        thread.join()
    rows = house.product.home.store.read().rows("select id from event")
    found = [bytes(i) for (i,) in rows]
    assert {message_digest(m) for m in acknowledged} <= set(found)
    assert len(found) == len(set(found))
    assert [f for f in rebuild.check(house.product) if f.wrong] == []


def test_a_look_noted_meanwhile_is_in_the_log_once_when_the_database_is_back(house: House) -> None:
    looks, home = house.product.looks, house.product.home
    with cut_off(home):
        looks.note(Look(NOW, "staff:ben", "view", "c1"))
        looks.hand_over()
    looks.note(Look(NOW + 1, "staff:ben", "view", "c2"))
    looks.hand_over()
    looks.hand_over()
    assert home.store.read().rows("select customer from audit order by occurred_at") == [("c1",), ("c2",)]


def test_a_database_that_is_gone_at_the_start_is_said_with_its_own_code(postgres_home: Home, tmp_path: Path) -> None:
    postgres_home.close()
    with cut_off(postgres_home):
        for words in (["serve", "--port", "0"], ["check"], ["source", "list"]):
            done = CliRunner().invoke(cli, [*words, "--home", str(postgres_home.path)])
            assert done.exit_code == 4, done.output
            assert "PostgreSQL does not answer" in done.stderr
            assert "byname.toml" in done.stderr
    assert CliRunner().invoke(cli, ["check", "--home", str(postgres_home.path)]).exit_code == 0
