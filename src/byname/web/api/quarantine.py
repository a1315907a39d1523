"""GET /v1/quarantine and POST .../replay, .../drop: what could not be used, sent through again or let go."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.openapi.spec import Example
from litestar.params import Body, FromQuery

from byname.replay import replay as send_again
from byname.touchpoints import quarantine
from byname.web.api.calling import SECURITY, Caller, Refused, Web, answering, answers
from byname.web.api.shapes import iso

MOST = 200
LAST = 2**62  # no id is above it


class ItemShape(msgspec.Struct):
    """One arrival that could not be used; its body is shown on the pages only."""

    id: int
    source: str
    reason: str
    field: str
    detail: str
    event: str
    received_at: str


class Items(msgspec.Struct):
    """A page of what is open, newest first; `next` goes into `before`."""

    items: list[ItemShape]
    open: int
    next: int | None


class Ids(msgspec.Struct):
    """Which items."""

    ids: Annotated[list[Annotated[int, msgspec.Meta(ge=1, le=LAST)]], msgspec.Meta(max_length=1000)]


class Settled(msgspec.Struct):
    """How many are settled, and how many are still unfit."""

    settled: int
    unfit: int


@get(
    "/v1/quarantine",
    security=SECURITY,
    tags=["sources"],
    summary="What could not be used",
    operation_id="getQuarantine",
    responses=answers(Items, {"items": [], "open": 0, "next": None}),
)
async def listing(
    request: Web,
    before: FromQuery[int | None] = None,
    source: FromQuery[str | None] = None,
    reason: FromQuery[str | None] = None,
    limit: FromQuery[int] = MOST,
) -> Items:
    """Open items with their reasons, at most `limit` of them (1 to 200)."""

    def do(caller: Caller) -> Items:
        if not 1 <= limit <= MOST:
            raise Refused(400, "The limit is not in its range", cure=f"Ask for 1 to {MOST} items")
        below = None if before is None else max(0, min(before, LAST))
        found = quarantine.items(caller.db, source=source, reason=reason, before=below, limit=limit + 1)
        shown = [
            ItemShape(i.id, i.source, i.reason, i.field, i.detail, i.event_name, iso(i.received_at))
            for i in found[:limit]
        ]
        return Items(shown, quarantine.count(caller.db), shown[-1].id if len(found) > limit else None)

    return await answering(request, "quarantine", do)


@post(
    "/v1/quarantine/replay",
    status_code=200,
    security=SECURITY,
    tags=["sources"],
    summary="Send through again",
    operation_id="replay",
    responses=answers(Settled, {"settled": 1, "unfit": 0}, refusals=(400,)),
)
async def replay(request: Web, data: Annotated[Ids, Body(examples=[Example(value={"ids": [1]})])]) -> Settled:
    """Those that go in are settled; those still unfit keep the reason of today."""

    def do(caller: Caller) -> Settled:
        return Settled(*send_again(caller.product, data.ids, by=caller.token.actor, now=caller.now))

    return await answering(request, "quarantine", do)


@post(
    "/v1/quarantine/drop",
    status_code=200,
    security=SECURITY,
    tags=["sources"],
    summary="Let go",
    operation_id="drop",
    responses=answers(Settled, {"settled": 1, "unfit": 0}, refusals=(400,)),
)
async def drop(request: Web, data: Annotated[Ids, Body(examples=[Example(value={"ids": [1]})])]) -> Settled:
    """Their content is destroyed; that they came stays known."""

    def do(caller: Caller) -> Settled:
        store = caller.product.home.store
        return Settled(store.write(lambda db: quarantine.drop(db, data.ids, by=caller.token.actor, now=caller.now)), 0)

    return await answering(request, "quarantine", do)


ROUTES = (listing, replay, drop)
