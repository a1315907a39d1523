"""What do all commands share: the home, the answer as words or JSON, progress, and who is asking?"""

from __future__ import annotations

import json as json_
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from byname.home import Home
    from byname.trust.audit import Look

ACTOR = "cli"

home_option = click.option(
    "--home",
    "home",
    type=click.Path(path_type=Path, file_okay=False),
    default="home",
    envvar="BYNAME_HOME",
    show_default=True,
    show_envvar=True,
    help="The home folder: settings, keys, the day's database, the lake.",
)
json_option = click.option("--json", "json", is_flag=True, help="Answer in JSON, for programs.")


def now() -> int:
    """Microseconds since the epoch: the doors are where the clock is read."""
    return time.time_ns() // 1000


def new_id() -> str:
    """A random id for what a command makes."""
    return secrets.token_hex(8)


def opened(path: Path, *, read_only: bool = False, create: bool = False) -> Home:
    """The home, which must exist unless it may be made.

    Reading joins a running server; writing needs the home for itself (SQLite).
    """
    from byname.home import open_home

    return open_home(path, read_only=read_only, create=create)


def joined(path: Path) -> Home:
    """The home to look at a person in: for itself, or beside the server that has it."""
    from byname.terms import HomeInUse

    try:
        return opened(path)
    except HomeInUse:
        return opened(path, read_only=True)


def note(home: Home, look: Look) -> None:
    """Log a look before it is answered: in the table; beside a server in a journal, which the next start takes over."""
    from byname.trust import audit, looks

    if home.read_only:
        looks.leave(home.path / "looks", look)
    else:
        home.store.write(lambda db: audit.log(db, [look]))


def answer(value: Mapping[str, Any] | Sequence[Any], json: bool, words: Callable[[], None]) -> None:
    """Print `value` as JSON, or call `words` to say it to a person."""
    if json:
        click.echo(json_.dumps(value, indent=2, ensure_ascii=False, default=_plain))
    else:
        words()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset | set):
        return sorted(value)
    return str(value)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Rows under their headings, or the sentence for none."""
    if not rows:
        click.echo(empty)
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    drawn = Table(*columns, box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        drawn.add_row(*("" if v is None else str(v) for v in row))
    console().print(drawn)


def console() -> Any:
    """A rich console that follows click's idea of standard output, wide when nobody looks."""
    import sys

    from rich.console import Console

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)


class Advance(Protocol):
    """Told how far something is."""

    def __call__(self, done: int, total: int, what: str = "") -> None: ...


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Advance]:
    """A bar on the error stream, so that the answer stays clean; a line a tenth where there is no terminal."""
    if quiet:
        yield lambda done, total, what="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    drawn = Console(stderr=True)
    if not drawn.is_terminal:
        yield _lines(title)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=drawn, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total, what="": bar.update(
            task, completed=done, total=total or None, description=what or title
        )


def _lines(title: str) -> Advance:
    """For logs: a line when something new begins, and one per tenth."""
    last: tuple[str, int] = ("", -1)

    def advance(done: int, total: int, what: str = "") -> None:
        nonlocal last
        here = (what or title, done * 10 // total if total else 0)
        if here != last:
            last = here
            click.echo(f"{here[0]}: {done:,} of {total:,}" if total else here[0], err=True)

    return advance


@contextmanager
def telling(title: str, *, quiet: bool = False) -> Iterator[Callable[..., None]]:
    """For work that tells its steps: call with what is going on and the share done, 0 to 1, where it is known."""
    with progress(title, quiet=quiet) as advance:
        yield lambda what, part=0.0: advance(round(part * 100), 100 if part else 0, f"{title}: {what}")


def moment(at: int) -> str:
    """A time in words, UTC; '-' for never."""
    from byname import terms

    return terms.moment(at).strftime("%Y-%m-%d %H:%M") if at else "-"
