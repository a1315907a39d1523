"""How does the server run in the foreground, say that it is open, and stop without losing anything?"""

from __future__ import annotations

import gc
import json as json_
import logging
import signal
import socket
import sys
from typing import TYPE_CHECKING

import click

from byname.cli.frame import new_id, now

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


def serve(product: Byname, taken: socket.socket, *, json: bool) -> None:
    """Answer on a socket of `bound` until SIGINT or SIGTERM, then finish what is under way and return."""
    import structlog
    import uvicorn

    from byname import forget
    from byname.learn import Tide
    from byname.web.app import create_app

    logs(product.home.settings.log_level)
    forget.resume(product.home, now=now())
    product.looks.hand_over()  # what a process that died had noted is taken over now, not at the next look

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
    tide = Tide(product, now)
    tide.failed = lambda error: structlog.get_logger("byname").error("sealing", kind=type(error).__name__)
    tide.start()
    sys.setswitchinterval(0.0005)  # a look-up must not wait 5 ms for the writer to let go of the interpreter
    gc.freeze()  # what is loaded stays: the collector need not look at it again
    gc.set_threshold(100_000, 50, 100)  # events come and go by the thousand and hold no cycles
    try:
        Announcing(config).run(sockets=[taken])
    finally:
        gc.unfreeze()  # DuckDB tells of what is left when the process ends
        tide.stop()


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
    from byname.trust import staff

    secret = home.store.write(lambda db: staff.first_link(db, home.keys, now=now(), new_id=new_id))
    link = link_address(home, secret, port) if secret else ""
    if json:
        click.echo(json_.dumps({"url": address(home, port), "welcome": link}))
        return
    click.echo(f"byname is open at {address(home, port)} (Ctrl-C stops it)")
    if link:
        click.echo(f"Sign in for the first time, and choose your password, here:\n\n  {link}\n")


def logs(level: str) -> None:
    """Structured logs on the error stream: for people at a terminal, else one JSON object a line."""
    import structlog

    from byname.terms import BynameError

    levels = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
    if level not in levels:
        raise BynameError(f"Unknown log_level '{level}'", cure=f"Known: {', '.join(levels)}")
    people = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer() if people else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(levels[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
