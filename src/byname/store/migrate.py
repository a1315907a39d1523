"""Is the schema up to date? Alembic, forward only; a home that is newer than the program is left alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from byname.terms import BynameError, GroundBroken

HEAD = "0002"  # the newest revision in migrations/versions; a test holds the two together


def migrate(database: str, home: Path, *, to: str = HEAD) -> None:
    """Bring the day store to a revision. Quick when it is there already (Alembic is loaded only when needed)."""
    at = _revision(database, home)
    if at == to:
        return
    if max(at, to) > HEAD:
        cure = "Start it with the byname that made it, or a newer one"
        newest = max(at, to)
        raise BynameError("This home is newer than this program", f"schema {newest}, program knows {HEAD}", cure)
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine, text
    from sqlalchemy.pool import NullPool

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    engine = create_engine(_url(database, home), poolclass=NullPool)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":  # two processes may start together
            connection.execute(text("select pg_advisory_lock(7205759403)"))
            connection.commit()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
    engine.dispose()


def _url(database: str, home: Path) -> str:
    if not database:
        return f"sqlite:///{home / 'day.db'}"
    return "postgresql+psycopg://" + database.split("://", 1)[1]


def _revision(database: str, home: Path) -> str:
    """The revision a store is at; '' for an empty one."""
    if not database:
        if not (home / "day.db").exists():
            return ""
        connection = sqlite3.connect(home / "day.db")
        try:
            found = connection.execute("select version_num from alembic_version").fetchone()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return ""
            raise GroundBroken("The database cannot be read", str(error), "Check day.db and its rights") from error
        except sqlite3.DatabaseError as error:
            raise GroundBroken("day.db is not a byname database", str(error), "Restore a backup") from error
        finally:
            connection.close()
        return found[0] if found else ""
    from byname.store import postgres

    db = postgres.connect(database)
    try:
        if db.row("select to_regclass('alembic_version')") == (None,):
            return ""
        row = db.row("select version_num from alembic_version")
        return row[0] if row else ""
    finally:
        db.close()
