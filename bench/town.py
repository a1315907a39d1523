"""How does a home with very many customers come about, quickly? Straight into the tables, as the rooms leave them.

Every customer has 4 identifiers (account, loyalty, e-mail, device) seen together once, a name, and orders on the web
and at the till. Used by the benchmarks only; `byname check` finds its identity in order.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

from byname.encounter import Byname, public_id
from byname.home import open_home
from byname.identity.statements import sid_of_see
from byname.keyring import seal
from byname.store import Db
from byname.terms import Key
from byname.trust import vault

TYPES = ("account", "loyalty", "email", "device")
AT = 1_780_000_000_000_000
PART = 20_000


def values(who: int) -> tuple[str, ...]:
    return f"user-{who:08d}", f"{7_000_000_000 + who}", f"p{who}@shop.example", f"device-{who:08d}"


def build(folder: Path, customers: int, settings: str = "") -> None:
    """Make the home; about 25 us a row."""
    folder.mkdir(parents=True)
    (folder / "byname.toml").write_text(settings)
    with open_home(folder) as home:
        product = Byname(home)
        for start in range(0, customers, PART):
            part = range(start, min(start + PART, customers))
            home.store.write(lambda db, part=part: settle(db, product, part))


def settle(db: Db, product: Byname, part: range) -> None:
    key = product.keyring
    identifiers, statements, ends, keys, vaults, traits, states, latest = [], [], [], [], [], [], [], []
    for who in part:
        first = who * 4 + 1
        named = [Key(t, key.token(product.policy.index(t), v)) for t, v in zip(TYPES, values(who), strict=True)]
        sid = sid_of_see("site", sorted(named))
        statements.append((who + 1, sid, "see", AT, "site", "", "", "", AT, 1))
        for n, (k, value) in enumerate(zip(named, values(who), strict=True)):
            identifiers.append((first + n, k.type, k.token, public_id(), AT, "own", first, first, first, "", 0))
            ends.append((first + n, who + 1, 0))
            data, wrapped = key.new_data_key()
            keys.append((first + n, wrapped, AT))
            vaults.append((first + n, seal(data, value.encode(), vault.VALUE)))
            if n == 0:
                traits.append(
                    (first, "name", "she_said", None, seal(data, b'"Ann Baker"', vault.TRAIT), AT, 0, "site", b"e")
                )
        for touchpoint in ("web", "till"):
            states.append((first, touchpoint, "GBP", 9, 7, 0, 12_000, 81_240, 0, 500, AT, AT + who, AT + who))
            latest.append((first, touchpoint, "Order Completed", AT + who, b"e", "12", f"o{who}"))
    columns = {
        "identifier": "id, type, token, public_id, first_at, state, person, island, household, crowd, erased",
        "statement": "id, sid, op, at_, source, actor, model, because, recorded_at, live",
        "statement_identifier": "identifier, statement, side",
        "vault_key": "identifier, wrapped, made_at",
        "vault": "identifier, sealed",
        "trait": "identifier, name, said_by, value, sealed, occurred_at, valid_until, source, event",
        "state": "identifier, touchpoint, currency, events, orders, returns, items, spent, refunded, saved,"
        " first_at, last_at, last_order_at",
        "latest": "identifier, touchpoint, name, occurred_at, event, place, ref",
    }
    rows = (identifiers, statements, ends, keys, vaults, traits, states, latest)
    for (table, names), these in zip(columns.items(), rows, strict=True):
        db.many(f"insert into {table} ({names}) values ({', '.join('?' * (names.count(',') + 1))})", these)


def random_walk(customers: int, count: int, seed: int) -> Iterator[int]:
    """Customers in no order."""
    import random

    rng = random.Random(seed)
    return itertools.islice(iter(lambda: rng.randrange(customers), None), count)


def timed_build(folder: Path, customers: int, settings: str = "") -> float:
    start = time.perf_counter()
    build(folder, customers, settings)
    return time.perf_counter() - start
