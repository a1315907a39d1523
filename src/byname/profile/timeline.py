"""What does one entry of a customer's history say?"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One event of a customer's history, its body still sealed."""

    id: bytes
    identifier: int
    source: str
    touchpoint: str
    name: str
    occurred_at: int
    received_at: int
    place: str
    ref: str
    currency: str
    amount: int
    discount: int
    lines: int
    due_at: int
    body: bytes | None
