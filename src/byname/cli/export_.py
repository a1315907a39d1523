"""What is held about one customer, for her to have?"""

from __future__ import annotations

import json as json_
from pathlib import Path

import click

from byname.cli.frame import ACTOR, home_option, now, opened, progress


@click.command("export")
@click.argument("customer")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here; else print JSON.")
@click.option("--html", is_flag=True, help="As a page that she can open in any browser.")
@home_option
def command(customer: str, output: Path | None, html: bool, home: Path) -> None:
    """Everything held about one customer, from every room and the lake, in the clear.

    CUSTOMER is her id, or one of her identifiers as type:value. The look is logged.

    \b
    Example:
      byname export c5f0d8 -o ann.json
      byname export email:ann@shop.example --html -o ann.html
    """
    from byname import customers, forget
    from byname.encounter import Byname
    from byname.trust import audit

    with opened(home) as h:
        product, at = Byname(h), now()
        _, public = customers.whom(h.store.read(), customer, product.key)
        look = audit.Look(at, ACTOR, "export", public, outcome="html" if html else "json")
        h.store.write(lambda db: audit.log(db, [look]))
        with progress("Reading everything held"):
            held = forget.export(h, public, now=at)
    text = forget.readable(held) if html else json_.dumps(held, indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return
    output.touch(mode=0o600)
    output.write_text(text + "\n", "utf-8")
    click.echo(f"Written to {output}. It holds personal data: hand it to her, and to nobody else.", err=True)
