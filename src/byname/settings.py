"""What can be set, to what, and why? One list that the code, the docs and the tests read.

`byname.toml` in the home folder holds what differs from these defaults; an unknown key is refused.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from byname.terms import BynameError


class Setting(NamedTuple):
    name: str
    default: Any
    help: str


SETTINGS: tuple[Setting, ...] = (
    Setting("company", "My shop", "The company's name, as pages and letters show it"),
    Setting("region", "GB", "Two-letter country in which a phone number without +country is read"),
    Setting("time_zone", "UTC", "Time zone in which pages show days and hours (data stays in UTC)"),
    Setting("currency", "GBP", "Currency of an amount that comes without one (ISO 4217)"),
    Setting("language", "en", "Language of pages for someone who has not chosen one"),
    Setting("database", "", "Empty: SQLite in the home folder. Or a postgresql:// address"),
    Setting("durability", "full", "full: what was acknowledged survives a power cut. process: only a crash"),
    Setting("host", "127.0.0.1", "Address the server listens on"),
    Setting("port", 8765, "Port the server listens on"),
    Setting("public_url", "", "Address under which people reach the server, for links; empty: host and port"),
    Setting("collect_without_consent", False, "Keep events that carry no consent although the source asks for it"),
    Setting("clock_ahead_s", 60, "Seconds an event may lie in the future before its time is set to the receipt"),
    Setting("max_body_kb", 4000, "Largest request body; larger ones are refused with 413"),
    Setting("max_event_kb", 32, "Largest single event; larger ones are quarantined"),
    Setting("max_batch", 2500, "Most events in one batch"),
    Setting("max_identifiers", 50, "Most identifiers in one event"),
    Setting("rate_per_s", 1000, "Requests per second of a source that sets no limit of its own"),
    Setting("fresh_rows", 50_000, "Fresh events that start a sealing into the lake"),
    Setting("fresh_s", 300, "Seconds after which fresh events are sealed anyway"),
    Setting("session_idle_min", 30, "Minutes without a click after which staff sign in again"),
    Setting("oidc_issuer", "", "OpenID Connect issuer for staff sign-in; empty: passwords of byname"),
    Setting("oidc_client_id", "", "Client id at that issuer"),
    Setting("oidc_client_secret_file", "", "File that holds the client secret"),
    Setting("join_by_model", False, "Let matches of a model at 0.999 and above join by themselves"),
    Setting("log_level", "info", "debug, info, warning or error"),
)


def _check_region(region: str) -> None:
    from phonenumbers import SUPPORTED_REGIONS  # late: only who sets one waits for it

    if region not in SUPPORTED_REGIONS:
        cure = "Write two capitals of ISO 3166, such as GB or DE"
        raise BynameError("Setting 'region' must be a country with phone numbers", repr(region), cure)


def _check_time_zone(zone: str) -> None:
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):  # no such zone; not a name; a folder of zones
        rule = "Setting 'time_zone' must be a zone of the tz database"
        raise BynameError(rule, repr(zone), "Write for example Europe/Berlin or UTC") from None


CHECKS = {"region": _check_region, "time_zone": _check_time_zone}  # currency: touchpoints.Limits, which knows them


class Settings:
    """The settings in force: attribute access, unknown names are an error."""

    def __init__(self, given: dict[str, Any] | None = None) -> None:
        known = {s.name: s.default for s in SETTINGS}
        for name, value in (given or {}).items():
            if name not in known:
                raise BynameError(f"Unknown setting '{name}'", cure=f"Known: {', '.join(sorted(known))}")
            if type(value) is not type(known[name]):
                want = type(known[name]).__name__
                raise BynameError(f"Setting '{name}' must be of type {want}", repr(value))
            if name in CHECKS:
                CHECKS[name](value)
            known[name] = value
        self._values = known

    def __getattr__(self, name: str) -> Any:
        try:
            return self.__dict__["_values"][name]
        except KeyError:
            raise AttributeError(name) from None

    def as_dict(self) -> dict[str, Any]:
        return dict(self._values)


def load(path: Path, env: dict[str, str] | None = None) -> Settings:
    """Settings of a `byname.toml` (missing file: defaults), overridden by BYNAME_<NAME> in the environment."""
    given: dict[str, Any] = {}
    if path.exists():
        try:
            given = tomllib.loads(path.read_text("utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BynameError("byname.toml is not valid TOML", str(error), "Mend the line it names") from error
    for s in SETTINGS:
        text = (os.environ if env is None else env).get(f"BYNAME_{s.name.upper()}")
        if text is not None:
            given[s.name] = _typed(s, text)
    return Settings(given)


def _typed(setting: Setting, text: str) -> Any:
    if isinstance(setting.default, bool):
        return text.lower() in ("1", "true", "yes", "on")
    if isinstance(setting.default, int):
        try:
            return int(text)
        except ValueError:
            raise BynameError(f"BYNAME_{setting.name.upper()} must be a whole number", repr(text)) from None
    return text
