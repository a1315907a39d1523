"""Someone else's webhook at the HTTP door: signed it comes in, once; unsigned it does not."""

from __future__ import annotations

import json

import httpx
import pytest

from byname.touchpoints import quarantine, sources, webhook
from tests.web.conftest import Browser, House

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def billing(house: House) -> House:
    keys = house.product.home.keys
    house.product.home.store.write(
        lambda db: sources.create(db, keys, "billing", now=house.now, kind="webhook", secret=SECRET, trusted=True)
    )
    return house


def send(house: House, body: bytes, message_id: str = "msg_1", slug: str = "billing", **changed: str) -> httpx.Response:
    headers = webhook.sign(SECRET, message_id, house.now // 1_000_000, body) | changed
    return Browser(house.app).ask("POST", f"/v1/webhooks/{slug}", content=body, headers=headers)


def paid(**data: object) -> bytes:
    return json.dumps(
        {"type": "order.completed", "data": {"user_id": "ann-1", "order_id": "A-9", "total": 12.5} | data}
    ).encode()


def test_a_signed_message_is_an_event_once(billing: House) -> None:
    assert send(billing, paid()).json()["verdict"] == "accepted"
    assert send(billing, paid()).json()["verdict"] == "repeated"
    rows = billing.product.home.store.read().rows(
        "select name, amount, ref, source from event where source = 'billing'"
    )
    assert rows == [("Order Completed", 1250, "A-9", "billing")]


def test_what_cannot_be_proved_is_turned_away(billing: House) -> None:
    assert send(billing, paid(), **{"webhook-signature": "v1,AAAA"}).status_code == 401
    assert send(billing, paid(), slug="nobody").status_code == 401
    assert send(billing, b"no json").status_code == 400
    assert billing.product.home.store.read().rows("select 1 from event where source = 'billing'") == []


def test_what_cannot_be_used_is_quarantined(billing: House) -> None:
    answer = send(billing, paid(total="much"), "msg_2")
    assert (answer.status_code, answer.json()["verdict"], answer.json()["reason"]) == (200, "quarantined", "bad_amount")
    assert [i.reason for i in quarantine.items(billing.product.home.store.read(), source="billing")] == ["bad_amount"]
