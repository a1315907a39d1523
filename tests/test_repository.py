"""May this be published as it is? No registry, no machine and no large file in what git tracks."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def tracked() -> list[Path]:
    try:
        found = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: the repository's own rules cannot be asked")
    return [ROOT / name for name in found.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


REGISTRY = re.compile(
    r"(?:\bpypi|pythonhosted|npmjs|yarnpkg|deb\.debian|proxy\.golang)\.(?:org|com)\b|(?<![a-z])--?(?:extra-)?index-url"
)
MACHINE = re.compile(r"(?:^|[^A-Za-z0-9_./-])/(?:work|farm|root|tmp/venv)/")


def test_no_tracked_file_names_a_registry_or_a_path_of_this_machine() -> None:
    faults = []
    for path in tracked():
        if path.stat().st_size > 3_000_000:
            continue
        text = path.read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            for found in [*REGISTRY.finditer(line), *MACHINE.finditer(line)]:
                faults.append(f"{path.relative_to(ROOT)}:{number} {found[0]}")
    assert not faults, "\n" + "\n".join(faults)


def test_locks_hold_hashes_and_no_addresses() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text("utf-8")
        assert "://" not in text, path.name
        pins = re.findall(r"^([a-z0-9][\w.-]*==.*?)(?=^\S|\Z)", text, re.M | re.S)
        assert pins, path.name
        assert [p.split()[0] for p in pins if "--hash=sha256:" not in p] == []
    lock = (ROOT / "tests" / "clients" / "npm" / "package-lock.json").read_text("utf-8")
    assert "://" not in lock


def test_no_tracked_file_is_large() -> None:
    large = [f"{p.relative_to(ROOT)} {p.stat().st_size // 1024} KB" for p in tracked() if p.stat().st_size > 1_500_000]
    assert not large, "\n" + "\n".join(large)
