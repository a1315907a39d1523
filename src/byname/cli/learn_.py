"""What does one night do, when it is run by hand?"""

from __future__ import annotations

from pathlib import Path

import click

from byname.cli.frame import answer, home_option, json_option, now, opened, telling


@click.command("learn")
@click.option("--only", default="", help="One step: seal, compact, forget, match or iceberg.")
@home_option
@json_option
def command(only: str, home: Path, json: bool) -> None:
    """Run the night: seal the day into the lake, merge small files, suggest customers who may be one person.

    A running server seals by itself; on SQLite stop it before a night by hand.

    \b
    Example:
      byname learn
      byname learn --only match --json
    """
    from byname.encounter import Byname
    from byname.learn import learn

    with opened(home) as h, telling("Learning", quiet=json) as tell:
        done = learn(Byname(h), now(), tell, only)

    def words() -> None:
        for step, numbers in done.items():
            told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in numbers.items())
            click.echo(f"{step}: {told}")

    answer(done, json, words)
