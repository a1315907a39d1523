"""Is anything acknowledged lost when the server is killed? A few kills here; `tests.faults.killing` does hundreds."""

from __future__ import annotations

import pytest

from tests.faults import killing


@pytest.mark.parametrize("ground", ["sqlite", "postgres"])
def test_killed_at_random_moments_it_loses_nothing_and_doubles_nothing(ground: str) -> None:
    with killing.a_home(ground == "postgres") as folder:
        told = killing.soak(folder, 12 if ground == "sqlite" else 4)
    assert told["kills"] == (12 if ground == "sqlite" else 4)
    assert 0 < told["acknowledged"] <= told["events"]
