"""How does someone come in and go out? Login, the one-time link, logout, and the choice of colours."""

from __future__ import annotations

import secrets
from typing import Any

from litestar import get, post
from litestar.exceptions import HTTPException
from litestar.response import Redirect, Response

from byname.terms import BynameError
from byname.trust import audit, sessions, staff
from byname.web.drawing import LOOKS, NOTES, draw
from byname.web.serving import (
    Web,
    check_csrf,
    cookie,
    crosses_sites,
    form_of,
    html,
    in_thread,
    look_of,
    own_path,
    say_of,
)
from byname.web.signed_in import COOKIE, DOOR_COOKIE, door_token, fits_door, session_of

LOOK_FOR_S = 31_536_000


@get("/login", include_in_schema=False, sync_to_thread=False)
def login_page(request: Web) -> Response[Any]:
    note = request.query_params.get("note", "")
    return entrance(request, "login.html", {
        "next": own_path(request.query_params.get("next", "/")), "login": "", "problem": "",
        "note": note if note in NOTES else "",
    })  # fmt: skip


@post("/login", include_in_schema=False, status_code=200)
async def login(request: Web) -> Response[Any]:
    form = await form_of(request)
    answer: Response[Any] = await in_thread(sign_in, request, form)
    return answer


def sign_in(request: Web, form: dict[str, str]) -> Response[Any]:
    """A new session for the right password; every refusal reads the same."""
    check_door(request, form)
    home, now = request.app.state.product.home, request.app.state.clock()
    name = form.get("login", "")
    who = staff.sign_in(home.store, home.keys, name, form.get("password", ""), address=address_of(request), now=now)
    if isinstance(who, staff.Refused):
        say = say_of(request)
        problem = say.text("Login and password do not fit together.")
        headers = {}
        if who.retry_after_s:
            problem = say.text("Too many tries. Wait %(s)s seconds and try again.", s=who.retry_after_s)
            headers = {"Retry-After": str(who.retry_after_s)}
        values = {"next": own_path(form.get("next", "/")), "login": name, "problem": problem, "note": ""}
        return entrance(request, "login.html", values, 429 if who.retry_after_s else 401, headers)
    return let_in(request, who, own_path(form.get("next", "/")))


def let_in(request: Web, who: staff.Account, path: str) -> Response[Any]:
    """Start a session under a new secret: one that was planted before sign-in is worth nothing."""
    home, now = request.app.state.product.home, request.app.state.clock()
    old, terminal = request.cookies.get(COOKIE, ""), address_of(request)

    def start(db: Any) -> str:
        look = audit.Look(now, f"staff:{who.id}", "sign_in", terminal=terminal)
        audit.log(db, [look])
        return sessions.start(db, home.keys, who.id, now=now, terminal=terminal, before=old)

    answer = Redirect(path, status_code=303)
    answer.set_cookie(cookie(request, COOKIE, home.store.write(start)))
    answer.set_cookie(cookie(request, DOOR_COOKIE, "", max_age=0))
    return answer


@post("/logout", include_in_schema=False, status_code=200)
async def logout(request: Web) -> Response[Any]:
    form = await form_of(request)
    answer: Response[Any] = await in_thread(sign_out, request, form)
    return answer


def sign_out(request: Web, form: dict[str, str]) -> Response[Any]:
    session = session_of(request)
    if session is not None:
        check_csrf(request, session.csrf, form)
        home = request.app.state.product.home
        home.store.write(lambda db: sessions.end(db, home.keys, request.cookies.get(COOKIE, "")))
    answer = Redirect("/login?note=signed_out", status_code=303)
    answer.set_cookie(cookie(request, COOKIE, "", max_age=0))
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@get("/welcome/{secret:str}", include_in_schema=False)
async def welcome_page(request: Web) -> Response[Any]:
    answer: Response[Any] = await in_thread(welcome_form, request, request.path_params["secret"], "")
    return answer


@post("/welcome/{secret:str}", include_in_schema=False, status_code=200)
async def welcome(request: Web) -> Response[Any]:
    form = await form_of(request)
    answer: Response[Any] = await in_thread(set_password, request, request.path_params["secret"], form)
    return answer


def set_password(request: Web, secret: str, form: dict[str, str]) -> Response[Any]:
    check_door(request, form)
    home, now = request.app.state.product.home, request.app.state.clock()
    password = form.get("password", "")
    if password != form.get("again", ""):
        return welcome_form(request, secret, say_of(request).text("The two passwords differ."), 400)
    try:
        who = staff.use_link(home.store, home.keys, secret, password, now=now)
    except BynameError as error:
        return welcome_form(request, secret, str(error), 400)
    return let_in(request, who, "/?note=password_set")


def welcome_form(request: Web, secret: str, problem: str, status: int = 200) -> Response[Any]:
    home, now = request.app.state.product.home, request.app.state.clock()
    who = staff.link_owner(home.store.read(), home.keys, secret, now=now)
    if who is None:
        raise BynameError(
            "This link does not work (any more)",
            cure="It works once and for three days. Ask for a new one: byname user link LOGIN",
        )
    return entrance(request, "welcome.html", {
        "name": who.name, "login": who.login, "least": staff.SHORTEST_PASSWORD, "problem": problem, "note": "",
    }, status)  # fmt: skip


@post("/look", include_in_schema=False, status_code=200)
async def look(request: Web) -> Response[Any]:
    """Light, dark, high contrast, or as the device says: kept in a cookie for a year."""
    form = await form_of(request)
    session = await in_thread(session_of, request)
    if session is not None:
        check_csrf(request, session.csrf, form)
    elif crosses_sites(request):
        raise HTTPException("This form comes from another site.", status_code=403)
    chosen = form.get("look", "")
    answer = Redirect(own_path(form.get("next", "/")), status_code=303)
    answer.set_cookie(cookie(request, "byname_look", chosen if chosen in LOOKS else "system", max_age=LOOK_FOR_S))
    return answer


def entrance(
    request: Web, template: str, values: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response[Any]:
    """A page before sign-in: its form is bound to a cookie of this browser."""
    secret = request.cookies.get(DOOR_COOKIE, "") or secrets.token_urlsafe()
    settings = request.app.state.product.home.settings
    more = {"csrf": door_token(request, secret), "company": settings.company, "look": look_of(request),
            "company_signs_in": bool(settings.oidc_issuer),
            "title": {"login.html": "Sign in", "welcome.html": "Welcome"}[template]}  # fmt: skip
    answer = html(draw(template, say_of(request), {**values, **more}), status)
    for name, value in (headers or {}).items():
        answer.headers[name] = value
    answer.set_cookie(cookie(request, DOOR_COOKIE, secret, max_age=3600))
    return answer


def check_door(request: Web, form: dict[str, str]) -> None:
    if not fits_door(request, form.get("csrf", "")) or crosses_sites(request):
        raise HTTPException("This form is too old. Go back, load the page again and repeat.", status_code=403)


def address_of(request: Web) -> str:
    return request.client.host if request.client else ""


ROUTES = (login_page, login, logout, welcome_page, welcome, look)
