"""Into which files of the lake do a part's events and lines go?

Straight from the query into the file: lines are never a table of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from byname.backfill.planning import Plan
from byname.encounter import Byname
from byname.lake import ledger, shape
from byname.lake.duck import Connection, literal
from byname.lake.ledger import Segment
from byname.terms import DAY

Rows = list[tuple[object, ...]]


def files(product: Byname, lake: Connection, plan: Plan, number: int) -> list[Segment]:
    """The part's events and lines as sealed files, two at a time: one file keeps one core busy."""
    folder = product.home.lake

    def one(cut: Cut) -> Segment:
        with lake.cursor() as hand:
            tmp = folder / cut.table / cut.folder / f"{plan.id}-{number:05d}.parquet.tmp"
            tmp.parent.mkdir(parents=True, exist_ok=True)
            hand.execute(f"copy ({cut.query}) to {literal(tmp)} (format parquet, compression zstd)")
        return ledger.publish(folder, tmp, cut.table, f"import:{plan.id}")

    with ThreadPoolExecutor(HANDS) as hands:
        return list(hands.map(one, _cuts(lake)))


class Cut(NamedTuple):
    """One file to write: the rows of a table in one period."""

    table: str
    folder: str
    query: str


def _cuts(lake: Connection) -> Iterator[Cut]:
    """By day, or by month or year where days are thin."""
    events, lines, days = lake.execute(
        f"select count(*), coalesce(sum(lines), 0)::bigint, count(distinct occurred_at // {DAY}) from event"
    ).fetchall()[0]
    for table, count in (("event", events), ("line", lines)):
        unit = shape.period(count, days)
        columns = ", ".join(shape.SCHEMAS[table].names)
        for label, start, end, first, last in _periods(lake, unit) if count else ():
            within = f"occurred_at >= {start} and occurred_at < {end}"
            query = (
                f"select {columns} from event where {within} order by identifier, occurred_at"
                if table == "event"
                else f"select {columns} from item where {within} and file_row between {first} and {last}"
            )
            yield Cut(table, f"{unit}={label}", query)


def _periods(lake: Connection, unit: str) -> Rows:
    """Days, months or years of the events: name, start and end in microseconds, first and last row in the file."""
    return lake.execute(f"""
        select strftime(start, '{FORM[unit]}'), epoch_us(start), epoch_us(start + interval 1 {unit}), first, last from (
            select date_trunc('{unit}', make_timestamp(day * {DAY})) as start, min(first) as first, max(last) as last
            from (
                select occurred_at // {DAY} as day, min(first_row) as first, max(last_row) as last
                from event group by day)
            group by start)
        order by 1""").fetchall()


HANDS = 2
FORM = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
