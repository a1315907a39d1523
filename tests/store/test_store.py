"""Does the day store keep its promises on both grounds?"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from byname.home import Home, open_home
from byname.store import Db
from byname.store.db import DbGone
from byname.terms import BynameError

PUT = "insert into fact (name, value) values (:name, :value)"


def test_what_is_written_is_read_by_the_next_reader(home: Home) -> None:
    home.store.write(lambda db: db.run(PUT, name="a", value="1"))
    assert home.store.read().row("select value from fact where name = :name", name="a") == ("1",)


def test_a_list_parameter_is_spread(home: Home) -> None:
    home.store.write(lambda db: db.many("insert into fact values (?, ?)", [(str(i), "x") for i in range(100)]))
    found = home.store.read().rows("select name from fact where name in :names", names=["7", "9", "none"])
    assert sorted(found) == [("7",), ("9",)]
    assert home.store.read().rows("select name from fact where name in :names", names=[]) == []


def test_items_of_one_work_are_taken_together_and_a_bad_one_fails_alone(home: Home) -> None:
    def put(db: Db, items: Sequence[str]) -> list[str]:
        for item in items:
            if item == "bad":
                raise BynameError("Bad item")
            db.run(PUT, name=item, value="")
        return [i.upper() for i in items]

    futures = [home.store.submit(put, item) for item in ("a", "bad", "b")]
    assert futures[0].result() == "A"
    assert futures[2].result() == "B"
    with pytest.raises(BynameError, match="Bad item"):
        futures[1].result()
    assert home.store.read().rows("select name from fact order by name") == [("a",), ("b",)]


def test_a_failed_write_leaves_nothing(home: Home) -> None:
    def half(db: Db) -> None:
        db.run(PUT, name="half", value="")
        raise BynameError("Changed my mind")

    with pytest.raises(BynameError):
        home.store.write(half)
    assert home.store.read().rows("select * from fact") == []


def test_many_threads_write_through_one_writer(home: Home) -> None:
    def work(n: int) -> None:
        for i in range(20):
            home.store.write(lambda db, i=i: db.run(PUT, name=f"{n}-{i}", value=""))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert home.store.read().row("select count(*) from fact") == (80,)


def test_a_reader_cannot_write(home: Home) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only|cannot be written"):
        home.store.read().run(PUT, name="x", value="y")


def test_a_snapshot_sees_one_moment(home: Home) -> None:
    reader = home.store.read()
    with reader.snapshot():
        assert reader.row("select count(*) from fact") == (0,)
        home.store.write(lambda db: db.run(PUT, name="later", value=""))
        assert reader.row("select count(*) from fact") == (0,)
    assert reader.row("select count(*) from fact") == (1,)


def test_a_second_writer_on_a_sqlite_home_is_told_who_has_it(sqlite_home: Home) -> None:
    with pytest.raises(BynameError, match=r"This home is in use: process \d+"):
        open_home(sqlite_home.path)


def test_a_closed_store_takes_nothing_more(tmp_path: Path) -> None:
    home = open_home(tmp_path / "h")
    home.close()
    with pytest.raises(DbGone):
        home.store.write(lambda db: None)


def test_a_home_newer_than_the_program_is_left_alone(tmp_path: Path) -> None:
    with open_home(tmp_path / "h") as home:
        home.store.write(lambda db: db.run("update alembic_version set version_num = '9999'"))
    with pytest.raises(BynameError, match="newer than this program"):
        open_home(tmp_path / "h")


def test_lost_keys_are_an_error_not_a_new_key(tmp_path: Path) -> None:
    open_home(tmp_path / "h").close()
    (tmp_path / "h" / "keys" / "master.key").unlink()
    with pytest.raises(BynameError, match="A key of this home is missing"):
        open_home(tmp_path / "h")


def test_between_two_transactions_the_writer_can_be_asked_for_something_else(home: Home) -> None:
    def looks(db: Db) -> str:
        with db.transaction():  # would fail inside another
            return db.engine

    waiting = [home.store.submit(lambda db, items: items, n) for n in range(5)]
    assert home.store.between(looks) in ("sqlite", "postgres")
    assert [w.result() for w in waiting] == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        home.store.between(lambda db: 1 // 0)
    assert home.store.write(lambda db: 1) == 1


def test_whatever_a_work_does_the_writer_goes_on(home: Home) -> None:
    class Panic(BaseException):
        """What a library written in Rust raises when it gives up."""

    def panics(db: Db, items: Sequence[None]) -> list[None]:
        raise Panic

    def forgets(db: Db, items: Sequence[None]) -> list[None]:
        return []

    with pytest.raises(Panic):
        home.store.submit(panics, None).result()
    with pytest.raises(ValueError, match="0 results for 1 items"):
        home.store.submit(forgets, None).result()
    given_up = home.store.submit(panics, None)
    given_up.cancel()
    assert home.store.write(lambda db: db.run(PUT, name="after", value="")) == 1
