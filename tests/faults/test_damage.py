"""What if a sealed file of the lake is damaged or gone? `byname check` says which, and nothing is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from byname.cli import cli
from byname.home import open_home
from byname.lake import ledger, seal
from tests.conftest import NOW
from tests.lake.world import arrive


def bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def empty(file: Path) -> None:
    file.write_bytes(b"")


@pytest.mark.parametrize("damage", [bit, cut, empty, Path.unlink])
def test_a_damaged_file_of_the_lake_is_named(sqlite_folder: Path, damage: Callable[[Path], None]) -> None:
    with open_home(sqlite_folder) as home:
        arrive(home, 60)
        seal.seal(home, NOW)
        victim = ledger.segments(home.store.read())[0].path
    damage(sqlite_folder / "lake" / victim)
    done = CliRunner().invoke(cli, ["check", "--home", str(sqlite_folder), "--json"])
    assert done.exit_code == 1, done.output
    [found] = [f for f in json.loads(done.stdout) if f["wrong"]][:1]
    assert victim in found["example"]
    said = CliRunner().invoke(cli, ["check", "--home", str(sqlite_folder)])
    assert (said.exit_code, "does not hold" in said.output) == (1, True)
    rebuilt = CliRunner().invoke(cli, ["rebuild", "--home", str(sqlite_folder)])
    assert rebuilt.exit_code == 4, rebuilt.output
    assert f"{victim}. Restore it from a backup" in rebuilt.stderr
