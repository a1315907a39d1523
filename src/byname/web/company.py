"""How do staff come in by the company's own sign-in? Off to the issuer and back (trust/oidc.py)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
from litestar import get
from litestar.response import Redirect, Response

from byname.settings import Settings
from byname.terms import BynameError
from byname.trust import oidc
from byname.web.entrance import let_in
from byname.web.serving import Web, address_of, cookie, in_thread

BEGUN_COOKIE = "byname_company"


@get("/login/company", include_in_schema=False)
async def begin(request: Web) -> Response[Any]:
    answer: Response[Any] = await in_thread(send_off, request)
    return answer


@get("/login/company/back", include_in_schema=False)
async def back(request: Web) -> Response[Any]:
    answer: Response[Any] = await in_thread(take_in, request)
    return answer


def send_off(request: Web) -> Response[Any]:
    """Off to the issuer; what was begun stays in a cookie of this browser."""
    home, now = request.app.state.product.home, request.app.state.clock()
    with client() as http:
        provider = oidc.discover(http, issuer_of(home.settings))
    client_id: str = home.settings.oidc_client_id
    address, begun = oidc.begin(provider, client_id=client_id, redirect_uri=way_back(request), now=now)
    answer = Redirect(address, status_code=303)
    answer.set_cookie(cookie(request, BEGUN_COOKIE, oidc.packed(home.keys, begun), max_age=600))
    return answer


def take_in(request: Web) -> Response[Any]:
    """Back from the issuer: a session for someone who was invited here."""
    home, now = request.app.state.product.home, request.app.state.clock()
    begun = oidc.unpacked(home.keys, request.cookies.get(BEGUN_COOKIE, ""))
    if begun is None or "code" not in request.query_params:
        raise BynameError("This sign-in is not the one that began here", cure="Begin again")
    with client() as http:
        provider = oidc.discover(http, issuer_of(home.settings))
        person = oidc.finish(
            http,
            provider,
            begun,
            client_id=home.settings.oidc_client_id,
            client_secret=secret_of(home.settings),
            redirect_uri=way_back(request),
            code=str(request.query_params["code"]),
            state=str(request.query_params.get("state", "")),
            now=now,
        )
    who = home.store.write(lambda db: oidc.admit(db, provider.issuer, person))
    if who is None:
        cure = "Ask the owner to add you with the e-mail address of your company account"
        raise BynameError("Nobody has invited you to byname yet", cure=cure)
    answer = let_in(request, who, "/")
    answer.set_cookie(cookie(request, BEGUN_COOKIE, "", max_age=0))
    return answer


def issuer_of(settings: Settings) -> str:
    """The issuer in force. Errors: BynameError when there is none."""
    issuer: str = settings.oidc_issuer
    if not issuer or not settings.oidc_client_id:
        cure = "Set oidc_issuer and oidc_client_id in byname.toml"
        raise BynameError("Sign-in by the company is not set up", cure=cure)
    return issuer


def way_back(request: Web) -> str:
    """The address that must be registered at the issuer; it sends nobody to another one."""
    return f"{address_of(request)}/login/company/back"


def secret_of(settings: Settings) -> str:
    """The client secret, from its file."""
    try:
        return Path(settings.oidc_client_secret_file).read_text("utf-8").strip()
    except OSError as error:
        cure = "Name a file that byname may read in oidc_client_secret_file"
        raise BynameError("The client secret cannot be read", type(error).__name__, cure) from error


def client() -> httpx.Client:
    """A connection of one sign-in; proxies and certificates as the environment says."""
    return httpx.Client(timeout=10)


ROUTES = (begin, back)
