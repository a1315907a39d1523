"""Whoever is erased from whatever town: does the rest hold, and does nothing open hers any more?"""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from byname import forget, rebuild
from byname.encounter import Byname
from byname.home import open_home
from byname.lake.seal import seal
from byname.terms import BynameError, Event
from byname.trust import vault
from tests.conftest import NOW
from tests.encounter.cast import PEOPLE, towns
from tests.encounter.test_laws import arrive, postgres_copy, sqlite_copy

MANY = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty home to copy."""
    folder = tmp_path_factory.mktemp("empty") / "home"
    open_home(folder).close()
    return folder


def erased_is_erased(product: Byname, town: list[Event], data: st.DataObject) -> None:
    """Erase someone; sealed before, between or not at all; more arrives afterwards."""
    home, cut = product.home, data.draw(st.integers(0, len(town)))
    arrive(product, town[:cut])
    if data.draw(st.booleans()):
        seal(home, NOW)
    arrive(product, town[cut:])
    rows = home.store.read().rows("select public_id from identifier where state <> 'witness' order by id")
    if not rows:
        return
    public = rows[data.draw(st.integers(0, len(rows) - 1))][0]
    try:
        forget.erase(home, public, policy=product.policy, actor="cli", now=NOW)
    except BynameError as refused:
        assert "Several people" in str(refused)  # noqa: PT017
        return
    db = home.store.read()
    gone = {i for (i,) in db.rows("select id from identifier where erased = 1")}
    assert gone
    assert vault.keys_of(db, home.keys, gone) == vault.reveal(db, home.keys, gone) == {}
    assert [f for f in rebuild.check(product) if f.wrong] == []
    held = forget.export(home, public, now=NOW)["held"]
    assert [t for t, found in held.items() if found and t not in ("identifier", "change")] == []
    back = [e for e in town if any(i in PEOPLE for i in e.identifiers)]
    arrive(product, [Event(**{n: getattr(e, n) for n in e.__struct_fields__} | {"message_id": e.message_id + "-again"})
                     for e in back])  # fmt: skip
    assert [f for f in rebuild.check(product) if f.wrong] == []


@pytest.mark.filterwarnings("ignore")
class TestOnSqlite:
    @MANY
    @given(town=towns(), data=st.data())
    def test_an_erasure_leaves_a_town_in_order(
        self, empty: Path, tmp_path_factory: pytest.TempPathFactory, town: list[Event], data: st.DataObject
    ) -> None:
        with sqlite_copy(empty, tmp_path_factory.mktemp("forget")) as product:
            erased_is_erased(product, town, data)


@pytest.mark.filterwarnings("ignore")
class TestOnPostgres:
    @SOME
    @given(town=towns(), data=st.data())
    def test_an_erasure_leaves_a_town_in_order(
        self,
        empty: Path,
        tmp_path_factory: pytest.TempPathFactory,
        postgres_server: str,
        town: list[Event],
        data: st.DataObject,
    ) -> None:
        with postgres_copy(empty, tmp_path_factory.mktemp("forget"), postgres_server) as product:
            erased_is_erased(product, town, data)
