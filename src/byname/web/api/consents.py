"""GET and POST /v1/consents/{id}: what does she allow, and what did she just say about it?"""

from __future__ import annotations

import hashlib
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.openapi.spec import Example
from litestar.params import Body, FromPath

from byname import customers
from byname.store import Db
from byname.terms import ConsentSaid
from byname.trust import audit, consent
from byname.web.api import shapes
from byname.web.api.calling import SECURITY, Caller, Refused, Web, answering, answers
from byname.web.api.customers import ID, whose


class Consents(msgspec.Struct):
    """What stands for every purpose."""

    id: str
    consents: list[shapes.Consent]


class Said(msgspec.Struct):
    """One word of hers about a purpose, on a channel or on every one ('*')."""

    purpose: str
    granted: bool
    channel: str = "*"


class ConsentCall(msgspec.Struct):
    """What she said. The same words from the same token at the same moment are one entry."""

    said: list[Said]


EXAMPLE = {
    "id": ID,
    "consents": [
        {"purpose": "marketing", "allowed": True, "since": "2026-11-01T10:00:00Z", "channels": {"sms": False}}
    ],
}
CALL = {"said": [{"purpose": "marketing", "granted": False, "channel": "sms"}]}


@get(
    "/v1/consents/{id:str}",
    security=SECURITY,
    tags=["privacy"],
    summary="What she allows",
    operation_id="getConsents",
    responses=answers(Consents, EXAMPLE, refusals=(404,)),
)
async def standing(request: Web, id: FromPath[str]) -> Consents:
    """Every purpose, with what stands and since when."""

    def do(caller: Caller) -> Consents:
        person, now_id = whose(caller, id)
        caller.log("consent", now_id, "service", "shown")
        return Consents(now_id, shapes.consents(told(caller.db, person)))

    return await answering(request, "consent", do)


@post(
    "/v1/consents/{id:str}",
    status_code=200,
    security=SECURITY,
    tags=["privacy"],
    summary="Record what she said",
    operation_id="sayConsent",
    responses=answers(Consents, EXAMPLE, refusals=(400, 404)),
)
async def say(
    request: Web,
    id: FromPath[str],
    data: Annotated[ConsentCall, Body(examples=[Example(summary="No more texts", value=CALL)])],
) -> Consents:
    """Append to the ledger; the last word by time stands. A withdrawal counts at once."""

    def do(caller: Caller) -> Consents:
        person, now_id = whose(caller, id)
        known, unknown = consent.understand([ConsentSaid(s.purpose, s.channel, s.granted) for s in data.said])
        if unknown or not known:
            raise Refused(
                400, "Unknown purpose or channel", ", ".join(unknown)[:80], f"Known: {', '.join(consent.PURPOSES)}"
            )
        event = hashlib.blake2b(f"{caller.token.actor}\0{caller.now}\0{person}".encode(), digest_size=16).digest()

        def write(db: Db) -> None:
            consent.record(
                db,
                [
                    consent.Entry(
                        consent.entry_id(event, s),
                        person,
                        s.purpose,
                        s.channel,
                        s.granted,
                        caller.now,
                        "api",
                        caller.token.actor,
                    )
                    for s in known
                ],
            )
            audit.log(
                db, [audit.Look(caller.now, caller.token.actor, "consent", now_id, "service", caller.terminal, "said")]
            )

        caller.product.home.store.write(write)
        return Consents(now_id, shapes.consents(told(caller.db, person)))

    return await answering(request, "consent", do)


def told(db: Db, person: int) -> tuple[consent.Entry, ...]:
    return tuple(consent.entries(db, customers.identifiers_of(db, person)))


ROUTES = (standing, say)
