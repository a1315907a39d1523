"""Why are these identifiers one person? The live statements that tie them, in words, each one revocable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from byname.customers import Held
from byname.store import Db
from byname.web.words import Say


class Evidence(NamedTuple):
    """One statement about two or more of her identifiers (or one that parts her from others)."""

    sid: str  # hex
    op: str  # see | same | split
    words: str
    because: str
    source: str
    actor: str
    model: str
    at: int
    ends: tuple[Held, ...]
    others: int  # identifiers in it that are not hers now
    invented: bool


STATEMENTS = """
select s.sid, s.op, s.because, s.source, s.actor, s.model, s.at_, si.identifier
from statement s join statement_identifier si on si.statement = s.id
join identifier i on i.id = si.identifier and i.type <> 'given'
where s.live = 1 and s.id in :ids
"""
MOST = 400  # statements shown; a busy account has thousands of sightings that say the same


def read(db: Db, say: Say, held: Sequence[Held]) -> list[Evidence]:
    """Live statements that tie her identifiers, the latest first; sightings of one identifier alone say nothing."""
    mine = {h.id: h for h in held}
    ids = [
        i
        for (i,) in db.rows(
            "select distinct si.statement from statement_identifier si where si.identifier in :mine", mine=list(mine)
        )
    ]
    if not ids:
        return []
    found: dict[bytes, tuple[tuple[object, ...], list[int]]] = {}
    for *head, identifier in db.rows(STATEMENTS, ids=sorted(ids)[-MOST:]):
        found.setdefault(head[0], (tuple(head), []))[1].append(identifier)
    told = [of(say, head, ends, mine) for head, ends in found.values()]
    return sorted((e for e in told if len(e.ends) + e.others > 1), key=lambda e: (e.op == "see", -e.at, e.sid))


def of(say: Say, head: Sequence[object], ends: Sequence[int], mine: Mapping[int, Held]) -> Evidence:
    sid, op, because, source, actor, model, at = head
    assert isinstance(sid, bytes)
    assert isinstance(at, int)
    hers = tuple(mine[i] for i in sorted(set(ends)) if i in mine)
    return Evidence(
        sid.hex(), str(op), words(say, str(op), str(actor), str(model)), str(because), str(source), str(actor),
        str(model), at, hers, len(set(ends) - mine.keys()), all(h.invented for h in hers) if hers else False,
    )  # fmt: skip


def words(say: Say, op: str, actor: str, model: str) -> str:
    """What a statement says, as a sentence."""
    if op == "split":
        return say.text("Said not to be the same person")
    if op == "same":
        if model:
            return say.text("Joined on the suggestion of a model")
        return say.text("Joined by staff") if actor.startswith("staff:") else say.text("Said to be the same person")
    return say.text("Turned up together")
