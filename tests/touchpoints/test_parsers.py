"""What does every parser promise? Whatever is sent, an answer for each item and never an exception."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byname.cards import find_card_number
from byname.terms import Touchpoint
from byname.touchpoints import PARSERS, Parser, catalogue, parse_again
from byname.touchpoints.limits import Limits
from byname.touchpoints.parsed import Parsed
from byname.touchpoints.reasons import REASONS
from byname.touchpoints.sources import KINDS, Source

RECEIVED = 1_790_000_000_000_000
LIMITS = Limits()
NAMES = [m.name for m in catalogue.CATALOGUE]

SENSIBLE: dict[str, list[bytes]] = {
    "segment": [
        b'{"type":"track","event":"Order Completed","userId":"u","properties":{"total":1}}',
        b'{"batch":[{"type":"page","anonymousId":"c"}]}',
    ],
    "webhook": [b'{"type":"order.completed","timestamp":"2026-09-21T00:00:00Z","data":{"user_id":"u","total":1}}'],
}
HOSTILE = {
    "nothing": b"",
    "cut off": b'{"type":"track","event":"Order Comp',
    "not an object": b"[1,2,3]",
    "null": b"null",
    "a number": b"7",
    "deep lists": b"[" * 100_000,
    "deep closed lists": b"[" * 100_000 + b"]" * 100_000,
    "deep properties": b'{"type":"track","event":"Signed In","userId":"u","properties":'
    + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"}",
    "deep in a batch": b'{"batch":[' + b"[" * 50_000 + b"]" * 50_000 + b"]}",
    "UTF-16": '{"type":"track","event":"Signed In","userId":"u"}'.encode("utf-16"),
    "Latin-1": '{"type":"track","event":"Signed In","userId":"Zoë"}'.encode("latin-1"),
    "a BOM": b'\xef\xbb\xbf{"type":"track","event":"Signed In","userId":"u"}',
    "a lone surrogate": b'{"type":"track","event":"Signed In","userId":"\\ud800"}',
    "a lone surrogate in bytes": b'{"type":"track","event":"Signed In","userId":"\xed\xa0\x80"}',
    "NUL": b'{"type":"track","event":"Signed In","userId":"a\\u0000b","properties":{"store_id":"\\u0000"}}',
    "NaN": b'{"type":"track","event":"Signed In","userId":"u","properties":{"total":NaN}}',
    "Infinity": b'{"batch":[{"type":"track","event":"Signed In","userId":"u","properties":{"total":-Infinity}}]}',
    "huge number": b'{"type":"track","event":"Order Completed","userId":"u","properties":{"total":1e999999999}}',
    "tiny number": b'{"type":"track","event":"Order Completed","userId":"u","properties":{"total":1e-999999999}}',
    "long number": b'{"type":"track","event":"Order Completed","userId":"u","properties":{"total":'
    + b"9" * 20_000
    + b"}}",
    "long id": b'{"type":"track","event":"Signed In","userId":' + b"9" * 20_000 + b"}",
    "long time": b'{"type":"track","event":"Signed In","userId":"u","timestamp":' + b"9" * 5_000 + b"}",
    "minus zero": b'{"type":"track","event":"Order Completed","userId":"u","properties":{"total":-0.0}}',
    "year 9999": b'{"type":"track","event":"Signed In","userId":"u","timestamp":"9999-12-31T23:59:59.999999-23:59"}',
    "year 1": b'{"type":"track","event":"Signed In","userId":"u","timestamp":"0001-01-01T00:00:00+23:59"}',
    "twice the same member": b'{"type":"track","event":"A","event":"Signed In","userId":"u","userId":"v"}',
    "10,000 identifiers": json.dumps(
        {"type": "track", "event": "Signed In",
         "context": {"externalIds": [{"id": f"x{i}", "type": "email"} for i in range(10_000)]}}
    ).encode(),
    "10,000 short identifiers": json.dumps(
        {"type": "identify", "context": {"externalIds": [{"id": i, "type": "a"} for i in range(800)]}}
    ).encode(),
    "odd types": json.dumps(
        {"type": {}, "event": [], "userId": [], "anonymousId": {}, "messageId": {}, "timestamp": [], "sentAt": {},
         "context": {"traits": 7, "externalIds": "x", "consent": [], "device": 3}, "properties": {"products": 1}}
    ).encode(),
    "a batch of nothing": b'{"batch":[null,1,"x",[],{}]}',
    "a batch that is none": b'{"batch":{"a":1}}',
    "odd context": b'{"batch":[{"type":"page","anonymousId":"c","context":7},5],"context":{"traits":{}},"sentAt":[]}',
}  # fmt: skip


def sources() -> list[Source]:
    webhook = msgspec.json.encode({"types": {"a": {"event": "Signed In", "user": "data.id"}}}).decode()
    schema = json.dumps({"Order Completed": {"type": "object", "required": ["total"]}})
    return [
        Source("plain", "Plain", "web"),
        Source("strict", "Strict", "till", allowed=frozenset({"Order Completed"}), schemas=schema, mapping=webhook),
    ]


def holds(parsed: Parsed, raw: bytes) -> None:
    """What must hold of every answer."""
    if parsed.refused:
        assert parsed.refused in REASONS
        assert not parsed.events
        assert [q.reason for q in parsed.quarantined] in ([], [parsed.refused])
        assert [v.verdict for v in parsed.verdicts] == ["refused"]
        return
    verdicts = [v.verdict for v in parsed.verdicts]
    assert verdicts.count("accepted") == len(parsed.events)
    assert verdicts.count("quarantined") == len(parsed.quarantined)
    assert len(verdicts) == len(parsed.events) + len(parsed.quarantined)
    for v in parsed.verdicts:
        assert v.verdict == "accepted" or (v.reason in REASONS and v.detail)
        assert v.reason != "unprocessable", v.detail
    for q in parsed.quarantined:
        assert find_card_number(q.body) is None
        assert q.body
    for e in parsed.events:
        assert e.message_id
        assert 0 <= e.occurred_at <= e.received_at + LIMITS.clock_ahead
        assert e.touchpoint in set(Touchpoint)
        assert len(e.identifiers) <= LIMITS.identifiers
        for number in (e.amount, e.discount, *(n for line in e.lines for n in (line.amount, line.quantity))):
            assert abs(number) < 2**53
        for column in (e.name, e.ref, e.place, e.currency, *(line.product for line in e.lines)):
            column.encode()
            assert "\0" not in column
            assert "@" not in column


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_a_parser_serves_a_kind_of_source_and_knows_a_sensible_body(parser: Parser) -> None:
    assert parser.name in KINDS
    for body, kind in zip(
        SENSIBLE[parser.name], (parser.kinds[0] if len(parser.kinds) == 1 else "track", "batch"), strict=False
    ):
        parsed = parser.parse(body, kind, Source("s", "S", "web", parser.name), RECEIVED, LIMITS)
        assert [v.verdict for v in parsed.verdicts] == ["accepted"]
        assert parsed.events[0].received_at == RECEIVED


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_hostile_bodies_get_an_answer(parser: Parser, body: bytes) -> None:
    for source in sources():
        for kind in (*parser.kinds, parser.again):
            holds(parser.parse(body, kind, source, RECEIVED, LIMITS), body)
        holds(parse_again(body, msgspec.structs.replace(source, kind=parser.name), RECEIVED, LIMITS), body)


@pytest.mark.parametrize("depth", [50, 200, 400, 600, 800, 900, 950, 980, 1000, 1200, 5000])
def test_whatever_the_depth_the_neighbours_get_in(depth: int) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    for item in (
        b'{"type":"identify","userId":"u","traits":{"t":' + deep + b"}}",
        b'{"type":"track","event":"Order Completed","userId":"u","properties":{"products":[{"x":' + deep + b"}]}}",
        b'{"type":"track","event":"Preference Stated","userId":"u","properties":{"preference":"a","value":'
        + deep
        + b"}}",
    ):
        for source in sources():
            body = b'{"batch":[' + item + b',{"type":"identify","userId":"v"}]}'
            parsed = PARSERS[0].parse(body, "batch", source, RECEIVED, LIMITS)
            holds(parsed, body)
            assert parsed.refused == "too_deep" or parsed.verdicts[1].verdict == "accepted"


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_a_body_cut_anywhere_gets_an_answer(parser: Parser) -> None:
    for body in SENSIBLE[parser.name]:
        for end in range(len(body)):
            for kind in parser.kinds:
                holds(parser.parse(body[:end], kind, sources()[0], RECEIVED, LIMITS), body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("4111 1111 1111 1111"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=5,
)
WORDS = ["total", "currency", "products", "email", "phone", "quantity", "price", "order_id", "store_id", "due_at",
         "purpose", "granted", "preference", "value", "channel", "touchpoint", "discount", "product_id"]  # fmt: skip
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["track", "identify", "page", "group", "alias", "TRACK", "x"]) | JSON,
        "event": st.sampled_from(NAMES) | JSON,
        "userId": JSON,
        "anonymousId": st.just("c") | JSON,
        "previousId": JSON,
        "groupId": JSON,
        "messageId": JSON,
        "timestamp": st.datetimes().map(str) | JSON,
        "originalTimestamp": JSON,
        "sentAt": st.datetimes().map(str) | JSON,
        "traits": JSON | st.dictionaries(st.sampled_from(["email", "name", "firstName"]), JSON),
        "context": JSON | st.dictionaries(st.sampled_from(["traits", "externalIds", "consent", "device"]), JSON),
        "properties": st.dictionaries(
            st.sampled_from(WORDS), JSON | st.lists(st.dictionaries(st.sampled_from(WORDS), JSON))
        ),
        "data": st.dictionaries(st.sampled_from(WORDS), JSON),
        "id": JSON,
    },
)


@settings(max_examples=150, deadline=None)
@given(
    CALLS
    | JSON
    | st.fixed_dictionaries({"batch": st.lists(CALLS | JSON, max_size=4) | JSON, "context": JSON, "sentAt": JSON})
)
def test_any_json_gets_an_answer(sent: Any) -> None:
    body = json.dumps(sent).encode()
    for parser in PARSERS:
        for source in sources():
            for kind in ("track", "batch", "") if parser.name == "segment" else parser.kinds:
                holds(parser.parse(body, kind, source, RECEIVED, LIMITS), body)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(body: bytes) -> None:
    for parser in PARSERS:
        for kind in parser.kinds:
            holds(parser.parse(body, kind, sources()[0], RECEIVED, LIMITS), body)


@settings(max_examples=60, deadline=None)
@given(CALLS)
def test_the_same_bytes_are_the_same_event(sent: Any) -> None:
    body = json.dumps(sent).encode()
    for parser in PARSERS:
        first, again = (
            parser.parse(body, parser.kinds[-1], sources()[0], at, LIMITS) for at in (RECEIVED, RECEIVED + 1)
        )
        assert [e.message_id for e in first.events] == [e.message_id for e in again.events]
