"""What is left when the server is killed at any moment? A real server under load, SIGKILL, start again, many times.

    python -m tests.faults.killing --rounds 200            SQLite
    python -m tests.faults.killing --rounds 20 --postgres

Every message that was acknowledged must be there, once; everything derived must be the fold of its events.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import multiprocessing
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from byname import rebuild
from byname.encounter import Byname, message_digest
from byname.home import open_home
from byname.lake import duck
from byname.touchpoints import sources
from tests import grounds

PRELOAD = ["byname.web.app", "byname.cli.serving", "uvicorn"]
CLIENTS = 3
SETTINGS = "fresh_rows = 40\nrate_per_s = 1000000\n"


def serve(folder: str, port: int) -> None:
    """The server as `byname serve` runs it, sealing as often as it can."""
    from byname import learn
    from byname.cli import serving

    learn.EVERY_S = 0.05
    with contextlib.redirect_stdout(io.StringIO()):
        serving.serve(Byname(open_home(Path(folder))), serving.bound("127.0.0.1", port), json=True)


class Client(threading.Thread):
    """Sends small batches as fast as it can; remembers what was acknowledged, sends again what was not."""

    def __init__(self, port: int, key: str, number: int, seed: int) -> None:
        super().__init__(daemon=True)
        self.port, self.key, self.number, self.rng = port, key, number, random.Random(seed)
        self.acknowledged: list[str] = []
        self.stopping = threading.Event()
        self.sent = 0

    def run(self) -> None:
        body = self.batch()
        while not self.stopping.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                while not self.stopping.is_set():
                    connection.request("POST", "/v1/batch", json.dumps(body), {"content-type": "application/json"})
                    answer = connection.getresponse()
                    told = json.loads(answer.read())
                    if answer.status == 200:
                        assert told["accepted"] + told["repeated"] == len(body["batch"]), told
                        self.acknowledged += [e["messageId"] for e in body["batch"]]
                        body = self.batch()
            except (OSError, http.client.HTTPException, json.JSONDecodeError):
                self.stopping.wait(0.01)
            finally:
                connection.close()

    def batch(self) -> dict[str, object]:
        """Sales, visits and sign-ins of a small town, so that people join while the server dies."""
        events = []
        for _ in range(self.rng.randint(1, 8)):
            self.sent += 1
            who, device = self.rng.randrange(200), self.rng.randrange(300)
            message = {"messageId": f"k{self.number}-{self.sent}", "anonymousId": f"d{device}", "type": "track"}
            kind = self.rng.randrange(4)
            if kind == 0:
                message |= {"type": "identify", "userId": f"u{who}", "traits": {"email": f"p{who}@shop.example"}}
            elif kind == 1:
                message |= {"event": "Order Completed", "userId": f"u{who}", "properties": {
                    "order_id": f"o{self.number}-{self.sent}", "total": 12.5, "currency": "EUR",
                    "products": [{"product_id": "p1", "price": 12.5, "quantity": 1}]}}  # fmt: skip
            elif kind == 2:
                message |= {"event": "Product Added", "properties": {"product_id": "p2", "price": 1}}
            else:
                message |= {"event": "Page Viewed"}
            events.append(message)
        return {"writeKey": self.key, "batch": events}


def soak(folder: Path, rounds: int, seed: int = 1) -> dict[str, int]:
    """Kill and start again `rounds` times; then look. Raises AssertionError when a law does not hold."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOAD)
    rng = random.Random(seed)
    key = a_source(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    clients = [Client(port, key, n, seed * 100 + n) for n in range(CLIENTS)]
    for client in clients:
        client.start()
    kills = 0
    for n in range(rounds):
        process = context.Process(target=serve, args=(str(folder), port))
        process.start()
        before = sum(len(c.acknowledged) for c in clients)
        deadline = time.monotonic() + 30
        while sum(len(c.acknowledged) for c in clients) == before and time.monotonic() < deadline:
            time.sleep(0.005)
        assert process.is_alive(), f"the server did not start again after kill {n}"
        time.sleep(rng.random() * 0.25)
        process.kill()
        process.join()
        kills += 1
    for client in clients:
        client.stopping.set()
    for client in clients:
        client.join()
    return {"kills": kills, **look(folder, [m for c in clients for m in c.acknowledged])}


def a_source(folder: Path) -> str:
    with open_home(folder) as home:
        return home.store.write(lambda db: sources.create(db, home.keys, "shop", now=1))


def look(folder: Path, acknowledged: list[str]) -> dict[str, int]:
    """Is every acknowledged message there once, and is everything derived what it should be?"""
    with open_home(folder) as home:
        product = Byname(home)
        lake = duck.open_lake(home)
        found = [bytes(i) for (i,) in lake.execute("select id from event").fetchall()]
        lake.close()
        lost = {message_digest(m) for m in acknowledged} - set(found)
        assert not lost, f"{len(lost)} acknowledged messages are lost"
        assert len(found) == len(set(found)), "a message is there twice"
        wrong = [f for f in rebuild.check(product) if f.wrong]
        assert not wrong, wrong
        return {"acknowledged": len(acknowledged), "events": len(found)}


@contextlib.contextmanager
def a_home(postgres: bool) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="byname-kill-") as tmp:
        folder = Path(tmp) / "home"
        folder.mkdir()
        if not postgres:
            (folder / "byname.toml").write_text(SETTINGS)
            yield folder
            return
        with grounds.server() as server, grounds.database(server, "byname_kill") as url:
            (folder / "byname.toml").write_text(f'{SETTINGS}database = "{url}"\n')
            yield folder


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=200)
    options.add_argument("--postgres", action="store_true")
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    with a_home(given.postgres) as folder:
        start = time.monotonic()
        told = soak(folder, given.rounds, given.seed)
        sys.stdout.write(f"{told} in {time.monotonic() - start:.0f} s: nothing lost, nothing doubled\n")


if __name__ == "__main__":
    main()
