"""Is a look in the log even if its process dies between the answer and the commit? Once, on both grounds."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from byname.home import open_home
from byname.trust import looks
from byname.trust.audit import Look
from byname.trust.looks import Looks

DIE = """
import os, signal, sys
from pathlib import Path
from byname.home import open_home
from byname.trust import looks
from byname.trust.audit import Look
looks.SOON_S = 3600
home = open_home(Path(sys.argv[1]))
journal = looks.Looks(home.path / "looks", home.store)
for n in range(int(sys.argv[2])):
    journal.note(Look(n, "staff:ben", "view", f"c{n}", "service", "till 3", "shown"))
journal.hand_over()
for n in range(3):
    journal.note(Look(100 + n, "staff:zoe", "view", f"c{n}"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def logged(folder: Path) -> list[tuple[int, str]]:
    """What a start finds in the log, having taken over what was left behind."""
    with open_home(folder) as home:
        Looks(home.path / "looks", home.store)
        found = home.store.read().rows("select occurred_at, actor from audit order by occurred_at")
        return [(at, actor) for at, actor in found]


@pytest.mark.parametrize("handed_over", [0, 2])
def test_a_look_outlives_its_process_and_is_logged_once(folder: Path, handed_over: int) -> None:
    open_home(folder).close()
    killed = subprocess.run([sys.executable, "-c", DIE, str(folder), str(handed_over)], check=False)
    assert killed.returncode == -signal.SIGKILL
    [left] = (folder / "looks").glob("*.jsonl")
    expected = [(n, "staff:ben") for n in range(handed_over)] + [(100 + n, "staff:zoe") for n in range(3)]
    assert logged(folder) == expected
    assert logged(folder) == expected
    assert not left.exists()


def test_a_line_cut_off_by_a_power_failure_takes_no_other_with_it(sqlite_folder: Path) -> None:
    open_home(sqlite_folder).close()
    subprocess.run([sys.executable, "-c", DIE, str(sqlite_folder), "0"], check=False)
    [journal] = (sqlite_folder / "looks").glob("*.jsonl")
    journal.write_bytes(journal.read_bytes()[:-9])
    assert logged(sqlite_folder) == [(100, "staff:zoe"), (101, "staff:zoe")]


def test_a_journal_in_use_is_left_to_its_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(looks, "SOON_S", 0.0)
    with open_home(folder) as home:
        one, other = (Looks(home.path / "looks", home.store) for _ in range(2))
        for n in range(20):
            (one, other)[n % 2].note(Look(n, "cli", "view", f"c{n}"))
        one.hand_over()
        other.hand_over()
        home.store.write(lambda db: None)  # behind whatever a timer handed over
    assert [at for at, _ in logged(folder)] == list(range(20))


def test_a_look_that_cannot_be_noted_is_not_answered(sqlite_folder: Path) -> None:
    """A full disk: in a child, because the limit holds for the whole process."""
    code = """
import resource, sys
from pathlib import Path
from byname.home import open_home
from byname.store import DbGone
from byname.trust import looks
from byname.trust.audit import Look
with open_home(Path(sys.argv[1])) as home:
    journal = looks.Looks(home.path / "looks", home.store)
    journal.note(Look(1, "cli", "view", "c1"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal._bytes + 9, resource.RLIM_INFINITY))
    try:
        journal.note(Look(2, "cli", "view", "c2"))
    except DbGone as gone:
        print(gone.rule)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    journal.note(Look(3, "cli", "view", "c3"))
"""
    open_home(sqlite_folder).close()
    child = [sys.executable, "-c", code, str(sqlite_folder)]
    done = subprocess.run(child, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "The disk takes no note of a look"
    assert logged(sqlite_folder) == [(1, "cli"), (3, "cli")]
