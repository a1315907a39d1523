"""Which rows could not be used? They go to quarantine with their number and reason, encrypted, without card numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from byname import cards
from byname.backfill.planning import Plan, rejected
from byname.keyring import Keyring
from byname.lake.duck import Connection
from byname.store import Db
from byname.terms import BynameError, Quarantined
from byname.touchpoints import quarantine, reading
from byname.touchpoints.reasons import in_words_of_a_file as in_words

MOST_BAD = 10_000  # more rows than this, and more than a tenth of the file: the mapping is wrong, not the rows


def bearable(bad: int, total: int) -> None:
    """Refuse a file that does not fit its mapping, before anything is written."""
    if bad > MOST_BAD and bad * 10 > total:
        cure = "Look at the dry run and mend the mapping; nothing was written"
        raise BynameError("More than a tenth of the rows cannot be used", f"{bad:,} of {total:,}", cure)


def rows(lake: Connection, plan: Plan, view: str) -> list[Quarantined]:
    """The bad rows of a file, as arrivals that cannot be used; `view` holds the understood rows."""
    found = lake.execute(f"select file_row, why from {view} where why is not null and why <> '{reading.LEFT_OUT}'")
    whys: dict[int, str] = dict(found.fetchall())
    return numbered(lake, plan, whys) + no_rows(lake, plan)


def numbered(lake: Connection, plan: Plan, whys: dict[int, str]) -> list[Quarantined]:
    """These rows of the file (number -> reason) as they stand in it."""
    if not whys:
        return []
    wanted = ", ".join(str(n) for n in sorted(whys))
    original = reading.relation(plan.file, plan.mapping)
    found = lake.execute(f"select * from ({original}) where file_row in ({wanted}) order by file_row")
    columns = [c[0] for c in found.description]
    return [_refused(plan, dict(zip(columns, row, strict=True)), whys) for row in found.fetchall()]


def put(db: Db, keyring: Keyring, source: str, refused: Sequence[Quarantined], now: int) -> None:
    """Keep them; inside a transaction."""
    quarantine.put(db, keyring, [msgspec.structs.replace(q, received_at=now) for q in refused])


def _refused(plan: Plan, row: dict[str, Any], whys: dict[int, str]) -> Quarantined:
    number = row.pop("file_row")
    body = msgspec.json.encode({"file": plan.file.name, "row": number, "values": row}, enc_hook=str)
    detail = in_words(whys[number], f"{plan.file.name}, row {number}")
    return Quarantined(plan.mapping.source, whys[number], f"row {number}", detail, 0, cards.strike_out(body))


def no_rows(lake: Connection, plan: Plan) -> list[Quarantined]:
    """Lines of a CSV that are not rows at all."""
    if not rejected(lake):
        return []
    found = lake.execute("select line, any_value(csv_line) from reject_errors group by line order by line").fetchall()
    return [
        Quarantined(
            plan.mapping.source,
            "not_a_row",
            f"line {line}",
            in_words("not_a_row", f"{plan.file.name}, line {line}"),
            0,
            cards.strike_out(msgspec.json.encode({"file": plan.file.name, "line": line, "text": text})),
        )
        for line, text in found
    ]
