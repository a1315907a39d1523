"""Does an arrival that could not be used speak of her? Its body is opened and searched for her own values."""

from __future__ import annotations

import re
from collections.abc import Iterable

from byname.keyring import Keyring
from byname.store.db import Db
from byname.touchpoints import quarantine

SHORTEST = 5  # a shorter value would find strangers
PHONE_TAIL = 8  # digits of a phone number that everybody writes alike


def drop_hers(db: Db, keyring: Keyring, values: Iterable[str], *, now: int) -> int:
    """Destroy the bodies of quarantined arrivals in which one of these plain values stands; how many."""
    wanted = list(values)
    hers = [id for id, body in quarantine.bodies(db, keyring) if speaks_of(body, wanted)]
    quarantine.drop(db, hers, by="erasure", now=now)
    return len(hers)


def speaks_of(body: bytes, values: Iterable[str]) -> bool:
    """Is one of these normalised values in a body, as people and programs write it?

    >>> speaks_of(b'{"phone": "020 7946 0018"}', ["+442079460018"])
    True
    """
    text = body.decode("utf-8", "replace").casefold()
    digits = re.sub(r"(?<=\d)[\s().\-/]+(?=\d)", "", text)
    return any(_found(v.casefold(), text, digits) for v in values)


def _found(value: str, text: str, digits: str) -> bool:
    if re.fullmatch(r"\+\d{6,}", value):
        return value[-PHONE_TAIL:] in digits
    return len(value) >= SHORTEST and value in text
