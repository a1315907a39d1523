"""What does a record look like to the matcher, and which columns are compared?

A record is one customer entry of one source: a loyalty form, a web account, a caller's details. `columns` turns it
into plain comparable strings; what the night and the day compare are these columns and nothing else.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from byname.identity.given import fold_given

Columns = dict[str, str | list[str] | None]
"""The comparable columns of one record; `nick` is a list of names, all others text or None."""

CROWD = 8  # more people than this behind one e-mail, phone or card: it names nobody (household_max of the policy)
CONTACTS = ("email", "phone", "card", "national")


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One customer entry. Everything but the id may be missing (''). Values are plain: keep it in memory only.

    E-mail and phone are expected as `identity.values` normalises them; the rest is tidied here.
    """

    unique_id: str  # the public id of an identifier, or a row's own id
    given: str = ""  # first name, or its initial
    surname: str = ""
    born: str = ""  # ISO date
    email: str = ""
    phone: str = ""
    postcode: str = ""
    street: str = ""
    town: str = ""
    card: str = ""  # payment account reference or processor token, never a card number
    national: str = ""  # a number that belongs to one person: social security, membership
    occupation: str = ""


FIELDS = tuple(name for name in Record.__struct_fields__ if name != "unique_id")


def columns(record: Record) -> Columns:
    """The record as the matcher compares it.

    >>> found = columns(Record(unique_id="1", given=" Bill ", surname="O'Neill", postcode="sw1a1aa"))
    >>> found["given"], found["surname"], found["outward"], "william" in found["nick"]
    ('bill', 'oneill', 'sw1a', True)
    """
    given, surname = name(record.given), name(record.surname)
    born, email = date(record.born), record.email.strip().casefold() or None
    postcode = plain(record.postcode)
    return {
        "unique_id": record.unique_id,
        "given": given,
        "initial": given[:1] if given else None,
        "given3": given[:3] if given and len(given) > 1 else None,
        "nick": sorted(nicknames(given)) if given else None,
        "surname": surname,
        "surname4": surname[:4] if surname else None,
        "born": born,
        "year": born[:4] if born else None,
        "email": email,
        "mailbox": email.split("@")[0] if email else None,
        "phone": record.phone.strip() or None,
        "postcode": postcode,
        "outward": outward(postcode) if postcode else None,
        "street": words(record.street),
        "town": words(record.town),
        "card": record.card.strip() or None,
        "national": plain(record.national),
        "occupation": words(record.occupation),
    }


def table(records: Iterable[Record]) -> list[Columns]:
    """All records as columns, with crowded contacts struck out."""
    return strike_crowded([columns(r) for r in records])


def strike_crowded(rows: Sequence[Columns], limit: int = CROWD) -> list[Columns]:
    """Forget an e-mail, phone or card that goes with more than `limit` different names: a placeholder, a shop's own.

    One such value once took the precision of a whole run from 0.84 to 0.10 (spec/identity 3).
    """
    crowded: set[tuple[str, object]] = set()
    for contact in CONTACTS:
        names = {(r[contact], r["given"], r["surname"]) for r in rows if r[contact]}
        count = Counter(value for value, _, _ in names)
        crowded |= {(contact, value) for value, n in count.items() if n > limit}
    if not crowded:
        return list(rows)
    struck = []
    for row in rows:
        hit = [c for c in CONTACTS if (c, row[c]) in crowded]
        gone: Columns = dict.fromkeys(hit)
        if "email" in hit:
            gone["mailbox"] = None
        struck.append(row | gone if hit else row)
    return struck


@lru_cache(65_536)
def name(text: str) -> str | None:
    """A name without case, accents and punctuation, so that O'Neill is oneill and José is jose."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c for c in folded if c.isalnum() or c.isspace())
    return " ".join(kept.split()) or None


def words(text: str) -> str | None:
    """Text without case, accents, punctuation and double blanks; punctuation parts words."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(c if c.isalnum() else " " for c in folded if not unicodedata.combining(c))
    return " ".join(kept.split()) or None


def plain(text: str) -> str | None:
    """Letters and digits only: postcodes and numbers are written with and without blanks."""
    return re.sub(r"[\W_]", "", text.casefold()) or None


UK_POSTCODE = re.compile(r"([a-z]{1,2}\d[a-z\d]?)\d[a-z]{2}")


@lru_cache(65_536)
def outward(postcode: str) -> str:
    """The part that names the district: SW1A of SW1A 1AA; the first three signs elsewhere."""
    uk = UK_POSTCODE.fullmatch(postcode)
    return uk[1] if uk else postcode[:3]


@lru_cache(65_536)
def date(text: str) -> str | None:
    """An ISO date, also from the compact form 19710624; None for anything that is no day."""
    digits = text.strip()
    if re.fullmatch(r"\d{8}", digits):
        digits = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
    try:
        return dt.date.fromisoformat(digits[:10]).isoformat()
    except ValueError:
        return None


@lru_cache(65_536)
def nicknames(given: str) -> frozenset[str]:
    """The name itself and the full name that it is short for."""
    return frozenset((given, fold_given(given) or given))
