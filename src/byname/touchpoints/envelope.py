"""What is around the events of a tracking body, and what if it is not quite JSON?

The envelope is read by msgspec with each item left as its bytes; an item is read into a Call. Nothing here knows what
an event means.
"""

from __future__ import annotations

import json
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from byname.touchpoints.reasons import Unfit, in_words

MOST_MESSAGE_ID = 100


class Context(msgspec.Struct, rename="camel", gc=False):
    """What byname reads of `context`; the rest stays in the body."""

    traits: Any = None
    external_ids: Any = None
    consent: Any = None
    device: Any = None


class Call(msgspec.Struct, rename="camel"):
    """One typed call. Ids are `Any` because SDKs send numbers where the interface says text."""

    type: Any = None
    event: Any = None
    user_id: Any = None
    anonymous_id: Any = None
    message_id: Any = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    context: Context | list[Any] | None = None  # PHP encodes an empty object as []
    properties: dict[str, Any] | list[Any] | None = None
    traits: dict[str, Any] | list[Any] | None = None
    group_id: Any = None
    previous_id: Any = None


class Batch(msgspec.Struct, rename="camel"):
    """The envelope of many calls; `context` holds for each that does not say otherwise."""

    batch: list[msgspec.Raw]
    sent_at: Any = None
    context: dict[str, msgspec.Raw] | list[Any] | None = None


_CALL = msgspec.json.Decoder(Call, float_hook=Decimal)
BATCH = msgspec.json.Decoder(Batch)
NO_CONTEXT = Context()


def is_batch(raw: bytes) -> bool:
    """Does the body hold a batch?"""
    try:
        return b'"batch"' in raw and "batch" in msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False


def decode_call(raw: bytes) -> Call:
    """One item as a call; raises Unfit."""
    try:
        return _CALL.decode(raw)
    except msgspec.ValidationError as error:
        raise Unfit("malformed", _path(str(error)), in_words("malformed")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unfit(why_not_json(error)) from None


def why_not_json(error: Exception) -> str:
    """The reason that an error of the decoder amounts to."""
    if isinstance(error, RecursionError):
        return "too_deep"
    return "malformed" if isinstance(error, msgspec.ValidationError) else "not_json"


def _path(message: str) -> str:
    """The JSON path that msgspec names at the end of its message; never the value."""
    _, found, path = message.rpartition(" - at `")
    return path.rstrip("`") if found else ""


def message_id(given: Any, raw: bytes, sent_at: Any, repeats: dict[bytes, int]) -> str:
    """The sender's id. Without one: a digest of the bytes, the time of sending and the how-manieth of its like.

    A retry sends the same bytes and so gets the same id; two equal sales in one batch stay two.
    """
    if type(given) is str and given:
        if len(given) <= MOST_MESSAGE_ID:
            return given
        raw, sent_at, repeats = given.encode("utf-8", "surrogatepass"), None, {}
    elif type(given) is int and abs(given) < 10**40:
        return str(given)
    nth = repeats[raw] = repeats.get(raw, -1) + 1
    return "byname-" + blake2b(raw + repr((sent_at, nth)).encode(), digest_size=16).hexdigest()


class _Key(msgspec.Struct, rename="camel"):
    write_key: str = ""


def write_key(raw: bytes) -> str:
    """The write key that stands in a body ('' if none): browsers' beacons can send no header."""
    try:
        return msgspec.json.decode(raw, type=_Key).write_key
    except (ValueError, RecursionError):
        return ""


class _Id(msgspec.Struct, rename="camel"):
    message_id: str | None = None


def message_id_of(raw: bytes) -> str:
    """The id of an item that could not be used, so that its sender finds the verdict; '' if there is none."""
    try:
        given = msgspec.json.decode(raw, type=_Id).message_id or ""
    except (ValueError, RecursionError):
        return ""
    return given if len(given) <= MOST_MESSAGE_ID else ""


def filled(raw: bytes, extra: dict[str, str]) -> bytes:
    """The object with members that it lacks; anything else as it is."""
    try:
        own = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return raw
    lacking = {k: v for k, v in extra.items() if k not in own}
    if not lacking:
        return raw
    more = msgspec.json.encode(lacking)
    return more if not own else more[:-1] + b"," + raw.strip()[1:]


def with_context(item: bytes, outer: Any) -> bytes:
    """The item with the members of the batch's context that its own lacks (its integrations mean nothing here)."""
    if type(outer) is not dict:
        return item
    try:
        own = msgspec.json.decode(item, type=dict[str, msgspec.Raw])
        context = own.get("context")
        inner = msgspec.json.decode(context, type=dict[str, msgspec.Raw]) if context else {}
    except (ValueError, RecursionError):
        return item
    own["context"] = msgspec.Raw(msgspec.json.encode({**outer, **inner}))
    return msgspec.json.encode(own)


def open_by_hand(raw: bytes) -> Batch | None:
    """One item spoils the JSON of a whole batch: NaN and Infinity, which Python and old JavaScript write, or half of
    an emoji (JavaScript cuts between its two surrogates).

    Taken apart leniently, so that only the item that holds them is quarantined.
    """
    if not any(sign in raw for sign in (b"NaN", b"Infinity", b"\\ud", b"\\uD")):
        return None
    try:
        whole = json.loads(raw)
        items = [msgspec.Raw(json.dumps(item).encode()) for item in whole["batch"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Batch(items, whole.get("sentAt"))
