"""How is a day store copied while others write to it, and how does it come back? One moment, nobody waits.

SQLite: its backup API from a reading connection, in one step, which is one snapshot of the journal.
PostgreSQL: every table by COPY, in one repeatable-read snapshot; it comes back into an empty schema of the
same revision.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import cast

from byname.store.db import Db
from byname.store.migrate import migrate
from byname.store.postgres import PostgresDb
from byname.store.postgres import connect as connect_postgres
from byname.store.sqlite import SqliteDb
from byname.terms import BynameError

FILE = "day.db"
FOLDER = "day"
MOST_READ = 1 << 20


def copy_out(db: Db, target: Path) -> None:
    """Copy the whole store into a folder: a file day.db, or a folder day/ with a file a table."""
    if db.engine == "sqlite":
        _sqlite_out(cast(SqliteDb, db), target / FILE)
    else:
        (target / FOLDER).mkdir()
        _postgres_out(cast(PostgresDb, db), target / FOLDER)


def copy_in(source: Path, home: Path, database: str, revision: str) -> None:
    """Fill the empty store of a new home from what `copy_out` made at that revision of the schema.

    Errors: BynameError when the copy is of the other engine, or the PostgreSQL database is not empty.
    """
    if database and (source / FOLDER).is_dir():
        _postgres_in(source / FOLDER, home, database, revision)
    elif not database and (source / FILE).is_file():
        shutil.copyfile(source / FILE, home / FILE)
        sync(home / FILE)
    else:
        cure = "Restore it into a home with the same kind of database"
        raise BynameError("This backup comes from the other kind of database", cure=cure)


def revision(db: Db) -> str:
    """The revision of the schema that a store is at."""
    return str(db.rows("select version_num from alembic_version")[0][0])


def _sqlite_out(db: SqliteDb, file: Path) -> None:
    copy = sqlite3.connect(file)
    try:
        db.connection.backup(copy, pages=-1)
        copy.execute("pragma journal_mode = delete").fetchall()  # one file, nothing beside it
        if copy.execute("pragma quick_check").fetchall() != [("ok",)]:
            raise BynameError("The copy of day.db is damaged", cure="Check the disk, then try again")
    finally:
        copy.close()
    sync(file)


def _postgres_out(db: PostgresDb, folder: Path) -> None:
    with db.snapshot():
        for table in _tables(db):
            path = folder / f"{table}.copy"
            names = ", ".join(f'"{c}"' for c in _columns(db, table))
            (folder / f"{table}.columns").write_text(names)
            with (
                path.open("wb") as file,
                db.connection.cursor() as cursor,
                cursor.copy(f'copy "{table}" ({names}) to stdout'.encode()) as rows,
            ):
                for block in rows:
                    file.write(block)
            sync(path)


def _postgres_in(folder: Path, home: Path, database: str, revision: str) -> None:
    _refuse_full(database)
    migrate(database, home, to=revision)
    db = connect_postgres(database)
    try:
        with db.transaction():
            for path in sorted(folder.glob("*.copy")):
                names = path.with_suffix(".columns").read_text()
                _table_in(db, path, names)
                if '"id"' in names.split(", ") or '"seq"' in names.split(", "):
                    _continue_numbers(db, path.stem, "id" if '"id"' in names else "seq")
    finally:
        db.close()


def _table_in(db: PostgresDb, path: Path, names: str) -> None:
    sql = f'copy "{path.stem}" ({names}) from stdin'.encode()
    with path.open("rb") as file, db.connection.cursor() as cursor, cursor.copy(sql) as rows:
        while block := file.read(MOST_READ):
            rows.write(block)


def _continue_numbers(db: PostgresDb, table: str, column: str) -> None:
    """Numbers go on above the highest restored one."""
    ((sequence,),) = db.rows("select pg_get_serial_sequence(:t, :c)", t=table, c=column)
    if sequence:
        db.rows(f'select setval(:s, coalesce(max("{column}"), 0) + 1, false) from "{table}"', s=sequence)


def _refuse_full(database: str) -> None:
    db = connect_postgres(database)
    try:
        if _tables(db):
            raise BynameError("The database to restore into is not empty", cure="Make a new, empty database")
    finally:
        db.close()


def _tables(db: PostgresDb) -> list[str]:
    rows = db.rows(
        "select table_name from information_schema.tables where table_schema = current_schema()"
        " and table_type = 'BASE TABLE' and table_name <> 'alembic_version' order by table_name"
    )
    return [t for (t,) in rows]


def _columns(db: PostgresDb, table: str) -> list[str]:
    rows = db.rows(
        "select column_name from information_schema.columns where table_schema = current_schema()"
        " and table_name = :t order by ordinal_position",
        t=table,
    )
    return [c for (c,) in rows]


def sync(path: Path) -> None:
    """Make a file or folder durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
