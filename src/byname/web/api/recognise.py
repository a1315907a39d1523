"""POST /v1/recognise, /v1/confirm and /v1/deny: who stands in front of us, and is this her?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import post
from litestar.openapi.spec import Example
from litestar.params import Body
from litestar.types import ASGIApp, Receive, Scope, Send

from byname import recognition
from byname.encounter import Byname
from byname.identity.confirm import REFUSALS, Confirmed
from byname.profile.brief import Brief
from byname.recognition import Asker, Met, Turned
from byname.terms import BynameError, Proof
from byname.touchpoints.sources import Pace
from byname.trust import consent
from byname.web.api.calling import SECURITY, Caller, Refused, Web, answering, answers, check


class Identifier(msgspec.Struct):
    """An identifier as it turned up. `proof`: possessed (scanned, logged in), claimed (told) or carried (cookie)."""

    type: str
    value: str
    proof: Proof = Proof.CLAIMED


class RecogniseCall(msgspec.Struct):
    """Who turned up, where, and what it is asked for. Values stand in the body only, never in an address.

    `details` (given, surname, born, postcode, street, town, ...): what she told, when no identifier names her.
    """

    identifiers: list[Identifier]
    purpose: str = "service"
    channel: str = consent.EVERY
    terminal: str = ""
    details: dict[str, str] = {}


class BriefOut(msgspec.Struct):
    """What to know before saying good morning."""

    name: str
    since: str
    last_contact: str
    worth: list[str]
    open: list[str]
    asked_for: list[str]
    not_to_mention: list[str]
    aloud: str
    invented: bool


class Recognised(msgspec.Struct):
    """`may` says what the caller may do; `customer` and `brief` stand at `known` only."""

    level: str
    may: list[str]
    why: list[str]
    question: str = ""
    customer: str = ""
    brief: BriefOut | None = None


class ConfirmCall(msgspec.Struct):
    """What turned up is this customer's, says a member of staff. `answers`: what she said, by field.

    `seen`: loyalty_card_seen or photo_id_seen. `second`: another member of staff who agrees, where one is needed.
    """

    identifier: Identifier
    customer: str
    staff: str
    answers: dict[str, str] = {}
    seen: str = ""
    second: str = ""
    terminal: str = ""


class DenyCall(msgspec.Struct):
    """What turned up is not this customer's."""

    identifier: Identifier
    customer: str
    staff: str
    terminal: str = ""


class ConfirmOut(msgspec.Struct):
    """The statement that was written, or why none was."""

    done: bool
    sid: str = ""
    refused: str = ""
    words: str = ""


ASKED = {"identifiers": [{"type": "loyalty", "value": "9988123", "proof": "possessed"}], "purpose": "service"}
KNOWN = {
    "level": "known", "may": ["serve", "attach_later", "greet_by_name", "show_history"],
    "why": ["Her loyalty was shown by possession or login"], "question": "", "customer": "c0d51b6bb0d1c8f3a0b5e",
    "brief": {"name": "Ann Baker", "since": "Customer since 3 March 2025", "last_contact": "Last contact yesterday "
              "on the web: Order Completed", "worth": ["17 purchases, 812.40 GBP"], "open": [], "asked_for": [],
              "not_to_mention": [], "aloud": "Ann Baker. Customer since 3 March 2025.", "invented": False},
}  # fmt: skip
CONFIRM = {"identifier": {"type": "phone", "value": "+442079460018"}, "customer": "c0d51b6bb0d1c8f3a0b5e",
           "staff": "17", "answers": {"postcode": "N1 9GU", "birthday": "24.05."}}  # fmt: skip
CONFIRMED = {"done": True, "sid": "9f86d081884c7d659a2feaa0c55ad015", "refused": "", "words": ""}
DENY = {k: CONFIRM[k] for k in ("identifier", "customer", "staff")}
MOST = 50


def example(value: dict[str, Any]) -> Any:
    return Body(examples=[Example(summary="Ann", value=value)])


@post("/v1/recognise", status_code=200, security=SECURITY, tags=["encounter"],
      summary="Who is it, and what may be done?",
      operation_id="recognise", responses=answers(Recognised, KNOWN, refusals=(400,)))  # fmt: skip
async def recognise(request: Web, data: Annotated[RecogniseCall, example(ASKED)]) -> Recognised:
    """Recognise whoever turns up. The same form for everyone who is not recognised, whatever the reason."""

    return await answering(request, "recognise", lambda caller: met(caller, data))


class AtOnce:
    """The same route without a router and a change of threads, for what a till waits for.

    Answers the ordinary call; whatever is unusual (no token, another form, PostgreSQL) goes the ordinary way.
    """

    def __init__(self, app: ASGIApp, product: Byname, pace: Pace, clock: Callable[[], int]) -> None:
        self.app, self.product, self.pace, self.clock = app, product, pace, clock
        self.direct = product.home.store.engine == "sqlite"
        self.decode = msgspec.json.Decoder(RecogniseCall).decode

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message: Any = await receive()
        body = None if message.get("more_body") or not self.direct else self._answer(scope, message.get("body", b""))
        if body is None:
            await self.app(scope, again(message, receive), send)
            return
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    def _answer(self, scope: Scope, body: bytes) -> bytes | None:
        headers = dict(scope["headers"])
        client = scope.get("client")
        terminal = headers.get(b"x-terminal", b"").decode("latin-1")[:60] or (client[0] if client else "")
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        try:
            data = self.decode(body)
            if data.details:  # the live scorer may have to gather every named customer: not between two requests
                return None
            caller = check(self.product, self.pace, self.clock(), authorization, terminal, "recognise")
            return msgspec.json.encode(met(caller, data))
        except (Refused, BynameError, ValueError, RecursionError):
            return None


def again(first: Any, receive: Receive) -> Receive:
    """A receive that gives the first message once more."""
    waiting = [first]

    async def replayed() -> Any:
        return waiting.pop() if waiting else await receive()

    return replayed


def met(caller: Caller, data: RecogniseCall) -> Recognised:
    asker = Asker(caller.token.actor, place(caller, data.terminal), data.purpose, data.channel)
    return told(recognition.meet(caller.product, turned(data.identifiers), asker, caller.now, data.details))


@post("/v1/confirm", status_code=200, security=SECURITY, tags=["encounter"], summary="This is her",
      operation_id="confirm", responses=answers(ConfirmOut, CONFIRMED, refusals=(400,)))  # fmt: skip
async def confirm(request: Web, data: Annotated[ConfirmCall, example(CONFIRM)]) -> ConfirmOut:
    """A blind challenge: answers are judged right or wrong and never shown."""

    def do(caller: Caller) -> ConfirmOut:
        (one,) = turned([data.identifier])
        return outcome(recognition.confirm(
            caller.product, one, data.customer, staff=data.staff, terminal=place(caller, data.terminal),
            answers=data.answers, seen=data.seen, second=data.second, now=caller.now,
        ))  # fmt: skip

    return await answering(request, "confirm", do)


@post("/v1/deny", status_code=200, security=SECURITY, tags=["encounter"], summary="This is not her",
      operation_id="deny", responses=answers(ConfirmOut, CONFIRMED, refusals=(400,)))  # fmt: skip
async def deny(request: Web, data: Annotated[DenyCall, example(DENY)]) -> ConfirmOut:
    """What turned up and this customer are two people, from now on."""

    def do(caller: Caller) -> ConfirmOut:
        (one,) = turned([data.identifier])
        terminal = place(caller, data.terminal)
        done = recognition.deny(caller.product, one, data.customer, staff=data.staff, terminal=terminal, now=caller.now)
        return outcome(done)

    return await answering(request, "confirm", do)


def place(caller: Caller, said: str) -> str:
    """The terminal that the call names, else where it came from: short and printable, as the audit log keeps it."""
    return "".join(filter(str.isprintable, said))[:60] or caller.terminal


def turned(identifiers: list[Identifier]) -> list[Turned]:
    if len(identifiers) > MOST:
        raise Refused(400, f"At most {MOST} identifiers", str(len(identifiers)))
    return [Turned(i.type, i.value, i.proof) for i in identifiers]


def told(met: Met) -> Recognised:
    return Recognised(
        met.level.value,
        list(met.may),
        list(met.why),
        met.question,
        met.customer,
        shown(met.brief) if met.brief else None,
    )


def shown(b: Brief) -> BriefOut:
    return BriefOut(
        b.name, b.since, b.last_contact, list(b.worth), list(b.open), list(b.asked_for), list(b.not_to_mention),
        b.aloud(), b.invented,
    )  # fmt: skip


def outcome(done: Confirmed) -> ConfirmOut:
    if done.sid is None:
        return ConfirmOut(False, "", done.refused, REFUSALS.get(done.refused, ""))
    return ConfirmOut(True, done.sid.hex())


ROUTES = (recognise, confirm, deny)
