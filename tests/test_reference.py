"""Is the reference what the code says? Each page of docs/reference, written again and compared."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from byname.settings import SETTINGS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_reference", ROOT / "scripts" / "make_reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = script()


@pytest.mark.parametrize("name", REFERENCE.PAGES)
def test_a_page_is_what_the_code_says(name: str) -> None:
    told, now = (FOLDER / name).read_text("utf-8").splitlines(), REFERENCE.PAGES[name]().rstrip().splitlines()
    differing = [f"- {line}" for line in told if line not in now] + [f"+ {line}" for line in now if line not in told]
    assert told == now, "\n".join(["run scripts/make_reference.py", *differing[:20]])


def test_no_page_is_left_over() -> None:
    assert {p.name for p in FOLDER.iterdir()} == set(REFERENCE.PAGES)


def test_every_path_of_the_api_has_its_words_its_example_and_its_answers() -> None:
    faults = []
    text = (FOLDER / "http.md").read_text("utf-8").partition("## Shapes")[0]
    for part in re.split(r"^### ", text, flags=re.M)[1:]:
        name, _, rest = part.partition("\n")
        if not re.match(r"\n\w", rest):
            faults.append(f"{name}: no summary")
        if "\n| 200 | " not in rest and "\n| 201 | " not in rest:
            faults.append(f"{name}: no good answer")
        if "Body, " in rest and "```" not in rest.partition("| answer |")[0]:
            faults.append(f"{name}: no example of a body")
        if "```" not in rest.partition("| answer |")[2]:
            faults.append(f"{name}: no example of an answer")
    assert not faults, "\n".join(faults)


def test_every_public_call_and_every_setting_explains_itself() -> None:
    calls = re.split(r"^##+ ", (FOLDER / "python.md").read_text("utf-8"), flags=re.M)
    signed = [c for c in calls if "```python" in c]
    assert [c.splitlines()[0] for c in signed if not c.rpartition("```")[2].strip()] == []
    assert [s.name for s in SETTINGS if not s.help] == []
