"""Is this a payment card number? Length, issuer range and check digit; such a value is refused, whatever its type."""

from __future__ import annotations

import re

RUN = re.compile(r"(?<![\d+])\d(?:[ \-\u2010-\u2015]?\d){11,18}(?![ \-]?\d)")  # no +: that is a phone number

# First digits (from, to) of ISO/IEC 7812 and the lengths that the schemes give out.
ISSUERS: tuple[tuple[int, int, range], ...] = (
    (4, 4, range(13, 20, 3)),  # Visa: 13, 16, 19
    (51, 55, range(16, 17)),  # Mastercard
    (2221, 2720, range(16, 17)),
    (34, 34, range(15, 16)),  # American Express
    (37, 37, range(15, 16)),
    (6011, 6011, range(16, 20)),  # Discover
    (644, 649, range(16, 20)),
    (65, 65, range(16, 20)),
    (300, 305, range(14, 20)),  # Diners Club
    (36, 36, range(14, 20)),
    (38, 39, range(14, 20)),
    (3528, 3589, range(16, 20)),  # JCB
    (62, 62, range(16, 20)),  # UnionPay
    (81, 81, range(16, 20)),
    (2200, 2204, range(16, 20)),  # Mir
    (508, 508, range(16, 17)),  # RuPay
    (60, 60, range(16, 17)),
    (82, 82, range(16, 17)),
    (9792, 9792, range(16, 17)),  # Troy
    (5018, 5018, range(12, 20)),  # Maestro
    (5020, 5020, range(12, 20)),
    (5038, 5038, range(12, 20)),
    (5893, 5893, range(12, 20)),
    (6304, 6304, range(12, 20)),
    (6759, 6763, range(12, 20)),
)


def holds_card_number(text: str) -> bool:
    """Does a card number stand in this text, written together or in groups?

    >>> holds_card_number("4111 1111 1111 1111"), holds_card_number("tok-4111111111111112")
    (True, False)
    """
    return any(is_card_number("".join(str(int(c)) for c in run[0] if c.isdigit())) for run in RUN.finditer(text))


def is_card_number(digits: str) -> bool:
    """12 to 19 ASCII digits that an issuer gives out and whose check digit fits."""
    issued = any(
        len(digits) in lengths and first <= int(digits[: len(str(first))]) <= last for first, last, lengths in ISSUERS
    )
    return issued and _luhn(digits)


def _luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    odd = sum(int(d) for d in digits[-1::-2])
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0
