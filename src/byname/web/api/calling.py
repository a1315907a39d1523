"""Who calls the API, may they, and how fast? A token per call, a scope per route, one envelope for refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import msgspec
from litestar import Request
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from byname.encounter import Byname
from byname.store import Db
from byname.touchpoints.sources import Pace, Source
from byname.trust import audit, tokens
from byname.trust.tokens import Token
from byname.web.asking import Refused
from byname.web.serving import in_thread

__all__ = ["Caller", "Problem", "Refused", "answering", "answers"]

T = TypeVar("T")
Web = Request[Any, Any, Any]
SECURITY: list[dict[str, list[str]]] = [{"token": []}]


class Fault(msgspec.Struct):
    """Why a call was refused."""

    code: str
    message: str
    rule: str = ""
    value: str = ""
    cure: str = ""


class Problem(msgspec.Struct):
    """The envelope of every refusal."""

    error: Fault


class Caller(NamedTuple):
    """A program with a token in force that covers the route's scope."""

    product: Byname
    token: Token
    now: int
    terminal: str

    @property
    def db(self) -> Db:
        return self.product.home.store.read()

    def log(self, action: str, customer: str = "", purpose: str = "", outcome: str = "") -> None:
        """Write the look down before it is answered."""
        look = audit.Look(self.now, self.token.actor, action, customer, purpose, self.terminal, outcome)
        self.product.home.store.write(lambda db: audit.log(db, [look]))


async def answering(request: Web, scope: str, do: Callable[[Caller], T]) -> T:
    """Check the token and its pace, then do the work in a thread of its own."""
    answer: T = await in_thread(_checked, request, scope, do)
    return answer


def _checked(request: Web, scope: str, do: Callable[[Caller], T]) -> T:
    return do(caller_of(request, scope))


def caller_of(request: Web, scope: str) -> Caller:
    state, headers = request.app.state, request.headers
    terminal = headers.get("x-terminal", "")[:60] or (request.client.host if request.client else "")
    return check(state.product, state.pace, state.clock(), headers.get("authorization", ""), terminal, scope)


def check(product: Byname, pace: Pace, now: int, authorization: str, terminal: str, scope: str) -> Caller:
    """The caller with this Authorization header, if its token is in force, covers the scope and keeps its pace."""
    home = product.home
    scheme, _, secret = authorization.partition(" ")
    token = tokens.find(home.store.read(), home.keys, secret.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise Refused(
            401, "A token in force is needed", cure="Send Authorization: Bearer byn_...; make one on the page Access"
        )
    wait_s = pace.wait_s(Source(token.id, token.name, "web"), now)
    if wait_s:
        raise Refused(
            429, "Too many calls", cure="Wait as long as Retry-After says", retry_after_s=max(1, round(wait_s))
        )
    if scope not in token.scopes:
        raise Refused(403, f"This token lacks the scope '{scope}'", cure="Make one that has it")
    if tokens.is_due(token, now):
        home.store.write(lambda db: tokens.used(db, token.id, now=now))
    return Caller(product, token, now, terminal)


def new_pace(rate_per_s: int) -> Pace:
    """A token bucket per API token, at the setting's rate."""
    return Pace(rate_per_s)


def answers(kind: Any, example: Any, *, refusals: tuple[int, ...] = ()) -> dict[int, ResponseSpec]:
    """What a route answers, for the OpenAPI description: the good case with an example, and its refusals."""
    found = {
        200: ResponseSpec(
            kind, description="Done", generate_examples=False, examples=[Example(summary="Ann", value=example)]
        )
    }
    for status in dict.fromkeys((400, 401, 403, 429, 503, *refusals)):
        problem = {
            "error": {"code": CODES[status], "message": WORDS[status], "rule": WORDS[status], "value": "", "cure": ""}
        }
        found[status] = ResponseSpec(
            Problem, description=WORDS[status], generate_examples=False, examples=[Example(value=problem)]
        )
    return found


CODES = {
    400: "invalid_request",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found",
    409: "conflict",
    429: "rate_limit_error",
    503: "unavailable",
}
WORDS = {
    400: "The request cannot be understood",
    401: "A token in force is needed",
    403: "The token or her consent does not cover that",
    404: "There is nothing under that id",
    409: "It is so already",
    429: "Too many calls",
    503: "The ground is broken and nothing was done; ask again after Retry-After",
}
