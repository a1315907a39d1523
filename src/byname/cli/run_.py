"""How does a newcomer see byname for the first time? One command: a home, the sample, a server, a link."""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import home_option, json_option


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
    from byname.cli.serving import serve
    from byname.encounter import Byname
    from byname.home import open_home

    with open_home(home) as opened:
        product = Byname(opened)
        if sample:
            take_sample(product)
        settings = opened.settings
        serve(product, host or settings.host, settings.port if port is None else port, json=json)


def take_sample(product: object) -> None:
    """Bring the sample in, unless it is there already."""
    raise NotImplementedError
