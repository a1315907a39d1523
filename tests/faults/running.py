"""A byname that runs as its own process, and one who talks to it: for what can only be seen from outside."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

STOPS_WITHIN_S = 30  # a stop that takes longer is none


class Told(NamedTuple):
    """An answer: status, headers in lower case, body as JSON."""

    status: int
    headers: dict[str, str]
    body: Any


class Server:
    """`byname serve` on a home, on a free port."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "byname", "serve", "--home", str(folder), "--port", "0", "--json"],
                stdout=subprocess.PIPE, stderr=file, text=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, log.read_text("utf-8")
        self.port = urlsplit(json.loads(line)["url"]).port or 0

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        raw = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, raw, {"content-type": "application/json", **headers})
            answer = connection.getresponse()
            return Told(answer.status, {k.lower(): v for k, v in answer.getheaders()}, json.loads(answer.read()))
        finally:
            connection.close()

    def send(self, key: str, *calls: dict[str, Any]) -> Told:
        """A batch to the tracking interface."""
        return self.ask("POST", "/v1/batch", {"writeKey": key, "batch": list(calls)})

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop, as a service manager does; its exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOPS_WITHIN_S)


@contextmanager
def serving(folder: Path, log: Path) -> Iterator[Server]:
    """A server that is gone afterwards, whatever happens."""
    server = Server(folder, log)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        assert server.process.stdout is not None
        server.process.stdout.close()
