"""Did anything of an erased identifier come in behind the erasure's back? Found, and erased again.

A writer that began before an erasure meets a Conflict, but a part of an import that was cut before it carries
ids.
"""

from __future__ import annotations

from byname.forget.personal import personal
from byname.home import Home
from byname.lake import erase as lake_erase
from byname.lake.duck import open_lake
from byname.store.db import Db

ERASED = "select id from identifier where erased = 1"
STAY = ("identifier",)  # its rows stay: type, a token that is dice, a public id
STAY_AS_NOBODYS = {"event": "identifier = 0, body = null, ref = ''", "line": "identifier = 0"}


def leftovers(home: Home) -> dict[str, int]:
    """Rows that still belong to an erased identifier, by table, over day and lake; empty when the law holds."""
    db = home.store.read()
    found: dict[str, int] = {}
    for table, columns in personal().items():
        for column in columns if table not in STAY else ():
            ((count,),) = db.rows(f"select count(*) from {table} where {column} in ({ERASED})")
            found[table] = found.get(table, 0) + count
    erased = [i for (i,) in db.rows(ERASED)]
    if erased:
        with open_lake(home, erased) as lake:
            for table in ("event", "line"):
                found[table] = lake.execute(f"select count(*) from {table}").fetchall()[0][0]
    return {table: count for table, count in found.items() if count}


def sweep(home: Home, *, now: int) -> dict[str, int]:
    """Erase what is left of erased identifiers; what was found. The night calls it."""
    found = leftovers(home)
    if found:
        home.store.write(lambda db: clear(db, [i for (i,) in db.rows(ERASED)]))
        lake_erase.erase(home, [i for (i,) in home.store.read().rows(ERASED)], now)
    return found


def clear(db: Db, ids: list[int]) -> None:
    """Delete every row of these identifiers in the day; their events stay as facts of nobody."""
    for table, columns in personal().items():
        stay = STAY_AS_NOBODYS.get(table)
        act = f"update {table} set {stay}" if stay else f"delete from {table}"
        for column in columns if table not in STAY else ():
            db.run(f"{act} where {column} in :ids", ids=ids)
