"""Which sources deliver, and what may they send?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from byname.cli.frame import answer, home_option, json_option, moment, now, opened, table

FILE = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.group("source")
def command() -> None:
    """Sources that deliver events: a till, a site, an app, a call centre.

    \b
    Example:
      byname source add tills-london --touchpoint till --trusted
      byname source list
    """


@command.command("add")
@click.argument("source")
@click.option("--name", default="", help="As pages show it; empty: SOURCE.")
@click.option("--touchpoint", default="web", show_default=True, help="Where its events happen unless they say it.")
@click.option("--kind", default="segment", show_default=True, help="segment, webhook, file or byname.")
@click.option("--secret", default="", help="Signing secret of a webhook (whsec_...).")
@click.option("--mapping", type=FILE, help="Of a webhook's types, in TOML: docs/how-to/webhook.md.")
@click.option("--event", "events", multiple=True, help="Allow only this event; may be repeated. None: any.")
@click.option("--needs-consent", is_flag=True, help="Keep only events that carry a consent object.")
@click.option("--trusted", is_flag=True, help="Its accounts and cards were shown by sign-in or scan.")
@home_option
@json_option
def add(source: str, events: tuple[str, ...], mapping: Path | None, home: Path, json: bool, **given: Any) -> None:
    """Make a source and print its write key, once.

    \b
    Example:
      byname source add shop --touchpoint web --needs-consent
    """
    from byname.touchpoints import sources, webhook

    if mapping is not None:
        given["mapping"] = webhook.read_mapping(mapping.read_text("utf-8"))
    with opened(home, create=True) as h:
        key = h.store.write(lambda db: sources.create(db, h.keys, source, now=now(), allowed=events or None, **given))
    words = f"Source {source}. Its write key, shown this once:\n{key}"
    answer({"source": source, "write_key": key}, json, lambda: click.echo(words))


@command.command("list")
@home_option
@json_option
def list_(home: Path, json: bool) -> None:
    """All sources, without their keys.

    \b
    Example:
      byname source list --json
    """
    from byname.touchpoints import sources

    with opened(home, read_only=True) as h:
        found = sources.all_sources(h.store.read())

    def words() -> None:
        rows = [
            (s.slug, s.name, s.touchpoint, s.kind, f"...{s.key_hint}", moment(s.made_at), "on" if s.enabled else "off")
            for s in found
        ]
        titles = ("source", "name", "touchpoint", "kind", "key", "made", "")
        table(titles, rows, "No sources yet: `byname source add shop --touchpoint web`.")

    hidden = ("secret", "schemas", "mapping")
    told = [{k: getattr(s, k) for k in s.__struct_fields__ if k not in hidden} for s in found]
    answer(told, json, words)


@command.command("rotate")
@click.argument("source")
@home_option
@json_option
def rotate(source: str, home: Path, json: bool) -> None:
    """A new write key; the old one stops working.

    \b
    Example:
      byname source rotate shop
    """
    from byname.touchpoints import sources

    with opened(home) as h:
        key = h.store.write(lambda db: sources.rotate(db, h.keys, source))
    words = f"The new write key of {source}, shown this once:\n{key}"
    answer({"source": source, "write_key": key}, json, lambda: click.echo(words))


@command.command("disable")
@click.argument("source")
@home_option
@json_option
def disable(source: str, home: Path, json: bool) -> None:
    """Switch a source off: what it sends is refused with 404.

    \b
    Example:
      byname source disable shop
    """
    _switch(source, home, json, on=False)


@command.command("enable")
@click.argument("source")
@home_option
@json_option
def enable(source: str, home: Path, json: bool) -> None:
    """Switch a source on again.

    \b
    Example:
      byname source enable shop
    """
    _switch(source, home, json, on=True)


def _switch(source: str, home: Path, json: bool, *, on: bool) -> None:
    from byname.touchpoints import sources

    with opened(home) as h:
        h.store.write(lambda db: sources.change(db, h.keys, source, enabled=on))
    done = f"{source} is {'on' if on else 'off'}."
    answer({"source": source, "enabled": on}, json, lambda: click.echo(done))
