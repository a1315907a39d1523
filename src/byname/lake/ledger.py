"""Which files are the lake? Those in the ledger, whole; anything else is a leftover.

A file is written under another name, synced, renamed, its folder synced; only then does one transaction of the day
store put it into the ledger. Whoever dies in between leaves a file that is not in the ledger: `sweep` removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from byname.home import Home
from byname.store import Db, DbGone
from byname.terms import BynameError, moment

Step = Callable[[str], None]
"""Called with the name of each step before the next begins; tests die in it."""

FOREIGN_AGE_S = 3600  # on PostgreSQL another process may be writing: its files are left alone for that long


class Segment(NamedTuple):
    """One sealed file of the lake; `path` is relative to the lake folder."""

    table: str
    day: str
    day_last: str
    path: str
    rows: int
    bytes: int
    digest: str
    identifier_min: int
    identifier_max: int
    cause: str


COLUMNS = "table_name, day, day_last, path, rows, bytes, digest, identifier_min, identifier_max, cause"


def nothing(step: str) -> None:
    """The usual step: go on."""


@contextlib.contextmanager
def alone(home: Home) -> Iterator[None]:
    """Nobody else seals, imports, compacts or erases in this lake meanwhile; readers are not held up."""
    home.lake.mkdir(parents=True, exist_ok=True)
    with (home.lake / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write(lake: Path, table: str, folder: str, rows: pa.Table, name: str, cause: str) -> Segment:
    """Write rows as a sealed file below `lake/table/folder`; not yet in the ledger.

    Errors: BynameError when what is read back is not what was written.
    """
    tmp = lake / table / folder / f"{name}.parquet.tmp"
    tmp.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, tmp, compression="zstd")
    if not pq.read_table(tmp, partitioning=None).equals(rows):
        tmp.unlink()
        raise BynameError("A file of the lake does not read back as written", cure="Check the disk")
    return publish(lake, tmp, table, cause)


def publish(lake: Path, tmp: Path, table: str, cause: str) -> Segment:
    """Make a finished `X.parquet.tmp` durable under its name; what it holds is read from its own statistics."""
    with tmp.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    parquet = pq.read_metadata(tmp)
    spans = {n: _span(parquet, n) for n in ("identifier", "occurred_at")}
    first, last = (_day(at) for at in spans["occurred_at"])
    path = tmp.with_suffix("")
    size = tmp.stat().st_size
    tmp.rename(path)
    _sync_folders(path.parent, lake)
    relative = path.relative_to(lake).as_posix()
    low, high = (v or 0 for v in spans["identifier"])
    return Segment(table, first, last, relative, parquet.num_rows, size, digest, low, high, cause)


def record(db: Db, segments: Iterable[Segment], now: int) -> None:
    """Put files into the ledger; inside a transaction."""
    marks = ", ".join("?" * (len(Segment._fields) + 1))
    db.many(f"insert into segment ({COLUMNS}, sealed_at) values ({marks})", [(*s, now) for s in segments])


def remove(db: Db, paths: list[str]) -> int:
    """Take files out of the ledger; inside a transaction. How many were in it."""
    return db.run("delete from segment where path in :paths", paths=paths) if paths else 0


def segments(db: Db, table: str | None = None) -> list[Segment]:
    """The lake's files, of one table or of all."""
    only = "where table_name = :table" if table else ""
    found = db.rows(f"select {COLUMNS} from segment {only} order by id", **({"table": table} if table else {}))
    return [Segment(*row) for row in found]


def swap(home: Home, old: list[Segment], new: list[Segment], now: int) -> None:
    """Replace files by others in one transaction; nobody sees both or neither. Caller is `alone`."""

    def change(db: Db) -> None:
        if remove(db, [s.path for s in old]) != len(old):
            raise BynameError("The lake changed meanwhile", cure="Try again")
        record(db, new, now)

    home.store.write(change)


def sweep(home: Home) -> list[str]:
    """Remove files that are not in the ledger (a seal or import that died); their paths. Caller is `alone`."""
    known = {s.path for s in segments(home.store.read())}
    gone = []
    for path in sorted(home.lake.glob("**/*.parquet*")):
        relative = path.relative_to(home.lake).as_posix()
        if relative in known or relative.startswith("staging/"):
            continue
        if home.settings.database and time.time() - path.stat().st_mtime < FOREIGN_AGE_S:
            continue
        path.unlink()
        gone.append(relative)
    return gone


def withdraw(home: Home, files: Iterable[Segment], error: Exception) -> None:
    """The transaction that was to record these files failed: remove those that the ledger does not hold.

    When the ground broke nobody knows whether it went through; then the files stay, and `sweep` asks the ledger later.
    """
    if isinstance(error, DbGone):
        return
    known = {s.path for s in segments(home.store.read())}
    for file in files:
        if file.path not in known:
            (home.lake / file.path).unlink(missing_ok=True)


def damaged(home: Home) -> list[str]:
    """Files of the ledger that are missing or whose bytes have changed (for `byname check`)."""
    bad = []
    for s in segments(home.store.read()):
        try:
            with (home.lake / s.path).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != s.digest:
                    bad.append(s.path)
        except OSError:
            bad.append(s.path)
    return bad


def _span(parquet: pq.FileMetaData, column: str) -> tuple[int | None, int | None]:
    """Least and greatest value of an integer column, from the file's statistics."""
    names = parquet.schema.names
    if column not in names or not parquet.num_rows:
        return None, None
    groups = [parquet.row_group(i).column(names.index(column)) for i in range(parquet.num_row_groups)]
    statistics = [g.statistics for g in groups if g.num_values]
    return min(s.min for s in statistics), max(s.max for s in statistics)


def _day(at: int | None) -> str:
    return "" if at is None else moment(at).date().isoformat()


def _sync_folders(folder: Path, upto: Path) -> None:
    while True:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if folder == upto:
            return
        folder = folder.parent
