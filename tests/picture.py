"""What does a home hold, said without its own row numbers, so that two homes with the same keys can be compared?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from byname.encounter import Byname, Delivery
from byname.keyring import unseal
from byname.lake import duck
from byname.terms import Event
from byname.trust import vault

TABLES = {
    "state": "touchpoint, currency, events, orders, returns, items, spent, refunded, saved,"
    " first_at, last_at, last_order_at",
    "latest": "touchpoint, name, occurred_at, event, place, ref",
    "matter": "kind, ref, opened_at, closed_at, due_at, event",
    "member": "kind, group_token, occurred_at, source",
    "consent": "id, purpose, channel, granted, occurred_at, source, actor",
}


def picture(product: Byname) -> dict[str, Any]:
    """Everything derived and remembered, by token."""
    db = product.home.store.read()
    ids = db.rows("select id, type, token, state, person, household from identifier")
    token = {i: (t, bytes(tok).hex()) for i, t, tok, *_ in ids} | {0: ("", "")}
    keys = vault.keys_of(db, product.keyring, [i for i, *_ in ids])
    found: dict[str, Any] = {
        "people": sorted((token[i], st, token[p], token[h]) for i, _, _, st, p, h in ids if _ != "given"),
        "values": sorted((token[i], v) for i, v in vault.reveal(db, product.keyring, list(keys)).items()),
        "traits": sorted(
            (
                token[i],
                name,
                by,
                value or unseal(keys[i], sealed, vault.TRAIT).decode(),
                at,
                until,
                source,
                bytes(event),
            )
            for i, name, by, value, sealed, at, until, source, event in db.rows(
                "select identifier, name, said_by, value, sealed, occurred_at, valid_until, source, event from trait"
            )
        ),
    }
    for table, columns in TABLES.items():
        rows = db.rows(f"select identifier, {columns} from {table}")
        found[table] = sorted((token[i], *map(plain, rest)) for i, *rest in rows)
    lake = duck.open_lake(product.home)
    for table in ("event", "line"):
        names = [c[0] for c in lake.execute(f"select * from {table} limit 0").description]
        keep = [n for n in names if n not in ("identifier", "body", "received_at", "day")]
        rows = lake.execute(f"select identifier, {', '.join(keep)} from {table}").fetchall()
        found[table] = sorted((token[i], *map(plain, rest)) for i, *rest in rows)
    lake.close()
    return found


def plain(value: Any) -> Any:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else value


def deliver(product: Byname, events: Sequence[Event], now: int, source: str = "test") -> list[str]:
    """Send events through the row-wise path, as one request would; the verdicts."""
    return product.deliver(Delivery(source, [product.prepare(e) for e in events], (), now)).result()
