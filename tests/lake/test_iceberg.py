"""Do other engines read the same lake through Iceberg, and nothing of whom it forgot?"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from byname.home import Home, open_home
from byname.lake import ledger
from byname.lake.compact import compact
from byname.lake.erase import erase
from byname.lake.iceberg import CATALOGUE, Registered, register, renew, targets, withdraw
from byname.lake.seal import seal
from byname.lake.shape import SCHEMAS
from byname.terms import BynameError
from tests.conftest import NOW
from tests.lake.world import arrive, everything

sql = pytest.importorskip("pyiceberg.catalog.sql", reason="needs the extra `iceberg`")


def read(target: Path, table: str) -> pa.Table:
    """A table as another program reads it: pyiceberg, knowing the folder only."""
    catalogue = sql.SqlCatalog("byname", uri=f"sqlite:///{target / CATALOGUE}")
    try:
        return catalogue.load_table(("lake", table)).scan().to_arrow()
    finally:
        catalogue.close()


def rows(target: Path, table: str, order: str) -> list[tuple[Any, ...]]:
    found = read(target, table)
    assert found.column_names == SCHEMAS[table].names
    order_by = [(name, "ascending") for name in order.split()]
    return [tuple(r.values()) for r in found.sort_by(order_by).to_pylist()]


def same_as_ours(home: Home, target: Path) -> bool:
    events, lines = everything(home)
    return rows(target, "event", "id") == [r[:-1] for r in events] and rows(target, "line", "event position") == [
        r[:-1] for r in lines
    ]


def told_by(target: Path) -> bytes:
    """Everything that stands anywhere below the target."""
    return b"".join(p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file())


def named(target: Path) -> set[str]:
    """Every file of the lake that anything below the target names, whether the newest snapshot needs it or not."""
    catalogue = sql.SqlCatalog("byname", uri=f"sqlite:///{target / CATALOGUE}")
    found, read_from = set(), set()
    for name in catalogue.list_tables("lake"):
        table = catalogue.load_table(name)
        for snapshot in table.metadata.snapshots:
            read_from.add(snapshot.manifest_list)
            for manifest in snapshot.manifests(table.io):
                read_from.add(manifest.manifest_path)
                entries = manifest.fetch_manifest_entry(table.io, discard_deleted=False)
                found |= {entry.data_file.file_path for entry in entries}
    catalogue.close()
    assert {f"file://{p}" for p in (target / "tables").rglob("*.avro")} == read_from, "something that no snapshot knows"
    return found


def by_table(answers: list[Registered]) -> dict[str, Registered]:
    return {a.table: a for a in answers}


def test_an_empty_lake_is_two_empty_tables(home: Home, tmp_path: Path) -> None:
    register(home, tmp_path / "an ice age")
    assert same_as_ours(home, tmp_path / "an ice age")


def test_another_engine_reads_what_we_read_and_no_row_is_copied(home: Home, tmp_path: Path) -> None:
    arrive(home, 200)
    seal(home, NOW)
    told: list[tuple[int, int]] = []
    answers = by_table(register(home, tmp_path / "ice", lambda done, total: told.append((done, total))))
    assert same_as_ours(home, tmp_path / "ice")
    assert answers["event"].rows == 200
    assert answers["event"].added == answers["event"].files == len(ledger.segments(home.store.read(), "event"))
    assert told[-1][0] == told[-1][1] > 0
    assert not list((tmp_path / "ice").rglob("*.parquet"))


def test_again_is_nothing_and_later_only_what_is_new(home: Home, tmp_path: Path) -> None:
    arrive(home, 60)
    seal(home, NOW)
    first = by_table(register(home, tmp_path / "ice"))
    before = told_by(tmp_path / "ice")
    again = by_table(register(home, tmp_path / "ice"))
    assert {a.added for a in again.values()} == {0}
    assert {t: a.metadata for t, a in again.items()} == {t: a.metadata for t, a in first.items()}
    assert told_by(tmp_path / "ice") == before
    arrive(home, 30, seed=1, days=1)
    new = seal(home, NOW + 1).files
    later = by_table(renew(home))
    assert sum(a.added for a in later.values()) == new
    assert (later["event"].anew, later["event"].rows) == (False, 90)
    assert same_as_ours(home, tmp_path / "ice")


def test_no_word_of_an_erased_file_stays(home: Home, tmp_path: Path) -> None:
    arrive(home, 120)
    seal(home, NOW)
    register(home, tmp_path / "ice")
    assert erase(home, {2, 5}, NOW + 1)
    assert withdraw(home)
    assert not list((tmp_path / "ice" / "tables").iterdir())
    answers = by_table(register(home, tmp_path / "ice"))
    assert answers["event"].anew
    assert same_as_ours(home, tmp_path / "ice")
    assert named(tmp_path / "ice") == {f"file://{home.lake / s.path}" for s in ledger.segments(home.store.read())}


def test_without_a_withdrawal_too_the_next_registration_is_made_anew(home: Home, tmp_path: Path) -> None:
    for n in range(9):
        arrive(home, 12, seed=n, days=1)
        seal(home, NOW + n)
    register(home, tmp_path / "ice")
    assert compact(home, NOW + 20, files=3) > 0
    register(home, tmp_path / "ice")
    assert same_as_ours(home, tmp_path / "ice")
    assert named(tmp_path / "ice") == {f"file://{home.lake / s.path}" for s in ledger.segments(home.store.read())}
    assert len(list((tmp_path / "ice" / "tables").iterdir())) == 2


def test_a_registration_that_dies_is_finished_by_the_next(home: Home, tmp_path: Path) -> None:
    arrive(home, 60)
    seal(home, NOW)

    def fail(done: int, total: int) -> None:
        raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError):
        register(home, tmp_path / "ice", fail)
    register(home, tmp_path / "ice")
    assert same_as_ours(home, tmp_path / "ice")
    assert len(list((tmp_path / "ice" / "tables").iterdir())) == 2


def reference(home: Home, table: str, rows: pa.Table, name: str) -> None:
    file = ledger.write(home.lake, "reference", table, rows, name, "import:1")._replace(table=table)

    def replace(db: Any) -> None:
        ledger.remove(db, [s.path for s in ledger.segments(db, table)])
        ledger.record(db, [file], NOW)

    home.store.write(replace)


def test_reference_tables_come_along_and_go_when_they_go(sqlite_home: Home, tmp_path: Path) -> None:
    home = sqlite_home
    reference(home, "product", pa.table({"product": ["a", "b"], "price": [1, 2]}), "one")
    reference(home, "odd", pa.table({"big": pa.array([1], pa.uint64())}), "odd")
    answers = by_table(register(home, tmp_path / "ice"))
    assert read(tmp_path / "ice", "product").to_pydict() == {"product": ["a", "b"], "price": [1, 2]}
    assert answers["odd"].refused == "Iceberg has no type for column big (uint64)"
    reference(home, "product", pa.table({"product": ["c"], "colour": ["red"]}), "two")
    register(home, tmp_path / "ice")
    assert read(tmp_path / "ice", "product").to_pydict() == {"product": ["c"], "colour": ["red"]}
    paths = [s.path for s in ledger.segments(home.store.read(), "product")]
    home.store.write(lambda db: ledger.remove(db, paths))
    assert "product" not in by_table(register(home, tmp_path / "ice"))
    with pytest.raises(Exception, match="does not exist"):
        read(tmp_path / "ice", "product")


def test_a_folder_that_holds_something_else_is_left_alone(sqlite_home: Home, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "last.tex").write_text("years of work")
    with pytest.raises(BynameError, match="something else"):
        register(sqlite_home, tmp_path / "thesis")
    with pytest.raises(BynameError, match="inside the lake"):
        register(sqlite_home, sqlite_home.lake / "ice")
    assert targets(sqlite_home) == []


def test_a_copy_of_a_home_leaves_the_catalogue_of_the_other_alone(sqlite_home: Home, tmp_path: Path) -> None:
    arrive(sqlite_home, 60)
    seal(sqlite_home, NOW)
    register(sqlite_home, tmp_path / "ice")
    sqlite_home.close()
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    with open_home(tmp_path / "copy") as copy:
        assert targets(copy) == []
        with pytest.raises(BynameError, match="another lake"):
            register(copy, tmp_path / "ice")
    (tmp_path / "home").rename(tmp_path / "old")
    with open_home(tmp_path / "copy") as moved:  # now it is the only one
        register(moved, tmp_path / "ice")
        assert same_as_ours(moved, tmp_path / "ice")


def test_what_cannot_be_withdrawn_is_said(sqlite_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(path)

    register(sqlite_home, tmp_path / "ice")
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", refuse)
        assert not withdraw(sqlite_home)
    assert withdraw(sqlite_home)


def test_the_lakes_own_files_are_never_touched(sqlite_home: Home, tmp_path: Path) -> None:
    arrive(sqlite_home, 60)
    seal(sqlite_home, NOW)
    register(sqlite_home, tmp_path / "ice")
    assert ledger.damaged(sqlite_home) == []
    catalogue = sql.SqlCatalog("byname", uri=f"sqlite:///{tmp_path / 'ice' / CATALOGUE}")
    table = catalogue.load_table(("lake", "event"))
    assert table.properties["gc.enabled"] == "false"
    assert "schema.name-mapping.default" in table.properties
    catalogue.close()
    assert pq.read_schema(sqlite_home.lake / ledger.segments(sqlite_home.store.read())[0].path) in SCHEMAS.values()
