"""The SQL of the pages is one text for both stores: every page opens on PostgreSQL too, and shows the same."""

from __future__ import annotations

import re
from pathlib import Path

from byname.home import open_home
from tests.web import cast
from tests.web.conftest import House
from tests.web.test_roles import MAY

WORDS = re.compile(r"<[^>]+>|c00\d\d|…\S{4}|\s+")  # tags, ids, hints of keys, blanks


def pages(house: House) -> dict[str, str]:
    owner, her = house.browser("owner"), house.customer("loyalty", cast.ANN_CARD)
    row = house.product.home.store.read().row("select min(id) from quarantine")
    assert row is not None
    more = [("GET", f"/customers?sort={s}") for s in ("seen", "spent", "orders", "since")]
    more += [("GET", "/customers?open=promise"), ("GET", "/?span=30d"), ("GET", "/audit?action=view")]
    shown = {}
    for method, path in [*MAY, *more]:
        if method == "GET":
            address = path.replace("{id:str}", her).replace("{item:int}", str(row[0])).replace("{slug:str}", "till")
            answer = owner.get(address)
            assert answer.status_code == 200, address
            shown[path] = WORDS.sub(" ", answer.text)
    return shown


def test_every_page_shows_the_same_on_both_stores(tmp_path: Path, now: int, house_on_postgres: House) -> None:
    with open_home(tmp_path / "sqlite") as home:
        house = House(home, now)
        cast.populate(house.product, now)
        one = pages(house)
    other = pages(house_on_postgres)
    for path in one:
        # Looks are written down a moment later; which item of a batch comes first is up to the home's keys.
        if not path.startswith(("/audit", "/quarantine/{item")):
            assert one[path] == other[path], path
