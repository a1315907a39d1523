"""Do the Node SDKs of Segment and RudderStack deliver, with nothing changed but their host?"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients.conftest import Running


@pytest.mark.parametrize("script", ["segment.cjs", "rudder.cjs"])
def test_every_call_of_the_sdk_arrives_and_makes_one_customer(
    script: str, running: Running, node: Callable[..., str]
) -> None:
    node(script, running.url, running.key)
    found = running.events()
    assert sorted(e["type"] for e in found) == ["alias", "group", "identify", "page", "screen", "track"]
    [bought] = [e for e in found if e["type"] == "track"]
    assert bought["properties"]["order_id"] == "o-1"
    assert {("account", "ann"), ("email", "ann@shop.example")} <= max(running.people(), key=len)
