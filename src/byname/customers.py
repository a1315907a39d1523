"""What do we know of one customer, put together from every room? Reading only; who may read is asked at the door.

A customer is the identifiers whose `person` is hers, now. Her history is their events, fresh and sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

from byname.home import Home
from byname.identity import graph, values
from byname.keyring import unseal
from byname.lake import duck
from byname.profile import brief, members, state, traits
from byname.profile.brief import Brief, TraitView
from byname.profile.fold import EVENT_COLUMNS
from byname.profile.state import Profile
from byname.profile.timeline import Entry
from byname.store import Db
from byname.terms import DAY, BynameError, Key, SaidBy
from byname.touchpoints import catalogue
from byname.touchpoints.money import EXPONENT
from byname.trust import consent, vault

FAR = 1 << 62  # after every moment
NOT_KEPT = "(not kept)"  # of a history only the token is kept: whose it is, not how it reads


class Held(NamedTuple):
    """One identifier of hers, masked for screens."""

    id: int
    type: str
    public_id: str
    masked: str
    state: str  # own | shared | junk | contested
    first_at: int
    invented: bool


class Customer(NamedTuple):
    """Everything the pages and the API show of a customer, but for the timeline."""

    id: str  # public id of her canonical identifier
    person: int
    household: int
    identifiers: tuple[Held, ...]
    profile: Profile
    traits: tuple[TraitView, ...]  # every one, standing first
    standing: Mapping[str, TraitView]
    consents: tuple[consent.Entry, ...]
    memberships: int
    brief: Brief


def identifiers_of(db: Db, person: int) -> list[int]:
    """The identifiers that make up a person."""
    return [i for (i,) in db.rows("select id from identifier where person = :p order by id", p=person)]


def read(home: Home, db: Db, person: int, now: int) -> Customer:
    """One customer, in one moment. Personal values are opened: the caller has the right and writes the audit row."""
    with db.snapshot():
        rows = db.rows(
            "select id, type, public_id, state, first_at, household, erased from identifier where person = :p"
            " order by first_at, id",
            p=person,
        )
        ids = [r[0] for r in rows]
        plain = vault.reveal(db, home.keys, ids)
        keys = vault.keys_of(db, home.keys, ids)
        invented = invented_sources(db)
        told = [opened(t, keys, invented) for t in traits.read(db, ids)]
        profile = faded(state.read(db, ids), now)
        groups = members.read(db, ids)
        consents = consent.entries(db, ids)
        public = {r[0]: r[2] for r in rows}
        made_up = invented_identifiers(db, ids)
    standing = standing_views(told, now)
    return Customer(
        public[person], person, next((r[5] for r in rows if r[0] == person), person),
        tuple(
            Held(
                i, type_, pid, values.masked(type_, plain[i]) if i in plain else "erased" if gone else NOT_KEPT, st, at,
                i in made_up,
            )
            for i, type_, pid, st, at, _, gone in rows
        ),
        profile,
        tuple(sorted(told, key=lambda t: (standing.get(t.name) is not t, t.label, -t.since))),
        standing, tuple(consents), len(groups),
        brief.brief(profile, standing, now, decimals=EXPONENT),
    )  # fmt: skip


def traits_of(home: Home, db: Db, ids: Sequence[int]) -> list[TraitView]:
    """Every trait of these identifiers, opened."""
    keys, invented = vault.keys_of(db, home.keys, ids), invented_sources(db)
    return [opened(t, keys, invented) for t in traits.read(db, ids)]


TRAITS = """
select t.identifier, t.name, t.said_by, t.value, t.sealed, t.occurred_at, t.valid_until, t.source, t.event,
    k.wrapped, coalesce(x.invented, 0)
from identifier i join trait t on t.identifier = i.id
left join vault_key k on k.identifier = t.identifier left join source x on x.slug = t.source
where i.person = :person
"""


def brief_of(home: Home, db: Db, person: int, now: int) -> Brief:
    """Only her brief: what an encounter needs, in four indexed reads."""
    told = []
    for row in db.rows(TRAITS, person=person):
        trait = traits.Trait(row[0], row[1], SaidBy(row[2]), *row[3:9])
        key = {trait.identifier: home.keys.data_key(row[9])} if trait.sealed is not None and row[9] else {}
        told.append(opened(trait, key, {trait.source} if row[10] else ()))
    profile = faded(state.of_person(db, person), now)
    return brief.brief(profile, standing_views(told, now), now, decimals=EXPONENT)


def standing_views(told: Sequence[TraitView], now: int) -> dict[str, TraitView]:
    """The one that stands for each name: valid ones, she said before we saw before we inferred, then the latest."""
    valid = (t for t in told if not t.valid_until or t.valid_until > now)
    return {t.name: t for t in sorted(valid, key=lambda t: (traits.TRUST[t.said_by], t.since, t.event))}


def opened(t: traits.Trait, keys: Mapping[int, object], invented: Collection[str]) -> TraitView:
    """A trait with its value in the clear; one whose key is gone reads as erased."""
    value = t.value
    if value is None and t.sealed is not None:
        key = keys.get(t.identifier)
        value = unseal(key, t.sealed, vault.TRAIT).decode() if key is not None else '"erased"'  # type: ignore[arg-type]
    known = traits.KNOWN.get(t.name)
    label = known.label if known else t.name.replace("_", " ").capitalize()
    return TraitView(
        t.name,
        label,
        value or "null",
        t.said_by,
        t.occurred_at,
        t.source,
        t.source in invented,
        t.valid_until,
        t.event,
    )


def faded(profile: Profile, now: int) -> Profile:
    """Without the matters that nobody waits for any more (catalogue.FADES_DAYS)."""
    kept = tuple(
        m
        for m in profile.open_matters
        if not (days := catalogue.FADES_DAYS.get(m.kind, 0)) or m.opened_at > now - days * DAY
    )
    return profile._replace(open_matters=kept)


def invented_sources(db: Db) -> set[str]:
    """Sources whose people are made up (sample data)."""
    return {s for (s,) in db.rows("select slug from source where invented = 1")}


def invented_identifiers(db: Db, ids: Sequence[int]) -> set[int]:
    """Which of these identifiers only ever came from a source of made-up people?"""
    rows = db.rows(
        "select si.identifier, min(coalesce(x.invented, 0)) from statement_identifier si"
        " join statement s on s.id = si.statement left join source x on x.slug = s.source"
        " where si.identifier in :ids group by si.identifier",
        ids=list(ids),
    )
    return {i for i, all_invented in rows if all_invented}


TIMELINE = f"""
select {EVENT_COLUMNS} from event
where (occurred_at < $before or (occurred_at = $before and id < $below))
  and ($touchpoint = '' or touchpoint = $touchpoint) and ($name = '' or name = $name)
order by occurred_at desc, id desc limit $most
"""


def timeline(
    home: Home,
    person: int,
    *,
    before: int = FAR,
    below: bytes = b"",
    most: int = 50,
    touchpoint: str = "",
    name: str = "",
) -> list[Entry]:
    """Her events over all touchpoints, newest first, fresh and sealed, strictly before (before, below)."""
    ids = identifiers_of(home.store.read(), person)
    lake = duck.open_lake(home, ids)
    try:
        asked = {"before": before, "below": below, "most": most, "touchpoint": touchpoint, "name": name}
        return [Entry(*row) for row in lake.execute(TIMELINE, asked).fetchall()]
    finally:
        lake.close()


def bodies(home: Home, entries: Sequence[Entry]) -> dict[bytes, bytes]:
    """The events as received, opened; what was erased is missing."""
    db = home.store.read()
    keys = vault.keys_of(db, home.keys, {e.identifier for e in entries})
    return {e.id: unseal(keys[e.identifier], e.body, vault.BODY) for e in entries if e.body and e.identifier in keys}


def current(db: Db, public_id: str) -> tuple[int, str] | None:
    """The person whom any public id ever shown now belongs to, and her id today."""
    person = graph.person_of(db, public_id)
    if person is None:
        return None
    row = db.row("select public_id from identifier where id = :p", p=person)
    return (person, row[0]) if row else None


def whom(db: Db, asked: str, key: Callable[[str, str], Key | None]) -> tuple[int, str]:
    """The person and today's public id of a customer asked for by any public id, or as type:value.

    Errors: BynameError when nobody is found; it does not repeat the value, which may be personal.
    """
    found = current(db, asked)
    if found is None and ":" in asked:
        shown = key(*asked.split(":", 1))
        found = _behind(db, shown) if shown else None
    if found is None:
        cure = "Ask by her id (c...), or by an identifier as type:value, such as email:ann@shop.example"
        raise BynameError("No such customer", cure=cure)
    return found


def _behind(db: Db, shown: Key) -> tuple[int, str] | None:
    """The one person an identifier leads to, contested or not. A shared one is hers if somebody said so, else nobody's.

    Errors: BynameError when it belongs to nobody in particular.
    """
    row = db.row(
        "select i.public_id, i.state, (select count(*) from identifier o where o.person = i.person)"
        " from identifier i where i.token = :token and i.erased = 0",
        token=shown.token,
    )
    if row is None:
        return None
    public, state_, many = row
    if state_ in ("own", "contested") or (state_ == "shared" and many > 1):
        return current(db, public)
    rule = "Several people share this identifier" if state_ == "shared" else "This identifier belongs to nobody"
    raise BynameError(rule, shown.type, "Ask by her id (c...), or by another identifier of hers")


ALL = """
with seen as (
    select i.person, count(distinct s.identifier) as active, sum(s.events) as events, min(s.first_at) as first_at,
        max(s.last_at) as last_at
    from identifier i join state s on s.identifier = i.id group by i.person
), paid as (
    select i.person, s.currency, sum(s.orders) as orders, sum(s.returns) as returns, sum(s.items) as items,
        sum(s.spent) as spent, sum(s.refunded) as refunded, sum(s.saved) as saved, max(s.last_order_at) as last_order_at
    from identifier i join state s on s.identifier = i.id where s.currency <> '' group by i.person, s.currency
)
select c.public_id, h.public_id, cast(seen.events as bigint), seen.first_at, seen.last_at, coalesce(paid.currency, ''),
    cast(coalesce(paid.orders, 0) as bigint), cast(coalesce(paid.returns, 0) as bigint),
    cast(coalesce(paid.items, 0) as bigint), cast(coalesce(paid.spent, 0) as bigint),
    cast(coalesce(paid.refunded, 0) as bigint), cast(coalesce(paid.saved, 0) as bigint),
    coalesce(paid.last_order_at, 0)
from seen join identifier c on c.id = seen.person join identifier h on h.id = c.household
    left join paid on paid.person = seen.person
order by 1, 6
"""
ALL_COLUMNS = ("customer", "household", "events", "first_at", "last_at", "currency", "orders", "returns", "items",
               "spent", "refunded", "saved", "last_order_at")  # fmt: skip


def everyone(db: Db) -> list[tuple[Any, ...]]:
    """ALL_COLUMNS of every customer who did anything, a row per currency she paid in; nothing personal."""
    return db.rows(ALL)
