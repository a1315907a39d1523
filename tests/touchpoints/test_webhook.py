"""Someone else's webhook at the door: is it from them, and what does it tell?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from byname.terms import BynameError, Identifier
from byname.touchpoints import parse_again, webhook
from byname.touchpoints.limits import Limits
from byname.touchpoints.sources import Source

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
AT_S = 1_614_265_330
NOW = AT_S * 1_000_000
LIMITS = Limits()

BILLING = """
[types."invoice.paid"]
event = "Order Completed"
user = "customer.id"
minor_units = true
[types."invoice.paid".properties]
order_id = "number"
total = "amount_paid"
currency = "currency"
email = "customer.email"
[types."customer.called"]
event = "Call Started"
device = "phones.0"
"""


def message(**members: Any) -> bytes:
    return json.dumps({"type": "order.completed", "timestamp": "2021-02-25T15:00:00Z", "data": {}} | members).encode()


def test_the_published_example_of_the_standard_verifies() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    assert webhook.why_not(SECRET, headers, b'{"test": 2432232314}', NOW) is None
    assert webhook.sign(SECRET, headers["webhook-id"], AT_S, b'{"test": 2432232314}') == headers


def test_what_is_not_signed_is_not_from_them() -> None:
    body = message()
    good = webhook.sign(SECRET, "m1", AT_S, body)
    assert webhook.why_not(SECRET, good, body, NOW) is None
    for bad in (
        {},
        good | {"webhook-id": "m2"},
        good | {"webhook-timestamp": str(AT_S + 1)},
        good | {"webhook-timestamp": "soon"},
        good | {"webhook-timestamp": "²"},
        good | {"webhook-signature": "v1,AAAA"},
        good | {"webhook-signature": "v1a," + good["webhook-signature"][3:]},
        good | {"webhook-signature": "é"},
    ):
        assert webhook.why_not(SECRET, bad, body, NOW)
    assert webhook.why_not(SECRET, good, body + b" ", NOW)
    assert webhook.why_not(SECRET, good, body, NOW + 301_000_000)
    assert webhook.why_not(SECRET, good, body, NOW - 301_000_000)
    assert webhook.why_not(SECRET, good, body, NOW + 299_000_000) is None


def test_a_secret_is_replaced_without_a_gap() -> None:
    other = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
    headers = webhook.sign(SECRET, "m1", AT_S, b"{}")
    both = headers | {"webhook-signature": "v1,AAAA " + headers["webhook-signature"]}
    assert webhook.why_not(SECRET, both, b"{}", NOW) is None
    assert webhook.why_not(f"{other} {SECRET}", headers, b"{}", NOW) is None
    with pytest.raises(BynameError, match="whsec_"):
        webhook.sign("not base64!", "m", AT_S, b"")


def test_without_a_mapping_type_and_data_are_taken_as_they_are() -> None:
    body = webhook.with_id(
        message(data={"user_id": "ann", "order_id": "A-1", "total": 19.99, "currency": "EUR"}), "msg_1"
    )
    (e,) = webhook.parse(body, "webhook", Source("w", "W", "web", "webhook"), NOW, LIMITS).events
    assert (e.name, e.ref, e.amount, e.message_id) == ("Order Completed", "A-1", 1999, "msg_1")
    assert e.identifiers == (Identifier("account", "ann"),)
    assert e.body == body


def test_a_mapping_tells_what_a_senders_types_mean() -> None:
    source = Source("b", "Billing", "web", "webhook", mapping=webhook.read_mapping(BILLING))
    data = {"number": "I-7", "amount_paid": 1999, "currency": "eur", "customer": {"id": 5, "email": "a@b.example"}}
    paid = webhook.with_id(message(type="invoice.paid", data=data), "m1")
    (e,) = webhook.parse(paid, "webhook", source, NOW, LIMITS).events
    assert (e.name, e.ref, e.amount, e.currency) == ("Order Completed", "I-7", 1999, "EUR")
    assert e.identifiers == (Identifier("account", "5"), Identifier("email", "a@b.example"))
    called = message(type="customer.called", data={"phones": ["d-1"]})
    assert webhook.parse(called, "webhook", source, NOW, LIMITS).events[0].identifiers == (Identifier("device", "d-1"),)


def test_an_unmapped_type_waits_for_the_mapping() -> None:
    body = webhook.with_id(message(type="invoice.late"), "m9")
    source = Source("b", "Billing", "web", "webhook", mapping=webhook.read_mapping(BILLING))
    parsed = webhook.parse(body, "webhook", source, NOW, LIMITS)
    assert [(v.message_id, v.reason) for v in parsed.verdicts] == [("m9", "unmapped")]
    more = BILLING + '\n[types."invoice.late"]\nevent = "Device Event"\n'
    mended = Source("b", "Billing", "web", "webhook", mapping=webhook.read_mapping(more))
    (e,) = parse_again(parsed.quarantined[0].body, mended, NOW, LIMITS).events
    assert (e.name, e.message_id) == ("Device Event", "m9")


def test_a_card_number_is_refused_here_too() -> None:
    body = message(data={"user_id": "u", "pan": 4111111111111111})
    parsed = webhook.parse(body, "webhook", Source("w", "W", "web", "webhook"), NOW, LIMITS)
    assert [v.reason for v in parsed.verdicts] == ["card_number"]
    assert b"4111" not in parsed.quarantined[0].body


@pytest.mark.parametrize(
    "toml", ["=", "[types]\na = 1", '[types.a]\nevent = "x@y"', '[types.a]\nevent = "A"\nodd = 1', ""]
)
def test_a_mapping_that_is_none_is_refused_with_what_is_wrong(toml: str) -> None:
    with pytest.raises(BynameError):
        webhook.read_mapping(toml)
