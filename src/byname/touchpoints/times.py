"""When did it happen, by our clock?"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from byname.terms import EPOCH, MICROSECOND
from byname.touchpoints.reasons import Unfit


def occurred_at(given: Any, sent: int | None, received_at: int, clock_ahead: int) -> int:
    """When it happened by our clock: receivedAt - (sentAt - originalTimestamp), never later than now.

    Without sentAt the sender's clock is taken at its word; without any time it happened now.
    """
    if given is None:
        return received_at
    occurred = moment(given, "$.timestamp")
    if sent is not None:
        occurred += received_at - sent
    if occurred > received_at + clock_ahead:
        return received_at
    if occurred < 0:
        raise Unfit("bad_time", "$.timestamp")
    return occurred


def sent_at_or_none(value: Any) -> int | None:
    """The sender's clock at sending; what cannot be read corrects nothing."""
    try:
        return None if value is None else moment(value, "$.sentAt")
    except Unfit:
        return None


def moment(value: Any, field: str) -> int:
    """Microseconds of an ISO 8601 time (UTC when no zone is named) or of a number of seconds or milliseconds."""
    kind = type(value)
    try:
        if kind is str:
            when = dt.datetime.fromisoformat(value)
            if when.tzinfo is None:
                when = when.replace(tzinfo=dt.UTC)
            at = (when - EPOCH) // MICROSECOND
        elif kind is int or kind is Decimal:
            scale = 1_000_000 if abs(value) < 10**11 else 1000 if abs(value) < 10**14 else 1
            at = int(value * scale) if abs(value) < 10**17 else -1
        else:
            at = -1
    except (ValueError, OverflowError, ArithmeticError):
        at = -1
    if at < 0:
        raise Unfit("bad_time", field)
    return at
