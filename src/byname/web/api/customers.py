"""GET /v1/customers/{id}: who is she, what happened, why do we think so, and everything held about her."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import FromQuery, PathParameter, QueryParameter

from byname import customers, forget
from byname.identity import explain as explaining
from byname.trust import consent
from byname.web.api.calling import SECURITY, Caller, Refused, Web, answering, answers
from byname.web.api.shapes import CustomerShape, Events, iso
from byname.web.api.shapes import customer as customer_shape
from byname.web.api.shapes import event as event_shape
from byname.web.desks.customer import cursor

MOST = 200
ID = "c5f0d8a1b2c3d4e5f607"
Id = Annotated[str, PathParameter(description="Any public id that was ever hers")]
Purpose = Annotated[str, QueryParameter(description="What the answer is for; refused when she forbids it")]


class Reason(msgspec.Struct):
    """One step of the chain that makes her one person, or what kept others out; `sid` goes to /v1/revoke.

    `kind`: joined, refused, split, shared or junk. `a`, `b`: type and public id of the two ends.
    """

    kind: str
    words: str
    a: str
    b: str
    at: str | None
    source: str
    actor: str
    because: str
    sid: str


class Explained(msgspec.Struct):
    """Why these identifiers are one person."""

    id: str
    now: str
    statements: list[Reason]


EXAMPLE: dict[str, Any] = {
    "id": ID,
    "now": ID,
    "name": "Ann Keller",
    "invented": False,
    "brief": {
        "aloud": "Ann Keller. Customer since 3 March 2024. Last contact yesterday at the till: Till Sale, London 12.",
        "open": [],
        "asked_for": ["packaging she prefers: no plastic"],
        "not_to_mention": [],
    },
    "events": 17,
    "first_at": "2024-03-03T10:12:00Z",
    "last_at": "2026-11-20T17:01:09Z",
    "touchpoints": {"till": 10, "web": 4, "call_centre": 3},
    "money": [{"currency": "GBP", "orders": 11, "returns": 0, "spent": 38550, "refunded": 0, "saved": 0}],
    "open": [],
    "identifiers": [
        {
            "id": ID,
            "type": "loyalty",
            "masked": "***123",
            "state": "own",
            "since": "2024-03-03T10:12:00Z",
            "invented": False,
        }
    ],
    "traits": [
        {
            "name": "town",
            "label": "Town",
            "value": "Brighton",
            "said_by": "she_said",
            "since": "2024-03-03T10:12:00Z",
            "source": "shop",
            "stands": True,
            "invented": False,
        }
    ],
    "consents": [{"purpose": "marketing", "allowed": True, "since": "2024-03-03T10:12:00Z", "channels": {}}],
}
REASON = {
    "kind": "joined",
    "words": "loyalty c1 and email c2 turned up together (shop, first on 2026-11-01)",
    "a": "loyalty c1",
    "b": "email c2",
    "at": "2026-11-01T10:00:00Z",
    "source": "shop",
    "actor": "",
    "because": "",
    "sid": "9f86d081884c7d659a2feaa0c55ad015",
}
EVENT = {
    "id": "00ff",
    "name": "Till Sale",
    "touchpoint": "till",
    "source": "till",
    "occurred_at": "2026-11-20T17:01:09Z",
    "place": "London 12",
    "ref": "r-200",
    "currency": "GBP",
    "amount": 3240,
    "discount": 0,
    "lines": 3,
}


@get(
    "/v1/customers/{id:str}",
    security=SECURITY,
    tags=["customers"],
    summary="One customer, as she is now",
    operation_id="getCustomer",
    responses=answers(CustomerShape, EXAMPLE, refusals=(404,)),
)
async def one(request: Web, id: Id, purpose: Purpose = "service") -> CustomerShape:
    """Brief, traits, identifiers (masked), consents, open matters. An old id answers with `now`. The look is logged."""

    def do(caller: Caller) -> CustomerShape:
        her = read(caller, id, purpose, "view")
        return customer_shape(id, her)

    return await answering(request, "profile", do)


@get(
    "/v1/customers/{id:str}/events",
    security=SECURITY,
    tags=["customers"],
    summary="Her history, newest first",
    operation_id="getCustomerEvents",
    responses=answers(Events, {"events": [EVENT], "next": None}, refusals=(404,)),
)
async def events(
    request: Web,
    id: Id,
    purpose: Purpose = "service",
    before: FromQuery[str] = "",
    touchpoint: FromQuery[str] = "",
    limit: FromQuery[int] = 50,
) -> Events:
    """One timeline over all touchpoints, fresh and sealed. `next` of the answer goes into `before`."""

    def do(caller: Caller) -> Events:
        person, now_id = whose(caller, id)
        check_purpose(caller, person, purpose)
        caller.log("timeline", now_id, purpose, "shown")
        most = max(1, min(limit, MOST))
        at, below = cursor(before)
        found = customers.timeline(
            caller.product.home, person, before=at, below=below, most=most + 1, touchpoint=touchpoint
        )
        shown = found[:most]
        more = f"{shown[-1].occurred_at}.{shown[-1].id.hex()}" if len(found) > most else None
        return Events([event_shape(e) for e in shown], more)

    return await answering(request, "profile", do)


@get(
    "/v1/customers/{id:str}/explain",
    security=SECURITY,
    tags=["identity"],
    summary="Why these are one person",
    operation_id="explainCustomer",
    responses=answers(Explained, {"id": ID, "now": ID, "statements": [REASON]}, refusals=(404,)),
)
async def explain(request: Web, id: Id) -> Explained:
    """The chain of statements, the weakest link first; then what was refused or set apart."""

    def do(caller: Caller) -> Explained:
        person, now_id = whose(caller, id)
        caller.log("explain", now_id, "service", "shown")
        told = explaining.explain(caller.db, caller.product.policy, person)
        return Explained(id, now_id, [
            Reason(b.kind, str(b), b.a, b.b, iso(b.at) if b.at else None, b.source, b.actor, b.because, b.sid)
            for b in told
        ])  # fmt: skip

    return await answering(request, "profile", do)


@get(
    "/v1/customers/{id:str}/export",
    security=SECURITY,
    tags=["privacy"],
    summary="Everything held about her",
    operation_id="exportCustomer",
    responses=answers(dict[str, Any], {"customer": ID}, refusals=(404,)),
)
async def export(request: Web, id: Id) -> dict[str, Any]:
    """From every room and the lake, in the clear, for her to have."""

    def do(caller: Caller) -> dict[str, Any]:
        _, now_id = whose(caller, id)
        caller.log("export", now_id, "service", "json")
        return forget.export(caller.product.home, now_id, now=caller.now)

    return await answering(request, "export", do)


def read(caller: Caller, id: str, purpose: str, action: str) -> customers.Customer:
    """Her, if she does not forbid the purpose; the look is written down first."""
    person, now_id = whose(caller, id)
    check_purpose(caller, person, purpose)
    caller.log(action, now_id, purpose, "shown")
    return customers.read(caller.product.home, caller.db, person, caller.now)


def whose(caller: Caller, id: str) -> tuple[int, str]:
    found = customers.current(caller.db, id)
    if found is None:
        raise Refused(404, "There is no such customer", cure="Ask /v1/recognise for her id")
    return found


def check_purpose(caller: Caller, person: int, purpose: str) -> None:
    """Law 7: no purpose, no use."""
    if purpose not in consent.PURPOSES:
        raise Refused(400, "Unknown purpose", purpose[:40], f"Known: {', '.join(consent.PURPOSES)}")
    ids = customers.identifiers_of(caller.db, person)
    if not consent.allowed(consent.entries(caller.db, ids), purpose):
        raise Refused(403, f"She does not allow {purpose}", cure="Ask for another purpose, or ask her")


ROUTES = (one, events, explain, export)
