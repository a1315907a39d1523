"""What could not be used, and why; can it be mended and sent through again?

Every body lies encrypted under a key of its own, which is destroyed when the item is settled: a replayed one lives
on as an event, a dropped one not at all. All of these run inside a transaction of the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from byname import cards
from byname.keyring import Keyring, seal, unseal
from byname.store import Db
from byname.terms import BynameError, Quarantined
from byname.touchpoints import catalogue

ABOUT = b"quarantine"
OPEN, REPLAYED, DROPPED = STATES = ("open", "replayed", "dropped")
MOST_FIELD = 200


class Item(NamedTuple):
    """One arrival that could not be used, without its body."""

    id: int
    source: str
    reason: str  # reasons.REASONS has its rule and cure
    field: str
    detail: str
    event_name: str
    received_at: int
    state: str  # one of STATES
    settled_at: int | None
    settled_by: str | None


class Group(NamedTuple):
    """Items alike: one mistake of one sender."""

    source: str
    reason: str
    event_name: str
    field: str
    number: int
    first_at: int
    last_at: int


class Again(NamedTuple):
    """What a flow sends through again: `segment.parse(body, '', source, received_at, limits)`."""

    id: int
    source: str
    body: bytes
    received_at: int


COLUMNS = "id, source, reason, field, detail, event_name, received_at, state, settled_at, settled_by"
INSERT = """
insert into quarantine (digest, source, reason, field, detail, event_name, received_at, state, data_key, body)
values (?, ?, ?, ?, ?, ?, ?, 'open', ?, ?)
on conflict (digest) do nothing
"""


def put(db: Db, keyring: Keyring, items: Sequence[Quarantined]) -> None:
    """Keep arrivals that could not be used. The same message with the same fault is kept once."""
    rows = []
    for item in items:
        body = cards.strike_out(item.body)
        key, wrapped = keyring.new_data_key()
        message_id, name = _told(body)
        rows.append(
            (
                keyring.digest(
                    "quarantine", repr((item.source, item.reason, message_id)).encode() + (message_id or body)
                ),
                item.source,
                item.reason,
                item.field[:MOST_FIELD].replace("\0", ""),
                item.detail,
                name,
                item.received_at,
                wrapped,
                seal(key, body, ABOUT),
            )
        )
    db.many(INSERT, sorted(rows))


def items(
    db: Db,
    *,
    state: str = OPEN,
    source: str | None = None,
    reason: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Item]:
    """A page of items, newest first; the next one starts `before` the last id of this."""
    wanted: dict[str, Any] = {"source": source, "reason": reason}
    where = "".join(f" and {c} = :{c}" for c, value in wanted.items() if value is not None)
    if before is not None:
        where += " and id < :before"
        wanted["before"] = before
    values = {c: value for c, value in wanted.items() if value is not None}
    return [
        Item(*row)
        for row in db.rows(
            f"select {COLUMNS} from quarantine where state = :state{where} order by id desc limit :most",
            state=state,
            most=limit,
            **values,
        )
    ]


def groups(db: Db, *, state: str = OPEN) -> list[Group]:
    """Items alike, the most frequent first: what to mend first."""
    return [
        Group(*row)
        for row in db.rows(
            "select source, reason, event_name, field, count(*), min(received_at), max(received_at) from quarantine"
            " where state = :state group by source, reason, event_name, field"
            " order by count(*) desc, source, reason, event_name, field",
            state=state,
        )
    ]


def count(db: Db, *, state: str = OPEN) -> int:
    """How many items are in a state."""
    row = db.row("select count(*) from quarantine where state = :state", state=state)
    return int(row[0]) if row else 0


def show(db: Db, keyring: Keyring, id: int) -> tuple[Item, bytes | None] | None:
    """An item with its body (None once settled); None when there is no such item. The caller logs the look."""
    row = db.row(f"select {COLUMNS}, data_key, body from quarantine where id = :id", id=id)
    if row is None:
        return None
    *item, wrapped, sealed = row
    return Item(*item), _opened(keyring, wrapped, sealed)


def fix(db: Db, keyring: Keyring, id: int, body: bytes) -> None:
    """Put a mended body in the place of the old one; a card number in it is refused. Replay it next."""
    if cards.find_card_number(body) is not None:
        raise BynameError("A payment card number cannot be kept", cure="Put the processor's token in its place")
    key, wrapped = keyring.new_data_key()
    changed = db.run(
        "update quarantine set data_key = :wrapped, body = :body, event_name = :name where id = :id and state = 'open'",
        wrapped=wrapped,
        body=seal(key, body, ABOUT),
        name=_told(body)[1],
        id=id,
    )
    if not changed:
        raise BynameError("This item is settled already", str(id), "Only an open one can be mended")


def replay(db: Db, keyring: Keyring, ids: Sequence[int]) -> list[Again]:
    """The open ones of these, to be sent through again. The flow then settles each: `replayed`, or `failed`."""
    if not ids:
        return []
    rows = db.rows(
        "select id, source, received_at, data_key, body from quarantine"
        " where state = 'open' and body is not null and id in :ids order by id",
        ids=list(ids),
    )
    found = []
    for id, source, received_at, wrapped, sealed in rows:
        body = _opened(keyring, wrapped, sealed)
        if body is not None:
            found.append(Again(id, source, body, received_at))
    return found


def replayed(db: Db, ids: Sequence[int], *, by: str, now: int) -> int:
    """These went through: they live on as events, and the copies here are destroyed. How many were open."""
    return _settle(db, ids, REPLAYED, by, now)


def drop(db: Db, ids: Sequence[int], *, by: str, now: int) -> int:
    """Nobody needs these: destroy their bodies, keep that they came. How many were open."""
    return _settle(db, ids, DROPPED, by, now)


def failed(db: Db, id: int, again: Quarantined) -> None:
    """Sent through and still unfit: the item stays open with the reason of today."""
    db.run(
        "update quarantine set reason = :reason, field = :field, detail = :detail where id = :id and state = 'open'",
        reason=again.reason,
        field=again.field[:MOST_FIELD].replace("\0", ""),
        detail=again.detail,
        id=id,
    )


def bodies(db: Db, keyring: Keyring) -> Iterator[tuple[int, bytes]]:
    """Id and body of everything open, a page at a time: for erasure and export, which look for her values."""
    last = 0
    while page := db.rows(
        "select id, data_key, body from quarantine where body is not null and id > :last order by id limit 500",
        last=last,
    ):
        for id, wrapped, sealed in page:
            body = _opened(keyring, wrapped, sealed)
            if body is not None:
                yield id, body
            last = id


def _settle(db: Db, ids: Sequence[int], state: str, by: str, now: int) -> int:
    if not ids:
        return 0
    return db.run(
        "update quarantine set state = :state, settled_at = :now, settled_by = :by, data_key = null, body = null"
        " where state = 'open' and id in :ids",
        state=state,
        now=now,
        by=by,
        ids=list(ids),
    )


def _opened(keyring: Keyring, wrapped: bytes | None, sealed: bytes | None) -> bytes | None:
    if wrapped is None or sealed is None:
        return None
    return unseal(keyring.data_key(bytes(wrapped)), bytes(sealed), ABOUT)


class _Told(msgspec.Struct, rename="camel"):
    message_id: Any = None
    event: Any = None


def _told(body: bytes) -> tuple[bytes, str]:
    """Message id and event name of a body, as far as it can be read; an event name only if it is one."""
    try:
        told = msgspec.json.decode(body, type=_Told)
    except (ValueError, RecursionError):
        return b"", ""
    message_id = told.message_id if isinstance(told.message_id, str) else ""
    name = catalogue.canonical(told.event) if isinstance(told.event, str) and len(told.event) <= 200 else None
    return message_id.encode("utf-8", "surrogatepass"), name or ""
