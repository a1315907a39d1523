"""What would this file become, and what is wrong with it? Read only: the dry run."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from byname import cards
from byname.encounter import Byname
from byname.lake import duck
from byname.lake.duck import Connection
from byname.terms import SECOND, BynameError, moment
from byname.touchpoints import catalogue, reading
from byname.touchpoints.files import Mapping, used_columns
from byname.touchpoints.reasons import in_words_of_a_file as in_words

FIRST = 5  # rows shown as they will be understood
HELD_BYTES = 512 << 20  # a CSV up to this size
HELD_ROWS = 2_000_000  # a Parquet file of so many rows
EXAMPLES = 5  # row numbers shown per fault
KINDS_OF_FILE = (".csv", ".parquet")


class Bad(NamedTuple):
    """One fault: how many rows have it, and the first of them (1 is the first row below the heading)."""

    reason: str
    words: str
    number: int
    rows: tuple[int, ...]


class Plan(NamedTuple):
    """A file as its mapping understands it. `id` names file and mapping by content."""

    id: str
    file: Path
    mapping: Mapping
    types: dict[str, str]  # column -> type, as the engine reads it
    rows: int
    left_out: int
    bad: tuple[Bad, ...]
    first: tuple[dict[str, Any], ...]

    @property
    def bad_rows(self) -> int:
        return sum(b.number for b in self.bad)


def plan(product: Byname, file: Path, mapping: Mapping, *, now: int, look: bool = True) -> Plan:
    """Read the whole file once and say what it would become. Writes nothing.

    Without `look` only file and mapping are checked: enough for `run`, which looks by itself.
    Errors: BynameError when the file or a column of the mapping is not there.
    """
    check_file(file)
    with engine(product) as lake:
        types = _types(lake, file, mapping)
        name = _digest(file, mapping)
        if not look:
            return Plan(name, file, mapping, types, 0, 0, (), ())
        if mapping.kind == "reference":
            rows = lake.execute(f"select count(*) from ({reading.relation(file, mapping)})").fetchall()[0][0]
            return Plan(name, file, mapping, types, rows + rejected(lake), 0, _rejected(lake), ())
        view = understood(lake, file, mapping, types, now + product.home.settings.clock_ahead_s * SECOND)
        found = lake.execute(
            f"select why, count(*), list(file_row order by file_row)[:{EXAMPLES}] from {view} group by why order by 1"
        ).fetchall()
        bad = tuple(Bad(w, in_words(w), n, tuple(rows)) for w, n, rows in found if w not in (None, reading.LEFT_OUT))
        left_out = sum(n for w, n, _ in found if w == reading.LEFT_OUT)
        rows = sum(n for _, n, _ in found) + rejected(lake)
        bad += _rejected(lake)
        rows_shown = lake.execute(f"select * exclude (why) from {view} where why is null limit {FIRST}")
        columns = [c[0] for c in rows_shown.description]
        first = tuple(_shown(dict(zip(columns, row, strict=True))) for row in rows_shown.fetchall())
        return Plan(name, file, mapping, types, rows, left_out, bad, first)


def check_file(file: Path) -> None:
    """Is there a file of a kind that can be read? BynameError when not."""
    if not file.exists():
        raise BynameError("There is no such file", str(file), "Look at its name and folder")
    if file.suffix not in KINDS_OF_FILE or not file.is_file():
        raise BynameError("Not a CSV or Parquet file", str(file), "Name a file that ends in .csv or .parquet")


@contextmanager
def engine(product: Byname) -> Iterator[Connection]:
    """A DuckDB that knows the catalogue's event names and what a payment card number is."""
    with duck.connect(product.home.lake / "tmp") as lake:
        lake.create_function("holds_card_number", _holds_card_number, ["VARCHAR", "VARCHAR"], "BOOLEAN")
        lake.create_function("event_name", _event_name, ["VARCHAR"], "VARCHAR")
        try:
            yield lake
        finally:  # functions left behind would outlive the connection
            lake.remove_function("holds_card_number")
            lake.remove_function("event_name")


def understood(lake: Connection, file: Path, mapping: Mapping, types: dict[str, str], latest_at: int) -> str:
    """The name of a relation of the understood rows. A file of moderate size is read once and held in memory."""
    rows = reading.relation(file, mapping)
    query = reading.understood(mapping, types, rows, latest_at=latest_at)
    lake.execute(f"create {'table' if _is_moderate(lake, file) else 'view'} understood as {query}")
    return "understood"


def is_held(lake: Connection, view: str) -> bool:
    """Are the understood rows in memory?"""
    return bool(lake.execute("select 1 from duckdb_tables() where table_name = ?", [view]).fetchall())


def _is_moderate(lake: Connection, file: Path) -> bool:
    if file.suffix == ".csv":
        return file.stat().st_size <= HELD_BYTES
    rows: int = lake.execute(f"select count(*) from read_parquet({reading.pattern(file)})").fetchall()[0][0]
    return rows <= HELD_ROWS


def rejected(lake: Connection) -> int:
    """How many lines of the CSV were no rows, in the reads so far."""
    if not lake.execute("select 1 from duckdb_tables() where table_name = 'reject_errors'").fetchall():
        return 0
    return int(lake.execute("select count(distinct line) from reject_errors").fetchall()[0][0])


def _rejected(lake: Connection) -> tuple[Bad, ...]:
    count = rejected(lake)
    if not count:
        return ()
    lines = lake.execute(f"select distinct line from reject_errors order by line limit {EXAMPLES}").fetchall()
    return (Bad("not_a_row", in_words("not_a_row"), count, tuple(line - 1 for (line,) in lines)),)


def _types(lake: Connection, file: Path, mapping: Mapping) -> dict[str, str]:
    """The file's columns and their types; every column that the mapping names must be among them."""
    other = file.parent / mapping.join.file if mapping.join else file
    if not other.is_file():
        raise BynameError("The file to join is not there", str(other), "Put it beside the imported one")
    described = lake.execute(f"describe {reading.relation(file, mapping)}").fetchall()
    types = {row[0]: row[1] for row in described if row[0] != "file_row"}
    for column in used_columns(mapping):
        if column not in types:
            raise BynameError("The file has no such column", column, f"It has: {', '.join(types)}")
    return types


def _digest(file: Path, mapping: Mapping) -> str:
    digest = hashlib.sha256(mapping.digest().encode())
    others = [file.parent / mapping.join.file] if mapping.join else []
    for path in (file, *others):
        with path.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:32]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row for people: the time in words, no inner columns."""
    at = row.pop("at_")
    inner = [w for w in row if w[0] == "w" and w[1:].isdigit()]
    return {
        "row": row.pop("file_row"),
        "time": moment(at).isoformat(),
        **{k: v for k, v in row.items() if k not in inner},
    }


def _holds_card_number(text: str, field: str) -> bool:
    return cards.find_card_number(text, field) is not None


def _event_name(name: str) -> str:
    return catalogue.canonical(name) or ""
