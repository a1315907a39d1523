"""How do events come in over HTTP? The Segment tracking interface, as raw ASGI: bytes in, verdicts out.

    size limit -> gzip -> write key -> rate -> touchpoints.segment.parse -> encounter.prepare -> writer -> verdicts

200 with a verdict per item, also for items that cannot be used (those go to quarantine): what existing SDKs expect.
`?strict=1` answers 400 when any item was not taken. 401 unknown key, 404 source switched off, 413 too large,
429 with Retry-After, 503 with Retry-After while the ground is broken: nothing of that request was acknowledged.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from litestar.types import Receive, Scope, Send

from byname.encounter import Byname, Parcel
from byname.terms import GroundBroken
from byname.touchpoints import segment, sources
from byname.touchpoints.limits import Limits
from byname.touchpoints.parsed import Verdict
from byname.touchpoints.reasons import REASONS
from byname.touchpoints.sources import Source

KINDS = ("identify", "track", "page", "screen", "group", "alias", "batch")
SHORT = {kind[0]: kind for kind in KINDS}  # the browser SDK posts to /v1/t, /v1/i, ...
CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
    (b"access-control-max-age", b"86400"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
JSON = (b"content-type", b"application/json")


PATHS = frozenset(f"/v1/{word}" for word in (*KINDS, *SHORT))


def takes(scope: Scope) -> bool:
    """Is this a tracking call?"""
    return scope["path"].rstrip("/") in PATHS and scope.get("method") in ("POST", "OPTIONS")


class Refused(Exception):
    """The request as a whole is not taken."""

    def __init__(self, status: int, code: str, message: str, retry_after_s: float = 0) -> None:
        self.status, self.code, self.message, self.retry_after_s = status, code, message, retry_after_s


class Capture:
    """The raw ASGI application below /v1 for the tracking calls."""

    def __init__(self, product: Byname, clock: Callable[[], int]) -> None:
        settings = product.home.settings
        self.product, self.clock = product, clock
        self.most_bytes = settings.max_body_kb * 1024
        self.limits = Limits.of(settings)
        self.known = sources.Known(product.home.keys)
        self.pace = sources.Pace(settings.rate_per_s)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["method"] == "OPTIONS":  # type: ignore[typeddict-item]
                await answer(send, 204, b"")
                return
            kind = str(scope["path"]).rstrip("/").rsplit("/", 1)[-1]
            body = unpacked(await self._read(scope, receive), scope, self.most_bytes)
            await self._take(scope, SHORT.get(kind, kind), body, send)
        except Refused as no:
            told = {"error": {"code": no.code, "message": no.message}}
            wait = [(b"retry-after", str(max(1, round(no.retry_after_s))).encode())] if no.retry_after_s else []
            await answer(send, no.status, msgspec.json.encode(told), wait)
        except GroundBroken as gone:
            told = {"error": {"code": "unavailable", "message": str(gone)}}
            await answer(send, 503, msgspec.json.encode(told), [(b"retry-after", b"5")])

    async def _take(self, scope: Scope, kind: str, body: bytes, send: Send) -> None:
        now = self.clock()
        source = self._source(scope, body)
        wait_s = self.pace.wait_s(source, now)
        if wait_s:
            raise Refused(
                429, "too_many_requests", f"This source may send {source.rate_per_s} requests a second", wait_s
            )
        taken = await asyncio.wrap_future(self.product.take(Parcel(body, kind, source, now)))
        if taken.parsed.refused:
            rule, cure = REASONS[taken.parsed.refused]
            status = 413 if taken.parsed.refused in ("too_large", "too_many") else 400
            raise Refused(status, taken.parsed.refused, f"{rule}. {cure}")
        done = taken.verdicts
        verdicts = merged(taken.parsed.verdicts, zip(done, taken.unusable, strict=True))
        strict = b"strict=1" in scope["query_string"]
        quarantined = sum(v["verdict"] == "quarantined" for v in verdicts)
        bad = strict and quarantined > 0
        told = {"success": not bad, "accepted": done.count("accepted"), "repeated": done.count("repeated"),
                "quarantined": quarantined, "items": verdicts}  # fmt: skip
        await answer(send, 400 if bad else 200, msgspec.json.encode(told))

    async def _read(self, scope: Scope, receive: Receive) -> bytes:
        declared = next((v for k, v in scope["headers"] if k == b"content-length"), b"0")
        if declared.isdigit() and int(declared) > self.most_bytes:
            raise self._too_large()
        chunks, size = [], 0
        while True:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "cut_off", "The body ended early")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > self.most_bytes:
                raise self._too_large()
            if not message.get("more_body"):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _too_large(self) -> Refused:
        return Refused(413, "too_large", f"A request may have {self.most_bytes // 1024} KB; send smaller batches")

    def _source(self, scope: Scope, body: bytes) -> Source:
        key = basic_user(scope) or segment.write_key(body)
        source = self.known.by_key(self.product.home.store.read(), key, self.clock()) if key else None
        if source is None:
            raise Refused(401, "unknown_key", "The write key is missing or not known. See Sources for the right one")
        if not source.enabled:
            raise Refused(404, "source_off", "This source is switched off. Switch it on under Sources")
        return source


def basic_user(scope: Scope) -> str:
    """The user of HTTP Basic (the write key, password empty), or the key of a Bearer header, or ''."""
    value = next((v for k, v in scope["headers"] if k == b"authorization"), b"")
    scheme, _, rest = value.partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.decode("ascii", "ignore").strip()
    if scheme.lower() != b"basic":
        return ""
    try:
        return base64.b64decode(rest, validate=True).partition(b":")[0].decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def unpacked(body: bytes, scope: Scope, most_bytes: int) -> bytes:
    """The body without its gzip, never more of it than may come: a bomb is refused before it is large."""
    encoding = next((v for k, v in scope["headers"] if k == b"content-encoding"), b"").lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding not in (b"gzip", b"deflate"):
        raise Refused(400, "unknown_encoding", "Content-Encoding must be gzip, deflate or absent")
    try:
        opener = zlib.decompressobj(47)  # gzip or zlib, by its header
        plain = opener.decompress(body, most_bytes + 1)
        if len(plain) > most_bytes or opener.unconsumed_tail:
            raise Refused(413, "too_large", f"Unpacked, a request may have {most_bytes // 1024} KB")
        if not opener.eof:
            raise Refused(400, "bad_gzip", "The compressed body ends early")
    except zlib.error:
        raise Refused(400, "bad_gzip", "The body is not what Content-Encoding says") from None
    return plain


def merged(parsed: list[Verdict], done: Iterable[tuple[str, tuple[str, ...]]]) -> list[dict[str, Any]]:
    """One verdict per item, in the order sent: quarantined by the parser, or what the writer made of it.

    `ignored` names identifiers that were sent and name nobody: a placeholder, or no valid value of their type.
    """
    taken = iter(done)
    found: list[dict[str, Any]] = []
    for v in parsed:
        if v.verdict == "accepted":
            verdict, ignored = next(taken)
            found.append({"messageId": v.message_id, "verdict": verdict})
            if ignored:
                found[-1]["ignored"] = list(ignored)
        else:
            told = {"verdict": v.verdict, "reason": v.reason, "field": v.field, "detail": v.detail}
            found.append({"messageId": v.message_id, **told})
    return found


async def answer(send: Send, status: int, body: bytes, more: list[tuple[bytes, bytes]] | None = None) -> None:
    headers = [JSON, (b"content-length", str(len(body)).encode()), *CORS, *(more or [])]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
