"""Does the lake forget whom it must, and nothing else?"""

from __future__ import annotations

import pytest

from byname.home import Home
from byname.lake import ledger
from byname.lake.erase import erase, holding
from byname.lake.seal import seal
from tests.conftest import NOW
from tests.lake.world import arrive, everything


def test_her_rows_lose_owner_body_and_reference_and_takings_stay(home: Home) -> None:
    arrive(home, 120)
    seal(home, NOW)
    events, lines = everything(home)
    old = {s.path for s in holding(home, {2, 5})}
    assert erase(home, {2, 5}, NOW + 1) == len(old) > 0
    after, lines_after = everything(home)
    gone = {2, 5}
    assert after == [(r[0], 0, *r[2:8], "", *r[9:14], None, r[15]) if r[1] in gone else r for r in events]
    assert lines_after == [(*r[:2], 0, *r[3:]) if r[2] in gone else r for r in lines]
    assert holding(home, gone) == []
    assert not any((home.lake / path).exists() for path in old)
    assert ledger.damaged(home) == []
    assert erase(home, gone, NOW + 2) == 0


@pytest.mark.parametrize("step", ["rewriting", "renamed", "committed"])
def test_an_erasure_that_dies_is_finished_by_the_next(home: Home, step: str) -> None:
    arrive(home, 60)
    seal(home, NOW)

    def fail(at: str) -> None:
        if at == step:
            raise RuntimeError("pulled the plug")

    before = len(everything(home)[0])
    with pytest.raises(RuntimeError):
        erase(home, {4}, NOW + 1, step=fail)
    assert len(everything(home)[0]) == before
    erase(home, {4}, NOW + 2)
    assert holding(home, {4}) == []
    assert len(everything(home)[0]) == before
