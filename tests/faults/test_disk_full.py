"""What if the disk is full? A clear 503, nothing acknowledged is lost, and it goes on when there is room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CHILD = [sys.executable, "-m", "tests.faults.full_disk"]
MOUNT = 'mount -t tmpfs -o size=24m full "$0" && exec "$@"'


def test_when_no_file_may_grow_byname_says_so_and_goes_on_later(tmp_path: Path) -> None:
    told(subprocess.run([*CHILD, "limit", str(tmp_path)], capture_output=True, text=True, check=False))


def test_when_the_disk_is_full_byname_says_so_and_goes_on_later(tmp_path: Path) -> None:
    inside = ["unshare", "-rm", "sh", "-c", MOUNT, str(tmp_path)]
    try:
        may = subprocess.run([*inside, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        may = False
    if not may:
        pytest.skip("needs the right to mount a small file system of its own (unshare -rm)")
    told(subprocess.run([*inside, *CHILD, "tmpfs", str(tmp_path)], capture_output=True, text=True, check=False))


def told(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    assert " taken, then: " in done.stdout
