"""How is the server opened on a home that exists?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import home_option, json_option


@click.command("serve")
@click.option("--host", default=None, help="Listen here instead of the setting `host`.")
@click.option("--port", type=int, default=None, help="Listen here instead of the setting `port`; 0: any free one.")
@home_option
@json_option
def command(host: str | None, port: int | None, home: Path, json: bool) -> None:
    """Open the server on a home that exists: pages, API, capture.

    It stops on Ctrl-C or SIGTERM, after the requests under way. With --json one line tells the address.

    \b
    Example:
      byname serve --home /srv/byname --host 0.0.0.0
    """
    from byname.cli.serving import bound, serve
    from byname.encounter import Byname
    from byname.home import open_home

    with open_home(home, create=False) as opened:
        settings = opened.settings
        taken = bound(host or settings.host, settings.port if port is None else port)
        serve(Byname(opened), taken, json=json)
