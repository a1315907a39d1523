"""How long does it take to read a customer while events pour in, beside the same without them?

    python -m bench.reading [--customers 100000] [--requests 400] [--rate 2000]

`GET /v1/customers/{id}` (identifiers, traits, profile, consents, brief; the look logged durably) over two connections,
by turns alone and while another process sends events in batches of 100 at a steady rate.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path

from bench import ingest, load, town
from bench.recognise import SETTINGS, a_token

SIZE = 100


def pour(port: int, key: str, rate: int, seconds: float, customers: int) -> None:
    """Send `rate` events a second for so long, in batches of 100."""
    import http.client

    bodies = load.batches(int(rate * seconds / SIZE) + 1, SIZE, customers, 99, key)
    connection = http.client.HTTPConnection("127.0.0.1", port)
    start = time.perf_counter()
    for n, body in enumerate(bodies):
        time.sleep(max(0.0, start + n * SIZE / rate - time.perf_counter()))
        connection.request("POST", "/v1/batch", body, {"content-type": "application/json"})
        connection.getresponse().read()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=100_000)
    options.add_argument("--requests", type=int, default=400)
    options.add_argument("--rate", type=int, default=2000)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="byname-bench-") as tmp:
        home = Path(tmp) / "home"
        town.build(home, given.customers, SETTINGS)
        secret, key = a_token(home, "profile"), a_source(home)
        ids = some_ids(home, given.requests)
        sent = [load.request("GET", f"/v1/customers/{i}", b"", f"authorization: Bearer {secret}\r\n") for i in ids]
        seen: dict[str, list[load.Measured]] = {"alone": [], "while ingesting": []}
        with load.server(ingest.byname, str(home)) as (port, pid):
            load.drive(port, pid, sent[:50], 2)
            for _ in range(given.rounds):
                seen["alone"].append(load.drive(port, pid, sent, 2))
                busy = multiprocessing.get_context("spawn").Process(
                    target=pour, args=(port, key, given.rate, 6.0, given.customers)
                )
                busy.start()
                time.sleep(2)
                seen["while ingesting"].append(load.drive(port, pid, sent, 2))
                busy.join()
    for name, rounds in seen.items():
        p50, p99 = (statistics.median(m.quantile(q) for m in rounds) * 1e3 for q in (0.5, 0.99))
        sys.stdout.write(f"{name:16} p50 {p50:6.2f} ms  p99 {p99:6.2f} ms\n")
    ratio = statistics.median(
        b.quantile(0.99) / a.quantile(0.99) for a, b in zip(seen["alone"], seen["while ingesting"], strict=True)
    )
    sys.stdout.write(f"p99 while {given.rate:,} events a second come in is {ratio:.1f}x of p99 alone\n")


def a_source(folder: Path) -> str:
    from byname.home import open_home
    from byname.touchpoints import sources

    with open_home(folder) as home:
        return home.store.write(lambda db: sources.create(db, home.keys, "shop", now=1))


def some_ids(folder: Path, count: int) -> list[str]:
    from byname.home import open_home

    with open_home(folder, read_only=True) as home:
        rows = home.store.read().rows("select public_id from identifier where person = id limit :n", n=count)
        return [i for (i,) in rows]


if __name__ == "__main__":
    main()
