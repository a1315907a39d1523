"""How fast is durable ingest, resolved and folded, against a bare handler that appends and commits the same bytes?

    python -m bench.ingest [--rounds 3] [--batches 300] [--customers 20000]

All run in uvicorn in a process of their own, SQLite with synchronous=FULL, batches of 100 over HTTP; by turns in
one run, so that the disk of the hour is the same for all. Two bare handlers: `bare` appends each event's bytes as a
row, `once` keeps them under their message id, the least that a store needs which takes a message once.
Budget: at least 1/3; never below 5,000 events/s.
"""

from __future__ import annotations

import argparse
import asyncio
import queue
import sqlite3
import statistics
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import msgspec

from bench import load

SIZE = 100
CONNECTIONS = 8


class Envelope(msgspec.Struct):
    batch: list[msgspec.Raw]


class Message(msgspec.Struct, rename="camel"):
    message_id: str


TABLES = {
    "bare": ("create table event (id integer primary key, body blob)", "insert into event (body) values (?)"),
    "once": (
        "create table event (id text primary key, body blob)",
        "insert into event (id, body) values (?, ?) on conflict do nothing",
    ),
}


def bare(port: int, folder: str, kind: str) -> None:
    """Take the batch apart, append every event's bytes, commit in a writer thread, answer."""
    import uvicorn

    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    decoder, inner = msgspec.json.Decoder(Envelope), msgspec.json.Decoder(Message)
    table, insert = TABLES[kind]

    def write() -> None:
        db = sqlite3.connect(f"{folder}/{kind}.db", isolation_level=None)
        for pragma in ("journal_mode = wal", "synchronous = full", "wal_autocheckpoint = 16000"):
            db.execute(f"pragma {pragma}").fetchall()
        db.execute(table)
        while True:
            taken = [waiting.get()]
            while not waiting.empty():
                taken.append(waiting.get())
            db.execute("begin immediate")
            db.executemany(insert, [row for rows, _, _ in taken for row in rows])
            db.execute("commit")
            for _, loop, done in taken:
                loop.call_soon_threadsafe(done.set_result, None)

    threading.Thread(target=write, daemon=True).start()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        raws = [bytes(r) for r in decoder.decode(body).batch]
        rows = [(r,) for r in raws] if kind == "bare" else [(inner.decode(r).message_id, r) for r in raws]
        waiting.put((rows, loop, done))
        await done
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"OK"})

    uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")


def byname(port: int, folder: str) -> None:
    """The product as `byname serve` runs it."""
    from byname.cli import serving
    from byname.encounter import Byname
    from byname.home import open_home

    serving.serve(Byname(open_home(Path(folder))), serving.bound("127.0.0.1", port), json=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--batches", type=int, default=300)
    options.add_argument("--customers", type=int, default=20_000)
    given = options.parse_args()
    rates: dict[str, list[float]] = {"bare": [], "once": [], "byname": []}
    cpu: dict[str, list[float]] = {"bare": [], "once": [], "byname": []}
    with tempfile.TemporaryDirectory(prefix="byname-bench-") as tmp:
        home = Path(tmp) / "home"
        key = a_home(home)
        with (
            load.server(bare, tmp, "bare") as plain,
            load.server(bare, tmp, "once") as once,
            load.server(byname, str(home)) as ours,
        ):
            warm(ours, key, given.customers)
            for round_ in range(given.rounds):
                bodies = load.batches(given.batches, SIZE, given.customers, round_ + 1, key)
                sent = [load.request("POST", "/v1/batch", b) for b in bodies]
                for name, (port, pid) in (("bare", plain), ("once", once), ("byname", ours)):
                    m = load.drive(port, pid, sent, CONNECTIONS)
                    rates[name].append(m.requests * SIZE / m.seconds)
                    cpu[name].append(m.server_cpu_s / (m.requests * SIZE) * 1e6)
                    sys.stdout.write(
                        f"{name:8} {rates[name][-1]:9,.0f} events/s  {cpu[name][-1]:6.1f} us CPU an event"
                        f"  p50 {m.quantile(0.5) * 1e3:.1f} ms  p99 {m.quantile(0.99) * 1e3:.1f} ms\n"
                    )
    for base in ("bare", "once"):
        ratio = statistics.median(b / a for a, b in zip(rates[base], rates["byname"], strict=True))
        sys.stdout.write(f"{ratio:.2f} of the handler `{base}` (median of {given.rounds} rounds; budget 0.33)\n")


def a_home(folder: Path) -> str:
    from byname.home import open_home
    from byname.touchpoints import sources

    folder.mkdir()
    (folder / "byname.toml").write_text('rate_per_s = 1000000\nlog_level = "warning"\n')
    with open_home(folder) as home:
        return home.store.write(lambda db: sources.create(db, home.keys, "shop", now=1))


def warm(server: tuple[int, int], key: str, customers: int) -> None:
    """Every customer was there before, as on any working day."""
    bodies = load.introductions(customers, 400, key)
    load.drive(*server, [load.request("POST", "/v1/batch", b) for b in bodies], CONNECTIONS)


if __name__ == "__main__":
    main()
