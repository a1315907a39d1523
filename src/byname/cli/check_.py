"""Do the laws hold in this home?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byname.cli.frame import answer, home_option, json_option, opened, table, telling

if TYPE_CHECKING:
    from byname.rebuild import Finding


@click.command("check")
@home_option
@json_option
@click.pass_context
def command(ctx: click.Context, home: Path, json: bool) -> None:
    """Ask a home whether the laws hold: nothing lost, once, people follow from statements, state from events.

    Reads only, and works beside a running server. Exit code 0: they hold; 1: one does not.

    \b
    Example:
      byname check --home /srv/byname
    """
    from byname import rebuild
    from byname.encounter import Byname

    with opened(home, read_only=True) as h, telling("Checking", quiet=json) as tell:
        found = rebuild.check(Byname(h), tell)
    answer([f._asdict() for f in found], json, lambda: say(found))
    if any(f.wrong for f in found):
        ctx.exit(1)


def say(found: list[Finding]) -> None:
    """The findings as a table and a sentence."""
    rows = [("does not hold" if f.wrong else "holds", f.law, f"{f.checked:,}", f.wrong or "", f.example) for f in found]
    table(("", "law", "checked", "wrong", "example"), rows, "Nothing was checked.")
    broken = sum(bool(f.wrong) for f in found)
    click.echo(f"{broken} of {len(found)} laws do not hold: `byname rebuild` mends what is derived." if broken
               else f"All {len(found)} laws hold.")  # fmt: skip
