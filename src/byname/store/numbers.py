"""Which numbers may so many new rows have? Handed out before the insert, so that rows of other tables can name them."""

from __future__ import annotations

from byname.store.db import Db


def allocate(db: Db, table: str, count: int, column: str = "id") -> range | list[int]:
    """Numbers for `count` new rows of a table with a serial column; inside a transaction."""
    if not count:
        return range(0)
    if db.engine == "sqlite":  # the one writer: nobody takes a number in between
        (last,) = db.row(f"select coalesce(max({column}), 0) from {table}") or (0,)
        return range(last + 1, last + 1 + count)
    sql = f"select nextval(pg_get_serial_sequence('{table}', '{column}')) from generate_series(1, :count)"
    return [n for (n,) in db.rows(sql, count=count)]
