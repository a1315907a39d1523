"""A real browser on a real server: headless Chromium, the cast in the house, nothing from another host."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from byname.encounter import Byname
from byname.home import open_home
from byname.trust import sessions, staff
from byname.web.app import create_app
from byname.web.signed_in import COOKIE
from tests.web import cast

CACHE = Path(__file__).parents[2] / ".cache"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Where Chromium is: named by BYNAME_CHROMIUM, on the PATH, or put into .cache by the test command."""
    named = os.environ.get("BYNAME_CHROMIUM")
    found = named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return found or next((str(p) for p in sorted(CACHE.glob("chromium/**/chrome")) if p.is_file()), None)


class Server:
    """byname on a free port, in a thread of this process."""

    def __init__(self, folder: Path, full: bool) -> None:
        self.home = open_home(folder)
        self.product = Byname(self.home)
        self.now = time.time_ns() // 1000
        if full:
            cast.populate(self.product, self.now)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        config = uvicorn.Config(
            create_app(self.product), host="127.0.0.1", port=self.port, log_config=None, access_log=False
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)  # wait for a thread, not for time
        self.url = f"http://127.0.0.1:{self.port}"

    def session(self, role: str = "owner") -> str:
        """The cookie of someone of that role."""
        home, now = self.home, time.time_ns() // 1000
        db = home.store.read()
        who = staff.by_login(db, role)
        id_ = (
            who.id
            if who
            else home.store.write(
                lambda db: staff.create(
                    db, login=role, name=f"{role.title()} Example", role=role, now=now, new_id=lambda: role
                )
            )
        )
        return home.store.write(lambda db: sessions.start(db, home.keys, id_, now=now))

    def customer(self, type: str, value: str) -> str:
        key = self.product.key(type, value)
        assert key is not None
        row = self.home.store.read().row(
            "select c.public_id from identifier i join identifier c on c.id = i.person where i.token = :t", t=key.token
        )
        assert row is not None
        return str(row[0])

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self.home.close()


@pytest.fixture(
    scope="module"
)  # not longer: while Playwright is open its event loop runs, and no other test can have one
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip("no Chromium: install it, or name it in BYNAME_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, as the test command installed it."""
    path = CACHE / "clients" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.exists():
        pytest.skip("no axe-core: `make test` installs it into .cache/clients")
    return path.read_text("utf-8")


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("full") / "home", full=True)
    yield server
    server.close()


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("empty") / "home", full=False)
    yield server
    server.close()


Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open a page as someone; afterwards: no error in the console, nothing asked of another host."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def opened(
        server: Server,
        path: str = "/",
        *,
        role: str = "owner",
        width: int = 1280,
        dark: bool = False,
        scripts: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light",
            java_script_enabled=scripts, reduced_motion="reduce",
        )  # fmt: skip
        context.add_cookies([{"name": COOKIE, "value": server.session(role), "url": server.url}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: wrong.append(f"error: {e}"))
        page.on("request", lambda r: None if r.url.startswith(server.url) else wrong.append(f"asked: {r.url}"))
        page.goto(server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not wrong
