"""Do the laws hold for whatever arrives, in whatever order, on both grounds? (design, section 4)"""

from __future__ import annotations

import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from byname import rebuild
from byname.encounter import Byname, Delivery
from byname.home import Home, open_home
from byname.lake.seal import seal
from byname.store import Db
from byname.terms import Event, Identifier
from tests import grounds
from tests.conftest import NOW
from tests.encounter.cast import towns
from tests.picture import deliver, picture

Fresh = Callable[[], Iterator[Byname]]
MANY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty home; copies of it share its keys, so that their tokens can be compared."""
    folder = tmp_path_factory.mktemp("template") / "home"
    open_home(folder).close()
    return folder


@contextmanager
def sqlite_copy(template: Path, tmp: Path) -> Iterator[Byname]:
    folder = tmp / uuid.uuid4().hex
    shutil.copytree(template, folder)
    with open_home(folder) as home:
        yield Byname(home)
    shutil.rmtree(folder)


@contextmanager
def postgres_copy(template: Path, tmp: Path, server: str) -> Iterator[Byname]:
    address, _, base = server.partition("#")
    with grounds.database(address, f"law_{uuid.uuid4().hex[:12]}", base) as url:
        folder = tmp / uuid.uuid4().hex
        shutil.copytree(template, folder)
        (folder / "day.db").unlink()
        (folder / "byname.toml").write_text(f'database = "{url}"\n')
        with open_home(folder) as home:
            yield Byname(home)


def arrive(product: Byname, events: list[Event], cut: int = 4) -> None:
    """Events in requests of a few."""
    for start in range(0, len(events), cut):
        deliver(product, events[start : start + cut], NOW)


@pytest.mark.filterwarnings("ignore")
class TestOnSqlite:
    @MANY
    @given(town=towns(), data=st.data())
    def test_any_order_and_any_repetition_gives_the_same(
        self, template: Path, tmp_path_factory: pytest.TempPathFactory, town: list[Event], data: st.DataObject
    ) -> None:
        shuffled = data.draw(st.permutations(town + data.draw(st.lists(st.sampled_from(town), max_size=5))))
        tmp = tmp_path_factory.mktemp("laws")
        with sqlite_copy(template, tmp) as one, sqlite_copy(template, tmp) as other:
            arrive(one, town)
            arrive(other, list(shuffled), cut=data.draw(st.integers(1, 5)))
            assert picture(one) == picture(other)
            assert [f for f in rebuild.check(other) if f.wrong] == []

    @MANY
    @given(town=towns(), data=st.data())
    def test_sealing_in_between_changes_nothing(
        self, template: Path, tmp_path_factory: pytest.TempPathFactory, town: list[Event], data: st.DataObject
    ) -> None:
        cut = data.draw(st.integers(0, len(town)))
        tmp = tmp_path_factory.mktemp("laws")
        with sqlite_copy(template, tmp) as one, sqlite_copy(template, tmp) as other:
            arrive(one, town)
            arrive(other, town[:cut])
            seal(other.home, NOW)
            arrive(other, town)
            seal(other.home, NOW + 1)
            assert picture(one) == picture(other)
            assert [f for f in rebuild.check(other) if f.wrong] == []

    @MANY
    @given(town=towns())
    def test_rebuild_makes_the_same_again_and_heals_what_was_broken(
        self, template: Path, tmp_path_factory: pytest.TempPathFactory, town: list[Event]
    ) -> None:
        with sqlite_copy(template, tmp_path_factory.mktemp("laws")) as product:
            arrive(product, town)
            before = picture(product)
            product.home.store.write(lambda db: db.run("update state set events = events + 1"))
            product.home.store.write(lambda db: db.run("delete from latest"))
            product.home.store.write(lambda db: db.run("update identifier set person = id, state = 'own'"))
            rebuild.rebuild(product)
            assert picture(product) == before


@pytest.mark.filterwarnings("ignore")
class TestOnPostgres:
    @SOME
    @given(town=towns(), data=st.data())
    def test_any_order_and_any_repetition_gives_the_same_as_on_sqlite(
        self,
        template: Path,
        postgres_server: str,
        tmp_path_factory: pytest.TempPathFactory,
        town: list[Event],
        data: st.DataObject,
    ) -> None:
        shuffled = data.draw(st.permutations(town + data.draw(st.lists(st.sampled_from(town), max_size=5))))
        tmp = tmp_path_factory.mktemp("laws")
        with sqlite_copy(template, tmp) as one, postgres_copy(template, tmp, postgres_server) as other:
            arrive(one, town)
            arrive(other, list(shuffled))
            seal(other.home, NOW)
            assert picture(one) == picture(other)
            assert [f for f in rebuild.check(other) if f.wrong] == []
            rebuild.rebuild(other)
            assert picture(one) == picture(other)


def test_what_waits_beside_a_rebuild_is_not_forgotten(home: Home) -> None:
    """The writer takes what waits into one transaction; the lake shows only what is committed."""
    product, busy, go_on = Byname(home), threading.Event(), threading.Event()

    def hold(db: Db, items: Sequence[None]) -> list[bool]:
        busy.set()
        return [go_on.wait() for _ in items]

    home.store.submit(hold, None)
    busy.wait()
    visit = Event("m1", "shop", "web", "Page Viewed", NOW, NOW, (Identifier("account", "ann"),))
    taken = product.deliver(Delivery("shop", [product.prepare(visit)], (), NOW))
    again = threading.Thread(target=rebuild.profiles, args=(product,))
    again.start()
    while home.store.waiting() < 2:
        again.join(0)
    go_on.set()
    again.join()
    assert taken.result() == ["accepted"]
    assert [f for f in rebuild.check(product) if f.wrong] == []
