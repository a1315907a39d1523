"""What is held about one customer, for her to have? And where do other engines find the whole lake?"""

from __future__ import annotations

import json as json_
from pathlib import Path

import click

from byname.cli.frame import ACTOR, answer, home_option, joined, json_option, note, now, opened, progress, table


@click.command("export")
@click.argument("customer", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here; else print JSON.")
@click.option("--html", is_flag=True, help="As a page that she can open in any browser.")
@click.option(
    "--iceberg",
    type=click.Path(path_type=Path, file_okay=False),
    help="No customer, but all that is sealed, registered in an Iceberg catalogue in this folder.",
)
@home_option
@json_option
def command(
    customer: str | None, output: Path | None, html: bool, iceberg: Path | None, home: Path, json: bool
) -> None:
    """Everything held about one customer, from every room and the lake, in the clear. Or the lake, for other engines.

    CUSTOMER is her id, or one of her identifiers as type:value. The look is logged. Works beside a running server.
    --iceberg copies nothing and holds no personal data in the clear; repeat it to bring the catalogue up to date.

    \b
    Example:
      byname export c5f0d8 -o ann.json
      byname export email:ann@shop.example --html -o ann.html
      byname export --iceberg /srv/catalogue
    """
    if (customer is None) == (iceberg is None):
        raise click.UsageError("Name one CUSTOMER, or --iceberg FOLDER")
    if iceberg is not None:
        _register(home, iceberg, json)
    elif customer is not None:
        _takeout(home, customer, output, html)


def _takeout(home: Path, customer: str, output: Path | None, html: bool) -> None:
    from byname import customers, forget
    from byname.encounter import Byname
    from byname.trust import audit

    with joined(home) as h:
        product, at = Byname(h), now()
        _, public = customers.whom(h.store.read(), customer, product.key)
        look = audit.Look(at, ACTOR, "export", public, outcome="html" if html else "json")
        note(h, look)
        held = forget.export(h, public, now=at)
    text = forget.readable(held) if html else json_.dumps(held, indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    output.touch(mode=0o600)
    output.write_text(text + "\n", "utf-8")
    click.echo(f"Written to {output}. It holds personal data: hand it to her, and to nobody else.", err=True)


def _register(home: Path, target: Path, json: bool) -> None:
    from byname.lake.iceberg import register

    with opened(home, read_only=True) as h, progress("Registering files", quiet=json) as advance:
        found = register(h, target, advance)
        (fresh,) = h.store.read().row("select count(*) from event") or (0,)

    def words() -> None:
        rows = [
            (r.table, f"{r.files:,}", f"{r.rows:,}", r.refused or ("made anew" if r.anew else f"{r.added:,} new"))
            for r in found
        ]
        table(("table", "files", "rows", ""), rows, "Nothing is sealed yet.")
        if fresh:
            click.echo(f"{fresh:,} fresh events are not in it until they are sealed (`byname learn --only seal`).")

    answer({"tables": [r._asdict() for r in found], "fresh_events": fresh}, json, words)
