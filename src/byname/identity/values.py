"""What is the one form of a value, and is it a value at all? (spec/identity 5)

Phones by phonenumbers, e-mail by email-validator, everything by Unicode NFKC. What people and programs write
instead of a value (null, guest, 00000, test@test.com) is dropped with its reason: one such value that passes joins
strangers. A payment card number is refused whatever type it claims to be.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from byname.cards import find_card_number
from byname.identity.given import fold_given
from byname.identity.policy import Policy

LONGEST = 256

REASONS = {
    "": "kept",
    "empty": "nothing was given",
    "too long": f"longer than {LONGEST} characters",
    "unknown type": "the policy has no such type of identifier",
    "placeholder": "stands for 'no value' or for anybody",
    "blocked": "is on this home's list of blocked values",
    "card number": "looks like a payment card number, which is never taken",
    "not valid": "is not a valid value of its type",
    "initial": "is an initial, which testifies to nothing",
}
"""The closed list of why a value is dropped ('' keeps it)."""


class Normalised(NamedTuple):
    """`value` None: dropped, because of `why` (a key of REASONS)."""

    value: str | None
    why: str


@lru_cache(131_072)
def normalise(policy: Policy, type: str, raw: str) -> Normalised:
    """The one form of a value of this type, or the reason why there is none. Cached: the same ones come again."""
    if not policy.knows(type):
        return Normalised(None, "unknown type")
    if len(raw) > LONGEST:
        return Normalised(None, "too long")
    text = _clean(raw)
    why = _why_not(text)
    if why:
        return Normalised(None, why)
    value, why = FORMS.get(type, _other)(text, policy)
    if value is not None and value != text:  # '@«0' of a handle: what the form uncovers is asked again
        return normalise(policy, type, value)
    if value is not None:
        why = (_why_not(value) if value != text else "") or (
            "blocked" if _is_blocked(policy, type, text, value) else ""
        )
    return Normalised(None if why else value, why)


def _why_not(text: str) -> str:
    """Asked of the text as given and again of its form: '4111 .. 1111' of a loyalty card, 'x x x' of a name."""
    if not text:
        return "empty"
    if _is_placeholder(text):
        return "placeholder"
    return "card number" if find_card_number(text, "identifier_id") else ""


def masked(type: str, value: str) -> str:
    """A value as staff may see it: enough to recognise one that is told, too little to learn it.

    >>> masked("email", "marie@shop.fr"), masked("phone", "+447400123456"), masked("loyalty", "9988123")
    ('m***@shop.fr', '** ** 34 56', '***123')
    """
    if type == "email":
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain}"
    if type == "phone":
        return f"** ** {value[-4:-2]} {value[-2:]}"
    if type == "given":
        return f"{value[:1].upper()}."
    shown = min(4, len(value) // 2)
    return "***" + (value[-shown:] if shown else "")


INVISIBLE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x180E, 0x2028, 0x2029, 0xFEFF),
        *(*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFE00, 0xFE10)),
    ]
)
QUOTES = "\"'`´‘’“”«»"


def _clean(raw: str) -> str:
    """NFKC without control, zero-width and direction characters, outer blanks and outer quotes."""
    text = raw
    if not (raw.isascii() and raw.isprintable()):  # else there is nothing of all this in it
        text = unicodedata.normalize("NFKC", raw).translate(INVISIBLE)
        text = "".join(c for c in text if unicodedata.category(c) not in ("Cc", "Cs"))
    before = None
    while text != before:
        before, text = text, text.strip().strip(QUOTES)
    return text


NOBODY_SAYS = """
null, nil, none, undefined, nan, n/a, na, #n/a, no, unset, not set, not available, not applicable, not provided, empty
blank, default, true, false, object, [object object], todo, tbd, anonymous, anon, guest, unknown, test, testing, tester
visitor, user, userid, user_id, user id, anonymousid, anonymous_id, distinct_id, username, id, no email, no phone, x
-1, ., ?, ??, ???, unbekannt, keine, kein, gast, anonym, inconnu, anonyme, invité, aucun, desconocido, ninguno
ospite, nessuno, sconosciuto, onbekend, geen
"""
NOBODY = frozenset(NOBODY_SAYS.strip().replace("\n", ", ").split(", "))
NOTHING = re.compile(r"[0-]*")
ALL_ZERO_UUID = re.compile(r"\{?0{8}-?0{4}-?0{4}-?0{4}-?0{12}\}?")
ONE_LETTER = re.compile(r"([^\W\d])\1{2,}|(.)\2{4,}")  # xxx, aaaa; 11111, but 111 may be a customer's number


def _is_placeholder(text: str) -> bool:
    low = text.casefold()
    return (
        low in NOBODY
        or NOTHING.fullmatch(low) is not None
        or ALL_ZERO_UUID.fullmatch(low) is not None
        or ONE_LETTER.fullmatch(low) is not None
    )


def _is_blocked(policy: Policy, type_: str, text: str, value: str) -> bool:
    blocked = policy.blocked.get(type_, frozenset())
    return not blocked.isdisjoint((text, text.casefold(), value))


# --- one form per type ----------------------------------------------------------------------------------------

NO_MAILBOX = re.compile(
    r"(no|not|without|sans|kein|keine|sin)[._\-]?(e?[._\-]?mail|mail|reply|address|correo)?|do[._\-]?not[._\-]?reply"
    r"|nomail|none|null|nobody|noone|anonymous|anon|guest|unknown|undefined|test(er|ing|e)?\d{0,3}|dummy|fake|spam"
    r"|na|n\.a\.?|asdf+|qwerty|xx+|abc|email|mail|customer|client|user|noreply|nomail"
)
NO_DOMAINS = """
test.com test.test test.de test.fr test.co.uk none.com noemail.com nomail.com noemail.org no.com na.com null.com
unknown.com fake.com dummy.com asdf.com xxx.com email.email mail.mail domain.com yourdomain.com
"""
NO_DOMAIN = frozenset(NO_DOMAINS.split())


def _email(text: str, policy: Policy) -> Normalised:
    """Local part case-folded (dots and plus tags kept), domain as A-label. No look-up of the domain."""
    try:
        found = validate_email(text.removeprefix("mailto:"), check_deliverability=False)
    except EmailNotValidError:
        return Normalised(None, "not valid")
    local, domain = found.local_part.casefold(), (found.ascii_domain or found.domain).lower()
    first = domain.split(".", 1)[0]
    same_letter = len(set(local)) == 1 and set(first) == set(local)  # a@a.com
    if NO_MAILBOX.fullmatch(local) or domain in NO_DOMAIN or same_letter:
        return Normalised(None, "placeholder")
    return Normalised(f"{local}@{domain}", "")


def _phone(text: str, policy: Policy) -> Normalised:
    """E.164 of a number that its country gives out; without + it is read in the policy's region."""
    try:
        number = phonenumbers.parse(text, policy.region)
    except phonenumbers.NumberParseException:
        return Normalised(None, "not valid")
    if not phonenumbers.is_valid_number(number):
        return Normalised(None, "not valid")
    number.extension = None
    return Normalised(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), "")


PAR = re.compile(r"[0-9A-Z]{29}")
CARD_TOKEN = re.compile(r"[\w.:\-+/=|]{8,128}", re.ASCII)


def _card(text: str, policy: Policy) -> Normalised:
    """A payment account reference (29 characters, EMV tag 9F24) or a processor's token; last digits are neither."""
    joined = text.replace(" ", "")
    if PAR.fullmatch(joined.upper()):
        return Normalised(joined.upper(), "")
    if CARD_TOKEN.fullmatch(joined):
        return Normalised(joined, "")
    return Normalised(None, "not valid")


def _given(text: str, policy: Policy) -> Normalised:
    folded = fold_given(text)
    return Normalised(folded, "") if folded else Normalised(None, "initial")


def _loyalty(text: str, policy: Policy) -> Normalised:
    """Printed in groups, scanned without: blanks and dashes do not count, nor does case."""
    return Normalised(unicodedata.normalize("NFKC", re.sub(r"[\s\-]", "", text).upper()).strip(QUOTES), "")


def _social(text: str, policy: Policy) -> Normalised:
    """'network:handle'; handles are case-insensitive on every network we know."""
    value = unicodedata.normalize("NFKC", text.casefold()).replace(":@", ":").lstrip("@").strip()
    return Normalised(value, "") if value.rpartition(":")[2] else Normalised(None, "not valid")


def _other(text: str, policy: Policy) -> Normalised:
    """Accounts and devices: the source's own spelling, which it compares exactly."""
    return Normalised(text, "")


FORMS: dict[str, Callable[[str, Policy], Normalised]] = {
    "email": _email,
    "phone": _phone,
    "card": _card,
    "given": _given,
    "loyalty": _loyalty,
    "social": _social,
}
