"""How much may one request bring? The limits of a home, as parsers take them."""

from __future__ import annotations

import msgspec

from byname.settings import Settings
from byname.terms import SECOND, BynameError
from byname.touchpoints.money import EXPONENT


class Limits(msgspec.Struct, frozen=True):
    """Sizes in bytes, times in microseconds. `currency` is that of an amount which comes without one."""

    body_bytes: int = 4000 * 1024
    event_bytes: int = 32 * 1024
    batch: int = 2500
    identifiers: int = 50
    clock_ahead: int = 60 * SECOND
    currency: str = "GBP"

    @staticmethod
    def of(settings: Settings) -> Limits:
        """Those that a home's settings set. BynameError when its currency is none."""
        if settings.currency not in EXPONENT:
            cure = "Write three capitals, such as EUR"
            raise BynameError("Setting 'currency' must be a code of ISO 4217", repr(settings.currency), cure)
        return Limits(
            settings.max_body_kb * 1024,
            settings.max_event_kb * 1024,
            settings.max_batch,
            settings.max_identifiers,
            settings.clock_ahead_s * SECOND,
            settings.currency,
        )
