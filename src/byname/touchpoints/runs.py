"""Which files were imported, and how far did each get?"""

from __future__ import annotations

from typing import NamedTuple

from byname.keyring import Keyring
from byname.store import Db
from byname.touchpoints import sources

COLUMNS = (
    "id, file_name, kind, source, state, rows_total, rows_taken, rows_repeated, rows_quarantined, parts, parts_done,"
    " started_at, ended_at"
)


class Run(NamedTuple):
    """One import of one file by one mapping; the same again continues it, or finds it done."""

    id: str
    file_name: str
    kind: str
    source: str
    state: str  # 'running' | 'done'
    rows_total: int
    rows_taken: int = 0
    rows_repeated: int = 0
    rows_quarantined: int = 0
    parts: int = 1
    parts_done: int = 0
    started_at: int = 0
    ended_at: int | None = None


def find(db: Db, run: str) -> Run | None:
    """The run of this id, if it was ever begun."""
    row = db.row(f"select {COLUMNS} from import_run where id = :run", run=run)
    return Run(*row) if row else None


def begin(db: Db, run: Run) -> None:
    """Remember that it began; inside a transaction."""
    db.many(f"insert into import_run ({COLUMNS}) values ({', '.join('?' * len(run))})", [run])


def advance(db: Db, run: str, part: int, *, taken: int, repeated: int, quarantined: int) -> bool:
    """Count part number `part` as done; False when another process has done it already."""
    return (
        db.run(
            "update import_run set parts_done = parts_done + 1, rows_taken = rows_taken + :taken,"
            " rows_repeated = rows_repeated + :repeated, rows_quarantined = rows_quarantined + :quarantined"
            " where id = :run and parts_done = :part",
            run=run, part=part, taken=taken, repeated=repeated, quarantined=quarantined,
        )
        == 1
    )  # fmt: skip


def count(db: Db, run: str, *, taken: int, repeated: int) -> None:
    """Add to what became of its rows."""
    db.run(
        "update import_run set rows_taken = rows_taken + :taken, rows_repeated = rows_repeated + :repeated,"
        " parts_done = parts where id = :run",
        run=run, taken=taken, repeated=repeated,
    )  # fmt: skip


def end(db: Db, run: str, now: int) -> None:
    """It is done."""
    db.run("update import_run set state = 'done', ended_at = :now where id = :run", run=run, now=now)


def recent(db: Db, most: int = 50) -> list[Run]:
    """The latest runs, newest first."""
    return [Run(*r) for r in db.rows(f"select {COLUMNS} from import_run order by started_at desc limit :n", n=most)]


def make_source(db: Db, keyring: Keyring, slug: str, touchpoint: str, now: int, *, invented: bool = False) -> None:
    """A source for files, unless there is one of this name. Nobody is told its write key, so nobody sends as it."""
    if sources.by_slug(db, slug) is None:
        sources.create(db, keyring, slug, now=now, touchpoint=touchpoint, kind="file", trusted=True, invented=invented)


def needs_consent(db: Db, slug: str) -> bool:
    """Does this source keep only what carries consent?"""
    row = db.row("select needs_consent from source where slug = :slug", slug=slug)
    return bool(row and row[0])
