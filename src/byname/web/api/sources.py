"""GET and POST /v1/sources: which sources deliver; a new one, and a new key."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.openapi.spec import Example
from litestar.params import Body, FromPath

from byname.touchpoints import sources
from byname.web.api.calling import SECURITY, Caller, Web, answering, answers


class SourceShape(msgspec.Struct):
    """A source; of its key only the last four characters."""

    slug: str
    name: str
    touchpoint: str
    kind: str
    key_hint: str
    enabled: bool
    needs_consent: bool
    trusted: bool
    invented: bool


class Sources(msgspec.Struct):
    """All sources, by slug."""

    sources: list[SourceShape]


class SourceCall(msgspec.Struct):
    """A new source. `trusted`: its cards and accounts were shown by scan or login."""

    slug: str
    name: str = ""
    touchpoint: str = "web"
    needs_consent: bool = False
    trusted: bool = False


class NewKey(msgspec.Struct):
    """The write key: this once, and never again."""

    slug: str
    write_key: str


CALL = {"slug": "till-london", "name": "Till London", "touchpoint": "till", "trusted": True}
KEY = {"slug": "till-london", "write_key": "a write key"}


@get(
    "/v1/sources",
    security=SECURITY,
    tags=["sources"],
    summary="All sources",
    operation_id="getSources",
    responses=answers(Sources, {"sources": []}),
)
async def listing(request: Web) -> Sources:
    """Every source, switched off ones too."""

    def do(caller: Caller) -> Sources:
        return Sources(
            [
                SourceShape(
                    s.slug, s.name, s.touchpoint, s.kind, s.key_hint, s.enabled, s.needs_consent, s.trusted, s.invented
                )
                for s in sources.all_sources(caller.db)
            ]
        )

    return await answering(request, "source", do)


@post(
    "/v1/sources",
    status_code=200,
    security=SECURITY,
    tags=["sources"],
    summary="A new source",
    operation_id="makeSource",
    responses=answers(NewKey, KEY, refusals=(400,)),
)
async def create(
    request: Web, data: Annotated[SourceCall, Body(examples=[Example(summary="A till", value=CALL)])]
) -> NewKey:
    """Its write key stands in the answer and nowhere else."""

    def do(caller: Caller) -> NewKey:
        home = caller.product.home
        key = home.store.write(
            lambda db: sources.create(
                db,
                home.keys,
                data.slug,
                now=caller.now,
                name=data.name,
                touchpoint=data.touchpoint,
                needs_consent=data.needs_consent,
                trusted=data.trusted,
            )
        )
        return NewKey(data.slug, key)

    return await answering(request, "source", do)


@post(
    "/v1/sources/{slug:str}/rotate",
    status_code=200,
    security=SECURITY,
    tags=["sources"],
    summary="A new key",
    operation_id="rotateKey",
    responses=answers(NewKey, KEY, refusals=(400,)),
)
async def rotate(request: Web, slug: FromPath[str]) -> NewKey:
    """The old key stops working at once."""

    def do(caller: Caller) -> NewKey:
        home = caller.product.home
        return NewKey(slug, home.store.write(lambda db: sources.rotate(db, home.keys, slug)))

    return await answering(request, "source", do)


ROUTES = (listing, create, rotate)
