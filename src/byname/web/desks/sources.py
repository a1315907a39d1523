"""Which sources deliver, how much, how late, and how is a new one connected? Keys are shown once."""

from __future__ import annotations

import re
from typing import NamedTuple

from byname.store import Db
from byname.terms import DAY, SECOND, BynameError, Touchpoint
from byname.touchpoints import sources
from byname.touchpoints.sources import Source
from byname.web.asking import Answer, Ask, Goto, NotThere, Shown

TITLE = "Sources"
PATH = "/sources"
PERMISSION = "source"
ICON = "sources"
MENU = True

HOURS = 24


class Volume(NamedTuple):
    """What one source brought in the last 24 hours."""

    hours: tuple[int, ...]  # accepted, oldest first
    accepted: int
    quarantined: int
    delay_s: float
    last_minute: int  # minutes since the epoch; 0: never


NOTHING = Volume((0,) * HOURS, 0, 0, 0.0, 0)


def page(ask: Ask) -> Answer:
    return Shown("sources.html", listing(ask))


def listing(ask: Ask) -> dict[str, object]:
    return {
        "sources": sources.all_sources(ask.db), "volumes": volumes(ask.db, ask.now), "nothing": NOTHING,
        "touchpoints": list(Touchpoint), "address": ask.address, "form": ask.form,
    }  # fmt: skip


def volumes(db: Db, now: int) -> dict[str, Volume]:
    """By source, hour by hour, and when each was last heard."""
    first = (now - DAY) // (3600 * SECOND) * 60 + 60
    found: dict[str, list[list[int]]] = {}
    rows = db.rows(
        "select source, (minute - :first) / 60, sum(accepted), sum(quarantined), sum(delay_sum) from intake"
        " where minute >= :first group by 1, 2",
        first=first,
    )
    for slug, hour, *sums in rows:
        found.setdefault(slug, []).append([int(hour), *map(int, sums)])
    last: dict[str, int] = dict(db.rows("select source, max(minute) from intake group by source"))
    volumes = {}
    for slug, minute in last.items():
        hours = [0] * HOURS
        for hour, accepted, *_ in found.get(slug, ()):
            hours[min(hour, HOURS - 1)] += accepted
        accepted, quarantined, delay = (sum(r[n] for r in found.get(slug, ())) for n in (1, 2, 3))
        volumes[slug] = Volume(
            tuple(hours), accepted, quarantined, delay / accepted / SECOND if accepted else 0.0, minute
        )
    return volumes


def create(ask: Ask) -> Answer:
    """A new source; its key stands in the answer and nowhere else."""
    name = " ".join(ask.form.get("name", "").split())[:80]
    slug = slug_of(name)
    if not slug:
        raise BynameError("A source needs a name", cure="For example Till London")
    keys, now, form = ask.home.keys, ask.now, ask.form
    key = ask.home.store.write(
        lambda db: sources.create(
            db, keys, slug, now=now, name=name, touchpoint=form.get("touchpoint", "web"), kind="segment",
            needs_consent="needs_consent" in form, trusted="trusted" in form,
        )
    )  # fmt: skip
    return shown_once(ask, slug, key)


def slug_of(name: str) -> str:
    """
    >>> slug_of("Till London, Upper Street")
    'till-london-upper-street'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64]


def one(ask: Ask) -> Answer:
    source = found(ask)
    return Shown("source.html", {
        "source": source, "volume": volumes(ask.db, ask.now).get(source.slug, NOTHING), "key": "",
        "address": ask.address, "title": source.name, "touchpoints": list(Touchpoint),
        "allowed": sorted(source.allowed) if source.allowed is not None else None,
    })  # fmt: skip


def rotate(ask: Ask) -> Answer:
    """A new key; the old one stops working at once."""
    source = found(ask)
    keys = ask.home.keys
    return shown_once(ask, source.slug, ask.home.store.write(lambda db: sources.rotate(db, keys, source.slug)))


def change(ask: Ask) -> Answer:
    """Name, touchpoint, limit and flags of a source."""
    source, form, keys = found(ask), ask.form, ask.home.keys
    rate = form.get("rate_per_s", "0") or "0"
    if not rate.isdigit() or len(rate) > 6:
        raise BynameError("Requests per second must be a whole number", cure="0 takes the setting's limit")
    ask.home.store.write(
        lambda db: sources.change(
            db, keys, source.slug, name=form.get("name", "").strip()[:80] or source.name,
            touchpoint=form.get("touchpoint", source.touchpoint), rate_per_s=int(rate),
            needs_consent="needs_consent" in form, trusted="trusted" in form, enabled="enabled" in form,
        )
    )  # fmt: skip
    return Goto(f"{PATH}/{source.slug}", "source_saved")


def shown_once(ask: Ask, slug: str, key: str) -> Answer:
    source = sources.by_slug(ask.home.store.read(), slug)
    assert source is not None
    return Shown("source.html", {
        "source": source, "volume": NOTHING, "key": key, "address": ask.address, "title": source.name,
        "touchpoints": list(Touchpoint), "allowed": None,
    })  # fmt: skip


def found(ask: Ask) -> Source:
    source = sources.by_slug(ask.db, ask.path["slug"])
    if source is None:
        raise NotThere
    return source


ACTIONS = (
    ("POST", "/new", PERMISSION, create),
    ("GET", "/{slug:str}", PERMISSION, one),
    ("POST", "/{slug:str}/rotate", PERMISSION, rotate),
    ("POST", "/{slug:str}/change", PERMISSION, change),
)
