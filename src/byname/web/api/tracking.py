"""POST /v1/identify, track, page, screen, group, alias and batch: how is the tracking interface described?

Shapes and examples for the OpenAPI description only. `web.api.capture` answers these calls as raw ASGI before any
route is looked up; what it takes is wider than what stands here (numbers for ids, [] for {}, members nobody knows).
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import Body, QueryParameter

from byname.web.api.calling import Problem

SECURITY: list[dict[str, list[str]]] = [{"write_key": []}]
Strict = Annotated[int, QueryParameter(ge=0, le=1, description="1: answer 400 when any item was quarantined")]


class Call(msgspec.Struct, rename="camel", omit_defaults=True):
    """One typed call. Who: userId, anonymousId, context.externalIds, or known names in traits and properties."""

    message_id: str = ""
    user_id: str = ""
    anonymous_id: str = ""
    timestamp: str = ""
    sent_at: str = ""
    context: dict[str, Any] = {}


class Identify(Call):
    """Who she is, and what is known of her."""

    traits: dict[str, Any] = {}


class Track(Call, kw_only=True):
    """What happened; the catalogue of events is in docs/events.md."""

    event: str
    properties: dict[str, Any] = {}


class Seen(Call):
    """A page or screen that she saw."""

    name: str = ""
    properties: dict[str, Any] = {}


class Group(Call, kw_only=True):
    """The account or household that she belongs to."""

    group_id: str
    traits: dict[str, Any] = {}


class Alias(Call, kw_only=True):
    """Her id of before; believed of trusted sources only."""

    previous_id: str


class Batch(msgspec.Struct, rename="camel", omit_defaults=True):
    """Calls, each with its `type`. `context` holds for each that does not say otherwise."""

    batch: list[dict[str, Any]]
    sent_at: str = ""
    context: dict[str, Any] = {}


class Item(msgspec.Struct, rename="camel"):
    """accepted, repeated, not_kept (no consent) or quarantined, then with its reason."""

    message_id: str
    verdict: str
    reason: str = ""
    field: str = ""
    detail: str = ""


class Verdicts(msgspec.Struct):
    """What became of every item, in the order sent."""

    success: bool
    accepted: int
    repeated: int
    quarantined: int
    items: list[Item]


ANN = {"userId": "ann-1", "messageId": "m-17", "timestamp": "2026-11-20T17:01:09Z"}
ORDER = {"order_id": "o-1", "total": 48.0, "currency": "GBP",
         "products": [{"product_id": "w1", "price": 24.0, "quantity": 2}]}  # fmt: skip
TRACK = {**ANN, "event": "Order Completed", "properties": ORDER}
TAKEN = {"success": True, "accepted": 1, "repeated": 0, "quarantined": 0,
         "items": [{"messageId": "m-17", "verdict": "accepted"}]}  # fmt: skip
CALLS: tuple[tuple[str, type[msgspec.Struct], str, dict[str, Any]], ...] = (
    ("identify", Identify, "Who she is", {**ANN, "traits": {"name": "Ann Keller", "email": "ann@shop.example"}}),
    ("track", Track, "What happened", TRACK),
    ("page", Seen, "A page she saw", {**ANN, "name": "Coffee", "properties": {"path": "/coffee"}}),
    ("screen", Seen, "A screen of an app she saw", {**ANN, "name": "Basket"}),
    ("group", Group, "Her account or household", {**ANN, "groupId": "acme", "traits": {"name": "Acme"}}),
    ("alias", Alias, "Her id of before", {**ANN, "previousId": "visitor-4"}),
    ("batch", Batch, "Many calls together", {"batch": [{"type": "track", **TRACK}]}),
)
REFUSED = {
    400: ("not_json", "The body cannot be read; or, with strict=1, an item was quarantined (then with the verdicts)"),
    401: ("unknown_key", "The write key is missing or not known"),
    404: ("source_off", "This source is switched off"),
    413: ("too_large", "The body or the batch is too large"),
    429: ("too_many_requests", "This source sends too fast; Retry-After says how long to wait"),
    503: ("unavailable", "The ground is broken and nothing was acknowledged; send again after Retry-After"),
}


def responses() -> dict[int, ResponseSpec]:
    """The verdicts, and every refusal."""
    found = {200: ResponseSpec(Verdicts, description="Taken", generate_examples=False, examples=[Example(value=TAKEN)])}
    for status, (code, words) in REFUSED.items():
        told: Any = Problem | Verdicts if status == 400 else Problem
        example = Example(value={"error": {"code": code, "message": words}})
        found[status] = ResponseSpec(told, description=words, generate_examples=False, examples=[example])
    return found


def described(kind: str, shape: type[msgspec.Struct], summary: str, example: dict[str, Any]) -> HTTPRouteHandler:
    """A route that is there to be described."""

    async def call(data: Any, strict: Strict = 0) -> Verdicts:
        raise NotImplementedError("web.api.capture answers before the routes")

    call.__annotations__["data"] = Annotated[shape, Body(examples=[Example(summary="Ann", value=example)])]
    return post(
        f"/v1/{kind}", status_code=200, security=SECURITY, tags=["capture"], summary=summary, operation_id=kind,
        description=DESCRIPTION, responses=responses(), name=f"tracking {kind}",
    )(call)  # fmt: skip


DESCRIPTION = (
    "The Segment tracking interface: SDKs of Segment and RudderStack need another host only. An item that cannot be "
    "used is quarantined, and the answer is 200 all the same; the same messageId counts once, for ever. The body may "
    "come as gzip, the write key in it as `writeKey`."
)
ROUTES = tuple(described(*call) for call in CALLS)
