"""Does a home come back whole from its backup, and does an old backup bring nobody back who was erased since?"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from byname import forget
from byname.backup import MANIFEST, backup, restore
from byname.encounter import Byname
from byname.home import Home, open_home
from byname.lake import duck, ledger, seal
from byname.terms import BynameError
from byname.trust import sessions, staff, vault
from tests import grounds
from tests.forget.cast import ACCOUNT, EMAIL, NOTE, ann, bob, event, person, public_id, received


@pytest.fixture
def filled(home: Home, now: int) -> Byname:
    """A home with people, history in the lake, fresh events, a member of staff and a policy of its own."""
    received(home, [*ann()[:2], *bob()])
    seal.seal(home, now)
    ben = home.store.write(
        lambda db: staff.create(db, login="ben", name="Ben", role="agent", now=now, new_id=lambda: "s1")
    )
    home.store.write(lambda db: sessions.start(db, home.keys, ben, now=now))
    return received(home, ann()[2:])


@contextmanager
def back(source: Path, target: Path, now: int, server: str, **options: Path) -> Iterator[Home]:
    """The home restored at target: on PostgreSQL into a new, empty database."""
    with ExitStack() as stack:
        database = None
        if (source / "day").is_dir():
            address = server.partition("#")[0]
            database = stack.enter_context(grounds.database(address, f"back_{abs(hash(target)) % 10**9}"))
        restore(source, target, now=now, database=database, **options)
        yield stack.enter_context(open_home(target))


def rows(home: Home) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for what a restore must change."""
    db = home.store.read()
    found = {}
    for table in TABLES:
        order = ", ".join(str(n + 1) for n in range(len(db.row(f"select * from {table}") or ())))
        found[table] = db.rows(f"select * from {table} order by {order}" if order else f"select * from {table}")
    return found


TABLES = (
    "identifier", "statement", "statement_identifier", "change", "message", "event", "line", "state", "latest",
    "matter", "trait", "member", "vault", "vault_key", "consent", "segment", "staff", "audit", "intake", "source",
)  # fmt: skip


def history(home: Home) -> list[tuple[object, ...]]:
    with duck.open_lake(home) as lake:
        return lake.execute("select id, identifier, name, amount, body from event order by id").fetchall()


def test_a_restored_home_is_the_same_home(filled: Byname, now: int, tmp_path: Path, postgres_server: str) -> None:
    home = filled.home
    made = backup(home, tmp_path / "copy", now=now, with_keys=True)
    assert made.files > 4
    with back(tmp_path / "copy", tmp_path / "new", now, postgres_server) as new:
        assert rows(new) == rows(home)
        assert history(new) == history(home)
        assert ledger.damaged(new) == []
        assert new.store.read().rows("select * from session") == []
        product = received(new, [event("later", "Page Viewed", ("account", ACCOUNT), ("device", "new-phone"))])
        assert person(product, "device", "new-phone") == person(product, "email", EMAIL)
        received(new, [event("a1", "Identified", ("account", "another"))])
        assert len(history(new)) == len(history(home)) + 1, "a message is known for ever, also after a restore"


def test_a_backup_is_of_one_moment_while_others_write_and_seal(
    filled: Byname, now: int, tmp_path: Path, postgres_server: str
) -> None:
    home, stop = filled.home, threading.Event()

    def busy() -> None:
        number = 0
        while not stop.is_set():
            received(home, [event(f"n{number}", "Till Sale", ("loyalty", f"70000{number % 50:02d}"), amount=number)])
            number += 1
            if number % 10 == 0:
                seal.seal(home, now)

    writing = threading.Thread(target=busy)
    writing.start()
    try:
        made = [backup(home, tmp_path / f"copy{n}", now=now, with_keys=True) for n in range(3)]
    finally:
        stop.set()
        writing.join()
    for number, one in enumerate(made):
        with back(one.path, tmp_path / f"new{number}", now, postgres_server) as new:
            assert ledger.damaged(new) == []
            messages = new.store.read().rows("select id from message order by id")
            assert [(e[0],) for e in history(new)] == [(bytes(m),) for (m,) in messages]


def test_whom_an_old_backup_remembers_is_forgotten_again(
    filled: Byname, now: int, tmp_path: Path, postgres_server: str
) -> None:
    home = filled.home
    backup(home, tmp_path / "copy", now=now)
    id = public_id(filled, "account", ACCOUNT)
    forget.erase(home, id, policy=filled.policy, actor="cli", now=now)
    with back(tmp_path / "copy", tmp_path / "new", now, postgres_server, keys=home.path / "keys") as new:
        product = Byname(new)
        assert person(product, "email", EMAIL) is None
        assert person(product, "account", "bob-1") is not None
        db = new.store.read()
        assert EMAIL not in vault.reveal(db, new.keys, range(50)).values()
        held = forget.export(new, id, now=now)["held"]
        assert held["event"] == []
        assert NOTE not in str(held)
        assert db.rows("select state from erasure") == [("done",)]
        assert len(history(new)) == 7


def test_without_its_keys_a_backup_is_noise(sqlite_home: Home, now: int, tmp_path: Path) -> None:
    received(sqlite_home, ann())
    backup(sqlite_home, tmp_path / "copy", now=now)
    everything = b"".join(p.read_bytes() for p in (tmp_path / "copy").rglob("*") if p.is_file())
    assert EMAIL.encode() not in everything
    assert (sqlite_home.path / "keys" / "master.key").read_bytes().strip() not in everything
    with pytest.raises(BynameError, match="holds no keys"):
        restore(tmp_path / "copy", tmp_path / "new", now=now)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["master.key", "token.key"])
def test_keys_of_another_home_do_not_fit(sqlite_home: Home, now: int, tmp_path: Path, name: str) -> None:
    received(sqlite_home, ann())
    backup(sqlite_home, tmp_path / "copy", now=now)
    keys = tmp_path / "keys"
    shutil.copytree(sqlite_home.path / "keys", keys)
    with open_home(tmp_path / "stranger") as stranger:
        shutil.copy(stranger.path / "keys" / name, keys / name)
    with pytest.raises(BynameError, match="not fit"):
        restore(tmp_path / "copy", tmp_path / "new", now=now, keys=keys)
    assert not list(tmp_path.glob("new*"))


def test_nothing_is_ever_overwritten(sqlite_home: Home, now: int, tmp_path: Path) -> None:
    backup(sqlite_home, tmp_path / "copy", now=now, with_keys=True)
    for act in (
        lambda: backup(sqlite_home, tmp_path / "copy", now=now),
        lambda: restore(tmp_path / "copy", sqlite_home.path, now=now),
    ):
        with pytest.raises(BynameError, match="not empty"):
            act()


def test_half_a_backup_and_a_damaged_one_are_refused(sqlite_home: Home, now: int, tmp_path: Path) -> None:
    received(sqlite_home, ann())
    seal.seal(sqlite_home, now)
    copy = tmp_path / "copy"
    backup(sqlite_home, copy, now=now, with_keys=True)
    segment = next(copy.glob("lake/event/**/*.parquet"))
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-9] + b"x" + whole[-8:])
    with pytest.raises(BynameError, match="damaged"):
        restore(copy, tmp_path / "new", now=now)
    segment.write_bytes(whole)
    (copy / MANIFEST).unlink()
    with pytest.raises(BynameError, match="no whole backup"):
        restore(copy, tmp_path / "new", now=now)


def test_a_damaged_lake_is_noticed_when_it_is_backed_up(sqlite_home: Home, now: int, tmp_path: Path) -> None:
    received(sqlite_home, ann())
    seal.seal(sqlite_home, now)
    segment = next(sqlite_home.lake.glob("event/**/*.parquet"))
    segment.write_bytes(segment.read_bytes()[:-1] + b"x")
    with pytest.raises(BynameError, match="lake is damaged"):
        backup(sqlite_home, tmp_path / "copy", now=now)
    with pytest.raises(BynameError, match="no whole backup"):
        restore(tmp_path / "copy", tmp_path / "new", now=now)


def test_a_home_that_another_process_holds_can_be_backed_up(sqlite_home: Home, now: int, tmp_path: Path) -> None:
    received(sqlite_home, ann())
    with open_home(sqlite_home.path, read_only=True) as reader:
        backup(reader, tmp_path / "copy", now=now, with_keys=True)
    with back(tmp_path / "copy", tmp_path / "new", now, "") as new:
        assert rows(new) == rows(sqlite_home)
