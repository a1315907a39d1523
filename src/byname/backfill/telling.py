"""How does a file of customers come in? Through the encounter, some thousand rows in one transaction.

What she is called and what she told is sealed under a key of her own, one by one: nothing here could be done by
columns. Each row is a message; law 2 (once) makes going on after a crash harmless.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from byname.backfill import refused, whose
from byname.backfill.planning import Plan, engine, understood
from byname.encounter import ACCEPTED, REPEATED, Byname, Delivery
from byname.lake.duck import Connection
from byname.lake.ledger import Step
from byname.store import Db
from byname.terms import SECOND, ConsentSaid, Event, Identifier, SaidBy, TraitSaid
from byname.touchpoints import reading, runs
from byname.touchpoints.files import Mapping
from byname.touchpoints.runs import Run
from byname.trust import consent

TOGETHER = 2_000
YES = frozenset(["1", "yes", "y", "true", "t", "on", "ja", "j", "oui", "o", "si", "s", "granted", "opted_in", "in"])


def take(product: Byname, plan: Plan, now: int, progress: Callable[[int, int], None], step: Step) -> None:
    """Bring in a file of customers and what is known of them."""
    home, m = product.home, plan.mapping
    needs_consent = runs.needs_consent(home.store.read(), m.source) and not home.settings.collect_without_consent
    with engine(product) as lake:
        view = understood(lake, plan.file, m, plan.types, now + home.settings.clock_ahead_s * SECOND)
        total = _begin(product, lake, plan, view, now)
        step("begun")
        original = reading.relation(plan.file, m)
        rows = lake.execute(
            f"select u.*, o.* exclude (file_row) from {view} u join ({original}) o using (file_row)"
            " where u.why is null order by file_row"
        )
        columns = [c[0] for c in rows.description]
        taken = repeated = 0
        for part in range(-(-total // TOGETHER)):
            chunk = [dict(zip(columns, row, strict=True)) for row in rows.fetchmany(TOGETHER)]
            arrivals = [product.prepare(event(m, row, now), needs_consent=needs_consent) for row in chunk]
            (verdicts,) = (product.deliver(Delivery(m.source, arrivals, (), now)).result(),)
            taken += verdicts.count(ACCEPTED)
            repeated += verdicts.count(REPEATED)
            step(f"part {part}")
            progress(min(total, (part + 1) * TOGETHER), total)
    home.store.write(lambda db: runs.count(db, plan.id, taken=taken, repeated=repeated))


def _begin(product: Byname, lake: Connection, plan: Plan, view: str, now: int) -> int:
    """Look at the file, put its bad rows into quarantine and begin the run, unless it was; its number of rows."""
    run = runs.find(product.home.store.read(), plan.id)
    if run is not None:
        return run.rows_total
    looked = whose.look(lake, plan.mapping, view)
    refused.bearable(looked.bad, looked.total)
    bad = refused.rows(lake, plan, view) if looked.bad else []
    begun = Run(plan.id, plan.file.name, plan.mapping.kind, plan.mapping.source, "running", looked.total,
                rows_quarantined=len(bad), parts=max(1, -(-looked.total // TOGETHER)), started_at=now)  # fmt: skip

    def begin(db: Db) -> None:
        refused.put(db, product.keyring, plan.mapping.source, bad, now)
        runs.begin(db, begun)

    product.home.store.write(begin)
    return looked.total


def event(mapping: Mapping, row: dict[str, Any], now: int) -> Event:
    """What one row of a file of customers says, as an event."""
    identifiers = tuple(
        Identifier(t, str(row[f"i{n}"])) for n, t in enumerate(mapping.identifiers) if row[f"i{n}"] is not None
    )
    return Event(
        message_id=f"{mapping.source}:traits:{row['named']}",
        source=mapping.source,
        touchpoint=mapping.touchpoint,
        name="Identified",
        occurred_at=row["at_"],
        received_at=now,
        identifiers=identifiers,
        witnesses=tuple(Identifier(t, v) for t, cs in mapping.witnesses.items() if (v := _text(row, cs))),
        traits=tuple(_trait(mapping, name, v) for name, cs in mapping.traits.items() if (v := _text(row, cs))),
        consents=tuple(consent.understand(_consents(mapping, row))[0]),
    )


def _trait(mapping: Mapping, name: str, value: str) -> TraitSaid:
    kept = mapping.values.get(name, {}).get(value, value)
    return TraitSaid(name, msgspec.json.encode(kept).decode(), SaidBy(mapping.said_by))


def _consents(mapping: Mapping, row: dict[str, Any]) -> list[ConsentSaid]:
    found = []
    for name, columns in mapping.consents.items():
        if value := _text(row, columns):
            purpose, _, channel = name.partition(".")
            found.append(ConsentSaid(purpose, channel, value.lower() in YES))
    return found


def _text(row: dict[str, Any], columns: tuple[str, ...]) -> str:
    return " ".join(str(row[c]).strip() for c in columns if row[c] is not None).strip()
