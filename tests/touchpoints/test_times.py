"""When did it happen, by our clock?"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from byname.terms import micros
from tests.touchpoints.sending import RECEIVED, TEN, event, parsed


def test_the_clock_of_the_sender_is_corrected() -> None:
    """Its clock is an hour slow: sent 9:00:02 of an event at 9:00:00; received at 10:00:05."""
    times = {"originalTimestamp": "2026-11-21T09:00:00Z", "sentAt": "2026-11-21T09:00:02Z"}
    assert event({"event": "Signed In", "userId": "u", **times}).occurred_at == RECEIVED - 2_000_000
    envelope = {
        "batch": [{"type": "track", "event": "Signed In", "userId": "u", "timestamp": times["originalTimestamp"]}]
    }
    (e,) = parsed({**envelope, "sentAt": times["sentAt"]}, "batch").events
    assert e.occurred_at == RECEIVED - 2_000_000


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-21T10:00:00Z", "2026-11-21T11:00:00+01:00", "2026-11-21T10:00:00.000", "20261121T100000Z",
     TEN // 1_000_000, TEN // 1000, TEN, 1795255200.0],
)  # fmt: skip
def test_times_come_in_many_forms(timestamp: Any) -> None:
    assert event({"event": "Signed In", "userId": "u", "timestamp": timestamp}).occurred_at == TEN


def test_nothing_happens_in_the_future() -> None:
    assert event({"event": "Signed In", "userId": "u", "timestamp": "2031-01-01T00:00:00Z"}).occurred_at == RECEIVED
    a_moment = "2026-11-21T10:00:35Z"
    assert event({"event": "Signed In", "userId": "u", "timestamp": a_moment}).occurred_at == RECEIVED + 30_000_000


def test_history_keeps_its_time() -> None:
    old = {"event": "Signed In", "userId": "u", "timestamp": "2013-05-01T00:00:00Z"}
    assert event(old).occurred_at == micros(dt.datetime(2013, 5, 1, tzinfo=dt.UTC))
