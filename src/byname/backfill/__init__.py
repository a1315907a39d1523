"""How does history come in? A file and a mapping: looked at first, then taken set-wise, part by part.

    made = plan(product, Path("sales.csv"), load(Path("sales.toml")), now=now)      # a dry run: nothing is written
    run(product, made, now=now, progress=lambda done, total: ...)

The same file by the same mapping is one import: after a crash it goes on where it was, and once done it is quick and
changes nothing. What comes in is what the same events would have left one by one (encounter), to the row.
"""

from __future__ import annotations

from collections.abc import Callable

from byname.backfill import history, reference, telling
from byname.backfill.planning import Bad, Plan, check_file, plan
from byname.encounter import Byname
from byname.lake.ledger import Step, nothing
from byname.touchpoints import runs
from byname.touchpoints.runs import Run

__all__ = ["Bad", "Plan", "Run", "check_file", "plan", "run"]

Progress = Callable[[int, int], None]


def run(
    product: Byname,
    plan: Plan,
    *,
    now: int,
    progress: Progress = lambda done, total: None,
    step: Step = nothing,
) -> Run:
    """Take in what a plan describes, and say what became of its rows. `step` is for tests that kill it."""
    db = product.home.store.read()
    known = runs.find(db, plan.id)
    if known is not None and known.state == "done":
        progress(known.rows_total, known.rows_total)
        return known
    mapping = plan.mapping
    product.home.store.write(lambda db: runs.make_source(db, product.keyring, mapping.source, mapping.touchpoint, now))
    take = {"orders": history.take, "events": history.take, "traits": telling.take, "reference": reference.take}
    take[mapping.kind](product, plan, now, progress, step)
    product.home.store.write(lambda db: runs.end(db, plan.id, now))
    done = runs.find(db, plan.id)
    assert done is not None
    return done
