"""Does `byname export --iceberg` say what it did, to people and to programs?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from byname.cli import cli
from byname.home import open_home
from byname.lake.seal import seal
from tests.conftest import NOW
from tests.lake.world import arrive

pytest.importorskip("pyiceberg", reason="needs the extra `iceberg`")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with 60 events sealed and 5 fresh, at rest."""
    with open_home(tmp_path / "home") as opened:
        arrive(opened, 60)
        seal(opened, NOW)
        arrive(opened, 5, seed=1)
    return tmp_path / "home"


def ask(home: Path, *words: str, expect: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["export", *words, "--home", str(home)])
    assert done.exit_code == expect, done.output
    return done


def told(home: Path, *words: str) -> Any:
    return json.loads(ask(home, *words, "--json").stdout)


def test_it_says_what_is_registered_and_what_is_not_yet(home: Path, tmp_path: Path) -> None:
    target = str(tmp_path / "ice")
    answer = ask(home, "--iceberg", target).stdout
    assert "made anew" in answer
    assert "5 fresh events are not in it" in answer
    again = told(home, "--iceberg", target)
    assert [(t["table"], t["added"], t["anew"]) for t in again["tables"]] == [("event", 0, False), ("line", 0, False)]
    assert again["tables"][0]["rows"] == 60
    assert Path(again["tables"][0]["metadata"].removeprefix("file://")).exists()


def test_it_joins_a_home_that_is_being_served(home: Path, tmp_path: Path) -> None:
    with open_home(home):
        assert told(home, "--iceberg", str(tmp_path / "ice"))["fresh_events"] == 5


def test_a_customer_or_a_folder_but_not_both_and_not_neither(home: Path, tmp_path: Path) -> None:
    assert "Name one CUSTOMER" in ask(home, expect=2).stderr
    assert "Name one CUSTOMER" in ask(home, "c1", "--iceberg", str(tmp_path / "ice"), expect=2).stderr
