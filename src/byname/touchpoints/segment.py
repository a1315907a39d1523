"""Which events does a body of the Segment tracking interface hold?

`identify track page screen group alias batch`, as Segment's and RudderStack's SDKs send them (spec/interfaces 1).
The door has checked the write key. Every item gets a verdict: accepted, or quarantined with a reason; nothing is
dropped silently. A body that cannot even be taken apart is refused as a whole.
"""

from __future__ import annotations

from typing import Any

import msgspec

from byname import cards
from byname.terms import ConsentSaid, Event, Identifier, Membership, Quarantined, Touchpoint
from byname.touchpoints import catalogue, who
from byname.touchpoints.envelope import (
    BATCH,
    NO_CONTEXT,
    Call,
    Context,
    decode_call,
    filled,
    is_batch,
    message_id,
    message_id_of,
    open_by_hand,
    why_not_json,
    with_context,
    write_key,
)
from byname.touchpoints.limits import Limits
from byname.touchpoints.orders import money_of, place_of, ref_of
from byname.touchpoints.parsed import Parsed, Verdict, refused
from byname.touchpoints.reasons import Unfit, in_words
from byname.touchpoints.sources import Source
from byname.touchpoints.times import moment, occurred_at, sent_at_or_none

KINDS = ("identify", "track", "page", "screen", "group", "alias")
NAMES = {
    "identify": "Identified",
    "page": "Page Viewed",
    "screen": "Screen Viewed",
    "group": "Grouped",
    "alias": "Aliased",
}
TOUCHPOINTS = frozenset(Touchpoint)
IN_PERSON = frozenset({"till", "kiosk", "cashpoint", "call_centre", "face_to_face", "device"})
"""Where people turn up without any id: cash at the till, a caller who hides the number."""
SHARED_DEVICES = frozenset({"till", "kiosk", "cashpoint"})
"""Whose device everybody uses: its anonymousId says nothing of who stands before it (spec/identity 6.5)."""

__all__ = ["KINDS", "Limits", "parse", "write_key"]


def parse(raw: bytes, kind: str, source: Source, received_at: int, limits: Limits) -> Parsed:
    """The events of a request body. `kind`: one of KINDS, 'batch', or '' for what says itself what it is.

    Never raises over what was sent: bytes of any sort give verdicts or a refusal.
    """
    if len(raw) > limits.body_bytes:
        return refused("too_large", raw, source.slug, received_at)
    if kind != "batch" and not (kind == "" and is_batch(raw)):
        parsed = _each([raw], kind, None, source, received_at, limits, cards.may_hold(raw))
        reason = parsed.verdicts[0].reason
        return refused(reason, raw, source.slug, received_at) if reason in ("not_json", "too_deep") else parsed
    try:
        envelope = BATCH.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        whole = open_by_hand(raw)
        if whole is None:
            return refused(why_not_json(error), raw, source.slug, received_at)
        envelope = whole
    if len(envelope.batch) > limits.batch:
        return refused("too_many", raw, source.slug, received_at)
    items = [bytes(item) for item in envelope.batch]
    if envelope.context:
        items = [with_context(item, envelope.context) for item in items]
    return _each(items, "", envelope.sent_at, source, received_at, limits, cards.may_hold(raw))


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
    sent = sent_at_or_none(sent_at)
    most = source.max_event_bytes or limits.event_bytes
    repeats: dict[bytes, int] = {}
    for item in items:
        try:
            if len(item) > most:
                raise Unfit("too_large", "", in_words("too_large", f"{len(item)} bytes, at most {most}"))
            if suspicious and cards.find_card_number(item) is not None:
                raise Unfit("card_number")
            event = _event(item, kind, sent_at, sent, source, received_at, limits, repeats)
        except (Unfit, RecursionError, ArithmeticError, ValueError, TypeError, LookupError) as error:
            why = _unfit(error)
            quarantined = _quarantined(item, kind, sent_at if sent is not None else None, source, received_at, why)
            parsed.quarantined.append(quarantined)
            named = "" if why.reason == "card_number" else message_id_of(item)
            parsed.verdicts.append(Verdict(named, "quarantined", why.reason, why.field, why.detail))
        else:
            parsed.events.append(event)
            parsed.verdicts.append(Verdict(event.message_id, "accepted"))
    return parsed


def _unfit(error: Exception) -> Unfit:
    """One item never takes the others with it: what nobody foresaw is quarantined like the rest."""
    if isinstance(error, Unfit):
        return error
    if isinstance(error, RecursionError):
        return Unfit("too_deep")
    return Unfit("unprocessable", "", in_words("unprocessable", type(error).__name__))


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
    call = decode_call(raw)
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
    identifiers, witnesses, traits = _who(call, kind, properties, source.touchpoint not in SHARED_DEVICES)
    if len(identifiers) > limits.identifiers:
        found = f"{len(identifiers)}, at most {limits.identifiers}"
        raise Unfit("too_many_identifiers", "", in_words("too_many_identifiers", found))
    touchpoint = _touchpoint(properties, meaning, source)
    if not identifiers and not (meaning.nameless or (kind == "track" and touchpoint in IN_PERSON)):
        raise Unfit("no_identifier")
    if call.sent_at is not None:
        sent = sent_at_or_none(call.sent_at)
    original = call.original_timestamp if call.original_timestamp is not None else call.timestamp
    happened_at = occurred_at(original, sent, received_at, limits.clock_ahead)
    context = call.context if type(call.context) is Context else NO_CONTEXT
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
            same = _same(call, source.trusted)
        elif name == "Preference Stated":
            traits = who.preference_said(properties)
        elif name == "Consent Recorded":
            consents += who.consent_recorded(properties)
        elif name == "Unsubscribed":
            consents += (ConsentSaid("marketing", touchpoint, False),)
    elif meaning.opens and "due_at" in properties:
        due_at = moment(properties["due_at"], "$.properties.due_at")
    money = money_of(properties, meaning, limits.currency)
    return Event(
        message_id(call.message_id, raw, sent_at, repeats),
        source.slug,
        touchpoint,
        name,
        happened_at,
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
    call: Call, kind: str, properties: dict[str, Any], hers: bool
) -> tuple[list[Identifier], list[Identifier], tuple[Any, ...]]:
    """Identifiers in the order of sending, and given names. `hers`: is the device hers, or one that all use?"""
    found: list[Identifier] = []
    witnesses: list[Identifier] = []
    if call.user_id is not None and (value := who.text_of(call.user_id)):
        found.append(Identifier(who.ACCOUNT, value))
    if hers and call.anonymous_id is not None and (value := who.text_of(call.anonymous_id)):
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
        if hers and context.device is not None:
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


def _same(call: Call, trusted: bool) -> tuple[Identifier, Identifier]:
    """What was known under previousId is known under userId; the kind of previousId is not said, so it is read.

    A source that is not trusted can only attach a browser's own id (docs/decisions/0103).
    """
    previous, user = who.text_of(call.previous_id), who.text_of(call.user_id)
    if not previous or not user:
        raise Unfit("malformed", "$.previousId" if user else "$.userId")
    if "@" in previous:
        kind = who.EMAIL
    elif not trusted or previous == who.text_of(call.anonymous_id) or _looks_random(previous):
        kind = who.DEVICE
    else:
        kind = who.ACCOUNT
    return Identifier(kind, previous), Identifier(who.ACCOUNT, user)


def _looks_random(text: str) -> bool:
    """SDKs make anonymous ids as UUIDs."""
    return len(text) == 36 and text.count("-") == 4


def _quarantined(raw: bytes, kind: str, sent_at: Any, source: Source, received_at: int, why: Unfit) -> Quarantined:
    """The item with all it needs to be sent through again alone: its type and the time of sending."""
    body = raw
    extra = {"type": kind} if kind else {}
    if type(sent_at) is str and len(sent_at) < 64:
        extra["sentAt"] = sent_at
    if extra:
        body = filled(raw, extra)
    if why.reason in ("card_number", "too_large"):
        body = cards.strike_out(body)
    return Quarantined(source.slug, why.reason, why.field, why.detail, received_at, body)
