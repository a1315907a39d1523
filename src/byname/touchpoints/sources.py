"""Which sources deliver, what may they send, and who are they by their write key?"""

from __future__ import annotations

import msgspec


class Source(msgspec.Struct, frozen=True):
    """One row of table `source`, ready for parsers."""

    slug: str
    name: str
    touchpoint: str
    kind: str = "segment"  # 'segment' | 'webhook' | 'file' | 'byname'
    key_hint: str = ""
    secret: bytes | None = None
    rate_per_s: int = 0
    max_event_bytes: int = 0
    allowed: frozenset[str] | None = None
    schemas: str = ""
    needs_consent: bool = False
    trusted: bool = False
    invented: bool = False
    enabled: bool = True
    made_at: int = 0

    def check(self, name: str, raw: bytes) -> None:
        """Raise Unfit when the properties break the source's schema of this event."""
