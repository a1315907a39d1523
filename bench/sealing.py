"""How long does sealing take, and does it keep up with what arrives?

    python -m bench.sealing [--events 50000] [--rounds 5]

Fresh events (two of three with two lines) sealed into the lake, against a bare fsync of the same bytes on the same
disk in the same round. The day waits for the last step of each transaction only: the longest is shown too.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.lake.world import arrive

from byname.home import open_home
from byname.lake import ledger
from byname.lake.seal import seal

NOW = 1_790_000_000_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| round | events | seal s | longest the day waited s | bare write and fsync s | events/s |")
    print("| --- | --- | --- | --- | --- | --- |")
    rates = []
    with tempfile.TemporaryDirectory(prefix="byname-bench-") as folder, open_home(Path(folder) / "home") as home:
        for number in range(options.rounds):
            arrive(home, options.events, seed=number, customers=20_000)
            seen: list[tuple[str, float]] = []
            start = time.perf_counter()
            sealed = seal(home, NOW + number, step=lambda s, seen=seen: seen.append((s, time.perf_counter())))
            took = time.perf_counter() - start
            held = max(b - a for (_, a), (s, b) in pairwise(seen) if s == "recorded")
            written = sum(s.bytes for s in ledger.segments(home.store.read()) if f"/{NOW + number}-" in s.path)
            bare = bare_write(Path(folder), written)
            rates.append(sealed.events / took)
            print(f"| {number + 1} | {sealed.events:,} | {took:.3f} | {held:.3f} | {bare:.4f} | {rates[-1]:,.0f} |")
    print(f"\nmedian {statistics.median(rates):,.0f} events/s")


def bare_write(folder: Path, size: int) -> float:
    """Seconds to write that many bytes to a file and sync it."""
    data = os.urandom(size)
    start = time.perf_counter()
    with (folder / "bare").open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
