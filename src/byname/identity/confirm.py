"""Is this her? What an associate may confirm, on which ground, and when a second person must agree (spec/identity 6.4)

The challenge is blind: the associate types what the customer says, byname answers right or wrong and never shows the
answer. A confirmation is one `same` statement, a denial one `split`; both can be taken back.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from byname.identity import graph
from byname.identity.policy import Policy
from byname.identity.resolve import WITNESS
from byname.store.db import Db
from byname.terms import DAY, Key

GROUNDS = {
    "answered_twice": "two answers of hers were right",
    "loyalty_card_seen": "she held her loyalty card",
    "photo_id_seen": "she showed an identity document with a photo",
    "herself": "she did it in her own account",
}
"""The closed list of grounds: `because` of the statement starts with one."""

REFUSALS = {
    "no_ground": "Two right answers, her loyalty card or a photo id are needed",
    "too_many_wrong": "Too many wrong answers: ask for her loyalty card or a photo id",
    "daily_cap": "So many confirmations a day need a second person",
    "two_accounts": "This joins two accounts: a second person must agree",
    "was_split": "Somebody said that these are two people: a second person must agree",
    "nobody": "There is no such customer",
    "is_already": "This is hers already",
}
"""Why a confirmation is refused, in words for the associate."""

RIGHT_NEEDED = 2
WRONG_ALLOWED = 2
CAP_A_DAY = 20
MOST_CANDIDATES = 3  # the till shows at most so many, with first name, initial and town


class Answers(NamedTuple):
    """How a blind challenge went: fields, never values."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]


class Confirmed(NamedTuple):
    """`sid` of the statement, or the code of REFUSALS why there is none."""

    sid: bytes | None
    refused: str = ""
    took_back: tuple[bytes, ...] = ()  # earlier splits that this goes over


def judge(expected: Mapping[str, Collection[bytes]], given: Mapping[str, bytes]) -> Answers:
    """Right or wrong, per field, by keyed tokens; a field we know nothing of is wrong like any other."""
    right = {
        field
        for field, token in given.items()
        if any(hmac.compare_digest(token, known) for known in expected.get(field, ()))
    }
    return Answers(tuple(sorted(right)), tuple(sorted(given.keys() - right)))


def ground_of(answers: Answers | None, seen: str = "") -> tuple[str, str]:
    """(ground, refusal): on which ground she may be confirmed, or why not yet. `seen`: a card or a document."""
    if seen in GROUNDS and seen != "answered_twice":
        return seen, ""
    if answers is None:
        return "", "no_ground"
    if len(answers.wrong) > WRONG_ALLOWED:
        return "", "too_many_wrong"
    return ("answered_twice", "") if len(answers.right) >= RIGHT_NEEDED else ("", "no_ground")


def why_second(today: int, cap: int, accounts: int, splits: int) -> str:
    """Why a second person must agree; '' when the associate's word is enough."""
    if splits:
        return "was_split"
    if accounts > 1:
        return "two_accounts"
    return "daily_cap" if today >= cap else ""


def this_is_her(
    db: Db,
    policy: Policy,
    presented: Key,
    person: int,
    *,
    staff: str,
    terminal: str,
    ground: str,
    second: str = "",
    cap: int = CAP_A_DAY,
    now: int,
    new_id: Callable[[], str],
) -> Confirmed:
    """Write that the presented identifier is this customer's, or say why not. Inside a transaction.

    `second`: the staff id of another person who agreed. An earlier "not her" is taken back when they do.
    """
    if ground not in GROUNDS:
        return Confirmed(None, "no_ground")
    hers = _identifiers(db, person)
    if not hers:
        return Confirmed(None, "nobody")
    row = db.row("select person from identifier where token = :token", token=presented.token)
    if row is not None and row[0] == person:
        return Confirmed(None, "is_already")
    theirs = _identifiers(db, row[0]) if row is not None else {}
    splits = _splits_between(db, hers, theirs)
    accounts = sum(key.type == "account" for key in (*hers.values(), *theirs.values()))
    accounts = accounts if any(k.type == "account" for k in theirs.values()) else 0
    reason = why_second(_today(db, staff, now), cap, accounts, len(splits))
    if reason and second in ("", staff):
        return Confirmed(None, reason)
    because = f"{ground}; terminal {terminal}" + (f"; agreed by staff:{second}" if second else "")
    actor = f"staff:{staff}"
    for sid in splits:
        graph.revoke(db, policy, sid, at=now, actor=actor, because=because, now=now)
    sid = graph.same(db, policy, presented, hers[person], at=now, actor=actor, because=because, now=now, new_id=new_id)
    return Confirmed(sid, took_back=tuple(splits))


def not_her(
    db: Db,
    policy: Policy,
    presented: Key,
    person: int,
    *,
    staff: str,
    terminal: str,
    now: int,
    new_id: Callable[[], str],
) -> Confirmed:
    """Write that the presented identifier is not this customer's."""
    keep = [key for key in _identifiers(db, person).values() if key != presented]
    if not keep:
        return Confirmed(None, "nobody")
    because = f"not_her; terminal {terminal}"
    return Confirmed(
        graph.split(
            db, policy, keep, [presented], at=now, actor=f"staff:{staff}", because=because, now=now, new_id=new_id
        )
    )


def _identifiers(db: Db, person: int) -> dict[int, Key]:
    rows = db.rows(
        f"select id, type, token from identifier where person = :person and state <> '{WITNESS}' order by id",
        person=person,
    )
    return {id_: Key(type_, bytes(token)) for id_, type_, token in rows}


def _today(db: Db, staff: str, now: int) -> int:
    """How many confirmations this associate wrote in the day before now."""
    row = db.row(
        "select count(*) from statement where actor = :actor and recorded_at > :since and op = 'same' and actor <> ''",
        actor=f"staff:{staff}",
        since=now - DAY,
    )
    return row[0] if row else 0


def _splits_between(db: Db, hers: Collection[int], theirs: Collection[int]) -> Sequence[bytes]:
    """Live splits with her on one side and them on the other."""
    if not theirs:
        return ()
    rows = db.rows(
        "select s.sid, x.side, x.identifier from statement s join statement_identifier x on x.statement = s.id"
        " where s.live = 1 and s.id in :found",
        found=[
            s
            for (s,) in db.rows(
                "select distinct statement from statement_identifier where identifier in :theirs and side > 2",
                theirs=list(theirs),
            )
        ],
    )
    sides: dict[bytes, set[tuple[int, bool]]] = {}
    for sid, side, identifier in rows:
        if identifier in hers or identifier in theirs:
            sides.setdefault(bytes(sid), set()).add((side, identifier in hers))
    return sorted(sid for sid, found in sides.items() if _apart(found))


def _apart(found: set[tuple[int, bool]]) -> bool:
    return any(side != other and hers != theirs for side, hers in found for other, theirs in found)
