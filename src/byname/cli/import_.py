"""How does history come in from a file?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byname.cli.frame import answer, home_option, json_option, moment, now, opened, progress, table

if TYPE_CHECKING:
    from byname.backfill import Bad, Plan, Run

FILE = click.Path(path_type=Path, dir_okay=False)
MOST_SHOWN = 4  # rows of a dry run


@click.command("import")
@click.argument("file", type=FILE)
@click.option("--map", "map_", type=FILE, required=True, help="The mapping: which column is what, in TOML.")
@click.option("--dry-run", is_flag=True, help="Only show how the rows would be understood, and what is wrong.")
@home_option
@json_option
@click.pass_context
def command(ctx: click.Context, file: Path, map_: Path, dry_run: bool, home: Path, json: bool) -> None:
    """Take history from a CSV or Parquet file, by a mapping.

    The same file by the same mapping is one import: after a crash it goes on where it was, and once done it
    changes nothing. Rows that cannot be used go to quarantine. Exit code 1: there were such rows now.

    \b
    Example:
      byname import sales.csv --map sales.toml --dry-run
      byname import sales.csv --map sales.toml
    """
    from byname import backfill
    from byname.encounter import Byname
    from byname.touchpoints import files

    backfill.check_file(file)  # before a home is made for it
    mapping, started = files.load(map_), now()
    with opened(home, create=True) as h:
        product = Byname(h)
        with progress(f"Reading {file.name}", quiet=json):
            plan = backfill.plan(product, file, mapping, now=now(), look=dry_run)
        if dry_run:
            answer(_told(plan), json, lambda: _say(plan))
            ctx.exit(1 if plan.bad else 0)
        with progress(f"Importing {file.name}", quiet=json) as advance:
            run = backfill.run(product, plan, now=now(), progress=advance)
    if run.ended_at is not None and run.ended_at < started:
        answer({**run._asdict(), "already": True}, json, lambda: _say_again(run, run.ended_at or 0))
        return
    answer({**run._asdict(), "already": False}, json, lambda: _say_run(run, plan.bad))
    if run.rows_quarantined or plan.bad:
        ctx.exit(1)


def _told(plan: Plan) -> dict[str, object]:
    return {
        "rows": plan.rows,
        "left_out": plan.left_out,
        "bad_rows": plan.bad_rows,
        "bad": [b._asdict() for b in plan.bad],
        "first": plan.first,
    }


def _say(plan: Plan) -> None:
    """A dry run in words: the first rows side by side, then what is wrong."""
    types = [type for type, columns in plan.mapping.identifiers.items() for _ in columns]
    names = {f"i{number}": type for number, type in enumerate(types)}
    shown = [{**row, "time": row["time"][:16].replace("T", " ")} for row in plan.first[:MOST_SHOWN]]
    words = [w for w in (shown[0] if shown else {}) if w != "row" and any(row[w] for row in shown)]
    lines = [(names.get(word, word), *(row[word] for row in shown)) for word in words]
    table(("", *(f"row {row['row']}" for row in shown)), lines, "No row can be used.")
    click.echo(f"{plan.rows:,} rows, {plan.left_out:,} left out by the mapping, {plan.bad_rows:,} cannot be used.")
    _say_bad(plan.bad)
    click.echo("Money is in cents, quantities in thousandths. Nothing was written.")


def _say_run(run: Run, bad: tuple[Bad, ...]) -> None:
    click.echo(
        f"{run.file_name}: {run.rows_taken:,} rows taken, {run.rows_repeated:,} were there already,"
        f" {run.rows_quarantined:,} in quarantine."
    )
    _say_bad(bad)


def _say_again(run: Run, at: int) -> None:
    aside = f", {run.rows_quarantined:,} went to quarantine" if run.rows_quarantined else ""
    click.echo(
        f"Nothing new: this file was taken on {moment(at)} UTC as {run.file_name}"
        f" ({run.rows_taken:,} rows taken{aside})."
    )


def _say_bad(bad: tuple[Bad, ...]) -> None:
    if bad:
        rows = [(f"{b.number:,}", b.words, ", ".join(map(str, b.rows))) for b in bad]
        table(("rows", "what is wrong", "first"), rows, "")
