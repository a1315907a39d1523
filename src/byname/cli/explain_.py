"""Why are these identifiers one person?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import ACTOR, answer, home_option, joined, json_option, moment, note, now, table


@click.command("explain")
@click.argument("customer")
@home_option
@json_option
def command(customer: str, home: Path, json: bool) -> None:
    """Why are these identifiers one person? The statements that say so, in words. The look is logged.
    Works beside a running server.

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

    with joined(home) as h:
        product, at = Byname(h), now()
        db = h.store.read()
        person, public = customers.whom(db, customer, product.key)
        note(h, audit.Look(at, ACTOR, "explain", public))
        found = explain.explain(db, product.policy, person)
        held = customers.read(h, db, person, at).identifiers

    def words() -> None:
        click.echo(f"Customer {public}")
        rows = [(i.type, i.masked, i.public_id, i.state, moment(i.first_at)) for i in held]
        table(("identifier", "", "id", "state", "first seen"), rows, "She has no identifiers left.")
        for because in found:
            click.echo(str(because))

    told = [{**b._asdict(), "words": str(b)} for b in found]
    identifiers = [{"type": i.type, "id": i.public_id, "masked": i.masked, "state": i.state} for i in held]
    answer({"customer": public, "identifiers": identifiers, "because": told}, json, words)
