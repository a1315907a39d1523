"""Does sealing move every event once, with no gap for readers, whenever it dies?"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from byname.home import Home, open_home
from byname.lake import ledger
from byname.lake.compact import compact
from byname.lake.duck import open_lake
from byname.lake.seal import due, seal
from byname.store import Db, DbGone
from tests.conftest import NOW
from tests.lake.world import arrive, everything, fresh

STEPS = ["read", "renamed", "recorded", "committed"]


def test_sealed_events_read_like_fresh_ones(home: Home) -> None:
    arrive(home, 200)
    before = everything(home)
    sealed = seal(home, NOW)
    assert sealed.events == 200
    assert fresh(home) == 0
    assert everything(home) == before
    assert len(before[0]) == 200
    assert len(before[1]) == sealed.lines > 0


def test_a_reader_sees_sealed_and_fresh_together(home: Home) -> None:
    arrive(home, 50, seed=1)
    seal(home, NOW)
    arrive(home, 30, seed=2)
    assert len(everything(home)[0]) == 80
    with open_lake(home, identifiers=[3]) as lake:
        found = lake.execute("select distinct identifier from event").fetchall()
    assert found == [(3,)]


def test_an_empty_home_has_an_empty_lake(home: Home) -> None:
    assert seal(home, NOW) == (0, 0, 0)
    assert everything(home) == ([], [])
    assert not due(home.store.read(), rows=1, age_s=1, now=NOW)


def test_it_is_time_when_there_are_many_or_when_one_is_old(home: Home) -> None:
    arrive(home, 10)
    now = home.store.read().row("select min(received_at) from event")[0]  # type: ignore[index]
    assert due(home.store.read(), rows=10, age_s=300, now=now)
    assert not due(home.store.read(), rows=11, age_s=300, now=now)
    assert due(home.store.read(), rows=11, age_s=300, now=now + 300_000_000)


def test_files_lie_by_day_and_the_ledger_knows_them(sqlite_home: Home) -> None:
    arrive(sqlite_home, 60, days=2)
    seal(sqlite_home, NOW)
    files = ledger.segments(sqlite_home.store.read())
    assert {f.path.split("/")[1] for f in files} == {f"day={f.day}" for f in files}
    assert all(f.day == f.day_last for f in files)
    assert ledger.damaged(sqlite_home) == []
    victim = sqlite_home.lake / files[0].path
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    assert ledger.damaged(sqlite_home) == [files[0].path]


@pytest.mark.parametrize("step", STEPS)
def test_a_seal_that_fails_at_any_step_loses_and_doubles_nothing(home: Home, step: str) -> None:
    arrive(home, 90)
    before = everything(home)

    def fail(at: str) -> None:
        if at == step:
            raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError):
        seal(home, NOW, step=fail)
    assert everything(home) == before
    seal(home, NOW + 1)
    assert everything(home) == before
    assert fresh(home) == 0


DIE = """
import os, signal, sys
from pathlib import Path
from byname.home import open_home
from byname.lake.seal import seal
def step(name):
    if name == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)
with open_home(Path(sys.argv[1])) as home:
    seal(home, 1_790_000_000_000_000, step=step)
"""


@pytest.mark.parametrize("step", STEPS)
def test_a_seal_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path, step: str) -> None:
    with open_home(tmp_path / "home") as home:
        arrive(home, 90)
        before = everything(home)
    killed = subprocess.run([sys.executable, "-c", DIE, str(tmp_path / "home"), step], check=False)
    assert killed.returncode == -signal.SIGKILL
    with open_home(tmp_path / "home") as home:
        assert everything(home) == before
        seal(home, NOW + 1)
        assert everything(home) == before
        known = {s.path for s in ledger.segments(home.store.read())}
        found = {p.relative_to(home.lake).as_posix() for p in home.lake.glob("**/*.parquet*")}
        assert found == known


def test_what_changes_meanwhile_is_sealed_as_it_is_then(home: Home) -> None:
    """An erasure between the snapshot and the hand-over must not bring the owner back."""
    arrive(home, 60)
    once = []

    def erase(at: str) -> None:
        if at == "read" and not once:
            once.append(at)
            home.store.write(lambda db: db.run("update event set identifier = 0, body = null where identifier = 3"))
            home.store.write(lambda db: db.run("update line set identifier = 0 where identifier = 3"))

    assert seal(home, NOW, step=erase).events == 60
    events, lines = everything(home)
    assert {e[1] for e in events} == {0, 1, 2, 4, 5, 6, 7}
    assert 3 not in {row[2] for row in lines}


def test_readers_never_miss_or_double_while_sealing_and_arriving(home: Home) -> None:
    arrived, stop, seen = [0], threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            least = arrived[0]
            with open_lake(home) as lake:
                rows, ids = lake.execute("select count(*), count(distinct id) from event").fetchall()[0]
            seen.append((least <= rows, rows == ids))

    reader = threading.Thread(target=read)
    reader.start()
    for n in range(12):
        arrive(home, 20, seed=n)
        arrived[0] += 20
        seal(home, NOW + n, most=15)
    stop.set()
    reader.join()
    assert seen
    assert all(a and b for a, b in seen)
    while fresh(home):
        seal(home, NOW + 100)
    assert len(everything(home)[0]) == 240


def test_small_files_become_one(home: Home) -> None:
    for n in range(10):
        arrive(home, 12, seed=n, days=1)
        seal(home, NOW + n)
    before = everything(home)
    files = len(ledger.segments(home.store.read()))
    fewer = compact(home, NOW + 50)
    assert len(ledger.segments(home.store.read())) == files - fewer < files
    assert everything(home) == before
    assert ledger.damaged(home) == []


def test_a_hand_over_whose_answer_was_cut_off_keeps_its_files(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection broke after the commit: the rows are in the ledger, whatever the writer was told."""
    arrive(home, 60)
    before = everything(home)
    write = home.store.write

    def cut_off(do: Callable[[Db], Any]) -> None:
        write(do)
        raise DbGone("PostgreSQL does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(home.store, "write", cut_off)
        with pytest.raises(DbGone):
            seal(home, NOW)
    assert fresh(home) == 0
    assert everything(home) == before
    seal(home, NOW + 1)
    assert everything(home) == before
