"""The slow, readable twin of an import: the same rows, one event at a time through the encounter."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from byname.encounter import Byname, Delivery
from byname.home import Home, open_home
from byname.lake.duck import open_lake
from byname.terms import Event, Identifier, Line, micros
from byname.touchpoints.files import understand
from byname.touchpoints.money import scaled

MAPPING = understand(
    {
        "kind": "orders",
        "source": "till",
        "columns": {
            "order": "receipt",
            "time": "sold_at",
            "place": "shop",
            "product": "sku",
            "quantity": "quantity",
            "amount": "paid",
            "discount": "off",
        },
        "constants": {"event": "Order Completed", "currency": "EUR"},
        "identifiers": {"email": "mail", "loyalty": "card"},
    }
)
COLUMNS = ("receipt", "sold_at", "shop", "sku", "quantity", "paid", "off", "mail", "card")


class Row(NamedTuple):
    """One line of the file, as written."""

    receipt: str
    sold_at: str
    shop: str
    sku: str
    quantity: str
    paid: str
    off: str
    mail: str
    card: str


def write(path: Path, rows: Sequence[Row]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def events(rows: Sequence[Row], now: int) -> list[Event]:
    """What a till would have sent, had it sent each order when it happened."""
    groups: dict[tuple[str, bool], list[Row]] = defaultdict(list)
    for row in rows:
        paid, quantity = scaled(row.paid, 2), scaled(row.quantity or "1", 3)
        assert paid is not None
        assert quantity is not None
        groups[row.receipt, paid < 0 or (paid == 0 and quantity < 0)].append(row)
    return [_event(receipt, back, group, now) for (receipt, back), group in groups.items()]


def _event(receipt: str, back: bool, rows: list[Row], now: int) -> Event:
    sign = -1 if back else 1
    lines = tuple(
        Line(
            r.sku,
            sign * (scaled(r.quantity or "1", 3) or 0),
            sign * (scaled(r.paid, 2) or 0),
            sign * (scaled(r.off or "0", 2) or 0),
        )
        for r in rows
    )
    first = rows[0]
    named = (("email", first.mail), ("loyalty", first.card))
    return Event(
        message_id=f"till:{'return' if back else 'sale'}:{receipt}",
        source="till",
        touchpoint="till",
        name="Order Refunded" if back else "Order Completed",
        occurred_at=min(_micros(r.sold_at) for r in rows),
        received_at=now,
        identifiers=tuple(Identifier(t, v) for t, v in named if v),
        place=first.shop,
        ref=receipt,
        currency="EUR",
        amount=sum(line.amount for line in lines),
        lines=lines,
    )


def _micros(text: str) -> int:
    return micros(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC))


def feed(product: Byname, events: Sequence[Event], now: int) -> None:
    """Row-wise: each event a delivery of its own."""
    for event in events:
        product.deliver(Delivery(event.source, [product.prepare(event)], (), now)).result()


def remembered(home: Home) -> dict[str, list[Any]]:
    """Everything a home holds of its customers, with tokens in the place of numbers that the store gave out."""
    db = home.store.read()
    people = dict(db.rows("select id, person from identifier"))
    tokens = {0: b"", **dict(db.rows("select id, token from identifier"))}
    found: dict[str, list[Any]] = {
        "customers": sorted((tokens[i], tokens[p]) for i, p in people.items()),
        "identifiers": sorted(db.rows("select type, token, first_at, state from identifier")),
        "statements": sorted(db.rows("select sid, op, at_, source from statement")),
        "messages": sorted(db.rows("select id from message")),
    }
    for table in ("state", "latest", "matter"):
        found[table] = sorted((tokens[r[0]], *r[1:]) for r in db.rows(f"select * from {table}"))
    with open_lake(home) as lake:
        found["event"] = sorted((r[0], tokens[r[1]], *r[2:]) for r in lake.execute("from event").fetchall())
        found["line"] = sorted((*r[:2], tokens[r[2]], *r[3:]) for r in lake.execute("from line").fetchall())
    return found


class Twins:
    """Homes with the same keys, quickly: a fresh one is a copy of the first."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made = folder, 0
        with open_home(folder / "mould"):
            pass

    def fresh(self) -> Home:
        self.made += 1
        path = self.folder / f"home{self.made}"
        shutil.copytree(self.folder / "mould", path)
        return open_home(path)
