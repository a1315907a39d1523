"""Does the house stand as it was drawn? Floors, rooms, tables, lists and names (docs/architecture.md)."""

from __future__ import annotations

import ast
import graphlib
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "byname"

FLOWS = {"encounter", "recognition", "familiar", "customers", "learn", "backfill", "sample", "replay"}
FLOWS |= {"likeness", "forget", "rebuild", "backup"}
FLOORS = (
    {"terms", "settings", "cards", "issuers"},  # words
    {"home", "keyring", "store", "lake"},  # ground
    {"touchpoints", "identity", "profile", "trust"},  # rooms
    FLOWS,
    {"web", "cli", "api", "__main__"},  # doors
)
WORDS, GROUND, ROOMS, _, DOORS = FLOORS

# A heavy or delicate library lives in one place; the way there is from below `src/byname`.
ONLY_IN = {
    "duckdb": ("lake/duck.py", "identity/match/"),  # stack, rule 5
    "splink": ("identity/match/",),
    "pyspark": ("lake/spark.py",),
    "pyiceberg": ("lake/iceberg.py",),
    "sqlite3": ("store/",),  # one copy of SQLite a process: stack, rule 1
    "psycopg": ("store/",),
    "sqlalchemy": ("store/",),
    "alembic": ("store/",),
    "litestar": ("web/",),
    "uvicorn": ("web/", "cli/"),
    "click": ("cli/",),
    "rich": ("cli/",),
    "faker": ("sample/",),
}
OTHER_SQLITES = {"apsw", "adbc_driver_sqlite", "pysqlite3", "aiosqlite", "connectorx"}

# Who else than the owner may write a table, and why.
MAY_WRITE_TOO = {
    ("lake", "event"): "sealing moves fresh events out, in the ledger's transaction",
    ("lake", "line"): "their lines go with them",
    ("backfill", "event"): "a table of that name in its own DuckDB, on the way into the lake",
    ("backfill", "line"): "likewise",
    ("backfill", "message"): "an import says once for a whole part",
}
# Tables that name a customer and are not in PERSONAL, and why.
EXCUSED = {
    "audit": "the log of who looked outlives the erasure; it holds a public id and nothing else",
    "erasure": "what must stay forgotten when a backup comes back; ids only",
    "change": "public ids only",
}
NAMES_SOMEONE = {"identifier", "identifiers", "person", "customer", "island"}
LONG = 400  # lines
MAY_BE_LONG = {"store/migrations/versions/0001_ground_floor.py": "written by a script"}

MODULES = sorted(SOURCE.rglob("*.py"))
PYTHON = sorted(p for top in ("src", "tests", "scripts", "bench") for p in (ROOT / top).rglob("*.py"))


def below(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def unit(path: Path) -> str:
    """The room, flow or door that a file belongs to: its first name below `src/byname`."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def floor(name: str) -> int:
    for number, names in enumerate(FLOORS):
        if name in names:
            return number
    pytest.fail(f"{name} stands on no floor: add it to FLOORS in tests/test_house.py, or move it into a room")


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every dotted name a file imports, wherever in it, with its line; relative ones made absolute."""
    package = ["byname", *path.relative_to(SOURCE).parent.parts]
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield stem, node.lineno
            yield from ((f"{stem}.{alias.name}", node.lineno) for alias in node.names)


def inner_imports(path: Path) -> set[tuple[str, int]]:
    """(unit, line) of what a file imports from other units of byname."""
    found = {(name.split(".")[1], line) for name, line in imports(path) if name.startswith("byname.")}
    inside = {p.stem if p.suffix else p.name for p in SOURCE.iterdir()}
    return {(name, line) for name, line in found if name in inside}


def complain(faults: list[str]) -> None:
    assert not faults, "\n" + "\n".join(faults)


def test_imports_point_down() -> None:
    complain(
        [
            f"{below(path)}:{line} ({unit(path)}) reaches up to {name}"
            for path in MODULES
            if unit(path) != "__init__"
            for name, line in inner_imports(path)
            if floor(name) > floor(unit(path))
        ]
    )


def test_rooms_never_import_each_other() -> None:
    complain(
        [
            f"{below(path)}:{line} (room {unit(path)}) reaches into room {name}: let a flow ask for it"
            for path in MODULES
            if unit(path) in ROOMS
            for name, line in inner_imports(path)
            if name in ROOMS and name != unit(path)
        ]
    )


def test_no_import_goes_in_a_circle() -> None:
    names = {p: ".".join(["byname", *p.relative_to(SOURCE).with_suffix("").parts]) for p in MODULES}
    names = {p: n.removesuffix(".__init__") for p, n in names.items()}
    known = set(names.values())
    graph = {}
    for path, name in names.items():
        wanted = {n for n, _ in imports(path) if n in known and n != name}
        # `from byname.store import db` runs byname/store/__init__.py too, yet that one may import its own parts
        graph[name] = {n for n in wanted if not name.startswith(n + ".")}
    try:
        list(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail("imports in a circle: " + " -> ".join(error.args[1]))


def test_a_heavy_library_lives_in_one_place() -> None:
    faults = []
    for path in MODULES:
        for name, line in imports(path):
            top = name.split(".")[0]
            if top in OTHER_SQLITES:
                faults.append(f"{below(path)}:{line} brings a second copy of SQLite: {top}")
            where = ONLY_IN.get(top)
            if where and not below(path).startswith(where):
                faults.append(f"{below(path)}:{line} imports {top}, which lives in {' and '.join(where)}")
    complain(sorted(set(faults)))


def texts(path: Path) -> Iterator[tuple[str, int]]:
    """Every piece of text in a file that is not a docstring: where SQL stands."""
    if path.suffix == ".sql":
        yield re.sub(r"--.*", "", path.read_text("utf-8")), 1
        return
    top = tree(path)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(top)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(top):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value, node.lineno


WRITES = re.compile(r"\b(?:insert\s+(?:or\s+\w+\s+)?into|update|delete\s+from|truncate(?:\s+table)?)\s+([a-z_]+)", re.I)


def tables() -> dict[str, str]:
    """Table -> the unit whose tables.py declares it."""
    found = {}
    for module in rooms_tables():
        for value in vars(module).values():
            if type(value).__name__ == "Table":
                found[value.name] = module.__name__.split(".")[1]
    return found


def test_a_room_writes_its_own_tables_only() -> None:
    owner = tables()
    faults = []
    for path in [*MODULES, *sorted(SOURCE.rglob("*.sql"))]:
        who = unit(path)
        if who == "store":  # the ground serves all; its migrations build every table
            continue
        for text, line in texts(path):
            for name in WRITES.findall(text):
                if name in owner and owner[name] not in (who, "store") and (who, name) not in MAY_WRITE_TOO:
                    faults.append(f"{below(path)}:{line} ({who}) writes {name}, a table of {owner[name]}")
    complain(faults)


def test_no_query_attaches_sqlite_to_another_engine() -> None:
    forbidden = re.compile(r"type\s+sqlite|sqlite_scan|install\s+sqlite|load\s+sqlite", re.I)
    complain(
        [
            f"{below(path)}:{line} opens SQLite by a second library"
            for path in [*MODULES, *SOURCE.rglob("*.sql")]
            for text, line in texts(path)
            if forbidden.search(text)
        ]
    )


def rooms_tables() -> list[Any]:
    found = sorted(p.relative_to(SOURCE).with_suffix("").parts for p in SOURCE.rglob("tables.py"))
    return [importlib.import_module(".".join(["byname", *parts])) for parts in found]


def test_every_table_about_people_is_on_the_list_that_erasure_and_export_walk() -> None:
    faults = []
    for module in rooms_tables():
        personal = getattr(module, "PERSONAL", None)
        if personal is None:
            faults.append(f"{module.__name__} has no PERSONAL")
            continue
        for table in (t for t in vars(module).values() if type(t).__name__ == "Table"):
            columns = {c.name for c in table.columns}
            if table.name in personal:
                if personal[table.name] not in columns:
                    faults.append(f"PERSONAL[{table.name!r}] names no column of it: {personal[table.name]}")
            elif columns & NAMES_SOMEONE and table.name not in EXCUSED:
                faults.append(f"{table.name} names someone: add it to PERSONAL of {module.__name__}, or excuse it")
    complain(faults)


def test_no_name_says_nothing() -> None:
    empty = re.compile(r"^_?(utils?|helpers?|managers?|services?|common|misc|lib|core|base)$")
    hollow = re.compile(r"(Manager|Helper|Service|Utils?|Handler|Processor)$")
    faults = [below(p) for p in SOURCE.rglob("*") if empty.match(p.stem) and p.suffix in ("", ".py")]
    for path in MODULES:
        classes = [n for n in ast.walk(tree(path)) if isinstance(n, ast.ClassDef)]
        faults += [f"{below(path)}:{c.lineno} class {c.name}" for c in classes if hollow.search(c.name)]
    complain(faults)


def test_every_file_says_in_its_first_line_what_it_is_for() -> None:
    faults = [
        str(path.relative_to(ROOT))
        for path in PYTHON
        if path.read_text("utf-8").strip() and not path.read_text("utf-8").startswith('"""')
    ]
    faults += [below(p) for p in SOURCE.rglob("*.sql") if not p.read_text("utf-8").startswith("--")]
    complain([f"{name} does not open with a docstring" for name in faults])


def test_no_file_grew_into_two_rooms() -> None:
    complain(
        [
            f"{path.relative_to(ROOT)} has {lines} lines (most: {LONG})"
            for path in PYTHON
            if (lines := path.read_text("utf-8").count("\n")) > LONG
            and (path.is_relative_to(SOURCE) is False or below(path) not in MAY_BE_LONG)
        ]
    )


def listed(path: str) -> str:
    return (SOURCE / path).read_text("utf-8")


@pytest.mark.parametrize(
    ("folder", "list_file", "marks"),
    [
        ("web/desks", "web/pages.py", r"^def page\("),
        ("touchpoints", "touchpoints/__init__.py", r"^def parse\("),
        ("cli", "cli/__init__.py", r"^@click\.(command|group)"),
    ],
)
def test_every_file_is_on_its_list(folder: str, list_file: str, marks: str) -> None:
    names = re.findall(r"\w+", listed(list_file))
    complain(
        [
            f"{below(path)} is not on the list in {list_file}: add a line for {path.stem.rstrip('_')}"
            for path in sorted((SOURCE / folder).glob("[!_]*.py"))
            if re.search(marks, path.read_text("utf-8"), re.M) and path.stem.rstrip("_") not in names
        ]
    )


CLOCKS = re.compile(
    r"(?:time\.(?:time|time_ns|monotonic|perf_counter)|(?:dt|datetime)(?:\.datetime)?\.(?:now|utcnow|today)"
    r"|uuid\.uuid\d|random\.\w+|secrets\.token_\w+|os\.urandom)$"
)


def calls(nodes: list[ast.AST], *, into_functions: bool) -> Iterator[tuple[str, int]]:
    """Dotted names of what is called; without `into_functions` only what runs when the module is read."""
    for node in nodes:
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno
        inside = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not into_functions:
            inside = [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, ast.Lambda) and not into_functions:
            continue
        yield from calls(inside, into_functions=into_functions)


def test_no_module_reads_the_clock_or_throws_dice_when_it_is_read() -> None:
    complain(
        [
            f"{below(path)}:{line} {name} runs at import"
            for path in MODULES
            for name, line in calls([tree(path)], into_functions=False)
            if CLOCKS.search(name)
        ]
    )


def test_rooms_are_told_the_time() -> None:
    told = re.compile(
        r"(?:time\.time(?:_ns)?|(?:dt|datetime)(?:\.datetime)?\.(?:now|utcnow|today)|random\.\w+|uuid\.uuid\d)$"
    )
    complain(
        [
            f"{below(path)}:{line} calls {name}: take `now` (or `rng`, `new_id`) as an argument"
            for path in MODULES
            if unit(path) in ROOMS | WORDS
            for name, line in calls([tree(path)], into_functions=True)
            if told.search(name)
        ]
    )


# ------------------------------------------------------------------------------------------------ the schema


def differences(url: str) -> list[Any]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    from byname.store.schema import metadata

    rooms_tables()
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))


def test_the_migrations_build_what_the_rooms_declare_on_sqlite(tmp_path: Path) -> None:
    from byname.store.migrate import migrate

    migrate("", tmp_path)
    assert differences(f"sqlite:///{tmp_path / 'day.db'}") == [], "run scripts/make_first_migration.py"


def test_the_migrations_build_what_the_rooms_declare_on_postgresql(postgres_url: str) -> None:
    found = differences("postgresql+psycopg://" + postgres_url.split("://", 1)[1])
    assert found == [], "run scripts/make_first_migration.py"


def test_the_program_knows_its_newest_migration_and_none_is_skipped() -> None:
    from byname.store import migrate

    folder = SOURCE / "store" / "migrations" / "versions"
    chain = {}
    for path in sorted(folder.glob("[0-9]*.py")):
        text = path.read_text("utf-8")
        revision = re.search(r'^revision\b.*= "(\w+)"', text, re.M)
        before = re.search(r'^down_revision\b.*= (?:"(\w+)"|None)', text, re.M)
        assert revision
        assert before
        assert path.name.startswith(revision[1]), f"{path.name} holds revision {revision[1]}"
        assert "def downgrade" not in text, f"{path.name}: forward only"
        chain[revision[1]] = before[1]
    numbers = sorted(chain)
    assert [chain[n] for n in numbers] == [None, *numbers[:-1]], "one line of descent"
    assert numbers[-1] == migrate.HEAD
