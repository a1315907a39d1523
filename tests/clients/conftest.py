"""What do the clients meet? A byname that runs as its own process, and a way to read what it holds afterwards."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from byname.home import open_home
from byname.keyring import unseal
from byname.trust import vault

REPOSITORY = Path(__file__).parents[2]
PACKAGES = Path(os.environ.get("BYNAME_CLIENTS", REPOSITORY / ".cache" / "clients")) / "node_modules"


def byname(*words: str, home: Path) -> Any:
    """Run a command of byname and give its JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "byname", *words, "--home", str(home), "--json"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@dataclass
class Running:
    """A server in a process of its own, and the write key of a source."""

    url: str
    key: str
    home: Path

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")

    def events(self) -> list[dict[str, Any]]:
        """What the store holds, as it was sent: opened with the home's keys, oldest first."""
        with closing(open_home(self.home, read_only=True)) as home:
            db = home.store.read()
            rows = db.rows("select name, identifier, touchpoint, body from event order by received_at, occurred_at")
            keys = vault.keys_of(db, home.keys, {row[1] for row in rows if row[1]})
            return [
                {"name": n, "touchpoint": t, **json.loads(unseal(keys[i], body, vault.BODY))}
                for n, i, t, body in rows
                if body is not None
            ]

    def people(self) -> list[set[tuple[str, str]]]:
        """The customers, each as the set of identifiers (type, plain value) she is known by."""
        with closing(open_home(self.home, read_only=True)) as home:
            db = home.store.read()
            rows = db.rows("select id, type, person from identifier where type <> 'given'")
            plain = vault.reveal(db, home.keys, [r[0] for r in rows])
            found: dict[int, set[tuple[str, str]]] = {}
            for id, type, person in rows:
                found.setdefault(person, set()).add((type, plain[id]))
            return list(found.values())


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    """A new home with one source, served on a free port; stopped by SIGTERM, and it must end well."""
    home = tmp_path / "home"
    open_home(home).close()
    key = byname("source", "add", "shop", "--touchpoint", "web", home=home)["write_key"]
    words = [sys.executable, "-m", "byname", "serve", "--home", str(home), "--port", "0", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"byname did not start:\n{process.communicate(timeout=30)[1]}")
        yield Running(json.loads(line)["url"], key, home)
        process.terminate()
        try:
            errors = process.communicate(timeout=30)[1]
        except subprocess.TimeoutExpired:
            process.kill()
            pytest.fail("byname did not stop within 30 seconds of SIGTERM")
        assert process.returncode == 0, errors
        assert "Traceback" not in errors, errors


@pytest.fixture
def node() -> Callable[..., str]:
    """Runs one of the scripts in ./node with a package of npm at hand."""
    program = shutil.which("node")
    if program is None:
        pytest.skip("no Node.js: `make test` installs one from the lock")
    if not PACKAGES.is_dir():
        pytest.skip("the npm clients are not installed: `make test` does it")

    def run(script: str, *words: str) -> str:
        env = {**os.environ, "NODE_PATH": str(PACKAGES)}
        path = Path(__file__).parent / "node" / script
        done = subprocess.run([program, str(path), *words], env=env, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


@pytest.fixture
def chromium() -> Iterator[Any]:
    """A headless browser, for one test: while Playwright is open its event loop runs, and no other can."""
    found = next((p for n in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(n))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: install the package 'chromium'")
    from playwright.sync_api import sync_playwright

    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    quiet += ["--disable-component-update", "--disable-sync"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=[*quiet, "--no-sandbox"])
        yield browser
        browser.close()
