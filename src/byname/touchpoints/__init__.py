"""touchpoints: which events does a source's payload hold?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from byname.touchpoints import segment, webhook
from byname.touchpoints.limits import Limits
from byname.touchpoints.parsed import Parsed
from byname.touchpoints.sources import Source


class Parser(NamedTuple):
    """A way in: `parse(raw, kind, source, received_at, limits)` never raises over what was sent."""

    name: str  # the kind of source that it serves
    parse: Callable[[bytes, str, Source, int, Limits], Parsed]
    kinds: tuple[str, ...]  # what a request may be
    again: str  # the kind under which a single quarantined body is sent through again


PARSERS: tuple[Parser, ...] = (
    Parser("segment", segment.parse, (*segment.KINDS, "batch"), ""),
    Parser("webhook", webhook.parse, ("webhook",), "webhook"),
)


def parse(body: bytes, kind: str, source: Source, received_at: int, limits: Limits) -> Parsed:
    """A request's body through the parser that knows this kind of request."""
    parser = webhook.parse if kind == "webhook" else segment.parse
    return parser(body, kind, source, received_at, limits)


def parse_again(body: bytes, source: Source, received_at: int, limits: Limits) -> Parsed:
    """A quarantined body, mended or not, through the parser it came by."""
    parser = next((p for p in PARSERS if p.name == source.kind), PARSERS[0])
    return parser.parse(body, parser.again, source, received_at, limits)
