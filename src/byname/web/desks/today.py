"""What came in, what needs someone now, and what is broken? The first page of everyone, by what the role may do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from byname.store import Db
from byname.terms import DAY, SECOND
from byname.web import people
from byname.web.asking import Answer, Ask, Shown
from byname.web.words import Say

TITLE = "Today"
PATH = "/"
PERMISSION = "today"
ICON = "today"
MENU = True

HOUR_MIN = 60
RECENT = 12


class Task(NamedTuple):
    """Something that needs someone: what, how much, how urgent, and where to go next."""

    words: str
    number: int
    tone: str  # bad | warn | calm
    path: str
    step: str


class Seen(NamedTuple):
    """One event as Today shows it: nobody's name."""

    touchpoint: str
    name: str
    received_at: int
    place: str
    currency: str
    amount: int


def page(ask: Ask) -> Answer:
    span = "30d" if ask.query.get("span") == "30d" else "24h"
    values = {
        **live_values(ask),
        "span": span,
        "chart": chart(ask.db, ask.say, span),
        "tasks": tasks(ask),
        "customers": people.count(ask.db),
        "remembered": remembered(ask.db),
        "sources": (ask.db.row("select count(*) from source where kind <> 'file'") or (0,))[0],
    }
    return Shown("today.html", values)


def live(ask: Ask) -> Answer:
    """Today's figures, refreshed by themselves."""
    return Shown("today_live_figures.html", live_values(ask))


def just_now(ask: Ask) -> Answer:
    """The newest events, refreshed by itself."""
    return Shown("today_recent.html", {"recent": recent(ask.db)})


def live_values(ask: Ask) -> dict[str, Any]:
    today, yesterday = ask.say.midnight(), ask.say.midnight(1)
    now, before = sums(ask.db, today, ask.now), sums(ask.db, yesterday, ask.now - DAY)
    return {"now": now, "before": before, "recent": recent(ask.db), "asked_at": ask.now}


class Sums(NamedTuple):
    accepted: int
    repeated: int
    quarantined: int
    refused: int
    delay_s: float  # mean seconds between occurrence and receipt


def sums(db: Db, since: int, until: int) -> Sums:
    """What came in between two moments, to the minute. History from files was never meant to be quick: no delay."""
    row = db.row(
        "select coalesce(sum(i.accepted), 0), coalesce(sum(i.repeated), 0), coalesce(sum(i.quarantined), 0),"
        " coalesce(sum(i.refused), 0), coalesce(sum(case when s.kind = 'file' then 0 else i.accepted end), 0),"
        " coalesce(sum(case when s.kind = 'file' then 0 else i.delay_sum end), 0)"
        " from intake i left join source s on s.slug = i.source where i.minute >= :since and i.minute <= :until",
        since=minute(since), until=minute(until),
    ) or (0, 0, 0, 0, 0, 0)  # fmt: skip
    accepted, repeated, quarantined, refused, live, delay = (int(v) for v in row)
    return Sums(accepted, repeated, quarantined, refused, delay / live / SECOND if live else 0.0)


def recent(db: Db) -> list[Seen]:
    """The newest events that are not yet sealed."""
    rows = db.rows(
        "select touchpoint, name, received_at, place, currency, amount from event"
        " order by received_at desc, id desc limit :most",
        most=RECENT,
    )
    return [Seen(*r) for r in rows]


def chart(db: Db, say: Say, span: str) -> dict[str, Any] | None:
    """Events by hour or day and touchpoint of the source, oldest first; None when nothing came."""
    step_min = HOUR_MIN if span == "24h" else 24 * HOUR_MIN
    starts = (
        [say.now // (3600 * SECOND) * (3600 * SECOND) - h * 3600 * SECOND for h in range(23, -1, -1)]
        if span == "24h"
        else [say.midnight(d) for d in range(29, -1, -1)]
    )
    rows = db.rows(
        "select coalesce(s.touchpoint, 'web'), i.minute / 60, sum(i.accepted) from intake i"
        " left join source s on s.slug = i.source where i.minute >= :since group by 1, 2",
        since=minute(starts[0]),
    )
    edges = [minute(s) for s in starts]
    series: dict[str, list[int]] = {}
    for touchpoint, hour, accepted in rows:
        at = place_of(edges, int(hour) * 60, step_min)
        if at is not None:
            series.setdefault(str(touchpoint), [0] * len(edges))[at] += int(accepted)
    if not any(any(v) for v in series.values()):
        return None
    labels = [say.clock(s) if span == "24h" else say.short_day(s) for s in starts]
    named = [{"name": say.touchpoint(t), "values": v} for t, v in sorted(series.items(), key=lambda s: -sum(s[1]))]
    return {"labels": labels, "series": named}


def place_of(edges: Sequence[int], at: int, step: int) -> int | None:
    """In which interval a minute lies.

    >>> place_of([0, 60, 120], 61, 60), place_of([0, 60], 500, 60)
    (1, None)
    """
    for n in range(len(edges) - 1, -1, -1):
        if at >= edges[n]:
            return n if at < edges[n] + 2 * step else None
    return None


def remembered(db: Db) -> list[tuple[str, int]]:
    """Events per touchpoint over all time, most first."""
    rows = db.rows("select touchpoint, sum(events) from state group by touchpoint order by 2 desc, 1")
    return [(t, int(n)) for t, n in rows]


def tasks(ask: Ask) -> list[Task]:
    """What needs someone, most urgent first: only what this person may act on."""
    found: list[Task] = []
    for permission, ask_for in TASKS:
        if ask.staff.may(permission):
            found += ask_for(ask)
    return sorted((t for t in found if t.number), key=lambda t: ("bad", "warn", "calm").index(t.tone))


def broken(ask: Ask) -> list[Task]:
    dead = (ask.db.row("select count(*) from work where dead = 1") or (0,))[0]
    silent = ask.db.rows(
        "select s.name from source s where s.enabled = 1 and exists (select 1 from intake i where i.source = s.slug"
        " and i.minute >= :week) and not exists (select 1 from intake i where i.source = s.slug and i.minute >= :day)",
        week=minute(ask.now - 7 * DAY), day=minute(ask.now - DAY),
    )  # fmt: skip
    tell = ask.say.text
    return [
        Task(tell("%(name)s has sent nothing for a day", name=name), 1, "bad", "/sources", tell("Look at the source"))
        for (name,) in silent
    ] + [Task(tell("Tasks given up after many tries"), dead, "bad", "/sources", tell("See why"))]


def unusable(ask: Ask) -> list[Task]:
    row = ask.db.row("select count(*) from quarantine where state = 'open'") or (0,)
    tell = ask.say.text
    return [Task(tell("Events that could not be used"), row[0], "warn", "/quarantine", tell("Mend them"))]


def waiting(ask: Ask) -> list[Task]:
    """Open complaints and promises; a promise past its day is urgent."""
    tell = ask.say.text
    rows = ask.db.rows(
        "select m.kind, count(distinct i.person), sum(case when m.due_at > 0 and m.due_at < :now then 1 else 0 end)"
        " from matter m join identifier i on i.id = m.identifier where m.opened_at > m.closed_at"
        " and m.kind in ('complaint', 'promise') group by m.kind",
        now=ask.now,
    )
    words = {"complaint": tell("Customers with an open complaint"), "promise": tell("Customers we promised something")}
    return [
        Task(
            words[kind],
            n,
            "bad" if late or kind == "complaint" else "warn",
            f"/customers?open={kind}",
            tell("See them"),
        )
        for kind, n, late in rows
    ]


def pairs(ask: Ask) -> list[Task]:
    from byname.web.desks.matches import open_count

    tell = ask.say.text
    return [Task(tell("Pairs that may be one customer"), open_count(ask), "calm", "/matches", tell("Decide"))]


TASKS = (("source", broken), ("search", waiting), ("quarantine", unusable), ("match", pairs))


def minute(at: int) -> int:
    return at // (60 * SECOND)


ACTIONS = (("GET", "/live", PERMISSION, live), ("GET", "/recent", PERMISSION, just_now))
