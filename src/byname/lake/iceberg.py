"""How do other engines find the lake? Its sealed files as tables of an Apache Iceberg catalogue, without a copy.

Needs the extra `byname[iceberg]`. The target folder holds a catalogue (SQLite) and what Iceberg writes about
each table; the rows stay in the lake's own files, which are added by name (`add_files`). What was sealed since is added
in one commit a table. Once a file is gone (erasure, compaction) its table is made anew, because Iceberg's older
snapshots would go on naming the file and telling the least and greatest value of each of its columns.
"""

from __future__ import annotations

import shutil
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from byname.home import Home
from byname.lake import ledger
from byname.lake.shape import SCHEMAS
from byname.terms import BynameError

if TYPE_CHECKING:
    from pyiceberg.catalog.sql import SqlCatalog
    from pyiceberg.table import Table

NAME = "byname"  # of the catalogue
NAMESPACE = "lake"
CATALOGUE = "catalog.db"
TABLES = "tables"  # below the target: a folder for each making of a table
REMEMBERED = "iceberg.txt"  # below the lake: the targets, a line each
OF = "lake.txt"  # below the target: of which lake it is, so that a copy of the home leaves it alone
NEXT = "__next"  # a table that is being made anew
BATCH = 200  # files whose footers are read between two words of progress

# The lake's files belong to byname: an engine that tidies up its snapshots must leave them alone.
PROPERTIES = {
    "gc.enabled": "false",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "10",
}

Progress = Callable[[int, int], None]
"""Called with files done and files to do."""


class Registered(NamedTuple):
    """What stands in the catalogue of one table. `refused`: why it is not in there."""

    table: str
    files: int
    rows: int
    added: int
    anew: bool
    metadata: str
    refused: str = ""


def register(home: Home, target: Path, progress: Progress = lambda done, total: None) -> list[Registered]:
    """Make or bring up to date a catalogue at `target` of everything that is sealed; nothing else waits but sealing.

    Again is harmless: what is registered stays. Fresh events are not in it until they are sealed.
    Errors: BynameError when pyiceberg is missing or the folder holds something else.
    """
    target = target.resolve()
    _refuse_foreign(home, target)
    catalogue = _open(target)
    try:
        with ledger.alone(home):
            _remember(home, target)
            catalogue.create_namespace_if_not_exists(NAMESPACE)
            return _all(catalogue, home, target, progress)
    finally:
        catalogue.close()


def renew(home: Home, progress: Progress = lambda done, total: None) -> list[Registered]:
    """Bring every catalogue that was ever made of this lake, and is still there, up to date."""
    return [r for target in targets(home) for r in register(home, target, progress)]


def withdraw(home: Home) -> bool:
    """Take away what catalogues tell of events and lines, because files of theirs are gone for good.

    An engine that asks meanwhile is told that the table's metadata is missing; `register` makes it anew. False: a
    folder is not ours to change, and still tells.
    """
    try:
        known = targets(home)
        if known:
            with ledger.alone(home):  # nobody registers meanwhile
                for folder in [f for target in known for t in SCHEMAS for f in (target / TABLES).glob(f"{t}-*")]:
                    shutil.rmtree(folder)
    except OSError:
        return False
    return True


def targets(home: Home) -> list[Path]:
    """The folders that hold a catalogue of this lake."""
    file = home.lake / REMEMBERED
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    return [
        path for line in lines if (path := Path(line)).joinpath(CATALOGUE).exists() and _lake_of(path) == _lake(home)
    ]


def _lake(home: Home) -> Path:
    return home.lake.resolve()


def _lake_of(target: Path) -> Path | None:
    file = target / OF
    return Path(file.read_text("utf-8")) if file.exists() else None


def _open(target: Path) -> SqlCatalog:
    try:
        from pyiceberg.catalog.sql import SqlCatalog
    except ImportError:
        raise BynameError("Iceberg is not installed", cure="pip install 'byname[iceberg]'") from None
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    return SqlCatalog(NAME, uri=f"sqlite:///{target / CATALOGUE}", warehouse=str(target / TABLES))


def _refuse_foreign(home: Home, target: Path) -> None:
    if target.is_relative_to(_lake(home)):
        raise BynameError("A catalogue cannot lie inside the lake", str(target), "Choose a folder beside the home")
    if target.exists() and any(target.iterdir()) and not (target / CATALOGUE).exists():
        raise BynameError("This folder holds something else", str(target), "Choose a new or an empty folder")
    other = _lake_of(target)
    if other and other != _lake(home) and other.exists():
        raise BynameError("This catalogue is of another lake", str(other), "Choose a folder of its own for each home")


def _remember(home: Home, target: Path) -> None:
    known = targets(home)
    if target not in known:
        (target / OF).write_text(str(_lake(home)), "utf-8")
        (home.lake / REMEMBERED).write_text("".join(f"{path}\n" for path in [*known, target]), "utf-8")


def _all(catalogue: SqlCatalog, home: Home, target: Path, progress: Progress) -> list[Registered]:
    """Every table of the ledger; then whatever is of no table any more goes."""
    files: dict[str, list[Path]] = {table: [] for table in SCHEMAS}
    rows: dict[str, int] = defaultdict(int)
    for s in ledger.segments(home.store.read()):
        files.setdefault(s.table, []).append(_lake(home) / s.path)
        rows[s.table] += s.rows
    total, done = sum(map(len, files.values())), 0
    answers = []
    for table, paths in files.items():
        before = done

        def tell(count: int, before: int = before) -> None:
            progress(before + count, total)

        answers.append(_one(catalogue, target, table, paths, rows[table], tell))
        done += len(paths)
        progress(done, total)
    _tidy(catalogue, target, {a.table for a in answers if not a.refused})
    return answers


def _one(
    catalogue: SqlCatalog, target: Path, table: str, files: list[Path], rows: int, tell: Callable[[int], None]
) -> Registered:
    schema = SCHEMAS[table] if table in SCHEMAS else pq.read_schema(files[0])
    if why := unfit(schema):
        return Registered(table, 0, 0, 0, False, "", why)
    paths = [_address(f) for f in files]
    there = _load(catalogue, table)
    known = _files(there) if there else set()
    anew = there is None or not known <= set(paths)
    if anew:
        there, known = _make(catalogue, target, table + NEXT, table, schema), set()
    assert there is not None
    missing = [p for p in paths if p not in known]
    _add(there, missing, tell)
    if anew:
        _replace(catalogue, table)
    metadata = catalogue.load_table((NAMESPACE, table)).metadata_location
    return Registered(table, len(paths), rows, len(missing), anew, metadata)


def _address(path: Path) -> str:
    """A path as Iceberg's readers want it: with its scheme (Rust), nothing escaped (Python does not unescape)."""
    return f"file://{path}"


def unfit(schema: pa.Schema) -> str:
    """Why Iceberg cannot hold a column of these as it is; '' when it can.

    >>> unfit(pa.schema([("a", pa.int64())])), unfit(pa.schema([("b", pa.uint32())]))
    ('', 'Iceberg has no type for column b (uint32)')
    """
    for field in schema:
        kind = field.type
        fine = pa.types.is_timestamp(kind) and kind.unit == "ns"
        if fine or pa.types.is_uint32(kind) or pa.types.is_uint64(kind):
            return f"Iceberg has no type for column {field.name} ({kind})"
    return ""


def _load(catalogue: SqlCatalog, table: str) -> Table | None:
    """The table as it stands; None when it is not in the catalogue, or what is told of it was withdrawn."""
    from pyiceberg.exceptions import NoSuchTableError

    try:
        return catalogue.load_table((NAMESPACE, table))
    except (NoSuchTableError, FileNotFoundError):
        return None


def _files(table: Table) -> set[str]:
    """The paths that any snapshot of a table names: an older one must not name an erased file either."""
    manifests = {m.manifest_path: m for s in table.metadata.snapshots for m in s.manifests(table.io)}
    entries = (e for m in manifests.values() for e in m.fetch_manifest_entry(table.io, discard_deleted=False))
    return {e.data_file.file_path for e in entries}


def _make(catalogue: SqlCatalog, target: Path, name: str, table: str, schema: pa.Schema) -> Table:
    """An empty table in a folder of its own."""
    _drop(catalogue, name)
    location = target / TABLES / f"{table}-{uuid.uuid4().hex[:8]}"
    return catalogue.create_table((NAMESPACE, name), schema, location=_address(location), properties=PROPERTIES)


def _add(table: Table, paths: list[str], tell: Callable[[int], None]) -> None:
    """All or none: a reader sees the table as it was or with everything added."""
    if not paths:
        return
    with table.transaction() as change:
        for start in range(0, len(paths), BATCH):
            change.add_files(paths[start : start + BATCH])
            tell(start)


def _replace(catalogue: SqlCatalog, table: str) -> None:
    _drop(catalogue, table)
    catalogue.rename_table((NAMESPACE, table + NEXT), (NAMESPACE, table))


def _drop(catalogue: SqlCatalog, name: str) -> None:
    """Out of the catalogue; never `purge_table`, which would take the lake's own files with it."""
    from pyiceberg.exceptions import NoSuchTableError

    try:
        catalogue.drop_table((NAMESPACE, name))
    except NoSuchTableError:
        return


def _tidy(catalogue: SqlCatalog, target: Path, keep: set[str]) -> None:
    """Tables that the lake has no more, and folders of earlier makings, go."""
    used: set[str] = set()
    for _, name in catalogue.list_tables(NAMESPACE):
        if name in keep:
            used.add(catalogue.load_table((NAMESPACE, name)).location())
        else:
            _drop(catalogue, name)
    for folder in (target / TABLES).iterdir():
        if _address(folder) not in used:
            shutil.rmtree(folder)
