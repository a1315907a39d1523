"""What does an open home hold? A folder with byname.toml, day.db, lake/ and keys/ (design, section 5)."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from byname import settings as settings_
from byname.keyring import Keyring, open_keyring
from byname.settings import Settings
from byname.store import Store, open_store
from byname.store.migrate import migrate
from byname.terms import BynameError, HomeInUse


@dataclass
class Home:
    """Everything a flow needs of the ground. Close it."""

    path: Path
    settings: Settings
    keys: Keyring
    store: Store
    _lock: IO[str] | None = field(default=None, repr=False)
    read_only: bool = False

    @property
    def lake(self) -> Path:
        return self.path / "lake"

    def close(self) -> None:
        self.store.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Home:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


OURS = {
    "byname.toml",
    "identity.toml",
    "keys",
    "lake",
    "lock",
    "looks",
    "day.db",
    "day.db-wal",
    "day.db-shm",
    "lost+found",
}


def is_home(path: Path) -> bool:
    """Is there a home, or the settings for one?"""
    return (path / "byname.toml").exists() or (path / "keys").exists()


def check_free(path: Path) -> None:
    """A home is made in a folder of its own. Errors: BynameError when the folder holds something else."""
    if path.is_dir() and (other := sorted({p.name for p in path.iterdir()} - OURS)):
        cure = "Name a new or an empty folder with --home, or put a byname.toml there if it shall be a home"
        raise BynameError("This folder is no byname home, and it is not empty", f"{path} holds {other[0]}", cure)


def open_home(path: Path, *, read_only: bool = False, create: bool = True) -> Home:
    """Open (or make) a home. On SQLite one process may write; readers may join it at any time."""
    known = is_home(path)
    if not known and not create:
        raise BynameError("No byname home here", str(path), "Make one with `byname run --home FOLDER`")
    if not known and not read_only:
        check_free(path)
    settings = settings_.load(path / "byname.toml")
    if read_only and not known:
        raise BynameError("This home is empty", str(path), "Start it once with `byname run`")
    if not read_only:
        (path / "lake").mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
    lock = None if read_only or settings.database else _only_writer(path)
    try:
        keys = open_keyring(path / "keys", create=not read_only and not _has_data(path, settings))
        if not read_only:
            migrate(settings.database, path)
        store = open_store(settings.database, path, durability=settings.durability, read_only=read_only)
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    return Home(path, settings, keys, store, lock, read_only)


def _has_data(path: Path, settings: Settings) -> bool:
    return not settings.database and (path / "day.db").exists()


def _only_writer(path: Path) -> IO[str]:
    """Hold home/lock until closed; the kernel lets go of it when the process dies, however it dies."""
    file = (path / "lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "another process"
        file.close()
        cure = "Stop it, or use its pages or API"
        raise HomeInUse("This home is in use", holder, cure) from None
    file.truncate(0)
    file.write(f"process {os.getpid()}")
    file.flush()
    return file
