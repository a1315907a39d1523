"""How is a home copied while it serves, and how does one come back from the copy?

A backup is a folder: the day store of one moment, the lake's files of that moment, the settings, and a
manifest written last, so that half a backup is none. The keys are kept apart (a backup without them is
noise), unless asked for. A restore forgets again whom the key folder's erased.log names: an old backup brings
nobody back.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from byname.forget import erasure
from byname.home import Home, open_home
from byname.identity.policy import Policy
from byname.lake import ledger
from byname.settings import load
from byname.store import copies
from byname.terms import BynameError, moment
from byname.trust import sessions, vault

MANIFEST = "backup.json"
SETTINGS = ("byname.toml", "identity.toml")
VERSION = 1


class Backup(NamedTuple):
    """What was copied."""

    path: Path
    files: int
    bytes: int
    with_keys: bool


class Restored(NamedTuple):
    """What came back, and how many identifiers had to be forgotten again."""

    path: Path
    files: int
    forgotten_again: int


def backup(home: Home, target: Path, *, now: int, with_keys: bool = False) -> Backup:
    """Copy a home, in use or not, into a folder that is new or empty. Readers and writers go on meanwhile.

    Errors: BynameError when the target is not empty or a file of the lake is damaged.
    """
    _refuse_full(target)
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    db = home.store.read()
    with ledger.alone(home), db.snapshot():  # nothing is sealed, compacted or erased in the lake meanwhile
        at = copies.revision(db)
        copies.copy_out(db, target)
        for segment in ledger.segments(db):
            _copy_segment(home, segment, target / "lake" / segment.path)
    for name in SETTINGS:
        if (home.path / name).exists():
            _copy(home.path / name, target / name)
    if with_keys:
        (target / "keys").mkdir(mode=0o700)
        for file in sorted((home.path / "keys").iterdir()):
            _copy(file, target / "keys" / file.name)
    files = {p.relative_to(target).as_posix(): _digest(p) for p in sorted(target.rglob("*")) if p.is_file()}
    size = sum((target / name).stat().st_size for name in files)
    manifest = {"byname_backup": VERSION, "made_at": moment(now).isoformat(), "schema": at, "files": files}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1))
    copies.sync(target / MANIFEST)
    copies.sync(target)
    return Backup(target, len(files), size, with_keys)


def restore(source: Path, target: Path, *, now: int, keys: Path | None = None, database: str | None = None) -> Restored:
    """Make a home from a backup, at a path that is new or empty; the home appears when it is whole.

    `keys`: the key folder, when the backup was made without; its erased.log is obeyed, so give the newest
    there is. `database`: another PostgreSQL address than the backup's byname.toml names; it must be an empty
    database. Errors: BynameError for a target that is not empty, a backup that is damaged or not whole, keys
    that do not fit.
    """
    _refuse_full(target)
    manifest = _checked(source)
    keys = keys or source / "keys"
    if not (keys / "master.key").exists():
        cure = "Give the key folder that was kept apart: --keys FOLDER"
        raise BynameError("This backup holds no keys", str(keys), cure)
    making = target.with_name(target.name + ".restoring")
    if making.exists():
        raise BynameError("An earlier restore was cut off", str(making), "Remove that folder and try again")
    making.mkdir(parents=True, mode=0o700)
    try:
        forgotten = _fill(making, source, manifest, keys, database, now)
    except BaseException:
        shutil.rmtree(making)
        raise
    if target.exists():
        target.rmdir()
    making.rename(target)
    copies.sync(target.parent)
    return Restored(target, len(manifest["files"]), forgotten)


def _fill(making: Path, source: Path, manifest: dict[str, Any], keys: Path, database: str | None, now: int) -> int:
    """The whole home at `making`; how many identifiers had to be forgotten again."""
    for name in (n for n in manifest["files"] if n.startswith("lake/") or n in SETTINGS):
        _copy(source / name, making / name)
    for file in sorted(keys.iterdir()):
        _copy(file, making / "keys" / file.name)
    _name_database(making, database)
    copies.copy_in(source, making, load(making / "byname.toml").database, manifest["schema"])
    with open_home(making) as home:
        forgotten = _settle(home, now)
    (making / "lock").unlink(missing_ok=True)
    return forgotten


def _settle(home: Home, now: int) -> int:
    """What time has passed over: who was erased since is erased again, and nobody is signed in."""
    policy = Policy.load(home.path / "identity.toml", region=home.settings.region)
    _try_keys(home, policy)
    home.store.write(sessions.end_all)
    return erasure.erase_again(home, erasure.logged(home.path / "keys"), policy=policy, now=now)


def _try_keys(home: Home, policy: Policy) -> None:
    """Do both keys belong to this data? The vault opens by one, and its value gives the token by the other."""
    db = home.store.read()
    row = db.row("select i.id, i.type, i.token from vault v join identifier i on i.id = v.identifier limit 1")
    if row is None:
        return
    id, type, token = row
    value = vault.reveal(db, home.keys, [id])[id]
    if home.keys.token(policy.index(type), value) != bytes(token):
        cure = "Restore the keys/ folder that belongs to it"
        raise BynameError("The token key does not fit this home's data", cure=cure)


def _refuse_full(target: Path) -> None:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BynameError("The target is not empty", str(target), "Take a new folder; nothing is ever overwritten")


def _copy_segment(home: Home, segment: ledger.Segment, target: Path) -> None:
    _copy(home.lake / segment.path, target)
    if _digest(target) != segment.digest:
        raise BynameError("A file of the lake is damaged", segment.path, "Take it from an earlier backup")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.copyfile(source, target)
    target.chmod(0o600)
    copies.sync(target)


def _checked(source: Path) -> dict[str, Any]:
    """The manifest of a whole, unharmed backup."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text())
    except (OSError, ValueError) as error:
        cure = "Take a folder that `byname backup` finished"
        raise BynameError("This is no whole backup", str(source), cure) from error
    if manifest.get("byname_backup") != VERSION:
        raise BynameError(
            "This backup has another form", str(manifest.get("byname_backup")), "Use the byname that made it"
        )
    bad = [n for n, digest in manifest["files"].items() if _digest(source / n) != digest]
    if bad:
        raise BynameError("This backup is damaged", ", ".join(bad[:5]), "Take another one")
    return manifest


def _digest(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _name_database(home: Path, database: str | None) -> None:
    """Let the restored home's byname.toml name the database it lives in."""
    if database is None:
        return
    path = home / "byname.toml"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    others = [line for line in lines if line.partition("=")[0].strip() != "database"]
    path.write_text("\n".join([f"database = {json.dumps(database)}", *others]) + "\n")
