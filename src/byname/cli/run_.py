"""How does a newcomer see byname for the first time? One command: a home, the sample, a server, a link."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byname.cli.frame import home_option, json_option, now, progress

if TYPE_CHECKING:
    from byname.encounter import Byname


@click.command("run")
@click.option("--sample", is_flag=True, help="Take the Complete Journey data, once: a year of a real grocery chain.")
@click.option("--host", default=None, help="Listen here instead of the setting `host`.")
@click.option("--port", type=int, default=None, help="Listen here instead of the setting `port`; 0: any free one.")
@home_option
@json_option
def command(sample: bool, host: str | None, port: int | None, home: Path, json: bool) -> None:
    """Start byname: make the home if there is none, take the sample if asked, open the server.

    The first start prints a one-time link by which the owner signs in; there is no default password.
    Without --sample byname starts empty, and its pages say what to do next.

    \b
    Example:
      byname run --sample
      byname run --home /srv/byname --port 80
    """
    from byname.cli.serving import bound, serve
    from byname.encounter import Byname
    from byname.home import check_free, is_home, open_home
    from byname.settings import load

    if not is_home(home):  # nothing is made for a server that could not open
        check_free(home)
        wanted = load(home / "byname.toml")
        bound(host or wanted.host, wanted.port if port is None else port).close()
    if sample:
        from byname.sample import settle

        settle(home)
    with open_home(home) as opened:
        product, settings = Byname(opened), opened.settings
        taken = bound(host or settings.host, settings.port if port is None else port)
        if sample:
            take_sample(product, quiet=json)
        serve(product, taken, json=json)


def take_sample(product: Byname, *, quiet: bool) -> None:
    """Bring the sample in, unless it is there already."""
    from byname import sample

    with progress("The sample", quiet=quiet) as advance:
        runs = sample.take(product, now=now(), progress=lambda what, done, total: advance(done, total, what))
    rows = sum(run.rows_taken for run in runs)
    if not quiet:
        click.echo(f"The sample is in: {rows:,} rows of {len(runs)} files.")
