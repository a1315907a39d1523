"""Which fresh events do the lake's tests begin with? Orders of two lines and page views, seeded."""

from __future__ import annotations

import random
from typing import Any

from byname.home import Home
from byname.lake.duck import open_lake
from byname.lake.shape import EVENT
from byname.terms import DAY

START = 1_789_000_000_000_000
LINE = (
    "event, position, identifier, occurred_at, place, product, quantity, currency, amount, discount, coupon, "
    "coupon_match"
)


def arrive(home: Home, count: int, *, seed: int = 0, days: int = 3, customers: int = 7) -> list[bytes]:
    """Append fresh events to the day as the encounter would; their ids."""
    rng = random.Random(seed)
    events: list[tuple[Any, ...]] = []
    lines: list[tuple[Any, ...]] = []
    for n in range(count):
        event = rng.randbytes(16)
        who, when = rng.randrange(1, customers + 1), START + rng.randrange(days * DAY)
        received, place = START + days * DAY + n, rng.choice(["s1", "s2"])
        if n % 3 == 2:
            row = (event, who, "site", "web", "Page Viewed", when, received, "", "", "", 0, 0, 0, 0, None)
            events.append(row)
            continue
        products = [(rng.choice("abcde"), rng.randrange(1, 5) * 1000, rng.randrange(1000)) for _ in range(2)]
        amount = sum(a for _, _, a in products)
        name = rng.choice(["Till Sale", "Till Sale", "Till Return"])
        row = (event, who, "till", "till", name, when, received, place, f"r{n}", "EUR", amount, 5, 2, 0, b"sealed")
        events.append(row)
        for p, (product, quantity, paid) in enumerate(products):
            lines.append((event, p, who, when, place, product, quantity, "EUR", paid, 5, 0, 0))

    def put(db: Any) -> None:
        db.many(f"insert into event ({', '.join(EVENT.names)}) values ({', '.join('?' * len(EVENT.names))})", events)
        db.many(f"insert into line ({LINE}) values ({', '.join('?' * 12)})", lines)

    home.store.write(put)
    return [e[0] for e in events]


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
