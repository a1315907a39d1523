"""How do a million rows become events, lines and states at once?

    look at the file -> see who is named in it -> cut it into parts (staging.py)
    -> per part (part.py): group rows into events, drop those already known, write them as sealed files, aggregate
       what they change in memory, and one transaction: message ids, states, ledger, progress

A part is in or not in; whoever dies goes on with the next one. Two parts never share an event.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from byname.backfill import part, refused, staging, whose
from byname.backfill.planning import Plan, engine, understood
from byname.backfill.staging import Part
from byname.encounter import Byname
from byname.lake.duck import Connection
from byname.lake.ledger import Step
from byname.store import Db
from byname.terms import SECOND, BynameError
from byname.touchpoints import runs
from byname.touchpoints.runs import Run


def take(product: Byname, plan: Plan, now: int, progress: Callable[[int, int], None], step: Step) -> None:
    """Bring in a file of orders or events."""
    home, mapping = product.home, plan.mapping
    if runs.needs_consent(home.store.read(), mapping.source) and not home.settings.collect_without_consent:
        cure = "Import what she allowed as traits with [consents] first, or use a source that does not ask for it"
        raise BynameError("This source keeps only events that carry consent", mapping.source, cure)
    folder = home.lake / "staging" / plan.id
    with engine(product) as lake:
        view = understood(lake, plan.file, mapping, plan.types, now + home.settings.clock_ahead_s * SECOND)
        run = runs.find(home.store.read(), plan.id)
        parts = staging.ready(folder, mapping) if run else None
        if run is None or parts is None:
            run, parts = _prepared(product, lake, plan, view, folder, run, now, step)
        for number in range(run.parts_done, run.parts):
            progress(run.rows_total * number // run.parts, run.rows_total)
            part.take(product, lake, plan, number, parts[number], now, step)
            step(f"part {number}")
    shutil.rmtree(folder, ignore_errors=True)
    progress(run.rows_total, run.rows_total)


def _prepared(
    product: Byname, lake: Connection, plan: Plan, view: str, folder: Path, run: Run | None, now: int, step: Step
) -> tuple[Run, list[Part]]:
    """See who is named, cut the file into parts, put the bad rows into quarantine, and begin the run."""
    looked = whose.look(lake, plan.mapping, view)
    refused.bearable(looked.bad, looked.total)
    whose.see(product, lake, plan.mapping, now)
    step("seen")
    parts = staging.cut(lake, plan, view, folder, looked.total, run.parts if run else 0)
    step("staged")
    if run is None:
        bad = refused.rows(lake, plan, view) if looked.bad else []
        run = Run(plan.id, plan.file.name, plan.mapping.kind, plan.mapping.source, "running", looked.total,
                  rows_quarantined=len(bad), parts=len(parts), started_at=now)  # fmt: skip
        begun = run

        def begin(db: Db) -> None:
            refused.put(db, product.keyring, plan.mapping.source, bad, now)
            runs.begin(db, begun)

        product.home.store.write(begin)
    step("begun")
    return run, parts
