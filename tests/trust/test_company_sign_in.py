"""Does a browser come in by the company's sign-in, through byname's own pages?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, get
from litestar.datastructures import State

from byname.encounter import Byname
from byname.home import Home, open_home
from byname.terms import SECOND
from byname.trust import staff
from byname.web import company, entrance
from byname.web.serving import failures
from byname.web.signed_in import session_of
from tests.conftest import NOW
from tests.trust.issuer import Issuer, serving


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with serving("byname", "s3cret", NOW // SECOND) as running:
        yield running


@pytest.fixture
def shop(tmp_path: Path, issuer: Issuer) -> Iterator[Home]:
    folder = tmp_path / "home"
    folder.mkdir()
    (tmp_path / "secret").write_text("s3cret\n")
    (folder / "byname.toml").write_text(
        f'oidc_issuer = "{issuer.address}"\noidc_client_id = "byname"\n'
        f'oidc_client_secret_file = "{tmp_path / "secret"}"\npublic_url = "http://shop.example.org"\n'
    )
    issuer.person = {"sub": "7", "email": "ann@example.org", "email_verified": True}
    with open_home(folder) as home:
        yield home


@get("/who", sync_to_thread=False)
def who(request: Request[Any, Any, Any]) -> str:
    """Who is signed in, according to byname's own session?"""
    session = session_of(request)
    return session.staff.name if session else "nobody"


def browse(home: Home, steps: Callable[[httpx.AsyncClient], Any]) -> Any:
    async def run() -> Any:
        app = Litestar(
            [*entrance.ROUTES, *company.ROUTES, who],
            state=State({"product": Byname(home), "clock": lambda: NOW}),
            exception_handlers=failures(),  # type: ignore[arg-type]
            openapi_config=None,
        )
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop.example.org") as browser:
            return await steps(browser)

    return asyncio.run(run())


async def signing_in(browser: httpx.AsyncClient) -> httpx.Response:
    page = await browser.get("/login")
    assert "/login/company" in page.text
    away = (await browser.get("/login/company")).headers["location"]
    async with httpx.AsyncClient(trust_env=False) as outside:
        back = (await outside.get(away)).headers["location"]
    assert back.startswith("http://shop.example.org/login/company/back?")
    return await browser.get(back)


def test_someone_invited_comes_in_and_a_stranger_does_not(shop: Home, new_id: Callable[[], str]) -> None:
    stranger = browse(shop, signing_in)
    assert stranger.status_code == 400
    assert "invited" in stranger.text
    shop.store.write(
        lambda db: staff.create(db, login="ann@example.org", name="Ann", role="owner", now=NOW, new_id=new_id)
    )

    async def ann(browser: httpx.AsyncClient) -> tuple[httpx.Response, httpx.Response]:
        return await signing_in(browser), await browser.get("/who")

    let_in, here = browse(shop, ann)
    assert let_in.status_code == 303
    assert let_in.headers["location"] == "/"
    assert here.text == "Ann"


def test_a_way_back_that_did_not_begin_here_leads_nowhere(shop: Home) -> None:
    async def planted(browser: httpx.AsyncClient) -> httpx.Response:
        return await browser.get("/login/company/back?code=x&state=y")

    assert browse(shop, planted).status_code == 400
