"""How do a million rows become events, lines and states at once?

    see who is named in the file -> stage the rows, cut into parts by what names them, without anything personal
    -> per part (part.py): group rows into events, drop those already known, write them as sealed files, aggregate
       what they change in memory, and one transaction: message ids, states, ledger, progress

A part is in or not in; whoever dies goes on with the next one. Two parts never share an event.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from byname.backfill import part, refused, whose
from byname.backfill.planning import Plan, engine, understood
from byname.encounter import Byname
from byname.lake.duck import Connection, literal
from byname.lake.ledger import Step
from byname.store import Db
from byname.terms import SECOND, BynameError
from byname.touchpoints import runs
from byname.touchpoints.files import Mapping
from byname.touchpoints.runs import Run

READY = "ready"
PART_ROWS = 2_000_000  # rows of a part: fits in memory, and the day waits half a second for its commit
ORDER = ("named", "file_row", "at_", "place", "product", "quantity", "amount", "discount", "coupon", "coupon_match")
EVENT = ("named", "file_row", "at_", "place", "name", "ref", "amount", "discount")


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
        if run is None or not (folder / READY).exists():
            run = _prepared(product, lake, plan, view, folder, run, now, step)
        for number in range(run.parts_done, run.parts):
            progress(run.rows_total * number // run.parts, run.rows_total)
            rows = f"read_parquet({literal(folder / f'part={number}' / '*.parquet')}, hive_partitioning = false)"
            if run.parts == 1:
                rows = f"({_good(mapping, view, 1)})"
            part.take(product, lake, plan, number, rows, now, step)
            step(f"part {number}")
    shutil.rmtree(folder, ignore_errors=True)
    progress(run.rows_total, run.rows_total)


def _prepared(
    product: Byname, lake: Connection, plan: Plan, view: str, folder: Path, run: Run | None, now: int, step: Step
) -> Run:
    """See who is named, stage the rows below `folder`, put the bad ones into quarantine, and begin the run."""
    looked = whose.look(lake, plan.mapping, view)
    refused.bearable(looked.bad, looked.total)
    whose.see(product, lake, plan.mapping, now)
    step("seen")
    parts = run.parts if run else max(1, -(-looked.total // PART_ROWS))
    if parts > 1:
        shutil.rmtree(folder, ignore_errors=True)
        _stage(lake, plan.mapping, view, folder, parts)
        step("staged")
    if run is None:
        bad = refused.rows(lake, plan, view) if looked.bad else []
        run = Run(plan.id, plan.file.name, plan.mapping.kind, plan.mapping.source, "running", looked.total,
                  rows_quarantined=len(bad), parts=parts, started_at=now)  # fmt: skip
        begun = run

        def begin(db: Db) -> None:
            refused.put(db, product.keyring, plan.mapping.source, bad, now)
            runs.begin(db, begun)

        product.home.store.write(begin)
    if parts > 1:
        (folder / READY).touch()
    step("begun")
    return run


def _stage(lake: Connection, mapping: Mapping, view: str, folder: Path, parts: int) -> None:
    """Good rows as Parquet by part; raw identifiers have become numbers."""
    for number in range(parts):
        (folder / f"part={number}").mkdir(parents=True)
    lake.execute(
        f"copy ({_good(mapping, view, parts)}) to {literal(folder)}"
        " (format parquet, compression lz4, partition_by (part), overwrite_or_ignore)"
    )


def _good(mapping: Mapping, view: str, parts: int) -> str:
    """The rows that can be used, each with its owner and its part."""
    columns = ORDER if mapping.kind == "orders" else EVENT
    listed = ", ".join(f"r.{c}" for c in (*columns, *(["currency"] if "currency" in mapping.columns else [])))
    raw = [f"i{n}" for n in range(len(mapping.identifiers))]
    owner = "coalesce(w.identifier, 0)" if raw else "0::bigint"
    same = " and ".join(f"r.{c} {'=' if len(raw) == 1 else 'is not distinct from'} w.{c}" for c in raw)
    joined = f"{view} r" + (f" left join whose w on {same}" if raw else "")
    number = f"cast(hash(r.named) % {parts} as bigint)"
    return f"select {listed}, {owner} as identifier, {number} as part from {joined} where r.why is null"
