"""Does docs/dependencies.md tell of every dependency, and of no other?"""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROW = re.compile(r"^\| ([\w.-]+) \| (.+?) \| (.+?) \| ([\w.]+), (\d{4}-\d\d) \| ([\d.]+ MB) \|$", re.M)


def name_of(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return found[0].lower().replace("_", "-")


def wanted() -> set[str]:
    project = PROJECT["project"]
    lines = [*project["dependencies"], *PROJECT["build-system"]["requires"]]
    for extra in project["optional-dependencies"].values():
        lines += extra
    lines += (ROOT / "requirements" / "sample.in").read_text("utf-8").splitlines()
    return {name_of(line) for line in lines if line and not line.startswith("#")}


def told() -> dict[str, tuple[str, ...]]:
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = {name_of(row[0]): row for row in ROW.findall(text)}
    for section in ("To run", "To build", "To test"):
        part = text.split(f"## {section}")[1].split("\n## ")[0]
        lines = [line for line in part.splitlines() if line.startswith("| ")][2:]
        assert [line for line in lines if not ROW.match(line)] == [], "rows that cannot be read"
    return rows


def pins() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for lock in (ROOT / "requirements").glob("*.txt"):
        for name, version in re.findall(r"^([\w.-]+)==([\w.]+)", lock.read_text("utf-8"), re.M):
            found.setdefault(name_of(name), set()).add(version)
    return found


def test_every_dependency_has_its_reason_its_licence_and_its_size() -> None:
    assert set(told()) == wanted()


def test_the_page_names_the_locked_versions() -> None:
    locked = pins()
    assert {n: row[3] for n, row in told().items() if row[3] not in locked[n]} == {}, "after `make lock`, mend the page"


def test_every_lock_holds_what_the_project_asks_for() -> None:
    locked = pins()
    assert wanted() - set(locked) == set(), "run `make lock`"


def test_the_locks_for_running_and_testing_agree() -> None:
    def versions(name: str) -> dict[str, set[str]]:
        text = (ROOT / "requirements" / name).read_text("utf-8")
        found: dict[str, set[str]] = {}
        for package, version in re.findall(r"^([\w.-]+)==([\w.]+)", text, re.M):
            found.setdefault(package, set()).add(version)
        return found

    run, test = versions("run.txt"), versions("test.txt")
    assert {name: (v, test.get(name)) for name, v in run.items() if test.get(name) != v} == {}


def test_everything_that_byname_imports_is_asked_for() -> None:
    """A package that is only there because another one brought it may be gone tomorrow."""
    distributions = importlib.metadata.packages_distributions()
    project = PROJECT["project"]
    extras = [*project["optional-dependencies"]["spark"], *project["optional-dependencies"]["iceberg"]]
    asked = {name_of(line) for line in [*project["dependencies"], *extras, "byname"]}
    missing = set()
    for path in (ROOT / "src" / "byname").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            for top in {n.split(".")[0] for n in names} - sys.stdlib_module_names:
                if not {name_of(d) for d in distributions.get(top, [top])} & asked:
                    missing.add(f"{top} ({path.relative_to(ROOT)})")
    assert missing == set(), "add it to pyproject.toml, then `make lock`"
