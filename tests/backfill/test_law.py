"""Set-wise equals row-wise: a file imported leaves what its events would have left one by one (law 3)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from byname import backfill
from byname.encounter import Byname
from byname.home import Home
from byname.lake.seal import seal
from tests.backfill import twin
from tests.backfill.twin import Row, Twins
from tests.conftest import NOW

MAILS = ["", "ann@example.com", " Ann@Example.com ", "bob@example.org", "guest", "not a mail"]
CARDS = ["", "7001", "7002", "70 01", "000"]


@st.composite
def files(draw: st.DrawFn) -> list[Row]:
    """A file of a shop: some orders in one piece, some torn apart, some without a customer, some brought back."""
    rows = []
    for receipt in range(draw(st.integers(1, 6))):
        mail, card = draw(st.sampled_from(MAILS)), draw(st.sampled_from(CARDS))
        shop, day = draw(st.sampled_from(["s1", "s2", ""])), draw(st.integers(1, 28))
        for _ in range(draw(st.integers(1, 3))):
            second = draw(st.integers(0, 59))
            quantity = draw(st.sampled_from(["1", "2", "0.75", "-1", "0", ""]))
            paid = draw(st.sampled_from(["0", "1.99", "-1.99", "0.005", "12", " 3.5 "]))
            off = draw(st.sampled_from(["", "0", "0.50"]))
            when = f"2026-0{1 + receipt % 8}-{day:02d} 23:59:{second:02d}"
            rows.append(Row(f"r{receipt}", when, shop, draw(st.sampled_from("abc")), quantity, paid, off, mail, card))
    if draw(st.booleans()):
        random.Random(draw(st.integers(0, 9))).shuffle(rows)
    return rows


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    return Twins(tmp_path_factory.mktemp("twins"))


def imported(home: Home, file: Path, **options: Any) -> dict[str, list[Any]]:
    product = Byname(home)
    backfill.run(product, backfill.plan(product, file, twin.MAPPING, now=NOW, look=False), now=NOW, **options)
    return twin.remembered(home)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=files(), already=st.sets(st.integers(0, 4)))
def test_a_file_leaves_what_its_events_would_have_left(twins: Twins, rows: list[Row], already: set[int]) -> None:
    """Some of its orders, not only the first ones, may have come by themselves before: they count once."""
    events = twin.events(rows, NOW)
    file = twin.write(twins.folder / "sales.csv", rows)
    with twins.fresh() as one, twins.fresh() as other:
        twin.feed(Byname(one), [e for n, e in enumerate(events) if n in already], NOW)
        found = imported(one, file)
        twin.feed(Byname(other), events, NOW)
        assert found == twin.remembered(other)
        twin.feed(Byname(one), events, NOW)
        seal(one, NOW)
        assert twin.remembered(one) == found


def test_many_parts_leave_what_one_part_leaves(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        Row(f"r{n // 3}", f"2026-02-{1 + n % 27:02d} 10:00:00", "s1", f"p{n % 7}", "1", "2.50", "", "", f"70{n // 9}")
        for n in range(300)
    ]
    file = twin.write(twins.folder / "parts.csv", rows)
    with twins.fresh() as one, twins.fresh() as other:
        whole = imported(one, file)
        monkeypatch.setattr("byname.backfill.staging.PART_ROWS", 70)
        assert imported(other, file) == whole


def test_the_same_on_both_grounds(home: Home, tmp_path: Path) -> None:
    rows = [
        Row("r1", "2026-02-01 10:00:00", "s1", "a", "1", "2.50", "", "ann@example.com", "7001"),
        Row("r1", "2026-02-01 10:00:01", "s1", "b", "2", "5", "0.5", "ann@example.com", "7001"),
        Row("r2", "2026-02-03 10:00:00", "s2", "a", "-1", "-2.50", "", "", "7001"),
    ]
    found = imported(home, twin.write(tmp_path / "sales.csv", rows))
    assert [(r[2], r[4], r[5], r[7], r[8]) for r in found["state"]] == [("EUR", 1, 1, 750, 250)]
    assert len(found["customers"]) == 2
    assert len({person for _, person in found["customers"]}) == 1
