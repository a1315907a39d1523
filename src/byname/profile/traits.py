"""What do we hold true of her, who said so, and since when?

Per identifier, trait and who said so, the last by (occurred_at, event id) wins. Combined over her identifiers when
read; what she told us herself stands above what we saw, and that above what we inferred, while it is valid.
Values lie sealed in the vault's keys, but for closed vocabularies: those hold nothing personal by themselves and can
be asked about in SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from byname.store import Db
from byname.terms import SaidBy, TraitSaid

TRUST = {SaidBy.SHE_SAID: 2, SaidBy.WE_SAW: 1, SaidBy.WE_INFERRED: 0}


class Known(NamedTuple):
    """A trait that byname has a word for. `values`: its closed vocabulary, or () for free values (sealed)."""

    name: str
    label: str
    values: tuple[str, ...] = ()


YES_NO = ("yes", "no")
CATALOGUE: tuple[Known, ...] = (
    Known("name", "Name"),
    Known("first_name", "First name"),
    Known("last_name", "Last name"),
    Known("email", "E-mail"),
    Known("phone", "Phone"),
    Known("address", "Address"),
    Known("town", "Town"),
    Known("postcode", "Postcode"),
    Known("birthday", "Birthday"),
    Known("gender", "Gender"),
    Known("language", "Language", (
        "ar", "de", "en", "es", "fr", "hi", "it", "nl", "pl", "pt", "ro", "tr", "uk", "ur", "zh",
    )),
    Known("life_stage", "Life stage", (
        "young_single", "young_couple", "young_family", "family", "empty_nest", "retired",
    )),
    Known("age_band", "Age", ("19-24", "25-34", "35-44", "45-54", "55-64", "65+")),
    Known("income_band", "Income", (
        "under 15K", "15-24K", "25-34K", "35-49K", "50-74K", "75-99K", "100-124K", "125-149K", "150-174K",
        "175-199K", "200-249K", "250K+",
    )),
    Known("home_ownership", "Home", ("homeowner", "renter", "probable homeowner", "probable renter")),
    Known("marital_status", "Marital status", ("married", "unmarried")),
    Known("household_size", "People at home", ("1", "2", "3", "4", "5+")),
    Known("kids_count", "Children at home", ("0", "1", "2", "3+")),
    Known("household_composition", "Household", (
        "1 adult kids", "1 adult no kids", "2 adults kids", "2 adults no kids", "single female", "single male",
        "unknown",
    )),
    Known("preference.product", "Product she prefers"),
    Known("preference.service", "Service she prefers"),
    Known("preference.packaging", "Packaging she prefers"),
    Known("preference.delivery", "Delivery she prefers"),
    Known("preference.communication", "How she wants to hear from us", (
        "email", "sms", "phone", "mail", "app", "none",
    )),
    Known("preference.invoicing", "Invoicing she prefers", ("email", "mail", "app", "till", "monthly")),
    Known("preference.name_aloud", "Say her name aloud", YES_NO),
    Known("do_not_mention", "Do not mention"),
)  # fmt: skip
KNOWN = {k.name: k for k in CATALOGUE}
CLOSED = {k.name: frozenset(k.values) for k in CATALOGUE if k.values}


class Trait(NamedTuple):
    """One thing we hold true, as read back. `value` is plain once opened; None: sealed, not opened."""

    identifier: int
    name: str
    said_by: SaidBy
    value: str | None  # JSON
    sealed: bytes | None
    occurred_at: int
    valid_until: int
    source: str
    event: bytes


class Told(NamedTuple):
    """A trait on its way in, its value already sealed where it must be."""

    identifier: int
    name: str
    said_by: str
    value: str | None
    sealed: bytes | None
    occurred_at: int
    valid_until: int
    source: str
    event: bytes


UPSERT = """
insert into trait as t (identifier, name, said_by, value, sealed, occurred_at, valid_until, source, event)
values (?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict (identifier, name, said_by) do update set
    value = excluded.value, sealed = excluded.sealed, occurred_at = excluded.occurred_at,
    valid_until = excluded.valid_until, source = excluded.source, event = excluded.event
where (excluded.occurred_at, excluded.event) > (t.occurred_at, t.event)
"""


def is_open(said: TraitSaid) -> bool:
    """May this value stand in the clear? Only when it is a word of a closed vocabulary.

    >>> is_open(TraitSaid("kids_count", '"2"')), is_open(TraitSaid("kids_count", '"Ann and Bob"'))
    (True, False)
    """
    words = CLOSED.get(said.name)
    if words is None:
        return False
    try:
        return msgspec.json.decode(said.value) in words
    except (msgspec.DecodeError, TypeError):
        return False


def put(db: Db, told: Sequence[Told]) -> None:
    """Keep what was told; the last by (occurred_at, event) stands."""
    last: dict[tuple[int, str, str], Told] = {}
    for t in told:
        key = (t.identifier, t.name, t.said_by)
        if key not in last or (t.occurred_at, t.event) > (last[key].occurred_at, last[key].event):
            last[key] = t
    db.many(UPSERT, [last[key] for key in sorted(last)])


def read(db: Db, identifiers: Sequence[int]) -> list[Trait]:
    """Every trait of these identifiers, still sealed."""
    rows = db.rows(
        "select identifier, name, said_by, value, sealed, occurred_at, valid_until, source, event"
        " from trait where identifier in :identifiers",
        identifiers=list(identifiers),
    )
    return [Trait(r[0], r[1], SaidBy(r[2]), *r[3:]) for r in rows]
