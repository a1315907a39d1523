"""How does a person say what the columns of a file mean? In a small TOML file, by hand.

    kind = "orders"                    # orders | events | traits | reference
    source = "till"                    # the source it comes from, made when it is new

    [columns]                          # byname's word = the file's column
    order = "basket_id"
    time = "sold_at"
    product = "sku"
    amount = "paid"

    [constants]                        # the same words, where the file has no column for them
    event = "Till Sale"
    currency = "EUR"

    [identifiers]                      # type = column
    loyalty = "card"

Everything else has a default; docs/how-to/import.md shows each key. What is not a key is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Map
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from byname.terms import BynameError, SaidBy, Touchpoint
from byname.touchpoints import catalogue, money


class Kind(NamedTuple):
    """What a file of this kind makes, and which words it may use."""

    name: str
    about: str
    columns: tuple[str, ...]
    constants: tuple[str, ...]
    needs: tuple[str, ...]  # words that a column or a constant must give
    sections: tuple[str, ...]


MONEY = ("amount", "discount", "currency")
EVENT_WORDS = ("time", "event", "place", "ref", *MONEY)
KINDS: dict[str, Kind] = {
    k.name: k
    for k in (
        Kind(
            "orders",
            "Lines of orders or receipts: rows with the same `order` are one sale; lines below zero a return.",
            ("order", "time", "place", "product", "quantity", "coupon", "coupon_match", *MONEY),
            ("event", "return_event", "touchpoint", "time", "place", "currency"),
            ("order", "time", "product", "amount", "currency", "event"),
            ("identifiers", "money"),
        ),
        Kind(
            "events",
            "One event a row.",
            ("id", *EVENT_WORDS),
            ("touchpoint", *EVENT_WORDS),
            ("time", "event"),
            ("identifiers", "money"),
        ),
        Kind(
            "traits",
            "One customer a row: identifiers that belong together, and what is known of her.",
            ("id", "time"),
            ("time", "touchpoint"),
            ("time",),
            ("identifiers", "witnesses", "traits", "consents", "values"),
        ),
        Kind("reference", "A table beside the events (products, campaigns): straight into the lake.", (), (), (), ()),
    )
}
EVERYWHERE = ("columns", "constants", "where", "join", "time", "csv")
TOP = ("kind", "source", "said_by", "table")
SAFE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Join(msgspec.Struct, frozen=True):
    """Columns of a second file beside the first, found by one column of the same name."""

    file: str
    on: str


class Mapping(msgspec.Struct, frozen=True):
    """A mapping as written, checked. Dicts are byname's word -> the file's column(s)."""

    kind: str
    source: str
    columns: dict[str, tuple[str, ...]] = {}
    constants: dict[str, str] = {}
    identifiers: dict[str, tuple[str, ...]] = {}
    witnesses: dict[str, tuple[str, ...]] = {}
    traits: dict[str, tuple[str, ...]] = {}
    consents: dict[str, tuple[str, ...]] = {}  # 'purpose.channel' -> column
    values: dict[str, dict[str, str]] = {}  # trait -> as written -> as kept
    where: dict[str, tuple[str, ...]] = {}  # only rows with one of these values
    unless: dict[str, tuple[str, ...]] = {}  # and none of these
    join: Join | None = None
    said_by: str = SaidBy.SHE_SAID.value
    table: str = ""
    time_format: str = ""  # strptime; 'unix' or 'unix_ms'; '' for ISO 8601 or a time column
    time_zone: str = "UTC"
    money_unit: str = "units"  # 'units' (19.99) | 'cents' (1999)
    decimal: str = "."
    delimiter: str = ""  # CSV; '' finds out

    @property
    def touchpoint(self) -> str:
        return self.constants.get("touchpoint", Touchpoint.TILL.value)

    def digest(self) -> str:
        """Names this mapping: the same file under another mapping is another import."""
        return hashlib.sha256(json.dumps(msgspec.to_builtins(self), sort_keys=True).encode()).hexdigest()


def load(path: Path) -> Mapping:
    """The mapping in a TOML file. Errors: BynameError with rule, value and cure."""
    try:
        return understand(tomllib.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        raise BynameError("There is no such mapping", str(path), "Write one: docs/how-to/import.md") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BynameError(f"{path.name} is not valid TOML", str(error), "Mend the line it names") from error


def understand(given: Map[str, Any]) -> Mapping:
    """A mapping from plain data; every mistake in it is named with its cure.

    >>> understand({"kind": "reference", "source": "shop", "table": "product"}).table
    'product'
    """
    kind = _one_of("kind", given.get("kind"), KINDS)
    rule = KINDS[kind]
    _known("key", given, (*TOP, *EVERYWHERE, *rule.sections))
    reference = kind == "reference"
    columns = _columns(given, "columns", None if reference else rule.columns)
    constants = {k: str(v) for k, v in _section(given, "constants", rule.constants).items()}
    for word in rule.needs:
        if word not in columns and word not in constants:
            cure = f"Name its column under [columns]{' or its value under [constants]' * (word in rule.constants)}"
            raise BynameError(f"A mapping of kind '{kind}' needs '{word}'", cure=cure)
    mapping = Mapping(
        kind=kind,
        source=_matching("source", given.get("source", ""), SLUG, "till, web-shop, newsletter"),
        columns=columns,
        constants=constants,
        identifiers=_columns(given, "identifiers"),
        witnesses=_columns(given, "witnesses"),
        traits=_columns(given, "traits"),
        consents=_columns(given, "consents"),
        values=_values(given),
        join=_join(given),
        said_by=_one_of("said_by", given.get("said_by", "she_said"), [s.value for s in SaidBy]),
        table=_table(given) if reference else "",
        where=_where(given, never=False),
        unless=_where(given, never=True),
        **_forms(given),
    )
    _sensible(mapping)
    return mapping


def used_columns(mapping: Mapping) -> list[str]:
    """Every column of the file that a mapping names, once, in the order of naming."""
    groups = (mapping.columns, mapping.identifiers, mapping.witnesses, mapping.traits, mapping.consents)
    names = [c for group in groups for columns in group.values() for c in columns]
    return list(dict.fromkeys([*names, *mapping.where, *mapping.unless, *([mapping.join.on] if mapping.join else [])]))


def _sensible(m: Mapping) -> None:
    """Values that must mean something to byname."""
    if m.kind == "reference":
        return
    _one_of("touchpoint", m.touchpoint, [t.value for t in Touchpoint])
    for word in ("event", "return_event"):
        name = m.constants.get(word)
        if name is not None and catalogue.canonical(name) != name:
            raise BynameError(f"'{name}' is not a name for an event", cure="docs/events.md lists the known ones")
    if "currency" in m.constants:
        _one_of("currency", m.constants["currency"], money.EXPONENT)
    if "amount" in m.columns and "currency" not in {*m.columns, *m.constants}:
        raise BynameError("An amount needs its currency", cure='Add currency = "EUR" under [constants]')
    sale = m.constants.get("event", "")
    if m.kind == "orders" and catalogue.meaning_of(sale).kind != "sale":
        raise BynameError(f"'{sale}' is not a sale", cure="Use Till Sale or Order Completed for orders")
    if m.kind in ("events", "traits") and not m.identifiers:
        raise BynameError(f"A mapping of kind '{m.kind}' needs [identifiers]", cure='Add loyalty = "its column"')
    if any("." not in name for name in m.consents):
        raise BynameError("A consent is purpose.channel", cure='Write "marketing.email" = "its column"')


def _where(given: Map[str, Any], *, never: bool) -> dict[str, tuple[str, ...]]:
    """Column -> the values that a row must have; or, under `not`, must not have."""
    found = {}
    for column, wanted in _section(given, "where").items():
        if isinstance(wanted, dict):
            _known("key of [where]", wanted, ("not",))
        if isinstance(wanted, dict) == never:
            found[column] = _texts(wanted["not"] if never else wanted)
    return found


def _forms(given: Map[str, Any]) -> dict[str, str]:
    """How times, money and CSV are written."""
    time = _section(given, "time", ("format", "zone"))
    cash = _section(given, "money", ("unit", "decimal"))
    csv = _section(given, "csv", ("delimiter",))
    zone = str(time.get("zone", "UTC"))
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise BynameError("Unknown time zone", zone, "Write it like Europe/Paris") from None
    return {
        "time_format": str(time.get("format", "")),
        "time_zone": zone,
        "money_unit": _one_of("unit", cash.get("unit", "units"), ("units", "cents")),
        "decimal": _one_of("decimal", cash.get("decimal", "."), (".", ",")),
        "delimiter": str(csv.get("delimiter", "")),
    }


def _join(given: Map[str, Any]) -> Join | None:
    join = _section(given, "join", ("file", "on"))
    if not join:
        return None
    if set(join) != {"file", "on"} or Path(str(join["file"])).name != join["file"]:
        cure = 'Write file = "campaigns.csv" (beside the imported file) and on = "campaign_id"'
        raise BynameError("[join] needs the name of a file and a column", cure=cure)
    return Join(str(join["file"]), str(join["on"]))


def _table(given: Map[str, Any]) -> str:
    name = _matching("table", given.get("table", ""), SAFE_NAME, "product, campaign")
    if name in ("event", "line"):
        raise BynameError(f"'{name}' is a table of byname's own", cure="Give the reference table another name")
    return name


def _section(given: Map[str, Any], name: str, known: tuple[str, ...] | None = None) -> dict[str, Any]:
    section = given.get(name, {})
    if not isinstance(section, dict):
        raise BynameError(f"'{name}' is a section", repr(section), f"Write [{name}] on a line of its own")
    if known is not None:
        _known(f"key of [{name}]", section, known)
    return section


def _columns(given: Map[str, Any], name: str, known: tuple[str, ...] | None = None) -> dict[str, tuple[str, ...]]:
    section = _section(given, name, known)
    return {".".join(path): _texts(columns) for path, columns in _leaves(section)}


def _values(given: Map[str, Any]) -> dict[str, dict[str, str]]:
    """Trait -> as written -> as kept."""
    found: dict[str, dict[str, str]] = {}
    for path, kept in _leaves(_section(given, "values")):
        found.setdefault(".".join(path[:-1]), {})[path[-1]] = str(kept)
    return found


def _leaves(section: Map[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value with its path: TOML reads a dot in a bare key as a section within."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key), value


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    if not items or any(isinstance(i, dict | list) for i in items):
        raise BynameError("A name or a list of names is needed here", repr(value))
    return tuple(str(i) for i in items)


def _known(what: str, given: Map[str, Any], known: tuple[str, ...]) -> None:
    for key in given:
        if key not in known:
            raise BynameError(f"Unknown {what}", key, f"Known: {', '.join(sorted(known)) or 'none here'}")


def _one_of(what: str, value: Any, known: Any) -> str:
    if value not in known:
        shown = ", ".join(sorted(known)) if len(known) < 40 else "three letters, ISO 4217"
        raise BynameError(f"Unknown {what}", repr(value), f"Known: {shown}")
    return str(value)


def _matching(what: str, value: Any, pattern: re.Pattern[str], example: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise BynameError(f"'{what}' must be a short name in small letters", repr(value), f"For example {example}")
    return value
