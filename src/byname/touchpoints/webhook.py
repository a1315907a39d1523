"""Which event does someone else's webhook tell of, and is it really from them?

Standard Webhooks 1.0 (standardwebhooks.com): headers webhook-id, webhook-timestamp, webhook-signature; body
{"type", "timestamp", "data"}. The door asks `why_not`, then gives `with_id(body, webhook-id)` to `parse`.

Without a mapping, the type is the event's name (order.completed is Order Completed) and data its properties. A mapping,
in TOML, tells it otherwise:

    [types."invoice.paid"]
    event = "Order Completed"
    user = "customer.id"              # a path in data; becomes the account
    minor_units = true                # amounts come in cents
    [types."invoice.paid".properties] # property = path in data; without this table data itself
    order_id = "number"
    total = "amount_paid"
    email = "customer.email"
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from byname import cards
from byname.terms import SECOND, BynameError, Quarantined
from byname.touchpoints import catalogue, segment
from byname.touchpoints.envelope import MOST_MESSAGE_ID, filled
from byname.touchpoints.limits import Limits
from byname.touchpoints.money import EXPONENT
from byname.touchpoints.parsed import Parsed, Verdict, refused
from byname.touchpoints.reasons import in_words
from byname.touchpoints.sources import Source

TOLERANCE_S = 300
PREFIX = "whsec_"
MONEY = ("total", "revenue", "amount", "value", "subtotal", "discount", "tax", "shipping")


class TypeMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one type of a sender's messages means."""

    event: str
    properties: dict[str, str] = {}
    user: str = ""
    device: str = ""
    minor_units: bool = False


class WebhookMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every type that a sender may send; others are quarantined as unmapped."""

    types: dict[str, TypeMapping]


class Message(msgspec.Struct):
    """The body of a webhook; `id` is put in by `with_id`."""

    type: str
    data: dict[str, Any] = {}
    timestamp: Any = None
    id: str = ""


_MESSAGE = msgspec.json.Decoder(Message, float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def sign(secret: str, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    """The headers of a signed message, sent at `at_s` seconds since the epoch.

    >>> headers = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_1", 1614265330, b"{}")
    >>> why_not("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", headers, b"{}", 1614265331_000_000) is None
    True
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": "v1," + _signature(_key(secret), message_id, str(at_s), body),
    }


def why_not(secrets: str, headers: Mapping[str, str], body: bytes, now: int) -> str | None:
    """Why this message is not from someone who knows the secret, in words; None when it is.

    `secrets`: one or several with spaces between (two while one is being replaced); header names in small letters.
    """
    message_id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = [part[3:] for part in headers.get("webhook-signature", "").split() if part.startswith("v1,")]
    if not message_id or not sent or not given:
        return "The headers webhook-id, webhook-timestamp and webhook-signature (v1) are needed"
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        return "webhook-timestamp must be whole seconds since 1970"
    if abs(now - int(sent) * SECOND) > TOLERANCE_S * SECOND:
        return f"webhook-timestamp is more than {TOLERANCE_S} seconds from now: check the clocks"
    expected = [_signature(_key(secret), message_id, sent, body) for secret in secrets.split()]
    if not any(hmac.compare_digest(e.encode(), g.encode()) for e in expected for g in given):
        return "The signature does not fit: check the secret, and that the body is signed as it is sent"
    return None


def with_id(body: bytes, message_id: str) -> bytes:
    """The body with the id of its message in it, so that it is known by it when it is sent through again."""
    return filled(body, {"id": message_id[:MOST_MESSAGE_ID]})


def read_mapping(toml: str) -> str:
    """A mapping file as the JSON that a source keeps; BynameError names what is wrong with it."""
    try:
        mapping = msgspec.convert(tomllib.loads(toml), WebhookMapping)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BynameError("This is no mapping of a webhook", str(error), "See docs/how-to/webhook.md") from None
    for type_, told in mapping.types.items():
        if catalogue.canonical(told.event) is None:
            raise BynameError(f"Type '{type_}' maps to no event name", told.event[:64], "For example Order Completed")
    return msgspec.json.encode(mapping).decode()


def parse(raw: bytes, kind: str, source: Source, received_at: int, limits: Limits) -> Parsed:
    """The event that one webhook message tells of. `kind` is always 'webhook'. Never raises over what was sent."""
    if len(raw) > limits.body_bytes:
        return refused("too_large", raw, source.slug, received_at)
    if cards.find_card_number(raw) is not None:
        return _unfit(cards.strike_out(raw), "card_number", "", source, received_at)
    try:
        message = _MESSAGE.decode(raw)
    except RecursionError:
        return refused("too_deep", raw, source.slug, received_at)
    except msgspec.ValidationError:
        return refused("malformed", raw, source.slug, received_at)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return refused("not_json", raw, source.slug, received_at)
    call = _call(message, source)
    if call is None:
        return _unfit(raw, "unmapped", "$.type", source, received_at, message.id)
    parsed = segment.parse(_ENCODER.encode(call), "track", source, received_at, limits)
    return Parsed(
        [msgspec.structs.replace(event, body=raw) for event in parsed.events],
        [msgspec.structs.replace(q, body=raw) for q in parsed.quarantined],
        parsed.verdicts,
        parsed.refused,
    )


def _call(message: Message, source: Source) -> dict[str, Any] | None:
    """The message as a tracking call; None when the mapping does not know its type."""
    call: dict[str, Any] = {"timestamp": message.timestamp}
    if message.id:
        call["messageId"] = message.id
    if not source.mapping:
        data = message.data
        return call | {
            "event": message.type.replace(".", " ").replace("_", " "),
            "userId": data.get("user_id", data.get("userId")),
            "anonymousId": data.get("anonymous_id", data.get("anonymousId")),
            "properties": data,
        }
    told = _mapping(source.mapping).types.get(message.type)
    if told is None:
        return None
    properties = {name: _at(message.data, path) for name, path in told.properties.items()} or dict(message.data)
    if told.minor_units:
        _to_major(properties)
    return call | {
        "event": told.event,
        "userId": _at(message.data, told.user),
        "anonymousId": _at(message.data, told.device),
        "properties": {name: value for name, value in properties.items() if value is not None},
    }


@lru_cache(256)
def _mapping(text: str) -> WebhookMapping:
    return msgspec.json.decode(text, type=WebhookMapping)


def _at(data: Any, path: str) -> Any:
    """What stands at a dotted path, or None."""
    if not path:
        return None
    for part in path.split("."):
        if isinstance(data, list) and part.isdigit() and int(part) < len(data):
            data = data[int(part)]
        elif isinstance(data, dict):
            data = data.get(part)
        else:
            return None
    return data


def _to_major(properties: dict[str, Any]) -> None:
    """Amounts in minor units become amounts of the currency that is named beside them (two decimals if none is)."""
    currency = properties.get("currency")
    exponent = EXPONENT.get(currency.upper(), 2) if isinstance(currency, str) else 2
    for name in MONEY:
        value = properties.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            properties[name] = Decimal(value).scaleb(-exponent)


def _unfit(body: bytes, reason: str, field: str, source: Source, received_at: int, message_id: str = "") -> Parsed:
    detail = in_words(reason)
    return Parsed(
        [],
        [Quarantined(source.slug, reason, field, detail, received_at, body)],
        [Verdict(message_id, "quarantined", reason, field, detail)],
    )


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise BynameError("A webhook secret is whsec_ and base64", cure="Copy it again from the sender") from None


def _signature(key: bytes, message_id: str, at_s: str, body: bytes) -> str:
    signed = f"{message_id}.{at_s}.".encode("utf-8", "surrogatepass") + body
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
