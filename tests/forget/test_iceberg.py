"""Does a catalogue of the lake forget with byname, and come back with the night?"""

from __future__ import annotations

from pathlib import Path

import pytest

from byname import forget
from byname.encounter import Byname, Delivery
from byname.home import Home
from byname.lake.iceberg import register
from byname.lake.seal import seal
from byname.learn import learn
from byname.terms import Event, Identifier
from tests.conftest import NOW

pytest.importorskip("pyiceberg", reason="needs the extra `iceberg`")


def test_an_erasure_takes_away_what_a_catalogue_tells_and_the_night_makes_it_anew(home: Home, tmp_path: Path) -> None:
    product = Byname(home)
    for number, name in enumerate(("ann", "bea")):
        who = (Identifier("email", f"{name}@shop.example"),)
        event = Event(f"m-{number}", "tills", "till", "Till Sale", NOW, NOW, who, amount=900, currency="GBP")
        product.deliver(Delivery("tills", [product.prepare(event)], [], NOW)).result()
    seal(home, NOW)
    register(home, tmp_path / "ice")
    tables = tmp_path / "ice" / "tables"
    assert len(list(tables.iterdir())) == 2
    key = product.key("email", "ann@shop.example")
    assert key is not None
    row = home.store.read().row("select public_id from identifier where token = :t", t=key.token)
    assert row is not None
    forget.erase(home, row[0], policy=product.policy, actor="privacy", now=NOW)
    assert list(tables.iterdir()) == []
    assert learn(product, NOW + 1, only="iceberg") == {"iceberg": {"files_registered": 1}}
    assert [path.name.split("-")[0] for path in sorted(tables.iterdir())] == ["event", "line"]
    assert learn(product, NOW + 2, only="iceberg") == {"iceberg": {"files_registered": 0}}
