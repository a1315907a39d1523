"""What does a visit at the till remember between two taps? A signed note in the form; nothing personal in it.

It names the person whom a claim led to (by row number) and an identifier that she showed and nobody knows yet (by its
keyed token). It holds for one member of staff and ten minutes.
"""

from __future__ import annotations

import base64
import hmac
from typing import NamedTuple

import msgspec

from byname.keyring import Keyring
from byname.terms import SECOND, Key

VALID = 600 * SECOND


class Visit(NamedTuple):
    """`perhaps` 0: nobody yet. `shown`: type and token of what she showed, if nobody is known by it."""

    staff: str
    made_at: int
    perhaps: int = 0
    shown: tuple[str, bytes] | None = None
    right: tuple[str, ...] = ()

    @property
    def key(self) -> Key | None:
        return Key(*self.shown) if self.shown else None


def write(keyring: Keyring, visit: Visit) -> str:
    """The note as a form field."""
    content = msgspec.msgpack.encode(visit)
    return base64.urlsafe_b64encode(keyring.digest("visit", content) + content).decode()


def read(keyring: Keyring, text: str, *, staff: str, now: int) -> Visit:
    """The visit of a form field; a forged, foreign or old one is a new visit."""
    fresh = Visit(staff, now)
    try:
        raw = base64.urlsafe_b64decode(text.encode())
        digest, content = raw[:32], raw[32:]
        if not hmac.compare_digest(digest, keyring.digest("visit", content)):
            return fresh
        visit = msgspec.msgpack.decode(content, type=Visit)
    except ValueError:
        return fresh
    return visit if visit.staff == staff and 0 <= now - visit.made_at < VALID else fresh


def plain(field: str, said: str) -> str:
    """An answer in the form in which the challenge compares it: a birthday as day and month, two digits each.

    >>> plain("birthday", "2.4."), plain("birthday", "1984-04-02"), plain("postcode", "n1 2ab")
    ('0204', '0204', 'n1 2ab')
    """
    if field != "birthday":
        return said
    numbers = "".join(c if c.isascii() and c.isdigit() else " " for c in said).split()
    if len(numbers) == 3 and len(numbers[0]) == 4:
        numbers = [numbers[2], numbers[1]]
    return f"{int(numbers[0]):02}{int(numbers[1]):02}" if len(numbers) >= 2 else "".join(numbers)
