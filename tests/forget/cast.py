"""Ann, who will be forgotten, and Bob, who shares her landline and stays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from byname.encounter import Byname, Delivery
from byname.home import Home
from byname.terms import ConsentSaid, Event, Identifier, Line, Membership, SaidBy, TraitSaid
from tests.conftest import NOW

EMAIL, PHONE, LANDLINE = "zenobia.quillfeather@example.org", "+447400123456", "+442079460018"
ACCOUNT, NAME, NOTE = "acct-zq-884411", "Zenobia Quillfeather", "prefers the window table on thursdays"
HERS = [EMAIL, "7400123456", "07400 123456", ACCOUNT, "Zenobia", "Quillfeather", "window table", "order-zq-1"]
HOUR = 3_600_000_000


def event(message_id: str, name: str, *who: tuple[str, str], hours: int = 0, **more: object) -> Event:
    given = {"source": "till", "touchpoint": "till", "occurred_at": NOW - 30 * HOUR + hours * HOUR, "received_at": NOW}
    body = msgspec.json.encode({"type": name, "who": who, "note": more.pop("note", ""), "name": more.pop("says", "")})
    return Event(
        message_id=message_id,
        name=name,
        identifiers=tuple(Identifier(t, v) for t, v in who),
        body=body,
        **{**given, **more},  # type: ignore[arg-type]
    )


def ann() -> list[Event]:
    """What Ann did: at the till, on the site, on the phone."""
    witness = (Identifier("given", "Zenobia"),)
    return [
        event("a1", "Identified", ("account", ACCOUNT), ("email", EMAIL), witnesses=witness, says=NAME,
              traits=(TraitSaid("name", f'"{NAME}"'), TraitSaid("kids_count", '"2"', SaidBy.WE_SAW)),
              memberships=(Membership("account", "acme"),)),
        event("a2", "Order Completed", ("account", ACCOUNT), hours=1, ref="order-zq-1", currency="GBP", amount=1250,
              lines=(Line("p1", 1000, 1250),), consents=(ConsentSaid("marketing", "email", granted=True),)),
        event("a3", "Complaint Raised", ("email", EMAIL), ("phone", PHONE), hours=2, ref="case-1", note=NOTE),
        event("a4", "Call Ended", ("account", ACCOUNT), ("phone", LANDLINE), hours=3, witnesses=witness),
        event("a5", "Page Viewed", ("device", "dev-zq-1"), ("account", ACCOUNT), hours=4),
    ]  # fmt: skip


def bob() -> list[Event]:
    """What Bob did, who lives with her."""
    return [
        event("b1", "Identified", ("account", "bob-1"), ("phone", LANDLINE),
              witnesses=(Identifier("given", "Robert"),), traits=(TraitSaid("name", '"Robert Finch"'),)),
        event("b2", "Order Completed", ("account", "bob-1"), hours=5, currency="GBP", amount=300,
              lines=(Line("p2", 1000, 300),)),
    ]  # fmt: skip


def received(home: Home, events: Iterable[Event]) -> Byname:
    """Each event through the row-wise door."""
    product = Byname(home)
    arrivals = [product.prepare(e) for e in events]
    product.deliver(Delivery("till", arrivals, (), NOW)).result(30)
    return product


def public_id(product: Byname, type: str, value: str) -> str:
    """The public id of an identifier."""
    key = product.key(type, value)
    assert key is not None
    row = product.home.store.read().row("select public_id from identifier where token = :t", t=key.token)
    assert row is not None
    return str(row[0])


def person(product: Byname, type: str, value: str) -> int | None:
    key = product.key(type, value)
    assert key is not None
    row = product.home.store.read().row("select person from identifier where token = :t", t=key.token)
    return row[0] if row else None


def everything(home: Home) -> bytes:
    """Every byte that the home keeps: all its files, and on PostgreSQL every row of every table."""
    found = [p.read_bytes() for p in sorted(Path(home.path).rglob("*")) if p.is_file()]
    if home.store.engine == "postgres":
        db = home.store.read()
        tables = db.rows("select table_name from information_schema.tables where table_schema = current_schema()")
        for (table,) in tables:
            for row in db.rows(f'select * from "{table}"'):
                found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\0".join(found)
