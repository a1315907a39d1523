"""How do pages speak: which language, and how are money, numbers and moments written?

Every string a person reads goes through gettext (`_` in templates, `say.text` in Python), keyed by its English text;
a further language is one catalogue, languages/<code>/LC_MESSAGES/web.po, compiled. Numbers, money and times are
written by Babel (Unicode CLDR) for the company's language, country and time zone.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime, format_skeleton, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from babel.support import NullTranslations, Translations

from byname.settings import Settings
from byname.terms import SECOND, moment

LANGUAGES = Path(__file__).parent / "languages"

TOUCHPOINTS = {
    "till": "Till", "call_centre": "Call centre", "web": "Web", "app": "App", "kiosk": "Kiosk",
    "cashpoint": "Cashpoint", "face_to_face": "Face to face", "email": "E-mail", "sms": "Text message",
    "mail": "Post", "social": "Social media", "device": "Device",
}  # fmt: skip
IDENTIFIERS = {
    "account": "Account", "loyalty": "Loyalty card", "card": "Payment card", "email": "E-mail", "phone": "Phone",
    "device": "Device", "given": "Given name", "social": "Social media",
}  # fmt: skip


@dataclass(frozen=True)
class Say:
    """One reader's language, country and time zone."""

    locale: Locale
    zone: ZoneInfo
    currency: str
    now: int
    words: NullTranslations = field(repr=False)

    def text(self, english: str, **values: object) -> str:
        said: str = self.words.gettext(english)
        return said % values if values else said

    def texts(self, one: str, many: str, count: int, **values: object) -> str:
        said: str = self.words.ngettext(one, many, count)
        return said % {"num": self.number(count), **values}

    def number(self, value: int | float) -> str:
        return format_decimal(value, locale=self.locale)

    def percent(self, share: float) -> str:
        return format_percent(share, locale=self.locale)

    def money(self, minor: int, currency: str = "") -> str:
        """Minor units as people write them: 2340 GBP is £23.40."""
        unit = currency or self.currency
        return format_currency(minor / 10 ** get_currency_precision(unit), unit, locale=self.locale)

    def when(self, at: int) -> str:
        """Short and relative to today: '14:03', 'yesterday 09:10', '3 Nov 2026'."""
        local, today = self._local(at), self._local(self.now).date()
        if local.date() == today:
            return format_time(local, "short", locale=self.locale)
        if local.date() == today - dt.timedelta(days=1):
            return self.text("yesterday %(time)s", time=format_time(local, "short", locale=self.locale))
        return format_date(local, "medium", locale=self.locale)

    def exactly(self, at: int) -> str:
        """Date and time to the second, with the zone: what a tooltip and a printed page show."""
        return format_datetime(self._local(at), "long", locale=self.locale)

    def date(self, at: int) -> str:
        return format_date(self._local(at), "medium", locale=self.locale)

    def day(self, at: int) -> str:
        """A day as a heading: 'Today', 'Yesterday', 'Tuesday 3 November 2026'."""
        date, today = self._local(at).date(), self._local(self.now).date()
        if date == today:
            return self.text("Today")
        if date == today - dt.timedelta(days=1):
            return self.text("Yesterday")
        return format_date(date, "full", locale=self.locale)

    def short_day(self, at: int) -> str:
        """A day under a chart: '3 Nov'."""
        return format_skeleton("MMMd", self._local(at), locale=self.locale)

    def identifier(self, type_: str) -> str:
        """A type of identifier as a label."""
        return self.text(IDENTIFIERS.get(type_, type_))

    def touchpoint(self, name: str) -> str:
        """A touchpoint as a label."""
        return self.text(TOUCHPOINTS.get(name, name))

    def clock(self, at: int) -> str:
        return format_time(self._local(at), "short", locale=self.locale)

    def ago(self, at: int) -> str:
        """How long before now: '3 days ago'."""
        past = dt.timedelta(microseconds=at - self.now)
        return format_timedelta(past, add_direction=True, locale=self.locale, threshold=1.2)

    def machine(self, at: int) -> str:
        """ISO 8601 for `<time datetime>`."""
        return moment(at).isoformat(timespec="seconds")

    def span(self, seconds: float) -> str:
        """A length of time in its largest unit: '4 seconds', '2 hours'."""
        return format_timedelta(dt.timedelta(seconds=max(1, seconds)), locale=self.locale, threshold=1.2)

    def midnight(self, days_ago: int = 0) -> int:
        """The start of a day in the company's zone, in microseconds."""
        start = self._local(self.now).replace(hour=0, minute=0, second=0, microsecond=0)
        start -= dt.timedelta(days=days_ago)
        return int(start.timestamp()) * SECOND

    def date_key(self, at: int) -> str:
        return self._local(at).date().isoformat()

    def _local(self, at: int) -> dt.datetime:
        return moment(at).astimezone(self.zone)


def say_for(settings: Settings, now: int) -> Say:
    """How the company reads, from its settings."""
    return Say(
        locale(settings.language, settings.region),
        ZoneInfo(settings.time_zone),
        settings.currency,
        now,
        catalogue(settings.language),
    )


@lru_cache(16)
def locale(language: str, region: str) -> Locale:
    """The locale of language and country; the language alone where CLDR has no such pair.

    >>> str(locale("en", "GB")), str(locale("de", "XX"))
    ('en_GB', 'de')
    """
    try:
        return Locale(language, region)
    except UnknownLocaleError:
        return Locale(language)


@lru_cache(16)
def catalogue(language: str) -> NullTranslations:
    return Translations.load(LANGUAGES, [language], domain="web")
