"""How is a server put under load without the load being the limit? Ready-made requests over kept connections.

Shared by the benchmarks: starts servers as processes of their own and counts answers per second.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import multiprocessing
import random
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

PRODUCTS = [f"p{n}" for n in range(5000)]


class Measured(NamedTuple):
    """What a load saw. Latencies in seconds, sorted."""

    requests: int
    seconds: float
    latencies: tuple[float, ...]
    server_cpu_s: float

    def quantile(self, q: float) -> float:
        return self.latencies[min(len(self.latencies) - 1, int(q * len(self.latencies)))]


def event(rng: random.Random, number: str, customers: int, who: int = -1) -> dict[str, Any]:
    """One event of a shop's web and app, about 500 bytes: six of ten browse, three sign in or add, one buys."""
    who = rng.randrange(customers) if who < 0 else who
    base = {
        "type": "track", "messageId": f"msg-{number}-{rng.getrandbits(64):016x}", "anonymousId": f"device-{who:08d}",
        "userId": f"user-{who:08d}", "timestamp": "2026-11-21T10:00:00.000Z",
        "context": {"library": {"name": "analytics.js", "version": "2.1.0"}, "locale": "en-GB",
                    "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0"},
    }  # fmt: skip
    kind = rng.randrange(10)
    if kind < 6:
        return base | {"event": "Product Viewed", "properties": {
            "product_id": rng.choice(PRODUCTS), "category": "Games", "name": "Monopoly: 3rd Edition", "price": 19.0,
            "url": "https://shop.example/product/path"}}  # fmt: skip
    if kind < 9:
        return base | {"event": "Product Added", "properties": {
            "cart_id": f"c{who}", "product_id": rng.choice(PRODUCTS), "quantity": 1, "price": 18.99}}  # fmt: skip
    products = [{"product_id": rng.choice(PRODUCTS), "price": 5.25, "quantity": 2} for _ in range(3)]
    return base | {"event": "Order Completed", "properties": {
        "order_id": f"o-{number}", "affiliation": "Shop 12", "total": 31.5, "currency": "GBP",
        "products": products}}  # fmt: skip


def batches(count: int, size: int, customers: int, seed: int, key: str) -> list[bytes]:
    """Bodies of /v1/batch, every message id used once."""
    rng = random.Random(seed)
    return [
        json.dumps(
            {"writeKey": key, "sentAt": "2026-11-21T10:00:01.000Z",
             "batch": [event(rng, f"{seed}-{b}-{n}", customers) for n in range(size)]}
        ).encode()
        for b in range(count)
    ]  # fmt: skip


def introductions(customers: int, size: int, key: str) -> list[bytes]:
    """Bodies in which every customer turns up once, so that a load meets nobody new."""
    rng = random.Random(0)
    everyone = [event(rng, f"0-{who}", customers, who) for who in range(customers)]
    return [
        json.dumps({"writeKey": key, "batch": everyone[start : start + size]}).encode()
        for start in range(0, customers, size)
    ]


def request(method: str, path: str, body: bytes, headers: str = "") -> bytes:
    return (
        f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + body


@contextlib.contextmanager
def server(target: Callable[..., None], *given: Any) -> Iterator[tuple[int, int]]:
    """Run `target(port, *given)` in a process of its own; its port and process id once it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=target, args=(port, *given))
    process.start()
    try:
        wait_for(port)
        assert process.pid is not None
        yield port, process.pid
    finally:
        process.terminate()
        process.join(30)


def wait_for(port: int, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("the server does not listen")


def drive(port: int, pid: int, requests: Sequence[bytes], connections: int, accept: bytes = b" 200 ") -> Measured:
    """Send every request over `connections` kept connections, one at a time each; all must be answered with 200."""
    return asyncio.run(_drive(port, pid, requests, connections, accept))


async def _drive(port: int, pid: int, requests: Sequence[bytes], connections: int, accept: bytes) -> Measured:
    queue, latencies = iter(requests), []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for sent in queue:
            start = time.perf_counter()
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            assert accept in head.split(b"\r\n", 1)[0], head
            length = int(head.lower().split(b"content-length: ", 1)[1].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
            latencies.append(time.perf_counter() - start)
        writer.close()

    cpu, start = cpu_s(pid), time.perf_counter()
    await asyncio.gather(*(one() for _ in range(connections)))
    return Measured(len(requests), time.perf_counter() - start, tuple(sorted(latencies)), cpu_s(pid) - cpu)


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far (proc(5), fields 14 and 15)."""
    import os

    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
