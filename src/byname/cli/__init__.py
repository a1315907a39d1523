"""What can be asked of byname in a terminal? One file per command here, and one line in COMMANDS.

A command's file is read when it is asked for, so that `byname --help` costs next to nothing.

Exit codes: 0 done; 1 the answer is no (a law does not hold, rows were bad, nobody found); 2 asked wrongly;
3 the home is in use by another process; 4 the ground is broken (disk, database, keys); 5 a mistake of byname's own
(BYNAME_TRACE=1 shows where); 141 who read the answer went away (`| head`), which is no error.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any

import click

COMMANDS: tuple[tuple[str, str], ...] = (
    ("run", "Start byname: make a home, take the sample if wanted, open the server"),
    ("serve", "Open the server on a home that exists"),
    ("import", "Take history from a CSV or Parquet file, by a mapping"),
    ("learn", "Run the night: seal the day into the lake, find records of one person"),
    ("check", "Ask a home, live or at rest, whether the laws hold"),
    ("rebuild", "Make everything derived again from the facts, and compare"),
    ("explain", "Why are these identifiers one person?"),
    ("export", "Everything held about one customer; or the lake, for other engines"),
    ("erase", "Forget one customer, everywhere, for good"),
    ("source", "Sources that deliver: add, list, new key, switch off and on"),
    ("user", "Staff accounts: add, list, new link, role, shut out"),
    ("token", "API tokens: make, list, revoke"),
    ("backup", "Copy a home while it runs"),
    ("restore", "Make a home from a backup"),
)

READER_GONE = 141  # what a shell makes of SIGPIPE
OK, NO, ASKED_WRONGLY, IN_USE, BROKEN, OUR_MISTAKE = range(6)
GROUND_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO}


class Commands(click.Group):
    """The list above as a click group; errors of byname become a message and an exit code, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in dict(COMMANDS):
            return None
        module = import_module(f"byname.cli.{cmd_name}_")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(COMMANDS)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # `| head` has read enough
            _hush()
            ctx.exit(READER_GONE)
        except Exception as error:
            code = _code(error)
            if code == OUR_MISTAKE and os.environ.get("BYNAME_TRACE"):
                raise
            click.echo(f"byname: {_words(error)}", err=True)
            ctx.exit(code)


def _hush() -> None:
    """Let what is still in the buffers go nowhere, or Python complains of the closed pipe when it ends."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _code(error: Exception) -> int:
    from byname.terms import BynameError, GroundBroken, HomeInUse

    if isinstance(error, HomeInUse):
        return IN_USE
    if isinstance(error, GroundBroken) or (isinstance(error, OSError) and error.errno in GROUND_ERRORS):
        return BROKEN
    return ASKED_WRONGLY if isinstance(error, BynameError) else OUR_MISTAKE


def _words(error: Exception) -> str:
    """The error in words; of a mistake of ours only its kind, because its message may hold anything."""
    code = _code(error)
    if code == OUR_MISTAKE:
        return f"A mistake of byname's own: {type(error).__name__}. BYNAME_TRACE=1 shows where; please report it."
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        return f"The disk does not carry: {error.strerror}{where}. Make room or mend its rights, then try again."
    return str(error)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="`byname COMMAND --help` tells more and gives an example. The documentation is in docs/.",
)
@click.version_option(package_name="byname")
def cli() -> None:
    """byname knows a customer wherever she turns up: recognise, remember, value, respond."""


def main() -> None:
    """The program `byname`."""
    cli(prog_name="byname")
