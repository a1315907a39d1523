"""The senders of these stories: a web shop and a till, on one November morning."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from byname.terms import Event, micros
from byname.touchpoints import segment
from byname.touchpoints.limits import Limits
from byname.touchpoints.parsed import Parsed
from byname.touchpoints.sources import Source

SHOP = Source("shop", "Shop", "web")
TILL = Source("till", "Till 12", "till")
RECEIVED = micros(dt.datetime(2026, 11, 21, 10, 0, 5, tzinfo=dt.UTC))
TEN = micros(dt.datetime(2026, 11, 21, 10, tzinfo=dt.UTC))
LIMITS = Limits()


def parsed(call: Any, kind: str = "track", source: Source = SHOP, limits: Limits = LIMITS) -> Parsed:
    return segment.parse(json.dumps(call).encode(), kind, source, RECEIVED, limits)


def event(call: Any, kind: str = "track", source: Source = SHOP) -> Event:
    found = parsed(call, kind, source)
    assert [v.verdict for v in found.verdicts] == ["accepted"], found.verdicts
    return found.events[0]


def reason(call: Any, kind: str = "track", source: Source = SHOP, limits: Limits = LIMITS) -> str:
    found = parsed(call, kind, source, limits)
    assert not found.events
    assert [v.verdict for v in found.verdicts] == ["quarantined"]
    assert found.quarantined[0].reason == found.verdicts[0].reason
    return found.verdicts[0].reason


def bought(**properties: Any) -> dict[str, Any]:
    return {"event": "Order Completed", "userId": "ann", "properties": properties}
