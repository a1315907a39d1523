"""Is anything acknowledged lost when the server is killed? A few kills here; `tests.faults.killing` does hundreds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import killing


def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(folder: Path) -> None:
    rounds = 4 if "database" in (folder / "byname.toml").read_text() else 12
    told = killing.soak(folder, rounds)
    assert told["kills"] == rounds
    assert 0 < told["acknowledged"] <= told["events"]


@pytest.mark.soak
def test_killed_dozens_of_times_it_still_loses_nothing(folder: Path) -> None:
    rounds = 10 if "database" in (folder / "byname.toml").read_text() else 60
    told = killing.soak(folder, rounds, seed=2)
    assert told["kills"] == rounds
    assert 0 < told["acknowledged"] <= told["events"]
