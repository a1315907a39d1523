"""Is there a payment card number in it? Then it is refused at the door: never stored, logged or echoed.

A card number is 12 to 19 digits within an issuer's range, of a length that issuer uses, with a right check digit
(ISO/IEC 7812-1, Luhn). It is found in strings and JSON numbers, in one piece or in groups, in any digits Unicode
has, escaped or not. What else is made of digits passes: UUIDs and other hex, decimals, timestamps, telephone
numbers with a +, and, in fields for codes, the short numbers that nobody issues cards with any more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from byname.issuers import LENGTHS, STARTS, is_card_number

_TO_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SEPARATORS = b" -.\t\0"
_TWELVE = b"0" * 12
_RUN = re.compile(r"[0-9][0-9 .\-\t]{11,}")
_RUN_BYTES = re.compile(rb"[0-9][0-9 .\-\t]{11,}")
_AS_SPACES = bytes.maketrans(b"-.", b"  ")
_GROUP = re.compile(r"[0-9]+")
_FAR = 3  # more separators than this between two groups: they do not belong together
_ODD = re.compile(
    r"\\+u([dD][89abAB][0-9a-fA-F]{2})\\+u([dD][c-fC-F][0-9a-fA-F]{2})|\\+u([0-9a-fA-F]{4})|([^\x01-\x7f])"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2} ?(?:[A-Z0-9]{4} ?){2,7}[A-Z0-9]{0,4}(?![A-Z0-9])")
_EXPONENT = re.compile(r"[eE]\+?([0-9]{1,2})(?![0-9])")
_MEMBER = re.compile(r'"([^"\\]{1,64})"\s*:\s*\[?(?:"?[^"\[\]{}:,]*"?,)*\s*"?$')
_CODE = re.compile(
    r"(?:^|[_.\- ])(?:sku|ean|gtin|upc|barcode|isbn|plu|code|ref|id|ids|order|receipt|basket|invoice|tracking|"
    r"phone|mobile|tel|telephone|fax|msisdn|number|no|imei)s?(?:13|14|12)?$"
)
_NEVER_CODE = re.compile(r"card|pan$|payment|account|loyalty|customer|user|member|iban")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PHONE_MOST = 15  # digits of an international telephone number (ITU-T E.164)


class Span(NamedTuple):
    """Where the digits of a card number lie: from `start` up to `end`."""

    start: int
    end: int


def may_hold(body: bytes) -> bool:
    """Could there be a card number? Fast; a yes needs `find_card_number`, a no is certain."""
    if body.isascii() and b"\\u" not in body and b"\0" not in body:
        return _TWELVE in body.translate(_TO_ZEROS, _SEPARATORS) and any(map(_may_begin, _RUN_BYTES.findall(body)))
    flat, _ = _flatten(body.decode("utf-8", "surrogateescape"))
    return _TWELVE in flat.encode("ascii").translate(_TO_ZEROS, _SEPARATORS)


def _may_begin(run: bytes) -> bool:
    """Does a group of this run begin as some issuer's numbers do, with twelve digits to come?"""
    groups = run.translate(_AS_SPACES).split()
    digits = b"".join(groups)
    at = 0
    for group in groups:
        if len(digits) - at < 12:
            return False
        if digits[at : at + 2] in STARTS:
            return True
        at += len(group)
    return False


def find_card_number(text: bytes | str, field: str = "") -> Span | None:
    """The first payment card number in a text or JSON body, as positions in it; None when there is none.

    `field` names where a single value comes from; in JSON the member's own name counts.

    >>> find_card_number("paid with 4111 1111 1111 1111, thanks")
    Span(start=10, end=29)
    >>> find_card_number('{"order_id": "6f1c2d34-4111-4111-8111-111111111111", "at": 1763719200000}') is None
    True
    """
    if isinstance(text, bytes):
        if not may_hold(text):
            return None
        decoded = text.decode("utf-8", "surrogateescape")
        span = find_card_number(decoded, field)
        if span is None:
            return None
        start, end = (len(decoded[:i].encode("utf-8", "surrogateescape")) for i in span)
        return Span(start, end)
    flat, offsets = _flatten(text)
    for start, end in _found(flat, field):
        return Span(offsets[start], offsets[end]) if offsets else Span(start, end)
    return None


def strike_out(body: bytes) -> bytes:
    """The same body with every card number replaced by ####; it stays JSON if it was.

    >>> strike_out(b'{"pan": 4111111111111111, "note": "4111-1111-1111-1111!"}')
    b'{"pan": "####", "note": "####!"}'
    """
    text = body.decode("utf-8", "surrogateescape")
    while spans := _all(text):
        text = _struck(text, spans)
    return text.encode("utf-8", "surrogateescape")


def _all(text: str) -> list[Span]:
    """Every card number that begins after the end of the one before."""
    flat, offsets = _flatten(text)
    spans: list[Span] = []
    for start, end in _found(flat, ""):
        span = Span(offsets[start], offsets[end]) if offsets else Span(start, end)
        if not spans or span.start >= spans[-1].end:
            spans.append(span)
    return spans


def _struck(text: str, spans: list[Span]) -> str:
    pieces: list[str] = []
    last = 0
    for start, end in spans:
        piece = text[last:start]
        rest = _BARE_AFTER.match(text[end : end + _NEAR])
        if rest and _BARE_BEFORE.search(text[max(0, start - _NEAR) : start]):  # a JSON number becomes a string
            pieces += piece.removesuffix("-"), '"####"'
            last = end + rest.end()
        else:
            pieces += piece, "####"
            last = end
    return "".join(pieces) + text[last:]


_NEAR = 80  # characters around a number that decide what it is; a bound, so that hostile bodies cost little
_BARE_BEFORE = re.compile(r'(?:"\s*:|\[|[0-9\]}"#]\s*,)\s*-?$')
_BARE_AFTER = re.compile(r"(?:\.0+)?(?:[eE]\+?[0-9]+)?(?=\s*[,\]}])")


def _flatten(text: str) -> tuple[str, list[int] | None]:
    """The text in ASCII: every digit as 0-9, every kind of space or dash as itself, escapes opened, NUL dropped.

    With it the position in `text` of each of its characters (None: the same positions).
    """
    if text.isascii() and "\\u" not in text and "\0" not in text:
        return text, None
    pieces: list[str] = []
    offsets: list[int] = []
    last = 0
    for m in _ODD.finditer(text):
        high, low, escaped, char = m.groups()
        if high:
            char = chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
        elif escaped:
            char = chr(int(escaped, 16))
        plain = _plain(char)
        pieces += text[last : m.start()], plain
        offsets += range(last, m.start())
        offsets += [m.start()] * len(plain)
        last = m.end()
    pieces.append(text[last:])
    offsets += range(last, len(text) + 1)
    return "".join(pieces), offsets


@lru_cache(4096)
def _plain(char: str) -> str:
    """One ASCII character that stands for this one: digit, separator, letter or other; '' for an invisible one."""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char == "\0":
        return ""
    if char.isascii():
        return char if char in " -.\t" or char.isalnum() else "?"
    kind = unicodedata.category(char)
    if kind == "Zs":
        return " "
    if kind == "Pd" or char in "\u2212\u00ad":
        return "-"
    if kind == "Cf":
        return ""
    if char in "\u00b7\u2022\u2027\uff0e":
        return "."
    return "z" if kind[0] == "L" else "?"


class _Group(NamedTuple):
    digits: str
    start: int
    end: int


def _found(flat: str, field: str) -> Iterator[Span]:
    for run in _RUN.finditer(flat):
        groups: list[_Group] = []
        for m in _GROUP.finditer(flat, run.start(), run.end()):
            if groups and m.start() - groups[-1].end > _FAR:
                yield from _among(flat, groups, field)
                groups = []
            groups.append(_Group(m.group(), m.start(), m.end()))
        yield from _among(flat, groups, field)


def _among(flat: str, groups: list[_Group], field: str) -> Iterator[Span]:
    """Card numbers among groups of digits that follow each other closely."""
    total = sum(len(g.digits) for g in groups)
    start = groups[0].start
    if total >= 12 and not (total <= _PHONE_MOST and start and flat[start - 1] == "+"):
        for i, group in enumerate(groups):
            n = len(group.digits)
            if i == 0 or n in _FIRST_GROUPS or n >= 12:
                yield from _from(flat, groups, i, field)


_FIRST_GROUPS = frozenset({1, 4, 6, 8})  # how printed groups begin; 1 before a decimal point and an exponent


def _from(flat: str, groups: list[_Group], i: int, field: str) -> Iterator[Span]:
    """Card numbers that begin with the i-th group."""
    digits = ""
    if i and len(groups[i].digits) == 1 and not flat.startswith(".", groups[i].end):
        return
    lengths = LENGTHS[groups[i].digits[0]]
    for j in range(i, len(groups)):
        digits += groups[j].digits
        if len(digits) > 19:
            return
        if len(digits) < 12:
            continue
        span = found = Span(groups[i].start, groups[j].end)
        number = digits
        power = _EXPONENT.match(flat, span.end) if j == i + 1 and flat[groups[i].end] == "." else None
        if power:
            zeros = min(int(power[1]), 18) - len(groups[j].digits)
            number, found = digits + "0" * zeros, Span(span.start, power.end())
            written = zeros >= 0
        else:
            written = len(digits) in lengths and is_card_number(number) and _grouped_like_a_card(flat, groups, i, j)
        if written and is_card_number(number) and not _is_something_else(flat, span, number, field, i == j):
            yield found


def _grouped_like_a_card(flat: str, groups: list[_Group], i: int, j: int) -> bool:
    """Is this how card numbers are written: in one piece, or in the groups printed on cards?"""
    before = flat[groups[i - 1].end : groups[i].start] if i else ""
    if before == ".":
        return False  # the digits after a decimal point (or the rest of a dotted version)
    after = flat[groups[j].end : groups[j + 1].start] if j + 1 < len(groups) else ""
    if after == "." and (i < j or groups[j + 1].digits.strip("0")):
        return False
    if i == j:
        return True
    if j == i + 1 and flat[groups[i].end : groups[j].start] == ".":
        return False  # a decimal
    sizes = [len(g.digits) for g in groups[i : j + 1]]
    total = sum(sizes)
    if tuple(sizes) in ((4, 6, 5), (4, 6, 4), (6, 13), (8, 8), (6, 10), (8, 11), (8, 7), (6, 9), (6, 8)):
        return True
    if set(sizes[:-1]) == {4} and sizes[-1] <= 4:
        return True
    if i or j < len(groups) - 1:
        return False
    # The whole run, in groups of its own: only if they are regular, for dates and times are not.
    separators = {flat[a.end : b.start] for a, b in zip(groups[i:j], groups[i + 1 : j + 1], strict=True)}
    regular = len(set(sizes[:-1])) == 1 and sizes[-1] <= max(3, sizes[0])
    return len(separators) == 1 and total >= 13 and (regular or (min(sizes) >= 3 and separators != {"."}))


def _is_something_else(flat: str, span: Span, digits: str, field: str, one_piece: bool) -> bool:
    """Is it part of a UUID or another hex number, or a code in a field for codes?"""
    low, high = max(0, span.start - 36), span.end + 36
    if any(m.start() < span.end - low and m.end() > span.start - low for m in _UUID.finditer(flat[low:high])):
        return True
    if any(
        m.start() < span.end - low and m.end() > span.start - low and _iban(m[0])
        for m in _IBAN.finditer(flat[low:high])
    ):
        return True
    left, right = span.start - _NEAR, span.end + _NEAR
    before = len(m[0]) if (m := _HEX_BEFORE.search(flat[max(0, left) : span.start])) else 0
    after = len(m[0]) if (m := _HEX_AFTER.match(flat[span.end : right])) else 0
    left, right = span.start - before, span.end + after
    if before and before < _NEAR and left and flat[left - 1] == "\\":
        left += 1  # the b of \b, the f of \f
    token = flat[left:right]
    outside = (before < _NEAR and left and flat[left - 1].isalnum()) or (
        after < _NEAR and right < len(flat) and flat[right].isalnum()
    )
    if len(token) >= 20 and not token.isdigit() and token.isalnum() and not outside:
        return True
    if not one_piece and max(span.start - left, right - span.end) >= 8:
        return True  # the tail of one hex number and the head of the next
    name = field or _member(flat, span)
    return bool(name) and one_piece and _a_code(name, digits)


_HEX_BEFORE = re.compile(r"[0-9a-fA-F]+$")
_HEX_AFTER = re.compile(r"[0-9a-fA-F]+")


def _iban(text: str) -> bool:
    """Account numbers of banks begin like cards too; ISO 13616: letters count from 10, modulo 97 leaves 1."""
    plain = text.replace(" ", "")
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _member(flat: str, span: Span) -> str:
    """The name of the JSON member whose whole value this is, or ''."""
    if flat[span.end : span.end + 1] not in ('"', ",", "}", "]", " ", "\n", "\r"):
        return ""
    m = _MEMBER.search(flat[max(0, span.start - 160) : span.start])
    return m[1] if m else ""


def _a_code(field: str, digits: str) -> bool:
    """In a field for codes or telephones: lengths in which nobody issues cards now, and valid product codes.

    13 digits from 4 are German and Japanese product codes, order numbers of web shops and German mobile phones;
    Visa left that length long ago. Maestro under 16 digits and 14 digits of Diners give way to GTIN-14 only.
    """
    name = _CAMEL.sub("_", field).lower()
    if _NEVER_CODE.search(name) or not _CODE.search(name):
        return False
    if "imei" in name:
        return len(digits) == 15
    return (
        len(digits) <= 13
        or (len(digits) == 14 and _gtin(digits))
        or (len(digits) < 16 and digits[:2] in _MAESTRO_STARTS)
    )


_MAESTRO_STARTS = frozenset({"50", "56", "57", "58", "67"})


def _gtin(digits: str) -> bool:
    """GS1 check digit: weights 3 and 1 from the right."""
    numbers = [int(d) for d in reversed(digits)]
    return (sum(numbers[0::2]) + 3 * sum(numbers[1::2])) % 10 == 0
