"""In which tables does anything about a person stand? The rooms' PERSONAL lists, put together."""

from __future__ import annotations

from importlib import import_module

# One line per tables.py; tests/forget finds the one that is missing.
TABLES = (
    "byname.identity.tables",
    "byname.identity.match.tables",
    "byname.profile.tables",
    "byname.touchpoints.tables",
    "byname.trust.tables",
    "byname.lake.tables",
    "byname.store.tables",
)


def personal() -> dict[str, tuple[str, ...]]:
    """Table -> its columns that hold an identifier's id: the one that PERSONAL names, and others named alike."""
    found: dict[str, tuple[str, ...]] = {}
    for name in TABLES:
        module = import_module(name)
        tables = {t.name: t for t in vars(module).values() if type(t).__name__ == "Table"}
        for table, column in module.PERSONAL.items():
            alike = [c.name for c in tables[table].columns if c.name.endswith("identifier")]
            found[table] = tuple(dict.fromkeys((column, *alike)))
    return found


def columns(table: str) -> tuple[str, ...]:
    """The columns of a table, in their order."""
    for name in TABLES:
        for found in vars(import_module(name)).values():
            if type(found).__name__ == "Table" and found.name == table:
                return tuple(c.name for c in found.columns)
    raise KeyError(table)
