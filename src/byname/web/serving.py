"""How does a request become an Ask, and an Answer a response? The only pages code that knows HTTP."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode, urlsplit

from litestar import Request
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect, Response

from byname.terms import BynameError, GroundBroken
from byname.web import pages
from byname.web.asking import Answer, Ask, Goto, NotAllowed, NotThere, Refused, Sent, Staff
from byname.web.drawing import LOOKS, draw
from byname.web.signed_in import COOKIE, SignedIn, session_of
from byname.web.words import Say, say_for

Web = Request[Any, Any, Any]
READERS = ThreadPoolExecutor(8, thread_name_prefix="byname-page")
MOST_FIELDS = 100
RETRY_S = 5  # after which a caller may ask again when the ground was broken


async def in_thread(do: Callable[..., Any], *given: Any) -> Any:
    """Pages read the day in threads of their own, so that one slow page never holds up capture."""
    return await asyncio.get_running_loop().run_in_executor(READERS, do, *given)


def desk_routes() -> list[HTTPRouteHandler]:
    """A route per action of every desk in PAGES."""
    return [route(desk, action) for desk in pages.PAGES for action in pages.actions(desk)]


def route(desk: Any, action: pages.Action) -> HTTPRouteHandler:
    async def handler(request: Web) -> Response[Any]:
        form = await form_of(request) if action.method == "POST" else {}
        answer: Response[Any] = await in_thread(respond, request, desk, action, form)
        return answer

    path = (desk.PATH.rstrip("/") + action.below) or "/"
    name = f"{desk.__name__.rsplit('.', 1)[-1]} {action.method} {action.below or '/'}"
    return HTTPRouteHandler(path, http_method=[action.method], include_in_schema=False, name=name)(handler)  # type: ignore[list-item]


def respond(request: Web, desk: Any, action: pages.Action, form: dict[str, str]) -> Response[Any]:
    """Sign-in, permission, CSRF, then the page's own function, then the drawing."""
    session = session_of(request)
    if session is None:
        return to_login(request)
    if action.permission not in session.staff.permissions:
        raise NotAllowed(action.permission)
    if action.method == "POST":
        check_csrf(request, session.csrf, form)
    ask = ask_of(request, session.staff, form)
    return drawn(request, session, desk, ask, action.answer(ask))


def drawn(request: Web, session: SignedIn, desk: Any, ask: Ask, answer: Answer) -> Response[Any]:
    if isinstance(answer, Goto):
        return Redirect(with_note(answer), status_code=303)
    if isinstance(answer, Sent):
        return Response(answer.content, media_type=answer.media_type, status_code=200, headers={
            "content-disposition": f'attachment; filename="{answer.file_name}"'})  # fmt: skip
    values = {**shell(request, session, desk, ask), **answer.values}
    return html(draw(answer.template, ask.say, values), answer.status)


def shell(request: Web, session: SignedIn, desk: Any, ask: Ask) -> dict[str, Any]:
    """What the layout shows around every page."""
    return {
        "menu": pages.menu(session.staff.permissions),
        "desk": desk,
        "staff": session.staff,
        "csrf": session.csrf,
        "company": ask.home.settings.company,
        "look": look_of(request),
        "here": request.url.path,
        "note": ask.query.get("note", ""),
    }


def ask_of(request: Web, staff: Staff, form: dict[str, str]) -> Ask:
    now = request.app.state.clock()
    home = request.app.state.product.home
    return Ask(
        product=request.app.state.product,
        home=home,
        staff=staff,
        say=say_for(home.settings, now),
        now=now,
        path={k: str(v) for k, v in request.path_params.items()},
        query={k: v for k, v in request.query_params.items() if isinstance(v, str)},
        form=form,
        terminal=request.client.host if request.client else "",
        address=address_of(request),
        part=request.headers.get("hx-request") == "true",
    )


HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?", re.I)


def address_of(request: Web) -> str:
    """Where this server is reached: the public address if one is set, else the one that was asked.

    A Host header that is no host name is left aside for the host and the port that the server listens on.
    """
    settings = request.app.state.product.home.settings
    if settings.public_url:
        return str(settings.public_url).rstrip("/")
    given = request.headers.get("host", "")
    if not HOST.fullmatch(given):
        port = (request.scope.get("server") or ("", None))[1] or settings.port
        given = f"{settings.host}:{port}"
    return f"{request.scope.get('scheme', 'http')}://{given}"


def say_of(request: Web) -> Say:
    return say_for(request.app.state.product.home.settings, request.app.state.clock())


async def form_of(request: Web) -> dict[str, str]:
    """The fields of a posted form; files and repeated fields are not ours."""
    sent = await request.form()
    return {k: v for k, v in list(sent.items())[:MOST_FIELDS] if isinstance(v, str)}


def check_csrf(request: Web, expected: str, form: dict[str, str]) -> None:
    """The token of the session must come with every post, and from our own pages."""
    given = form.get("csrf") or request.headers.get("x-csrf") or ""
    if not secrets.compare_digest(given.encode(), expected.encode()) or crosses_sites(request):
        raise HTTPException("This form is too old. Go back, load the page again and repeat.", status_code=403)


def crosses_sites(request: Web) -> bool:
    """Did another site make the browser send this? Browsers say so themselves."""
    site = request.headers.get("sec-fetch-site")
    return site is not None and site not in ("same-origin", "none")


def to_login(request: Web) -> Response[Any]:
    """To the door, with the way back when it was a page of ours; a fragment sends the whole browser there."""
    over = COOKIE in request.cookies
    wanted = "" if request.method != "GET" or request.headers.get("hx-request") else request.url.path
    query = {"next": wanted if wanted != "/" else "", "note": "session_over" if over else ""}
    query = {k: v for k, v in query.items() if v}
    address = "/login" + (f"?{urlencode(query)}" if query else "")
    if request.headers.get("hx-request"):
        return Response("", status_code=200, headers={"HX-Redirect": address})
    return Redirect(address, status_code=303)


def own_path(wanted: str) -> str:
    """A path of this site, or '/': no open redirects.

    >>> own_path("/customers"), own_path("https://evil.example/"), own_path("//evil.example"), own_path("/\\\\evil")
    ('/customers', '/', '/', '/')
    """
    parts = urlsplit(wanted)
    safe = wanted.startswith("/") and not wanted.startswith("//") and wanted.isprintable() and "\\" not in wanted
    return wanted if safe and not parts.scheme and not parts.netloc else "/"


def with_note(answer: Goto) -> str:
    path = own_path(answer.path)
    return path if not answer.note else f"{path}{'&' if '?' in path else '?'}note={answer.note}"


def look_of(request: Web) -> str:
    look = request.cookies.get("byname_look", "")
    return look if look in LOOKS else "system"


def cookie(request: Web, name: str, value: str, *, max_age: int | None = None) -> Cookie:
    """A cookie no script can read, not sent from other sites; only over TLS where the public address has it."""
    secure = request.app.state.product.home.settings.public_url.startswith("https:")
    return Cookie(name, value=value, path="/", httponly=True, secure=secure, samesite="lax", max_age=max_age)


def html(text: str, status: int = 200) -> Response[Any]:
    return Response(text, media_type=MediaType.HTML, status_code=status)


def failures() -> dict[int | type[Exception], Callable[[Web, Any], Response[Any]]]:
    """How a page (or the API) says that something went wrong."""
    return {
        NotThere: lambda r, e: failed(r, 404, "There is no such page", "It may have moved, or the link is wrong."),
        NotAllowed: lambda r, e: failed(
            r, 403, "Your role does not open this page", "Ask whoever looks after people and access."
        ),
        GroundBroken: away,
        BynameError: lambda r, e: failed(r, 400, e.rule, e.cure, e.value),
        Refused: lambda r, e: api_failed(
            e.status, e.rule, e.value, e.cure, {"Retry-After": str(e.retry_after_s)} if e.retry_after_s else None
        ),
        ValidationException: invalid,
        HTTPException: http_failed,
        Exception: unexpected,
    }


def away(request: Web, error: GroundBroken) -> Response[Any]:
    """The ground is broken: nothing was done, and asking again soon is right."""
    response = failed(request, 503, error.rule, error.cure or "Try again in a moment.")
    response.headers["Retry-After"] = str(RETRY_S)
    return response


def http_failed(request: Web, error: HTTPException) -> Response[Any]:
    status = error.status_code
    if status == 404:
        return failed(request, 404, "There is no such page", "It may have moved, or the link is wrong.")
    if status == 403:
        return failed(request, 403, error.detail, "")
    return failed(request, status, HTTP_WORDS.get(status, "This request cannot be answered"), "")


def invalid(request: Web, error: ValidationException) -> Response[Any]:
    """A call whose fields do not fit; the fields are named, their values are not repeated."""
    extra = error.extra if isinstance(error.extra, list) else []
    fields = ", ".join(sorted({name for x in extra if isinstance(x, dict) and (name := field_of(x))}))
    return failed(request, 400, "A field is missing or has another type", "See /openapi.json", fields)


MISSING = re.compile(r"missing required field `(\w+)`")
BODY = "data"  # what a route's argument for the body is called, and so the decoder's word for all of it


def field_of(fault: dict[str, Any]) -> str:
    """The path of the field at fault; of the decoder's message only the name of a missing field is taken.

    >>> field_of({"key": "data", "message": "Object missing required field `because`"})
    'because'
    >>> field_of({"key": "identifiers[0]", "message": "Object missing required field `type`"})
    'identifiers[0].type'
    >>> field_of({"key": "identifiers[0].proof", "message": "Invalid enum value 'whatever'"})
    'identifiers[0].proof'
    >>> field_of({"key": "data", "message": "Expected `object`, got `array`"})
    'the body'
    """
    key, missing = str(fault.get("key", "")), MISSING.search(str(fault.get("message", "")))
    parts = [key if key != BODY else "", missing[1] if missing else ""]
    return ".".join(p for p in parts if p) or ("the body" if key == BODY else "")


def unexpected(request: Web, error: Exception) -> Response[Any]:
    """A mistake of ours: told in the log by its kind and place, never with its values."""
    from byname.web.door import log

    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f"{where.tb_frame.f_code.co_qualname}:{where.tb_lineno}" if where else ""
    log.error("mistake", kind=type(error).__name__, place=place, request=request_id(request))
    return failed(
        request,
        500,
        "Something went wrong on our side",
        f"Give this number to whoever runs byname: {request_id(request)}",
    )


HTTP_WORDS = {
    400: "This request cannot be understood",
    401: "Please sign in",
    405: "This page does not take that",
    413: "That is too large",
    415: "This kind of content is not taken here",
    429: "Too many requests",
}


def failed(request: Web, status: int, title: str, cure: str, value: str = "") -> Response[Any]:
    """A page for people, the API's error envelope for programs."""
    if request.url.path.startswith("/v1/"):
        return api_failed(status, title, value, cure)
    say = say_of(request)
    values = {"title": title, "cure": cure, "value": value, "status": status, "look": look_of(request), "company": ""}
    return html(draw("failed.html", say, values), status)


CODES = {400: "invalid_request", 401: "authentication_error", 403: "permission_error", 404: "not_found",
         405: "invalid_request", 409: "conflict", 413: "too_large", 415: "invalid_request",
         422: "validation_error", 429: "rate_limit_error", 503: "unavailable"}  # fmt: skip


def api_failed(
    status: int, rule: str, value: str = "", cure: str = "", headers: dict[str, str] | None = None
) -> Response[Any]:
    """{"error": {"code", "message", "rule", "value", "cure"}}: the envelope of every refusal of the API."""
    error = {
        "code": CODES.get(status, "error"),
        "message": str(BynameError(rule, value, cure)),
        "rule": rule,
        "value": value,
        "cure": cure,
    }
    return Response({"error": error}, status_code=status, headers=headers, media_type=MediaType.JSON)


def request_id(request: Web) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))
