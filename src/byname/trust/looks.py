"""How is a look written down before it is answered, without waiting for the disk?

A look-up at a till must not wait for an fsync, and none may go unlogged. So the line goes into a file of this process
first (one `write`, which outlives the process however it dies), and a moment later into the table with its like.
A start takes over what a process left behind: what is in the table already is not logged twice.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from byname.store import Db, DbGone, Store
from byname.trust import audit
from byname.trust.audit import Look

MOST_BYTES = 1 << 20  # from here on the file is emptied when nothing waits
SOON_S = 0.01


class Looks:
    """The journal of one process, in a folder of the home."""

    def __init__(self, folder: Path, store: Store) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._store, self._lock = store, threading.Lock()
        self._waiting: list[Look] = []
        self._bytes = 0
        self._soon = self._failed = False  # a hand-over is on its way; the last one did not go through
        self._path, self._file = begun(folder)
        for left in self._left_behind(folder):
            looks = list(read(left))
            store.write(lambda db, looks=looks: audit.log(db, missing(db, looks)))  # type: ignore[misc]
            left.unlink(missing_ok=True)

    def note(self, look: Look) -> None:
        """Write one look down. Returns when it can no longer be lost by this process; DbGone when it could not be."""
        line = msgspec.json.encode(look) + b"\n"
        with self._lock:
            self._write(line)
            self._waiting.append(look)
            if not self._soon:
                self._soon = True
                threading.Timer(SOON_S, self.hand_over).start()

    def _write(self, line: bytes) -> None:
        """The whole line or nothing of it: half a line would spoil the next."""
        try:
            written = os.write(self._file, line)
            if written < len(line):
                os.ftruncate(self._file, self._bytes)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            cure = "Free some space; what cannot be logged is not shown"
            raise DbGone("The disk takes no note of a look", error.strerror or "", cure) from error
        self._bytes += written

    def hand_over(self) -> None:
        """Everything that waits into the table, in one transaction; the file is emptied when nothing came since.

        What does not go through waits for the next look; should this process end before, the file still holds it.
        """
        with self._lock:
            looks, self._waiting = self._waiting, []
            again, self._soon = self._failed, False
        try:  # a commit whose answer was cut off may have gone through
            self._store.write(lambda db: audit.log(db, missing(db, looks) if again else looks))
        except Exception:
            with self._lock:
                self._waiting[:0] = looks
                self._failed = True
            return
        with self._lock:
            self._failed = False
            if not self._waiting and self._bytes > MOST_BYTES:
                os.ftruncate(self._file, 0)
                self._bytes = 0

    def _left_behind(self, folder: Path) -> Iterator[Path]:
        """Journals whose process is gone: nobody holds their lock."""
        for path in folder.glob("*.jsonl"):
            if path == self._path:
                continue
            with suppress(FileNotFoundError), path.open("r+b") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                if path.exists():  # else another start was quicker
                    yield path


def begun(folder: Path) -> tuple[Path, int]:
    """A new journal, locked; made again when another start took it for left behind before it was."""
    while True:
        path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists():
            return path, file
        os.close(file)


def leave(folder: Path, look: Look) -> None:
    """Note one look beside the process that has the home; the next start takes it over. DbGone when it cannot be."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path, file = begun(folder)
    try:
        os.write(file, msgspec.json.encode(look) + b"\n")
        os.fsync(file)
    except OSError as error:
        path.unlink()
        cure = "Free some space; what cannot be logged is not shown"
        raise DbGone("The disk takes no note of a look", error.strerror or "", cure) from error
    finally:
        os.close(file)


def read(path: Path) -> Iterator[Look]:
    """The looks of a journal; a last line cut off by a power failure is none."""
    for line in path.read_bytes().splitlines():
        try:
            yield Look(*msgspec.json.decode(line, type=tuple[int, str, str, str, str, str, str]))
        except msgspec.DecodeError:
            return


def missing(db: Db, looks: list[Look]) -> list[Look]:
    """Those that are not in the table yet."""
    at = [look.occurred_at for look in looks]
    known = set(
        db.rows(
            "select occurred_at, actor, action, customer, purpose, terminal, outcome from audit"
            " where occurred_at in :at_",
            at_=at,
        )
    )
    return [look for look in looks if tuple(look) not in known]
