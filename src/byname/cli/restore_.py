"""How does a home come back from a backup?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import answer, home_option, json_option, now, progress

FOLDER = click.Path(path_type=Path, file_okay=False, exists=True)


@click.command("restore")
@click.argument("backup", type=FOLDER)
@click.option("--keys", type=FOLDER, help="The key folder, when the backup is without; give the newest there is.")
@click.option("--database", help="An empty PostgreSQL database to restore into, instead of the one that was used.")
@home_option
@json_option
def command(backup: Path, keys: Path | None, database: str | None, home: Path, json: bool) -> None:
    """Make a new home from a backup. Whoever was erased since is erased again.

    \b
    Example:
      byname restore /backups/2026-11-21 --keys /safe/keys --home /srv/byname
    """
    from byname.backup import restore

    with progress("Restoring", quiet=json):
        done = restore(backup, home, now=now(), keys=keys, database=database)

    def words() -> None:
        click.echo(f"Restored {done.files:,} files to {done.path}.")
        if done.forgotten_again:
            click.echo(f"{done.forgotten_again} identifiers of erased customers were forgotten again.")

    answer(done._asdict(), json, words)
