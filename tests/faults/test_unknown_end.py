"""What if the database commits and its answer is lost? Nobody knows the end; what was moved must be there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from byname import backfill, rebuild
from byname.encounter import Byname
from byname.home import Home
from byname.lake import ledger, seal
from byname.store import Db, DbGone
from tests.backfill import twin
from tests.conftest import NOW
from tests.lake.world import arrive, everything, fresh


@pytest.fixture
def loses_an_answer(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """The answer to the nth write from here on is lost, as when the line is cut between commit and answer."""
    write = home.store.write

    def lose(nth: int) -> None:
        left = [nth]

        def lossy(do: Callable[[Db], Any]) -> Any:
            done = write(do)
            left[0] -= 1
            if left[0] == 0:
                raise DbGone("PostgreSQL does not answer")
            return done

        monkeypatch.setattr(home.store, "write", lossy)

    return lose


def test_a_seal_whose_end_is_unknown_loses_and_doubles_nothing(
    home: Home, loses_an_answer: Callable[[int], None]
) -> None:
    arrive(home, 60)
    before = everything(home)
    loses_an_answer(1)
    with pytest.raises(DbGone):
        seal.seal(home, NOW)
    assert fresh(home) == 0
    assert ledger.damaged(home) == []
    assert everything(home) == before
    seal.seal(home, NOW + 1)
    assert everything(home) == before


@pytest.mark.parametrize("nth", range(1, 9))
def test_an_import_whose_end_is_unknown_goes_on_without_loss_or_double(
    home: Home, loses_an_answer: Callable[[int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nth: int
) -> None:
    monkeypatch.setattr(backfill.staging, "PART_ROWS", 40)
    rows = [
        twin.Row(f"r{n // 2}", f"2026-02-{1 + n % 27:02d} 10:00:00", "s", "p", "1", "2.5", "", "", f"70{n // 10}")
        for n in range(100)
    ]
    file, product = twin.write(tmp_path / "sales.csv", rows), Byname(home)

    def run() -> Any:
        plan = backfill.plan(product, file, twin.MAPPING, now=NOW, look=False)
        return backfill.run(product, plan, now=NOW)

    loses_an_answer(nth)
    try:
        run()
    except (DbGone, RuntimeError):
        assert run().rows_taken == 100
    assert ledger.damaged(home) == []
    assert len(everything(home)[0]) == 50
    assert [f for f in rebuild.check(product) if f.wrong] == []
