"""POST /v1/webhooks/{slug}: how do others tell us of events? Signed as Standard Webhooks 1.0 says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from litestar import post
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import FromPath

from byname.encounter import Parcel
from byname.store import Db
from byname.touchpoints import sources, webhook
from byname.touchpoints.reasons import in_words
from byname.touchpoints.sources import Source
from byname.web.api.calling import CODES, WORDS, Problem, Refused, Web


class Receipt(msgspec.Struct):
    """What became of the message: accepted, repeated, not_kept or quarantined (then with its reason)."""

    verdict: str
    reason: str = ""
    field: str = ""
    detail: str = ""


@post(
    "/v1/webhooks/{slug:str}",
    status_code=200,
    tags=["capture"],
    summary="A message of someone else's webhook",
    operation_id="receiveWebhook",
    responses={
        200: ResponseSpec(Receipt, description="Taken", examples=[Example(value={"verdict": "accepted"})]),
        **{
            status: ResponseSpec(
                Problem,
                description=WORDS[status],
                generate_examples=False,
                examples=[Example(value={"error": {"code": CODES[status], "message": WORDS[status], "rule": "..."}})],
            )
            for status in (400, 401, 429, 503)
        },
    },
)
async def receive(request: Web, slug: FromPath[str]) -> Receipt:
    """The headers webhook-id, webhook-timestamp and webhook-signature prove who sends; the body is
    `{"type", "timestamp", "data"}`. The same webhook-id counts once, however often it is sent."""
    state = request.app.state
    home, now = state.product.home, state.clock()
    body = await request.body()
    headers = {name: request.headers.get(name, "") for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    source = await asyncio.to_thread(_source, home.store.read, slug)
    secret = sources.secret_of(home.keys, source) if source else ""
    why = webhook.why_not(secret, headers, body, now) if secret else "There is no such webhook, or it has no secret"
    if source is None or why is not None:
        raise Refused(401, why or "There is no such webhook", cure="Check the address, the secret and the clocks")
    wait_s = state.pace.wait_s(source, now)
    if wait_s:
        raise Refused(
            429, "Too many messages", cure="Wait as long as Retry-After says", retry_after_s=max(1, round(wait_s))
        )
    parcel = Parcel(webhook.with_id(body, headers["webhook-id"]), "webhook", source, now)
    taken = await asyncio.wrap_future(state.product.take(parcel))
    if taken.parsed.refused:
        raise Refused(400, in_words(taken.parsed.refused))
    (verdict,) = taken.parsed.verdicts
    return Receipt(
        taken.verdicts[0] if taken.verdicts else verdict.verdict, verdict.reason, verdict.field, verdict.detail
    )


def _source(read: Callable[[], Db], slug: str) -> Source | None:
    found = sources.by_slug(read(), slug)
    return found if found is not None and found.kind == "webhook" and found.enabled else None


ROUTES = (receive,)
