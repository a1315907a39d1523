"""A running web without a socket: the application asked in-process, staff of every role, the cast in the house."""

from __future__ import annotations

import asyncio
import itertools
import re
from typing import Any

import httpx
import pytest

from byname.encounter import Byname
from byname.home import Home
from byname.terms import SECOND
from byname.trust import sessions, staff, tokens
from byname.web.app import create_app
from byname.web.signed_in import COOKIE
from tests.web import cast


class Browser:
    """A browser of one member of staff: keeps cookies, follows nothing by itself, posts forms with their token."""

    def __init__(self, app: Any, cookies: dict[str, str] | None = None) -> None:
        self.app, self.cookies = app, dict(cookies or {})
        self.csrf = ""

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://byname.test", cookies=self.cookies) as c:
                return await c.request(method, path, **more)

        answer = asyncio.run(go())
        for name, value in answer.cookies.items():
            self.cookies[name] = value
        if found := re.search(r'name="csrf" value="([^"]+)"', answer.text):
            self.csrf = found[1]
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, *, csrf: str | None = None, **fields: str) -> httpx.Response:
        return self.ask("POST", path, data={"csrf": self.csrf if csrf is None else csrf, **fields})


class House:
    """An open product with its web, and a way in for every role."""

    def __init__(self, home: Home, now: int) -> None:
        self.now = now
        self.ids = ids = itertools.count(1)
        self.product = Byname(home, new_id=lambda: f"c{next(ids):04d}")
        self.app = create_app(self.product, clock=lambda: self.now)

    def settle(self) -> None:
        """Wait until everything that was noted is in the tables."""
        self.product.looks.hand_over()

    def passes(self, s: int) -> None:
        self.now += s * SECOND

    def employ(self, role: str, name: str = "") -> str:
        return self.product.home.store.write(
            lambda db: staff.create(
                db,
                login=name or role,
                name=name or role.title(),
                role=role,
                now=self.now,
                new_id=lambda: f"s-{name or role}",
            )
        )

    def browser(self, role: str | None = None) -> Browser:
        """A browser signed in as someone of that role; without one, a stranger's."""
        if role is None:
            return Browser(self.app)
        home = self.product.home
        account = staff.by_login(home.store.read(), role)
        who = account.id if account else self.employ(role)
        secret = home.store.write(lambda db: sessions.start(db, home.keys, who, now=self.now))
        found = sessions.find(home.store.read(), home.keys, secret, now=self.now, idle_min=30)
        browser = Browser(self.app, {COOKIE: secret})
        browser.csrf = found.csrf if found else ""
        return browser

    def token(self, *scopes: str) -> dict[str, str]:
        home = self.product.home
        _, secret = home.store.write(
            lambda db: tokens.make(
                db, home.keys, name="till", scopes=scopes, now=self.now, new_id=lambda: f"t{next(self.ids)}"
            )
        )
        return {"Authorization": f"Bearer {secret}"}

    def customer(self, type: str, value: str) -> str:
        """The public id of whoever has that identifier."""
        key = self.product.key(type, value)
        assert key is not None
        row = self.product.home.store.read().row(
            "select c.public_id from identifier i join identifier c on c.id = i.person where i.token = :t", t=key.token
        )
        assert row is not None
        return str(row[0])


@pytest.fixture
def house(sqlite_home: Home, now: int) -> House:
    """The house with its cast. On SQLite: what differs between the stores is below the pages, and tested there."""
    house = House(sqlite_home, now)
    cast.populate(house.product, now)
    return house


@pytest.fixture
def empty_house(sqlite_home: Home, now: int) -> House:
    return House(sqlite_home, now)


@pytest.fixture
def house_on_postgres(postgres_home: Home, now: int) -> House:
    house = House(postgres_home, now)
    cast.populate(house.product, now)
    return house
