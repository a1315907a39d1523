"""Which programs may call the API, and for what?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import answer, home_option, json_option, moment, new_id, now, opened, table


@click.group("token")
def command() -> None:
    """API tokens for programs: recognise, decide, read.

    \b
    Example:
      byname token make "Till 4" --scope recognise --scope brief
    """


@command.command("make")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="A permission; may be repeated.")
@home_option
@json_option
def make(name: str, scopes: tuple[str, ...], home: Path, json: bool) -> None:
    """Make a token and print it, once.

    \b
    Example:
      byname token make "Till 4" --scope recognise --scope brief
    """
    from byname.trust import tokens

    with opened(home) as h:
        made, secret = h.store.write(
            lambda db: tokens.make(db, h.keys, name=name, scopes=scopes, now=now(), new_id=new_id)
        )
    words = f"Token {made}, shown this once:\n{secret}"
    answer({"id": made, "token": secret, "scopes": sorted(scopes)}, json, lambda: click.echo(words))


@command.command("list")
@home_option
@json_option
def list_(home: Path, json: bool) -> None:
    """All tokens, without their secrets.

    \b
    Example:
      byname token list
    """
    from byname.trust import tokens

    with opened(home, read_only=True) as h:
        found = tokens.tokens(h.store.read())

    def words() -> None:
        rows = [
            (t.id, t.name, " ".join(sorted(t.scopes)), moment(t.made_at), moment(t.used_at), moment(t.revoked_at))
            for t in found
        ]
        table(("id", "name", "scopes", "made", "last used", "revoked"), rows, "No tokens yet: `byname token make`.")

    answer([t._asdict() for t in found], json, words)


@command.command("revoke")
@click.argument("token")
@home_option
@json_option
def revoke(token: str, home: Path, json: bool) -> None:
    """Take a token out of force, at once.

    \b
    Example:
      byname token revoke 3f9a0c52d17e88b4
    """
    from byname.terms import BynameError
    from byname.trust import tokens

    with opened(home) as h:
        done = h.store.write(lambda db: tokens.revoke(db, token, now=now()))
    if not done:
        raise BynameError("No such token in force", token, "`byname token list` shows all")
    answer({"id": token, "revoked": True}, json, lambda: click.echo("Revoked."))
