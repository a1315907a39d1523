"""Do the Python SDKs of Segment and RudderStack deliver, with nothing changed but their host?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import rudderstack.analytics.client as rudder
import segment.analytics.client as segment

from tests.clients.conftest import Running

SDKS = {"segment": segment.Client, "rudderstack": rudder.Client}


@pytest.fixture(params=SDKS)
def sdk(request: pytest.FixtureRequest) -> Any:
    return SDKS[request.param]


def order(number: str) -> dict[str, Any]:
    product = {"product_id": "p-1", "sku": "42", "name": "Tea", "price": 4.5, "quantity": 2}
    return {"order_id": number, "total": 9.0, "revenue": 9.0, "currency": "GBP", "products": [product]}


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_every_call_of_the_sdk_arrives_and_makes_one_customer(sdk: Any, running: Running, zipped: bool) -> None:
    errors: list[Any] = []
    client = sdk(running.key, host=running.url, gzip=zipped, on_error=lambda e, items: errors.append(e))
    when = dt.datetime(2026, 9, 21, 10, 0, tzinfo=dt.UTC)
    client.identify("ann", {"email": "ann@shop.example", "firstName": "Ann"}, anonymous_id="cookie-1", timestamp=when)
    client.track("ann", "Order Completed", order("o-1"), timestamp=when)
    client.page("ann", "Shop", "Tea", {"url": "https://shop.example/tea"}, timestamp=when)
    client.screen("ann", "App", "Basket", timestamp=when)
    client.group("ann", "household-7", {"name": "The Fields"}, timestamp=when)
    client.alias("cookie-2", "ann", timestamp=when)
    client.shutdown()

    assert errors == []
    found = running.events()
    assert sorted(e["type"] for e in found) == ["alias", "group", "identify", "page", "screen", "track"]
    assert {e["type"]: e["touchpoint"] for e in found if e["type"] in ("page", "screen")} == {
        "page": "web",
        "screen": "app",
    }
    [bought] = [e for e in found if e["type"] == "track"]
    assert bought["name"] == "Order Completed"
    assert bought["properties"]["products"][0]["sku"] == "42"
    assert {("account", "ann"), ("email", "ann@shop.example")} <= max(running.people(), key=len)


def test_a_wrong_key_is_told_to_the_sdk(sdk: Any, running: Running) -> None:
    errors: list[Any] = []
    client = sdk("no-such-key", host=running.url, on_error=lambda e, items: errors.append(e), max_retries=0)
    client.track("ann", "Order Completed", order("o-1"))
    client.shutdown()
    assert len(errors) == 1
    assert "401" in str(errors[0]) or getattr(errors[0], "status", 401) == 401
    assert running.events() == []


def test_sending_the_same_message_twice_counts_once(running: Running) -> None:
    for _ in range(2):
        client = segment.Client(running.key, host=running.url)
        client.track("ann", "Order Completed", order("o-1"), message_id="m-1")
        client.shutdown()
    assert len(running.events()) == 1
