"""Which fresh events do the lake's tests begin with? Orders of two lines and page views, seeded."""

from __future__ import annotations

import random
from typing import Any

from byname.home import Home
from byname.lake.duck import open_lake
from byname.profile import fold
from byname.profile.fold import Happened
from byname.terms import DAY, Line

START = 1_789_000_000_000_000


def arrive(home: Home, count: int, *, seed: int = 0, days: int = 3, customers: int = 7) -> list[bytes]:
    """Append fresh events to the day as the encounter does; their ids."""
    rng = random.Random(seed)
    events = [happened(rng, n, days, customers) for n in range(count)]
    home.store.write(lambda db: fold.append(db, events))
    return [h.id for h in events]


def happened(rng: random.Random, n: int, days: int, customers: int) -> Happened:
    event, who = rng.randbytes(16), rng.randrange(1, customers + 1)
    when, received = START + rng.randrange(days * DAY), START + days * DAY + n
    if n % 3 == 2:
        return Happened(event, who, "site", "web", "Page Viewed", "seen", when, received)
    lines = tuple(
        Line(rng.choice("abcde"), rng.randrange(1, 5) * 1000, rng.randrange(1000), discount=5) for _ in range(2)
    )
    name, kind = rng.choice([("Till Sale", "sale"), ("Till Sale", "sale"), ("Till Return", "return")])
    return Happened(
        event, who, "till", "till", name, kind, when, received, rng.choice(["s1", "s2"]), f"r{n}", "EUR",
        sum(line.amount for line in lines), 5, lines, body=b"sealed",
    )  # fmt: skip


def everything(home: Home) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """All events and lines a reader sees, in one order."""
    with open_lake(home) as lake:
        return (
            lake.execute("select * from event order by id").fetchall(),
            lake.execute("select * from line order by event, position").fetchall(),
        )


def fresh(home: Home) -> int:
    row = home.store.read().row("select count(*) from event")
    assert row is not None
    return int(row[0])
