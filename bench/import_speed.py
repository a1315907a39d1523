"""How fast does history come in, against DuckDB alone copying the same file to Parquet?

    python -m bench.import_speed [--rounds 3] [--blowup LINES] [--csv]

The sample's till lines (1.47M), or a blow-up of them to any number of lines in which every copy has customers and
receipts of its own. Copy and import by turns in one run, each in a process of its own; the import recognises, folds,
seals and commits. Budget: at least 1/4 of the copy's rate. An empty home is made before the clock starts (half a second
for its schema, however long the file); what it took and the rate with it are told too. Sealing: bench/sealing.py.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from byname import backfill, sample
from byname.encounter import Byname
from byname.home import open_home
from byname.lake import duck
from byname.touchpoints import files

NOW = 1_790_000_000_000_000
Work = Callable[[], None]


class Cost(NamedTuple):
    """Seconds of wall clock and CPU, MB of memory at most, and CPU seconds of what had to be there before."""

    wall: float
    cpu: float
    peak: float
    before: float


def copy(file: str, folder: str) -> Work:
    """DuckDB alone: the same file as Parquet, zstd."""

    def work() -> None:
        with duck.connect() as lake:
            lake.execute(f"copy (select * from {duck.literal(file)}) to '{folder}/copy.parquet' (compression zstd)")

    return work


def bring_in(file: str, folder: str) -> Work:
    """byname: the file by its mapping, into an empty home."""
    home = open_home(Path(folder) / "home")

    def work() -> None:
        with home:
            product = Byname(home)
            mapping = files.load(sample.MAPPINGS / "transactions.toml")
            backfill.run(product, backfill.plan(product, Path(file), mapping, now=NOW, look=False), now=NOW)

    return work


def measured(prepare: Callable[[str, str], Work], file: Path) -> Cost:
    """What a work costs in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="byname-bench-") as folder:
        pipe, end = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_timed, args=(prepare, str(file), folder, end))
        process.start()
        end.close()  # else a work that dies would be waited for
        found: Cost = pipe.recv()
        process.join()
    return found


def _timed(prepare: Callable[[str, str], Work], file: str, folder: str, pipe: Any) -> None:
    began = time.process_time()
    work = prepare(file, folder)
    start, cpu = time.perf_counter(), time.process_time()
    work()
    wall, spent = time.perf_counter() - start, time.process_time() - cpu
    pipe.send(Cost(wall, spent, _peak(), cpu - began))


def _peak() -> float:
    """MB of memory at most. Not getrusage: after an exec it still has what the parent held."""
    (line,) = [line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def blown_up(folder: Path, lines: int, *, csv: bool) -> Path:
    """Copies of the sample's lines until there are `lines` of them, in the order of time, as a till writes them."""
    source = duck.literal(sample.folder() / "transactions.parquet")
    path = folder / f"lines.{'csv' if csv else 'parquet'}"
    with duck.connect(folder) as lake:
        lake.execute(f"create table once as select *, dense_rank() over (order by basket_id) as b from {source}")
        copies = -(-lines // 1_469_307)
        form = "(format csv, header)" if csv else "(format parquet, compression zstd)"
        lake.execute(
            "copy (select household_id + c * 10000 as household_id, store_id, 1000000000 + c * 200000 + b as basket_id,"
            " product_id, quantity, sales_value, retail_disc, coupon_disc, coupon_match_disc, week,"
            f" transaction_timestamp from once, range({copies}) t(c)"
            f" order by transaction_timestamp, basket_id, product_id limit {lines}) to {duck.literal(path)} {form}"
        )
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--blowup", type=int, default=0, metavar="LINES")
    parser.add_argument("--csv", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="byname-bench-") as scratch:
        if options.blowup or options.csv:
            file = blown_up(Path(scratch), options.blowup or 1_469_307, csv=options.csv)
        else:
            file = sample.folder() / "transactions.parquet"
        rounds = [(measured(copy, file), measured(bring_in, file)) for _ in range(options.rounds)]
    print("| | wall s | CPU s | memory MB |\n| --- | --- | --- | --- |")
    for name, each in zip(("DuckDB copies", "byname imports"), zip(*rounds, strict=True), strict=True):
        wall, cpu, peak = (statistics.median(cost[n] for cost in each) for n in range(3))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {peak:,.0f} |")
    wall, cpu = (statistics.median(c[n] / i[n] for c, i in rounds) for n in range(2))
    print(f"\nrate of the import over the copy's: wall {wall:.3f}, CPU {cpu:.3f} (budget 0.25)")
    home = statistics.median(i.before for _, i in rounds)
    whole = statistics.median(c.cpu / (i.cpu + i.before) for c, i in rounds)
    print(f"the empty home before it: {home:.2f} s of CPU; with it CPU {whole:.3f}")


if __name__ == "__main__":
    main()
