"""Who does an event name, what does she tell about herself, and what does she allow?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from byname.terms import ConsentSaid, Identifier, TraitSaid

ACCOUNT, DEVICE, EMAIL, PHONE, LOYALTY, CARD, GIVEN = (
    "account", "device", "email", "phone", "loyalty", "card", "given",
)  # fmt: skip

PROPERTY_IDENTIFIERS = {
    "email": EMAIL,
    "phone": PHONE,
    "loyalty_id": LOYALTY,
    "loyaltyId": LOYALTY,
    "loyalty_number": LOYALTY,
    "card_reference": CARD,
    "cardReference": CARD,
    "payment_account_reference": CARD,
    "par": CARD,
    "account": ACCOUNT,
    "account_id": ACCOUNT,
}
TRAIT_IDENTIFIERS = {k: t for k, t in PROPERTY_IDENTIFIERS.items() if t != ACCOUNT}
WITNESSES = frozenset({"given_name", "givenName", "first_name", "firstName", "firstname"})

EXTERNAL_TYPES = {
    "user_id": ACCOUNT, "userid": ACCOUNT, "account": ACCOUNT, "account_id": ACCOUNT, "customer_id": ACCOUNT,
    "email": EMAIL, "phone": PHONE, "loyalty": LOYALTY, "loyalty_id": LOYALTY, "par": CARD, "card": CARD,
    "card_reference": CARD, "payment_account_reference": CARD, "anonymous_id": DEVICE, "device": DEVICE,
    "device_id": DEVICE, "android.id": DEVICE, "android.idfa": DEVICE, "android.push_token": DEVICE,
    "ios.id": DEVICE, "ios.idfa": DEVICE, "ios.push_token": DEVICE, "ga_client_id": DEVICE, "cookie": DEVICE,
    "social": "social", "mastodon": "social", "facebook": "social", "instagram": "social", "twitter": "social",
}  # fmt: skip

RESERVED_TRAITS = {
    "firstName": "first_name", "lastName": "last_name", "createdAt": "created_at", "givenName": "first_name",
    "given_name": "first_name", "firstname": "first_name", "lastname": "last_name", "dateOfBirth": "birthday",
    "postalCode": "postcode", "postal_code": "postcode", "city": "town",
}  # fmt: skip
MOST_NAME = 64
MOST_ID = 512  # characters of an identifier; longer ones are no ids
_TRAIT = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,63}")
_MANY_DIGITS = re.compile(r"\d{7}")
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def text_of(value: Any) -> str:
    """An id as text: numbers become their digits; '' when it is none.

    >>> text_of(17), text_of(Decimal("17.0")), text_of(" a "), text_of(True), text_of({})
    ('17', '17', 'a', '', '')
    """
    kind = type(value)
    if kind is str:
        return str(value.strip()) if len(value) <= MOST_ID else ""
    if kind is int:
        return str(value) if -(10**40) < value < 10**40 else ""
    if kind is Decimal and value.is_finite() and -40 < value.adjusted() < 40:
        return str(int(value)) if value == value.to_integral_value() else str(value)
    return ""


def add_properties(found: list[Identifier], witnesses: list[Identifier], properties: Mapping[str, Any]) -> None:
    """Identifiers and given names that stand among an event's properties."""
    for name in properties:
        if name in PROPERTY_IDENTIFIERS:
            if value := text_of(properties[name]):
                found.append(Identifier(PROPERTY_IDENTIFIERS[name], value))
        elif name in WITNESSES and (value := text_of(properties[name])):
            witnesses.append(Identifier(GIVEN, value))


def add_traits(found: list[Identifier], witnesses: list[Identifier], traits: Mapping[str, Any]) -> None:
    """Identifiers and given names that stand among traits; a full name gives its first word."""
    given = False
    for name in traits:
        if name in TRAIT_IDENTIFIERS:
            if value := text_of(traits[name]):
                found.append(Identifier(TRAIT_IDENTIFIERS[name], value))
        elif name in WITNESSES and (value := text_of(traits[name])):
            witnesses.append(Identifier(GIVEN, value))
            given = True
    if not given and len(words := text_of(traits.get("name")).split()) > 1:
        witnesses.append(Identifier(GIVEN, words[0]))


def add_external(found: list[Identifier], external: Any) -> None:
    """Segment's `context.externalIds`: id, type, collection 'users', encoding 'none'."""
    if type(external) is not list:
        return
    for one in external:
        if type(one) is dict and one.get("collection", "users") == "users" and type(one.get("type")) is str:
            kind = one["type"].strip().lower()
            if value := text_of(one.get("id")):
                found.append(Identifier(EXTERNAL_TYPES.get(kind, kind), value))


def traits_said(traits: Mapping[str, Any]) -> tuple[TraitSaid, ...]:
    """What she says of herself; what is an identifier is kept as one, in the vault, not twice."""
    said = []
    for raw, value in traits.items():
        name = trait_name(raw)
        if name in ("preference", "preferences") and isinstance(value, Mapping):
            said += [TraitSaid(n, as_json(v)) for k, v in value.items() if (n := trait_name(f"preference.{k}"))]
        elif name and raw not in TRAIT_IDENTIFIERS:
            said.append(TraitSaid(name, as_json(value)))
    return tuple(said)


def preference_said(properties: Mapping[str, Any]) -> tuple[TraitSaid, ...]:
    """'Preference Stated': packaging -> preference.packaging; a dotted or known trait keeps its name."""
    raw = properties.get("preference")
    name = trait_name(raw.strip()) if type(raw) is str else ""
    if not name or "value" not in properties:
        return ()
    if "." not in name and name not in PLAIN_TRAITS:
        name = f"preference.{name}"
    return (TraitSaid(name, as_json(properties["value"])),)


PLAIN_TRAITS = frozenset({"language", "do_not_mention", "town", "postcode", "birthday", "gender", "life_stage"})


def trait_name(raw: str) -> str:
    """The name under which a trait is kept; '' when it looks like a value of someone rather than a name.

    >>> trait_name("firstName"), trait_name("favourite.colour"), trait_name("ann@example.com")
    ('first_name', 'favourite.colour', '')
    """
    return _trait_name(raw) if len(raw) <= MOST_NAME else ""


@lru_cache(4096)
def _trait_name(raw: str) -> str:
    name = RESERVED_TRAITS.get(raw, raw)
    return name if _TRAIT.fullmatch(name) and not _MANY_DIGITS.search(name) else ""


def as_json(value: Any) -> str:
    return _ENCODER.encode(value).decode()


def consents_said(consent: Any) -> tuple[ConsentSaid, ...]:
    """Segment's consent object: {"categoryPreferences": {"marketing": true, "marketing:email": false}}.

    A category is a purpose; `purpose:channel` speaks of one channel, else it holds for all.
    """
    if type(consent) is not dict or type(preferences := consent.get("categoryPreferences")) is not dict:
        return ()
    said = []
    for category, granted in preferences.items():
        purpose, channel = split_category(category)
        if purpose and type(granted) is bool:
            said.append(ConsentSaid(purpose, channel, granted))
    return tuple(said)


def split_category(category: str) -> tuple[str, str]:
    """Purpose and channel of a consent category.

    >>> split_category("Marketing"), split_category("marketing:email"), split_category("a b@c")
    (('marketing', '*'), ('marketing', 'email'), ('', '*'))
    """
    if len(category) > MOST_NAME:
        return "", "*"
    purpose, _, channel = category.strip().lower().replace(" ", "_").partition(":")
    if not _TRAIT.fullmatch(purpose) or (channel and channel != "*" and not _TRAIT.fullmatch(channel)):
        return "", "*"
    return purpose, channel or "*"


def consent_recorded(properties: Mapping[str, Any]) -> tuple[ConsentSaid, ...]:
    """'Consent Recorded': purpose, channel and granted, as someone who serves heard or read it."""
    purpose, channel = text_of(properties.get("purpose")), text_of(properties.get("channel")) or "*"
    granted = properties.get("granted")
    purpose, channel = split_category(f"{purpose}:{channel}")
    return (ConsentSaid(purpose, channel, granted),) if purpose and type(granted) is bool else ()
