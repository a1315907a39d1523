"""Does `import byname` give the same as the other doors, as Arrow tables?"""

from __future__ import annotations

from pathlib import Path

import pytest

import byname
from byname.encounter import Delivery
from byname.terms import BynameError, Event, Identifier, Level, Line

NOW = 1_790_000_000_000_000


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """Ann bought tea twice, with her card and once with her e-mail too."""
    with byname.open(tmp_path / "home") as b:
        for number, who in enumerate(
            [
                (Identifier("loyalty", "4711-0815"), Identifier("email", "ann@shop.example")),
                (Identifier("loyalty", "4711-0815"),),
            ]
        ):
            event = Event(
                f"m-{number}", "tills", "till", "Till Sale", NOW + number, NOW + number, who,
                place="london", ref=f"r-{number}", currency="GBP", amount=900, lines=(Line("tea", 2000, 900),),
            )  # fmt: skip
            b.product.deliver(Delivery("tills", [b.product.prepare(event)], [], NOW)).result()
    return tmp_path / "home"


def test_customers_events_and_lines_are_tables(shop: Path) -> None:
    with byname.open(shop) as b:
        [customer] = b.customers().to_pylist()
        assert (customer["orders"], customer["spent"], customer["currency"]) == (2, 1800, "GBP")
        assert b.events().column("name").to_pylist() == ["Till Sale", "Till Sale"]
        assert "body" not in b.events().column_names
        assert b.lines().column("product").to_pylist() == ["tea", "tea"]


def test_a_query_sees_day_and_lake_together_and_binds_values(shop: Path) -> None:
    with byname.open(shop) as b:
        answer = b.query("select sum(amount)::bigint as paid from event where place = $place", {"place": "london"})
        assert answer.to_pydict() == {"paid": [1800]}


def test_ann_has_one_timeline_by_any_of_her_identifiers(shop: Path) -> None:
    with byname.open(shop) as b:
        assert b.timeline("email:ann@shop.example").column("ref").to_pylist() == ["r-1", "r-0"]
        assert b.timeline("loyalty:4711-0815").num_rows == 2
        [why] = b.explain("email:ann@shop.example").to_pylist()
        assert why["op"] == "see"


def test_ann_is_recognised_by_her_card_and_nobody_by_a_strange_one(shop: Path) -> None:
    with byname.open(shop) as b:
        assert b.recognise(("loyalty", "4711-0815"), proof="possessed").level is Level.KNOWN
        assert b.recognise(("email", "ann@shop.example")).level is Level.PROBABLE
        assert b.recognise(("email", "bob@shop.example")).level is Level.ANONYMOUS


def test_every_look_at_a_person_is_logged(shop: Path) -> None:
    with byname.open(shop) as b:
        b.timeline("email:ann@shop.example")
        b.recognise(("loyalty", "4711-0815"), proof="possessed")
        rows = b.product.home.store.read().rows("select action, actor, terminal from audit order by id")
        assert rows == [("timeline", "cli", "python"), ("recognise", "cli", "python")]


def test_a_reader_joins_and_cannot_look_without_a_log(shop: Path) -> None:
    with byname.open(shop) as b, byname.open(shop, read_only=True) as reader:
        assert reader.customers().num_rows == b.customers().num_rows == 1
        with pytest.raises(BynameError, match="reading only"):
            reader.timeline("email:ann@shop.example")


def test_an_empty_home_has_empty_tables(tmp_path: Path) -> None:
    with byname.open(tmp_path / "home") as b:
        assert (b.customers().num_rows, b.events().num_rows, b.lines().num_rows) == (0, 0, 0)
        assert "spent" in b.customers().column_names
