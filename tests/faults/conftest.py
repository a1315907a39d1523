"""Where do the faults happen? In a home's folder on each ground, nothing open yet, that seals early and has no pace."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.killing import SETTINGS


@pytest.fixture
def sqlite_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "byname.toml").write_text(SETTINGS)
    return folder


@pytest.fixture
def postgres_folder(sqlite_folder: Path, postgres_url: str) -> Path:
    (sqlite_folder / "byname.toml").write_text(f'{SETTINGS}database = "{postgres_url}"\n')
    return sqlite_folder


@pytest.fixture(params=["sqlite", "postgres"])
def folder(request: pytest.FixtureRequest) -> Path:
    found: Path = request.getfixturevalue(f"{request.param}_folder")
    return found
