"""Who of the staff may sign in, and as what?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byname.cli.frame import answer, home_option, json_option, new_id, now, opened, table
from byname.cli.serving import link_address

if TYPE_CHECKING:
    from byname.store import Db


@click.group("user")
def command() -> None:
    """Staff accounts. There are no default passwords: everyone chooses one by a one-time link.

    \b
    Example:
      byname user add ann@shop.example --name "Ann Field" --role associate
      byname user list
    """


@command.command("add")
@click.argument("login")
@click.option("--name", default="", help="As colleagues know her; empty: the login.")
@click.option("--role", default="associate", show_default=True, help="What she may do: see docs/concepts.")
@home_option
@json_option
def add(login: str, name: str, role: str, home: Path, json: bool) -> None:
    """Make an account and print the link by which its owner chooses a password.

    \b
    Example:
      byname user add ann@shop.example --role associate
    """
    from byname.trust import staff

    with opened(home) as h:
        at = now()
        made = h.store.write(lambda db: staff.create(db, login=login, name=name, role=role, now=at, new_id=new_id))
        link = link_address(h, h.store.write(lambda db: staff.make_link(db, h.keys, made, now=at)))
    answer({"id": made, "link": link}, json, lambda: click.echo(f"Send her this link; it works once:\n{link}"))


@command.command("link")
@click.argument("login")
@home_option
@json_option
def new_link(login: str, home: Path, json: bool) -> None:
    """A new one-time link, for a forgotten password; earlier links stop working.

    \b
    Example:
      byname user link ann@shop.example
    """
    from byname.trust import staff

    with opened(home) as h:
        who = _account(h.store.read(), login)
        link = link_address(h, h.store.write(lambda db: staff.make_link(db, h.keys, who, now=now())))
    answer({"id": who, "link": link}, json, lambda: click.echo(f"This link works once:\n{link}"))


@command.command("list")
@home_option
@json_option
def list_(home: Path, json: bool) -> None:
    """Everyone who has an account.

    \b
    Example:
      byname user list --json
    """
    from byname.trust import staff

    with opened(home, read_only=True) as h:
        found = staff.accounts(h.store.read())

    def words() -> None:
        rows = [(a.login, a.name, a.role, _state(a.enabled, a.has_password)) for a in found]
        table(("login", "name", "role", "state"), rows, "No accounts yet: `byname run` prints the first link.")

    answer([a._asdict() for a in found], json, words)


@command.command("role")
@click.argument("login")
@click.argument("role")
@home_option
@json_option
def role_(login: str, role: str, home: Path, json: bool) -> None:
    """Give someone another role.

    \b
    Example:
      byname user role ann@shop.example steward
    """
    _change(home, login, json, f"{login} is now {role}", role=role)


@command.command("disable")
@click.argument("login")
@home_option
@json_option
def disable(login: str, home: Path, json: bool) -> None:
    """Shut someone out, at once; her sessions end.

    \b
    Example:
      byname user disable ann@shop.example
    """
    _change(home, login, json, f"{login} is shut out", enabled=False)


@command.command("enable")
@click.argument("login")
@home_option
@json_option
def enable(login: str, home: Path, json: bool) -> None:
    """Let someone in again.

    \b
    Example:
      byname user enable ann@shop.example
    """
    _change(home, login, json, f"{login} may sign in", enabled=True)


def _change(
    home: Path, login: str, json: bool, done: str, *, role: str | None = None, enabled: bool | None = None
) -> None:
    from byname.trust import staff

    with opened(home) as h:
        who = _account(h.store.read(), login)
        h.store.write(lambda db: staff.change(db, who, role=role, enabled=enabled))
    answer({"id": who, "done": done}, json, lambda: click.echo(f"{done}."))


def _account(db: Db, login: str) -> str:
    from byname.terms import BynameError
    from byname.trust import staff

    found = staff.by_login(db, login)
    if found is None:
        raise BynameError("No account with this login", cure="`byname user list` shows all")
    return found.id


def _state(enabled: bool, has_password: bool) -> str:
    if not enabled:
        return "shut out"
    return "may sign in" if has_password else "has not used the link yet"
