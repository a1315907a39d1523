"""How is one customer forgotten, everywhere?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import ACTOR, answer, home_option, json_option, now, opened, telling


@click.command("erase")
@click.argument("customer")
@click.option("--never-again", is_flag=True, help="Nor recognise her when she turns up as a newcomer.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@home_option
@json_option
def command(customer: str, never_again: bool, yes: bool, home: Path, json: bool) -> None:
    """Forget one customer: vault, tokens, state, traits, bodies of events, lake. It cannot be undone.

    Sums over all customers stay right: her events remain as events of nobody.

    \b
    Example:
      byname erase c5f0d8
      byname erase email:ann@shop.example --never-again --yes
    """
    from byname import customers, forget
    from byname.encounter import Byname

    with opened(home) as h:
        product = Byname(h)
        _, public = customers.whom(h.store.read(), customer, product.key)
        if not yes:
            click.confirm(f"Forget customer {public} for good?", abort=True, err=True)
        with telling("Erasing", quiet=json) as tell:
            done = forget.erase(
                h, public, policy=product.policy, actor=ACTOR, now=now(), never_again=never_again, step=tell
            )
    words = f"Erased {public}: {done.identifiers} identifiers, {done.shared} shared with others stay."
    answer({"customer": public, **done._asdict()}, json, lambda: click.echo(words))
