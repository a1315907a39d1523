"""What holds for every request, page or API? An id, safe headers, a count, a log line without personal data."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Histogram

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), geolocation=(), microphone=()"),
)
STRICT = (b"strict-transport-security", b"max-age=31536000")
log = structlog.get_logger("byname.web")


class Door:
    """The outermost ASGI layer. Paths are logged and counted as templates: `/customers/{id}`, never as asked."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry, *, https: bool) -> None:
        self.app = app
        self.headers = (*HEADERS, STRICT) if https else HEADERS
        labels = ("method", "path", "status")
        self.requests = Counter("byname_requests", "Requests answered", labels, registry=registry)
        self.seconds = Histogram(
            "byname_request_seconds", "Time to answer", ("method", "path"), registry=registry, buckets=BUCKETS
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        request_id, status, start = secrets.token_hex(8), 500, time.perf_counter()
        scope.setdefault("state", {})["request_id"] = request_id

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_headers(message.get("headers", ()), self.headers, request_id)
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        finally:
            self._tell(scope, status, time.perf_counter() - start, request_id)

    def _tell(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        method, path = str(scope.get("method", "")), template_of(scope)
        self.requests.labels(method, path, str(status)).inc()
        self.seconds.labels(method, path).observe(seconds)
        quiet = path in QUIET or path in TRACKING
        write: Callable[..., Any] = log.warning if status >= 500 else log.debug if quiet else log.info
        write("request", method=method, path=path, status=status, ms=round(seconds * 1000, 1), request=request_id)


def template_of(scope: Scope) -> str:
    """The path as its route is written; what no route knows is 'other', so that no typed value is logged."""
    return str(scope.get("path_template") or "other")


def with_headers(given: Any, ours: tuple[tuple[bytes, bytes], ...], request_id: str) -> list[tuple[bytes, bytes]]:
    """The response's headers with ours; pages are not kept by caches unless the answer says otherwise."""
    headers = [(bytes(k), bytes(v)) for k, v in given]
    names = {k.lower() for k, _ in headers}
    headers += [h for h in ours if h[0] not in names]
    if b"cache-control" not in names:
        headers.append((b"cache-control", b"no-store"))
    headers.append((b"request-id", request_id.encode()))
    return headers


BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
TRACKING = frozenset(
    f"/v1/{word}"
    for word in ("identify", "track", "page", "screen", "group", "alias", "batch", "i", "t", "p", "s", "g", "a", "b")
)
QUIET = frozenset({"/health", "/metrics", "/static", "/static/{file_path:path}"})
