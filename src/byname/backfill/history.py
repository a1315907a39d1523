"""How do a million rows become events, lines and states at once?

    see who is named in the file -> stage the rows, cut into parts by what names them, without anything personal
    -> per part (part.py): group rows into events, drop those already known, write them as sealed files, aggregate
       what they change in memory, and one transaction: message ids, states, ledger, progress

A part is in or not in; whoever dies goes on with the next one. Two parts never share an event.
"""

from __future__ import annotations

import json
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
        parts = _staged(product, lake, plan, folder, now, progress, step)
        done = runs.find(home.store.read(), plan.id)
        assert done is not None
        for number in range(done.parts_done, parts):
            progress(plan.rows * number // parts, plan.rows)
            rows = f"read_parquet({literal(folder / f'part={number}' / '*.parquet')}, hive_partitioning = false)"
            part.take(product, lake, plan, number, rows, now, step)
            step(f"part {number}")
    shutil.rmtree(folder, ignore_errors=True)
    progress(plan.rows, plan.rows)


def _staged(
    product: Byname,
    lake: Connection,
    plan: Plan,
    folder: Path,
    now: int,
    progress: Callable[[int, int], None],
    step: Step,
) -> int:
    """Stage the rows below `folder`, unless they are; how many parts there are."""
    ready = folder / "ready.json"
    run = runs.find(product.home.store.read(), plan.id)
    if run is not None and ready.exists():
        return run.parts
    parts = run.parts if run else max(1, -(-plan.rows // PART_ROWS))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    progress(0, plan.rows)
    view = understood(lake, plan.file, plan.mapping, plan.types, now + product.home.settings.clock_ahead_s * SECOND)
    whose.see(product, lake, plan.mapping, view, now)
    step("seen")
    _stage(lake, plan.mapping, view, folder, parts)
    step("staged")
    if run is None:
        bad = refused.rows(lake, plan, view)
        begun = Run(plan.id, plan.file.name, plan.mapping.kind, plan.mapping.source, "running", plan.rows,
                    rows_quarantined=len(bad), parts=parts, started_at=now)  # fmt: skip

        def begin(db: Db) -> None:
            refused.put(db, product.keyring, plan.mapping.source, bad, now)
            runs.begin(db, begun)

        product.home.store.write(begin)
    ready.write_text(json.dumps({"parts": parts}))
    step("begun")
    return parts


def _stage(lake: Connection, mapping: Mapping, view: str, folder: Path, parts: int) -> None:
    """Good rows as Parquet by part; raw identifiers have become numbers."""
    columns = ORDER if mapping.kind == "orders" else EVENT
    listed = ", ".join(f"r.{c}" for c in (*columns, *(["currency"] if "currency" in mapping.columns else [])))
    raw = [f"i{n}" for n in range(len(mapping.identifiers))]
    owner = "coalesce(w.identifier, 0)" if raw else "0::bigint"
    same = " and ".join(f"r.{c} {'=' if len(raw) == 1 else 'is not distinct from'} w.{c}" for c in raw)
    joined = f"{view} r" + (f" left join whose w on {same}" if raw else "")
    number = f"cast(hash(r.named) % {parts} as bigint)" if parts > 1 else "0::bigint"
    for p in range(parts):
        (folder / f"part={p}").mkdir()
    query = f"select {listed}, {owner} as identifier, {number} as part from {joined} where r.why is null"
    if parts == 1:
        target = f"{literal(folder / 'part=0' / 'rows.parquet')} (format parquet, compression lz4)"
        lake.execute(f"copy ({query}) to {target}")
    else:
        target = f"{literal(folder)} (format parquet, compression lz4, partition_by (part), overwrite_or_ignore)"
        lake.execute(f"copy ({query}) to {target}")
