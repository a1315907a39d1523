"""Can everything derived be made again?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.check_ import say
from byname.cli.frame import answer, home_option, json_option, opened, telling


@click.command("rebuild")
@home_option
@json_option
@click.pass_context
def command(ctx: click.Context, home: Path, json: bool) -> None:
    """Make everything derived again from the facts, put it in place, and tell what differed before.

    Exit code 0: nothing differed, as it must be; 1: something did, and is mended.

    \b
    Example:
      byname rebuild --home /srv/byname
    """
    from byname import rebuild
    from byname.encounter import Byname

    with opened(home) as h, telling("Rebuilding", quiet=json) as tell:
        found = rebuild.rebuild(Byname(h), tell)
    answer([f._asdict() for f in found], json, lambda: say(found))
    if any(f.wrong for f in found):
        ctx.exit(1)
