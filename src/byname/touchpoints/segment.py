"""Which events does a body of the Segment tracking interface hold?

`identify track page screen group alias batch`, as Segment's and RudderStack's SDKs send them (spec/interfaces 1).
The door has checked the write key. Every item gets a verdict: accepted, or quarantined with a reason; nothing is
dropped silently. A body that cannot even be taken apart is refused as a whole.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from byname.terms import EPOCH, MICROSECOND, ConsentSaid, Event, Identifier, Membership, Quarantined, Touchpoint
from byname.touchpoints import cards, catalogue, who
from byname.touchpoints.limits import Limits
from byname.touchpoints.orders import money_of, place_of, ref_of
from byname.touchpoints.parsed import Parsed, Verdict, refused
from byname.touchpoints.reasons import Unfit, in_words
from byname.touchpoints.sources import Source

KINDS = ("identify", "track", "page", "screen", "group", "alias")
NAMES = {
    "identify": "Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Grouped",
    "alias": "Aliased",
}
MOST_MESSAGE_ID = 100
TOUCHPOINTS = frozenset(Touchpoint)
IN_PERSON = frozenset({"till", "kiosk", "cashpoint", "call_centre", "face_to_face", "device"})
"""Where people turn up without any id: cash at the till, a caller who hides the number."""


__all__ = ["KINDS", "Limits", "parse", "write_key"]


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
_BATCH = msgspec.json.Decoder(Batch)
_NO_CONTEXT = Context()


def parse(raw: bytes, kind: str, source: Source, received_at: int, limits: Limits) -> Parsed:
    """The events of a request body. `kind`: one of KINDS, 'batch', or '' for what says itself what it is.

    Never raises over what was sent: bytes of any sort give verdicts or a refusal.
    """
    if len(raw) > limits.body_bytes:
        return refused("too_large", raw, source.slug, received_at)
    if kind != "batch" and not (kind == "" and _is_batch(raw)):
        parsed = _each([raw], kind, None, source, received_at, limits, cards.may_hold(raw))
        reason = parsed.verdicts[0].reason
        return refused(reason, raw, source.slug, received_at) if reason in ("not_json", "too_deep") else parsed
    try:
        envelope = _BATCH.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        whole = _open_by_hand(raw)
        if whole is None:
            return refused(_why_not_json(error), raw, source.slug, received_at)
        envelope = whole
    if len(envelope.batch) > limits.batch:
        return refused("too_many", raw, source.slug, received_at)
    items = [bytes(item) for item in envelope.batch]
    if envelope.context:
        items = [_with_context(item, envelope.context) for item in items]
    return _each(items, "", envelope.sent_at, source, received_at, limits, cards.may_hold(raw))


def _is_batch(raw: bytes) -> bool:
    try:
        return b'"batch"' in raw and "batch" in msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (ValueError, RecursionError):
        return False


def _each(
    items: list[bytes],
    kind: str,
    sent_at: Any,
    source: Source,
    received_at: int,
    limits: Limits,
    suspicious: bool,
) -> Parsed:
    """A verdict on every item."""
    parsed = Parsed()
    sent = _sent(sent_at)
    most = source.max_event_bytes or limits.event_bytes
    repeats: dict[bytes, int] = {}
    for item in items:
        try:
            if suspicious and cards.find_card_number(item) is not None:
                raise Unfit("card_number")
            if len(item) > most:
                raise Unfit("too_large", "", in_words("too_large", f"{len(item)} bytes, at most {most}"))
            event = _event(item, kind, sent_at, sent, source, received_at, limits, repeats)
        except Unfit as why:
            quarantined = _quarantined(item, kind, sent_at if sent is not None else None, source, received_at, why)
            parsed.quarantined.append(quarantined)
            message_id = "" if why.reason == "card_number" else _message_id_of(item)
            parsed.verdicts.append(Verdict(message_id, "quarantined", why.reason, why.field, why.detail))
        else:
            parsed.events.append(event)
            parsed.verdicts.append(Verdict(event.message_id, "accepted"))
    return parsed


def _event(
    raw: bytes,
    kind: str,
    sent_at: Any,
    sent: int | None,
    source: Source,
    received_at: int,
    limits: Limits,
    repeats: dict[bytes, int],
) -> Event:
    """One call, understood; raises Unfit."""
    call = _decode(raw)
    kind = kind or _kind(call.type)
    properties = call.properties or _EMPTY
    if type(properties) is not dict:
        raise Unfit("malformed", "$.properties")
    name = _name(call.event) if kind == "track" else NAMES[kind]
    if source.allowed is not None and kind in ("track", "page", "screen") and name not in source.allowed:
        raise Unfit("name_not_allowed", "$.event")
    if source.schemas:
        source.check(name, raw)
    meaning = catalogue.meaning_of(name)
    identifiers, witnesses, traits = _who(call, kind, properties)
    if len(identifiers) > limits.identifiers:
        found = f"{len(identifiers)}, at most {limits.identifiers}"
        raise Unfit("too_many_identifiers", "", in_words("too_many_identifiers", found))
    touchpoint = _touchpoint(properties, meaning, source)
    if not identifiers and not (meaning.nameless or (kind == "track" and touchpoint in IN_PERSON)):
        raise Unfit("no_identifier")
    if call.sent_at is not None:
        sent = _sent(call.sent_at)
    occurred_at = _occurred(call, sent, received_at, limits.clock_ahead)
    context = call.context if type(call.context) is Context else _NO_CONTEXT
    consents = who.consents_said(context.consent) if context.consent is not None else ()
    memberships: tuple[Membership, ...] = ()
    same = None
    due_at = 0
    if meaning.kind == "standing":
        if kind == "identify":
            traits = who.traits_said(_traits_of(call, context))
        elif kind == "group":
            memberships = _memberships(call)
        elif kind == "alias":
            same = _same(call)
        elif name == "Preference Stated":
            traits = who.preference_said(properties)
        elif name == "Consent Recorded":
            consents += who.consent_recorded(properties)
        elif name == "Unsubscribed":
            consents += (ConsentSaid("marketing", touchpoint, False),)
    elif meaning.opens and "due_at" in properties:
        due_at = _moment(properties["due_at"], "$.properties.due_at")
    money = money_of(properties, meaning, limits.currency)
    return Event(
        _message_id(call.message_id, raw, sent_at, repeats),
        source.slug,
        touchpoint,
        name,
        occurred_at,
        received_at,
        tuple(identifiers),
        tuple(witnesses),
        place_of(properties) if properties else "",
        ref_of(properties, meaning) if meaning.ref and properties else "",
        money.currency,
        money.amount,
        money.discount,
        money.lines,
        traits,
        consents,
        memberships,
        due_at,
        same,
        raw,
    )


_EMPTY: dict[str, Any] = {}


def _decode(raw: bytes) -> Call:
    try:
        return _CALL.decode(raw)
    except msgspec.ValidationError as error:
        raise Unfit("malformed", _path(str(error)), in_words("malformed")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unfit(_why_not_json(error)) from None


def _why_not_json(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "too_deep"
    return "malformed" if isinstance(error, msgspec.ValidationError) else "not_json"


def _path(message: str) -> str:
    """The JSON path that msgspec names at the end of its message; never the value."""
    _, found, path = message.rpartition(" - at `")
    return path.rstrip("`") if found else ""


def _kind(given: Any) -> str:
    kind = given.lower() if type(given) is str else ""
    if kind not in KINDS:
        raise Unfit("no_type", "$.type")
    return kind


def _name(given: Any) -> str:
    name = catalogue.canonical(given) if type(given) is str and len(given) <= 200 else None
    if name is None:
        raise Unfit("bad_name", "$.event")
    return name


def _who(
    call: Call, kind: str, properties: dict[str, Any]
) -> tuple[list[Identifier], list[Identifier], tuple[Any, ...]]:
    """Identifiers in the order of sending, and given names."""
    found: list[Identifier] = []
    witnesses: list[Identifier] = []
    if call.user_id is not None and (value := who.text_of(call.user_id)):
        found.append(Identifier(who.ACCOUNT, value))
    if call.anonymous_id is not None and (value := who.text_of(call.anonymous_id)):
        found.append(Identifier(who.DEVICE, value))
    if kind == "identify" and type(call.traits) is dict:
        who.add_traits(found, witnesses, call.traits)
    if properties:
        who.add_properties(found, witnesses, properties)
    context = call.context
    if type(context) is Context:
        if type(context.traits) is dict:
            who.add_traits(found, witnesses, context.traits)
        if context.external_ids is not None:
            who.add_external(found, context.external_ids)
        if context.device is not None:
            _add_device(found, context.device)
    if len(found) > 2:
        found = list(dict.fromkeys(found))
    return found, witnesses, ()


def _add_device(found: list[Identifier], device: Any) -> None:
    """The device's own id, as Segment takes it from its mobile libraries; advertising ids are left alone."""
    if type(device) is dict and device.get("type") in ("ios", "android", "iOS", "Android"):
        value = who.text_of(device.get("id"))
        if value:
            found.append(Identifier(who.DEVICE, value))


def _traits_of(call: Call, context: Context) -> dict[str, Any]:
    """RudderStack's SDKs put what identify says into context.traits."""
    said = context.traits if type(context.traits) is dict else _EMPTY
    return {**said, **call.traits} if type(call.traits) is dict else said


def _touchpoint(properties: dict[str, Any], meaning: catalogue.Meaning, source: Source) -> str:
    given = properties.get("touchpoint")
    if given is None and (meaning.kind == "message" or meaning.name == "Unsubscribed"):
        given = properties.get("channel")
    if type(given) is str and given in TOUCHPOINTS:
        return given
    return meaning.touchpoint or source.touchpoint


def _memberships(call: Call) -> tuple[Membership, ...]:
    group = who.text_of(call.group_id)
    if not group:
        raise Unfit("malformed", "$.groupId")
    kind = call.traits.get("type") if type(call.traits) is dict else None
    return (Membership("household" if kind == "household" else "account", group),)


def _same(call: Call) -> tuple[Identifier, Identifier]:
    """What was known under previousId is known under userId; the kind of previousId is not said, so it is read."""
    previous, user = who.text_of(call.previous_id), who.text_of(call.user_id)
    if not previous or not user:
        raise Unfit("malformed", "$.previousId" if user else "$.userId")
    if "@" in previous:
        kind = who.EMAIL
    elif previous == who.text_of(call.anonymous_id) or _looks_random(previous):
        kind = who.DEVICE
    else:
        kind = who.ACCOUNT
    return Identifier(kind, previous), Identifier(who.ACCOUNT, user)


def _looks_random(text: str) -> bool:
    """SDKs make anonymous ids as UUIDs."""
    return len(text) == 36 and text.count("-") == 4


def _occurred(call: Call, sent: int | None, received_at: int, clock_ahead: int) -> int:
    """When it happened by our clock: receivedAt - (sentAt - originalTimestamp), never later than now.

    Without sentAt the sender's clock is taken at its word; without any time it happened now.
    """
    given = call.original_timestamp if call.original_timestamp is not None else call.timestamp
    if given is None:
        return received_at
    occurred = _moment(given, "$.timestamp")
    if sent is not None:
        occurred += received_at - sent
    if occurred > received_at + clock_ahead:
        return received_at
    if occurred < 0:
        raise Unfit("bad_time", "$.timestamp")
    return occurred


def _sent(value: Any) -> int | None:
    """The sender's clock at sending; what cannot be read corrects nothing."""
    try:
        return None if value is None else _moment(value, "$.sentAt")
    except Unfit:
        return None


def _moment(value: Any, field: str) -> int:
    """Microseconds of an ISO 8601 time (UTC when no zone is named) or of a number of seconds or milliseconds."""
    kind = type(value)
    try:
        if kind is str:
            when = dt.datetime.fromisoformat(value)
            if when.tzinfo is None:
                when = when.replace(tzinfo=dt.UTC)
            at = (when - EPOCH) // MICROSECOND
        elif kind is int or kind is Decimal:
            scale = 1_000_000 if abs(value) < 10**11 else 1000 if abs(value) < 10**14 else 1
            at = int(value * scale) if abs(value) < 10**17 else -1
        else:
            at = -1
    except (ValueError, OverflowError, ArithmeticError):
        at = -1
    if at < 0:
        raise Unfit("bad_time", field)
    return at


def _message_id(given: Any, raw: bytes, sent_at: Any, repeats: dict[bytes, int]) -> str:
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


def _message_id_of(raw: bytes) -> str:
    """The id of an item that could not be used, so that its sender finds the verdict; '' if there is none."""
    try:
        given = msgspec.json.decode(raw, type=_Id).message_id or ""
    except (ValueError, RecursionError):
        return ""
    return given if len(given) <= MOST_MESSAGE_ID else ""


def _quarantined(raw: bytes, kind: str, sent_at: Any, source: Source, received_at: int, why: Unfit) -> Quarantined:
    """The item with all it needs to be sent through again alone: its type and the time of sending."""
    body = raw
    extra = {"type": kind} if kind else {}
    if type(sent_at) is str and len(sent_at) < 64:
        extra["sentAt"] = sent_at
    if extra:
        body = filled(raw, extra)
    if why.reason == "card_number":
        body = cards.strike_out(body)
    return Quarantined(source.slug, why.reason, why.field, why.detail, received_at, body)


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


def _with_context(item: bytes, outer: Any) -> bytes:
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


def _open_by_hand(raw: bytes) -> Batch | None:
    """One item spoils the JSON of a whole batch: NaN and Infinity, which Python and old JavaScript write.

    Taken apart leniently, so that only the item that holds them is quarantined.
    """
    if b"NaN" not in raw and b"Infinity" not in raw:
        return None
    try:
        whole = json.loads(raw)
        items = [msgspec.Raw(json.dumps(item).encode()) for item in whole["batch"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return Batch(items, whole.get("sentAt"))
