"""Do the documents tell the truth? Commands, links, and everything in the tutorial that can be run."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from byname.cli import COMMANDS, cli
from byname.trust.access import ROLES

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.M | re.S)
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def every_command() -> list[str]:
    context = click.Context(cli)
    found = []
    for name, _ in COMMANDS:
        command = cli.get_command(context, name)
        below = getattr(command, "commands", {})
        found += [f"{name} {b}" for b in below] or [name]
    return found


@pytest.mark.parametrize("name", every_command())
def test_every_command_is_documented(name: str) -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    first, _, second = name.partition(" ")
    line = next((part for part in text.split("\n- ") if f"`byname {first}" in part), "")
    assert line, f"docs/commands.md does not tell of byname {first}"
    assert not second or re.search(rf"\b{second}\b", line), f"docs/commands.md does not tell of byname {name}"


def test_every_command_that_a_page_shows_exists() -> None:
    names = dict(COMMANDS)
    faults = []
    for page in PAGES:
        for name in re.findall(r"(?:^\$ |`)byname ([a-z]+)", page.read_text("utf-8"), re.M):
            if name not in names:
                faults.append(f"{page.relative_to(ROOT)}: byname {name}")
    assert not faults, faults


def test_every_target_that_a_page_shows_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    shown = {name for page in PAGES for name in re.findall(r"(?:^|`)make ([a-z]+)\b", page.read_text("utf-8"), re.M)}
    assert {"run", "test"} <= shown
    assert shown <= targets, shown - targets


def test_every_role_is_explained() -> None:
    text = (DOCS / "concepts.md").read_text("utf-8")
    assert [r for r in ROLES if f"| {r} |" not in text] == []


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-") for h in heads}


def test_every_link_inside_leads_somewhere() -> None:
    faults = []
    for page in PAGES:
        text = FENCE.sub("", page.read_text("utf-8"))
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            path, _, anchor = target.partition("#")
            file = (page.parent / path).resolve() if path else page
            if not file.exists():
                faults.append(f"{page.relative_to(ROOT)} -> {target}")
            elif anchor and file.suffix == ".md" and anchor not in anchors(file):
                faults.append(f"{page.relative_to(ROOT)} -> {target} (no such heading)")
    assert not faults, "\n".join(faults)


def test_every_page_is_in_the_menu_of_the_site() -> None:
    menu = (ROOT / "mkdocs.yml").read_text("utf-8")
    pages = [p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if "decisions" not in p.parts]
    assert [p for p in pages if p not in menu] == []


def run(line: str, folder: Path) -> str:
    """What a shell line prints to standard output, with byname at hand."""
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {**os.environ, "PATH": here, "COLUMNS": "100"}
    env.pop("BYNAME_HOME", None)
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
    assert "byname's own" not in done.stderr, done.stderr
    return done.stdout


def differs(want: str, got: str) -> str:
    """'' if `got` is what was promised ('...' stands for anything); else both."""
    if doctest.OutputChecker().check_output(want.strip() + "\n", got.strip() + "\n", FLAGS):
        return ""
    return f"promised:\n{want}\ngot:\n{got}"


def test_the_tutorial_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, title, text in FENCE.findall((DOCS / "tutorial.md").read_text("utf-8")):
        if title:
            (tmp_path / title).write_text(text, "utf-8")
        elif kind == "console":
            for step in re.split(r"^\$ ", text, flags=re.M)[1:]:
                line, _, want = step.partition("\n")
                assert not (wrong := differs(want, run(line, tmp_path))), f"$ {line}\n{wrong}"
        elif kind == "python":
            told = doctest.DocTestParser().get_doctest(text, {}, "tutorial", "docs/tutorial.md", 0)
            said: list[str] = []
            doctest.DocTestRunner(optionflags=FLAGS).run(told, out=said.append)
            assert not said, "".join(said)
