"""POST /v1/same, /v1/split, /v1/revoke and GET /v1/changes: say who is who, and follow what it changed."""

from __future__ import annotations

import binascii
import json
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.openapi.spec import Example
from litestar.params import Body, FromQuery

from byname.identity import graph
from byname.store import Db
from byname.terms import Key
from byname.trust import audit
from byname.web.api.calling import SECURITY, Caller, Refused, Web, answering, answers
from byname.web.api.shapes import iso

MOST = 500


class Named(msgspec.Struct):
    """One identifier: by type and value, or by its public id."""

    type: str = ""
    value: str = ""
    id: str = ""


class SameCall(msgspec.Struct):
    """These two are one person. `because`: a ground in few words, nothing personal."""

    a: Named
    b: Named
    because: str
    id: str = ""


class SplitCall(msgspec.Struct):
    """Those kept and those taken away are not one person."""

    keep: list[Named]
    away: list[Named]
    because: str


class RevokeCall(msgspec.Struct):
    """Take one statement back: everything is as if it had never come."""

    sid: str
    because: str


class Stated(msgspec.Struct):
    """The id of the statement; /v1/revoke takes it back."""

    sid: str


class Revoked(msgspec.Struct):
    """`revoked` false: it was taken back before."""

    sid: str
    revoked: bool


class Move(msgspec.Struct, rename={"from_": "from"}):
    """An identifier that is somebody else's now."""

    identifier: str
    from_: str
    to: str


class Change(msgspec.Struct):
    """Which identifiers moved, because of which statement."""

    seq: int
    recorded_at: str
    cause: str
    op: str
    moved: list[Move]


class Changes(msgspec.Struct):
    """Changes in the order of commits; ask again `after` the last `seq`."""

    changes: list[Change]
    last: int


SID = "9f86d081884c7d659a2feaa0c55ad015"
SAME = {"a": {"type": "loyalty", "value": "9988123"}, "b": {"type": "email", "value": "ann@shop.example"},
        "because": "order number and postcode given"}  # fmt: skip


def body(example: dict[str, Any]) -> Any:
    return Body(examples=[Example(summary="Ann", value=example)])


@post("/v1/same", status_code=200, security=SECURITY, tags=["identity"], summary="These two are one person",
      operation_id="saySame", responses=answers(Stated, {"sid": SID}, refusals=(400,)))  # fmt: skip
async def same(request: Web, data: Annotated[SameCall, body(SAME)]) -> Stated:
    """A statement, revocable, that joins two identifiers."""

    def do(caller: Caller) -> Stated:
        p = caller.product
        a, b = key_of(caller, data.a), key_of(caller, data.b)
        own = unhex(data.id) if data.id else None

        def write(db: Db) -> bytes:
            sid = graph.same(
                db, p.policy, a, b, at=caller.now, actor=caller.token.actor, because=short(data.because), sid=own,
                now=caller.now, new_id=p.new_id,
            )  # fmt: skip
            audit.log(db, [audit.Look(caller.now, caller.token.actor, "confirm", "", "service", caller.terminal)])
            return sid

        return Stated(p.home.store.write(write).hex())

    return await answering(request, "confirm", do)


@post("/v1/split", status_code=200, security=SECURITY, tags=["identity"], summary="These are not one person",
      operation_id="saySplit", responses=answers(Stated, {"sid": SID}, refusals=(400,)))  # fmt: skip
async def split(
    request: Web,
    data: Annotated[SplitCall, body({"keep": [SAME["a"]], "away": [SAME["b"]], "because": "wrong sister"})],
) -> Stated:
    """A statement, revocable, that parts identifiers; no evidence before it joins them again."""

    def do(caller: Caller) -> Stated:
        p = caller.product
        keep, away = [key_of(caller, n) for n in data.keep], [key_of(caller, n) for n in data.away]

        def write(db: Db) -> bytes:
            sid = graph.split(
                db, p.policy, keep, away, at=caller.now, actor=caller.token.actor, because=short(data.because),
                now=caller.now, new_id=p.new_id,
            )  # fmt: skip
            audit.log(db, [audit.Look(caller.now, caller.token.actor, "split", "", "service", caller.terminal)])
            return sid

        return Stated(p.home.store.write(write).hex())

    return await answering(request, "confirm", do)


@post("/v1/revoke", status_code=200, security=SECURITY, tags=["identity"], summary="Take a statement back",
      operation_id="revoke", responses=answers(Revoked, {"sid": SID, "revoked": True}, refusals=(400,)))  # fmt: skip
async def revoke(request: Web, data: Annotated[RevokeCall, body({"sid": SID, "because": "wrong sister"})]) -> Revoked:
    """The people are exactly as if it had never come, whenever it came."""

    def do(caller: Caller) -> Revoked:
        p, sid = caller.product, unhex(data.sid)

        def write(db: Db) -> bool:
            done = graph.revoke(
                db, p.policy, sid, at=caller.now, actor=caller.token.actor, because=short(data.because), now=caller.now
            )
            audit.log(db, [audit.Look(caller.now, caller.token.actor, "revoke", "", "service", caller.terminal)])
            return done

        return Revoked(data.sid, p.home.store.write(write))

    return await answering(request, "match", do)


@get("/v1/changes", security=SECURITY, tags=["identity"], summary="Who became somebody else's",
     operation_id="getChanges", responses=answers(Changes, {"changes": [], "last": 0}))  # fmt: skip
async def changes(request: Web, after: FromQuery[int] = 0, limit: FromQuery[int] = 100) -> Changes:
    """The change feed, in the order of commits. Remember `last` and ask again after it."""

    def do(caller: Caller) -> Changes:
        rows = caller.db.rows(
            "select seq, recorded_at, cause, op, body from change where seq > :after order by seq limit :most",
            after=min(max(0, after), 2**62), most=max(1, min(limit, MOST)),
        )  # fmt: skip
        found = [
            Change(
                seq,
                iso(at),
                bytes(cause).hex(),
                op,
                [Move(m["identifier"], m["from"], m["to"]) for m in json.loads(moved)],
            )
            for seq, at, cause, op, moved in rows
        ]
        return Changes(found, found[-1].seq if found else after)

    return await answering(request, "profile", do)


def key_of(caller: Caller, named: Named) -> Key:
    """The keyed token of an identifier as a caller names it; its value is in no answer and in no log."""
    if named.id:
        row = caller.db.row("select type, token from identifier where public_id = :id and erased = 0", id=named.id)
        if row is None:
            raise Refused(400, "There is no identifier of that id", named.id[:64])
        return Key(row[0], bytes(row[1]))
    if not caller.product.policy.knows(named.type):
        known = ", ".join(r.name for r in caller.product.policy.types)
        raise Refused(400, "Unknown type of identifier", cure=f"Known: {known}")
    key = caller.product.key(named.type, named.value)
    if key is None:
        raise Refused(400, f"This is no usable {named.type}", cure="Send the whole value, as the customer gave it")
    return key


def unhex(text: str) -> bytes:
    try:
        return binascii.unhexlify(text)
    except (ValueError, binascii.Error):
        raise Refused(400, "A statement's id is hexadecimal", cure="Take it from /v1/customers/{id}/explain") from None


def short(because: str) -> str:
    """A ground in few words. Digits could be a number of hers: they do not belong here."""
    words = " ".join(because.split())
    if not words or len(words) > 80 or sum(c.isdigit() for c in words) > 4 or "@" in words:
        raise Refused(
            400, "because is a ground in few words, without anything personal", cure="For example: wrong sister"
        )
    return words


ROUTES = (same, split, revoke, changes)
