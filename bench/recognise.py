"""How long does it take to recognise a customer and have her brief, beside one bare indexed read?

    python -m bench.recognise [--customers 1000000] [--requests 4000] [--connections 4]

Both are answered by the same server process: `/bare` reads one row by its unique token and answers it as JSON,
`/v1/recognise` checks the API token, recognises, opens the name, combines the profile, writes the look-up down
durably and answers the brief. By turns. Budget: p99 within 3x.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import load, town

SETTINGS = 'rate_per_s = 1000000\nlog_level = "warning"\n'


def serve(port: int, folder: str) -> None:
    """The product, with one bare route beside it."""
    from byname.cli import serving
    from byname.encounter import Byname
    from byname.home import open_home
    from byname.web import app as web

    made = web.create_app

    def with_bare(product: Any, **more: Any) -> Any:
        inner, store = made(product, **more), product.home.store

        async def app(scope: Any, receive: Any, send: Any) -> None:
            if scope.get("path") != "/bare":
                await inner(scope, receive, send)
                return
            message = await receive()
            value = json.loads(message["body"])["value"]
            token = product.keyring.token(product.policy.index("loyalty"), value)
            row = store.read().row("select id, state, person from identifier where token = :t", t=token)
            body = json.dumps(row).encode()
            await send({"type": "http.response.start", "status": 200, "headers": [
                (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]})  # fmt: skip
            await send({"type": "http.response.body", "body": body})

        return app

    web.create_app = with_bare  # type: ignore[assignment]
    serving.serve(Byname(open_home(Path(folder))), serving.bound("127.0.0.1", port), json=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=1_000_000)
    options.add_argument("--requests", type=int, default=4000)
    options.add_argument("--connections", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="byname-bench-") as tmp:
        home = Path(tmp) / "home"
        took = town.timed_build(home, given.customers, SETTINGS)
        sys.stdout.write(f"{given.customers:,} customers with 4 identifiers each made in {took:.0f} s\n")
        secret = a_token(home)
        ratios = []
        with load.server(serve, str(home)) as (port, pid):
            for round_ in range(given.rounds):
                seen = {}
                for name in ("bare", "recognise"):
                    who = list(town.random_walk(given.customers, given.requests, round_))
                    sent = [bare(w) if name == "bare" else recognise(w, secret) for w in who]
                    m = load.drive(port, pid, sent, given.connections)
                    seen[name] = m
                    sys.stdout.write(
                        f"{name:10} p50 {m.quantile(0.5) * 1e3:6.2f} ms  p99 {m.quantile(0.99) * 1e3:6.2f} ms"
                        f"  {m.requests / m.seconds:7,.0f}/s  {m.server_cpu_s / m.requests * 1e6:6.0f} us CPU\n"
                    )
                ratios.append(seen["recognise"].quantile(0.99) / seen["bare"].quantile(0.99))
    sys.stdout.write(f"p99 of recognise is {statistics.median(ratios):.1f}x of a bare read (budget 3x)\n")


def bare(who: int) -> bytes:
    return load.request("POST", "/bare", json.dumps({"value": town.values(who)[1]}).encode())


def recognise(who: int, secret: str) -> bytes:
    asked = {"identifiers": [{"type": "loyalty", "value": town.values(who)[1], "proof": "possessed"}]}
    return load.request("POST", "/v1/recognise", json.dumps(asked).encode(), f"authorization: Bearer {secret}\r\n")


def a_token(folder: Path, scope: str = "recognise") -> str:
    from byname.encounter import public_id
    from byname.home import open_home
    from byname.trust import tokens

    with open_home(folder) as home:
        _, secret = home.store.write(
            lambda db: tokens.make(
                db, home.keys, name="till", scopes=[scope], now=time.time_ns() // 1000, new_id=public_id
            )
        )
        return str(secret)


if __name__ == "__main__":
    main()
