"""How does the server run in the foreground, say that it is open, and stop without losing anything?"""

from __future__ import annotations

import json as json_
import signal
import socket
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from byname.encounter import Byname
    from byname.home import Home

STOP_WITHIN_S = 20  # for requests under way; what was acknowledged is on disk anyway


def address(home: Home, port: int = 0) -> str:
    """Where people reach this home: the public address if one is set, else host and port."""
    settings = home.settings
    return str(settings.public_url or f"http://{settings.host}:{port or settings.port}").rstrip("/")


def link_address(home: Home, secret: str, port: int = 0) -> str:
    """The page where the holder of a one-time secret chooses a password."""
    return f"{address(home, port)}/welcome/{secret}"


def serve(product: Byname, host: str, port: int, *, json: bool) -> None:
    """Answer until SIGINT or SIGTERM, then finish what is under way and return."""
    import uvicorn

    from byname.web.app import create_app

    taken = bound(host, port)

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            announce(product.home, taken.getsockname()[1], json)

    config = uvicorn.Config(
        create_app(product),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
    )
    # uvicorn raises the signal again when it is done: without a handler of our own that would end the process
    # before the home is closed
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    Announcing(config).run(sockets=[taken])


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; 0 takes a free port."""
    from byname.terms import BynameError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        reason = error.strerror if isinstance(error, OSError) else "no such port"
        cure = "Stop what listens there, or take another: --port 8766 (0: any free one)"
        raise BynameError("byname cannot listen here", f"{host}:{port}, {reason}", cure) from None
    return taken


def announce(home: Home, port: int, json: bool) -> None:
    """Say where the server is and, while nobody can sign in yet, by which link the owner does."""
    from byname.cli.frame import new_id, now
    from byname.trust import staff

    secret = home.store.write(lambda db: staff.first_link(db, home.keys, now=now(), new_id=new_id))
    link = link_address(home, secret, port) if secret else ""
    if json:
        click.echo(json_.dumps({"url": address(home, port), "welcome": link}))
        return
    click.echo(f"byname is open at {address(home, port)} (Ctrl-C stops it)")
    if link:
        click.echo(f"Sign in for the first time, and choose your password, here:\n\n  {link}\n")
