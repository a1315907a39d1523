"""How does a table that is no event (products, campaigns, promotions) come in? As one sealed file of the lake.

It replaces the table of that name, in one transaction: readers see the old one or the new one.
"""

from __future__ import annotations

from collections.abc import Callable

from byname.backfill import refused
from byname.backfill.planning import Plan, engine
from byname.encounter import Byname
from byname.lake import ledger
from byname.lake.duck import literal
from byname.lake.ledger import Step
from byname.store import Db
from byname.terms import BynameError
from byname.touchpoints import reading, runs
from byname.touchpoints.files import Mapping
from byname.touchpoints.runs import Run


def take(product: Byname, plan: Plan, now: int, progress: Callable[[int, int], None], step: Step) -> None:
    """Bring in a reference table, replacing the one before."""
    home, m = product.home, plan.mapping
    progress(0, 0)
    with engine(product) as lake, ledger.alone(home):
        query = f"select {_columns(m, plan)} from ({reading.relation(plan.file, m)})"
        _refuse_cards(lake, query, plan)
        tmp = home.lake / "reference" / m.table / f"{plan.id}.parquet.tmp"
        tmp.parent.mkdir(parents=True, exist_ok=True)
        lake.execute(f"copy ({query}) to {literal(tmp)} (format parquet, compression zstd)")
        bad = refused.no_rows(lake, plan)
        file = ledger.publish(home.lake, tmp, m.table, f"import:{plan.id}")
        step("written")

        total = file.rows + len(bad)

        def make_true(db: Db) -> None:
            ledger.remove(db, [s.path for s in ledger.segments(db, m.table)])
            ledger.record(db, [file], now)
            refused.put(db, product.keyring, m.source, bad, now)
            runs.begin(db, Run(plan.id, plan.file.name, m.kind, m.source, "running", total, file.rows, 0,
                               len(bad), 1, 1, now))  # fmt: skip

        home.store.write(make_true)
    progress(total, total)


def _columns(mapping: Mapping, plan: Plan) -> str:
    """All columns, or those under [columns] by their new names."""
    if not mapping.columns:
        return ", ".join(reading.quoted(c) for c in plan.types)
    return ", ".join(f"{reading.quoted(c)} as {reading.quoted(w)}" for w, (c, *_) in mapping.columns.items())


def _refuse_cards(lake: object, query: str, plan: Plan) -> None:
    """A payment card number in a reference table: the whole file is refused."""
    texts = [c for c, t in plan.types.items() if t == "VARCHAR"]
    for column in texts:
        name = reading.quoted(column)
        found = lake.execute(  # type: ignore[attr-defined]
            f"select 1 from ({reading.relation(plan.file, plan.mapping)})"
            f" where {reading.card_test(name, column)} limit 1"
        ).fetchall()
        if found:
            cure = "Take the column out of the file, or leave it out under [columns]"
            raise BynameError("A payment card number stands in this file", f"column {column}", cure)
