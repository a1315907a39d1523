"""How is the web put together? Pages, sign-in, API, health and metrics in one ASGI application for uvicorn."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from litestar import Litestar, Request, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader, State
from litestar.enums import ScopeType
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.response import Response
from litestar.static_files import create_static_files_router
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from prometheus_client.process_collector import ProcessCollector

from byname.encounter import Byname
from byname.terms import BynameError
from byname.web import api, company, entrance
from byname.web.api import calling
from byname.web.api.capture import Capture, takes
from byname.web.api.recognise import AtOnce
from byname.web.door import Door
from byname.web.drawing import STATIC
from byname.web.serving import desk_routes, failures, in_thread

YEAR_S = 31_536_000


def create_app(product: Byname, *, clock: Callable[[], int] | None = None) -> ASGIApp:
    """The web of one open home. `clock` gives microseconds since the epoch; tests stand it still."""
    settings = product.home.settings
    registry = metrics_of(product)
    tick = clock or microseconds
    pace = calling.new_pace(settings.rate_per_s)
    app = Litestar(
        route_handlers=[
            *desk_routes(),
            *entrance.ROUTES,
            *company.ROUTES,
            *api.routes(),
            health,
            metrics,
            openapi,
            create_static_files_router(
                path="/static",
                directories=[STATIC],
                cache_control=CacheControlHeader(public=True, max_age=YEAR_S, immutable=True),
                include_in_schema=False,
            ),
        ],
        state=State({"product": product, "clock": tick, "registry": registry, "pace": pace}),
        exception_handlers=failures(),
        openapi_config=OpenAPIConfig(
            title="byname",
            version="1",
            description=api.DESCRIPTION,
            path="/openapi",
            use_handler_docstrings=True,
            render_plugins=[JsonRenderPlugin(path="/json")],
            components=api.COMPONENTS,
        ),
        compression_config=CompressionConfig(backend="gzip", gzip_compress_level=5, minimum_size=1000),
        request_max_body_size=settings.max_body_kb * 1024,
        logging_config=None,
        debug=False,
    )
    answering = before(app, Capture(product, tick), AtOnce(app, product, pace, tick))
    return Door(answering, registry, https=settings.public_url.startswith("https:"))


def before(app: ASGIApp, capture: Capture, recognise: AtOnce) -> ASGIApp:
    """Tracking calls and look-ups go straight to raw handlers: they are many, and a router costs more than they do."""

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and takes(scope):
            scope["path_template"] = scope["path"].rstrip("/")
            await capture(scope, receive, send)
        elif scope["type"] == ScopeType.HTTP and scope["path"] == "/v1/recognise" and scope["method"] == "POST":
            scope["path_template"] = scope["path"]
            await recognise(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answering


def microseconds() -> int:
    return time.time_ns() // 1000


def metrics_of(product: Byname) -> CollectorRegistry:
    """One registry per application, so that two in one process do not meet."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    waiting = Gauge("byname_writer_waiting", "Items that wait for the writer", registry=registry)
    waiting.set_function(product.home.store.waiting)
    return registry


@get("/health", include_in_schema=False)
async def health(request: Request[Any, Any, Any]) -> Response[dict[str, str]]:
    """200 while the day can be read; 503 with the reason in words otherwise."""
    gone: BynameError | None = await in_thread(trouble, request.app.state.product)
    if gone is not None:
        return Response({"status": "down", "reason": gone.rule, "cure": gone.cure}, status_code=503)
    return Response({"status": "ok"})


def trouble(product: Byname) -> BynameError | None:
    try:
        product.home.store.read().row("select 1")
    except BynameError as gone:
        product.home.store.forget_reader()
        return gone
    return None


@get("/openapi.json", include_in_schema=False)
async def openapi(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """The description of the API, OpenAPI 3.1."""
    return request.app.openapi_schema.to_schema()


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text; numbers only, nothing about a person."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)
