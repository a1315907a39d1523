"""Who issues payment cards under which numbers, and is the check digit right?

Issuer ranges: Wikipedia, "Payment card number" (IIN table, 2026); Mastercard 2-series BIN expansion (2016);
Discover Network IIN ranges; the prefixes of NPCI (RuPay), NSPK (Mir), Elo and the BKM (Troy). UATP air travel cards
(15 digits from 1) are left out: they would refuse every tenth such timestamp.
"""

from __future__ import annotations

FROM_16 = range(16, 20)
ISSUERS: tuple[tuple[str, str, str, range | tuple[int, ...]], ...] = (
    ("Visa", "4", "4", (13, 16, 19)),
    ("Mastercard", "51", "55", (16,)),
    ("Mastercard", "2221", "2720", (16,)),
    ("American Express", "34", "34", (15,)),
    ("American Express", "37", "37", (15,)),
    ("Discover", "6011", "6011", FROM_16),
    ("Discover", "644", "649", FROM_16),
    ("Discover, RuPay, Elo, Troy", "65", "65", FROM_16),
    ("Diners Club", "300", "305", range(14, 20)),
    ("Diners Club", "3095", "3095", range(14, 20)),
    ("Diners Club", "36", "36", range(14, 20)),
    ("Diners Club", "38", "39", range(14, 20)),
    ("JCB", "3528", "3589", FROM_16),
    ("JCB", "1800", "1800", (15,)),
    ("JCB", "2131", "2131", (15,)),
    ("UnionPay", "62", "62", FROM_16),
    ("UnionPay, RuPay", "81", "82", FROM_16),
    ("Maestro, Verve, Dankort, RuPay, Elo", "50", "50", range(12, 20)),
    ("Maestro", "56", "58", range(12, 20)),
    ("Maestro", "6304", "6304", range(12, 20)),
    ("Maestro", "6390", "6390", range(12, 20)),
    ("Maestro", "67", "67", range(12, 20)),
    ("Maestro", "0604", "0604", range(12, 20)),  # no longer issued; number generators still make them
    ("InterPayment, Elo", "636", "636", FROM_16),
    ("InstaPayment, Hipercard", "637", "639", (16,)),
    ("RuPay, Hipercard, UkrCard", "60", "60", (16,)),
    ("Elo", "627780", "627780", (16,)),
    ("Mir", "2200", "2204", FROM_16),
    ("Borica", "2205", "2205", (16,)),
    ("Troy", "9792", "9792", (16,)),
    ("Uzcard", "8600", "8600", (16,)),
    ("Humo", "9860", "9860", (16,)),
)
BY_FIRST = {d: tuple(i for i in ISSUERS if i[1][0] <= d <= i[2][0]) for d in "0123456789"}

LENGTHS = {d: frozenset(n for i in found for n in i[3]) for d, found in BY_FIRST.items()}
STARTS = frozenset(b"%02d" % n for n in range(100) for i in ISSUERS if i[1][:2] <= f"{n:02}" <= i[2][:2].ljust(2, "9"))


def is_card_number(digits: str) -> bool:
    """Length, issuer range and check digit of a bare string of digits.

    >>> is_card_number("4111111111111111"), is_card_number("4111111111111112")
    (True, False)
    """
    return _issued(digits) and luhn(digits)


def _issued(digits: str) -> bool:
    n = len(digits)
    return any(n in lengths and low <= digits[: len(low)] <= high for _, low, high, lengths in BY_FIRST[digits[0]])


_DOUBLED = {str(d): sum(divmod(2 * d, 10)) for d in range(10)}


def luhn(digits: str) -> bool:
    return (sum(map(int, digits[-1::-2])) + sum(_DOUBLED[d] for d in digits[-2::-2])) % 10 == 0
