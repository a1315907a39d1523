"""Why are these identifiers one person?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import ACTOR, answer, home_option, json_option, now, opened


@click.command("explain")
@click.argument("customer")
@home_option
@json_option
def command(customer: str, home: Path, json: bool) -> None:
    """Why are these identifiers one person? The statements that say so, in words. The look is logged.

    CUSTOMER is her id, or one of her identifiers as type:value.

    \b
    Example:
      byname explain c5f0d8
      byname explain email:ann@shop.example --json
    """
    from byname import customers
    from byname.encounter import Byname
    from byname.identity import explain
    from byname.trust import audit

    with opened(home) as h:
        product, at = Byname(h), now()
        db = h.store.read()
        person, public = customers.whom(db, customer, product.key)
        h.store.write(lambda db: audit.log(db, [audit.Look(at, ACTOR, "explain", public)]))
        found = explain.explain(db, product.policy, person)
    answer({"customer": public, "because": found}, json, lambda: click.echo("\n".join(map(str, found))))
