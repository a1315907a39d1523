"""How is a home copied while it runs?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import answer, home_option, json_option, now, opened, progress


@click.command("backup")
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--with-keys", is_flag=True, help="Also copy keys/; without them the backup cannot be read.")
@home_option
@json_option
def command(target: Path, with_keys: bool, home: Path, json: bool) -> None:
    """Copy a home, in use or not, into a new folder.

    Keep the keys apart from the data: without --with-keys, save the folder keys/ of the home elsewhere yourself.

    \b
    Example:
      byname backup /backups/2026-11-21
    """
    from byname.backup import backup

    with opened(home, read_only=True) as h, progress("Copying", quiet=json):
        done = backup(h, target, now=now(), with_keys=with_keys)

    def words() -> None:
        click.echo(f"Copied {done.files:,} files, {done.bytes / 1e6:,.1f} MB, to {done.path}.")
        if not done.with_keys:
            click.echo(f"The keys stayed in {home / 'keys'}: save them elsewhere.")

    answer(done._asdict(), json, words)
