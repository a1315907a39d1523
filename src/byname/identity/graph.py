"""How does a statement change who is who? One transaction: kept, settled by F, written where it differs.

Every verb runs inside the caller's transaction. On PostgreSQL writers who meet wait for each other by advisory locks
on islands (region.py), and `Conflict` sends the whole group of work round again. What F derives stands in the columns
of `identifier`; a customer's id is the public id of her canonical identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from byname.identity import feed
from byname.identity.policy import Policy
from byname.identity.region import Region, Row
from byname.identity.resolve import OWN, WITNESS
from byname.identity.settling import Seen, resettle
from byname.identity.statements import (
    AWAY,
    KEPT,
    ONE_END,
    OTHER_END,
    TOGETHER,
    Sighting,
    sid_of_same,
    sid_of_see,
    sid_of_split,
)
from byname.store.db import Conflict, Db
from byname.store.numbers import allocate
from byname.terms import BynameError, Key

__all__ = ["Sighting", "person_of", "revoke", "revoke_all", "revoke_model", "same", "see", "split"]

LARGE_ISLAND = 500
MOST_KEYS = 200  # identifiers in one sighting: its pairs grow with their square


class Told(NamedTuple):
    """A sighting as a statement: every repetition of it in one batch together."""

    source: str
    at: int
    keys: tuple[Key, ...]
    every: tuple[Key, ...]  # with the witnesses


# --- see ------------------------------------------------------------------------------------------------------


def see(
    db: Db, policy: Policy, sightings: Sequence[Sighting], *, now: int, new_id: Callable[[], str]
) -> dict[Key, int]:
    """Take in what was observed together; the identifier id of every key (not of witnesses).

    Repeated sightings cost two queries for all of them. An earlier time of a known sighting counts.
    """
    told = collapse(sightings)
    news, earlier = _news(db, told)
    if news or earlier:
        region = Region(db, policy)
        _find(region, (k for s in (*news, *earlier) for k in told[s].every), news)
        if region.locking:
            news, earlier = _news(db, told)
        before = {s: (told[s], *earlier[s]) for s in earlier}
        _take_in(region, {s: told[s] for s in news}, before, now, new_id)
    tokens = {k.token: k for t in told.values() for k in t.keys}
    if not tokens:
        return {}
    found = db.rows("select token, id from identifier where token in :tokens", tokens=list(tokens))
    return {tokens[bytes(token)]: id_ for token, id_ in found}


def collapse(sightings: Iterable[Sighting]) -> dict[bytes, Told]:
    """Sightings by the id of their statement; repetitions are one, at the least time."""
    told: dict[bytes, Told] = {}
    for source, at, keys, witnesses in sightings:
        if not keys:
            continue
        every = tuple(sorted({*keys, *witnesses}))
        if len(every) > MOST_KEYS:
            raise BynameError("Too many identifiers in one sighting", str(len(every)), f"At most {MOST_KEYS}")
        sid = sid_of_see(source, every)
        known = told.get(sid)
        if known is None or at < known.at:
            told[sid] = Told(source, at, keys, every)
    return told


def _news(db: Db, told: Mapping[bytes, Told]) -> tuple[list[bytes], dict[bytes, tuple[int, int]]]:
    """Which of these are new, and which are known with a later time: (statement id, live)."""
    if not told:
        return [], {}
    rows = db.rows("select sid, at_, id, live from statement where sid in :sids", sids=list(told))
    known = {bytes(sid): (at, id_, live) for sid, at, id_, live in rows}
    earlier = {s: (id_, live) for s, (at, id_, live) in known.items() if told[s].at < at}
    return [s for s in told if s not in known], earlier


def _take_in(
    region: Region,
    news: Mapping[bytes, Told],
    earlier: Mapping[bytes, tuple[Told, int, int]],
    now: int,
    new_id: Callable[[], str],
) -> None:
    db = region.db
    revoked = _revoked(db, news)
    live = {s: t for s, t in news.items() if s not in revoked}
    again = {s: t for s, (t, _, is_live) in earlier.items() if is_live}
    _welcome(region, (k for t in news.values() for k in t.every), new_id)
    touched, causes = _touch(region, live, again)
    db.many("update statement set at_ = ? where id = ?", [(t.at, i) for t, i, _ in earlier.values()])
    added = [Seen(t.at, tuple(region.by_token[k.token].id for k in t.every)) for t in live.values()]
    added = [s for s in added if len(s.ids) > 1]
    if touched or added:
        resettle(region, touched, added=added)
    feed.write(region, causes, "see", now)
    _keep_sightings(region, news, live, now)


def _find(region: Region, keys: Iterable[Key], sids: Iterable[bytes]) -> None:
    """Load the identifiers of these keys; own their islands, these statements, and the tokens of newcomers."""
    tokens = {k.token for k in keys}
    region.find(tokens)
    missing = tokens - region.by_token.keys()
    known = [r.id for r in region.rows.values() if r.state != WITNESS]
    region.claim_islands(known, _names([*sids, *missing]))
    if region.locking and missing:  # another writer may have welcomed them while we waited
        region.find(missing)
        region.claim_islands([r.id for r in region.rows.values() if r.token in missing and r.state != WITNESS])


def _welcome(region: Region, keys: Iterable[Key], new_id: Callable[[], str]) -> None:
    """Rows for identifiers that were never met: each a person of its own, until F says otherwise."""
    new = {k.token: k for k in keys if k.token not in region.by_token}
    for id_, key in zip(allocate(region.db, "identifier", len(new)), new.values(), strict=True):
        state = WITNESS if region.policy.rule(key.type).witness else OWN
        region.add(Row(id_, key.type, key.token, new_id(), 0, state, id_, id_, id_, "", fresh=True))


def _touch(
    region: Region, live: Mapping[bytes, Told], again: Mapping[bytes, Told]
) -> tuple[list[int], dict[int, bytes]]:
    """Set first_at; which identifiers must be settled again, and because of which statement."""
    causes: dict[int, tuple[int, bytes]] = {}
    for sid, told in (*live.items(), *again.items()):
        alone = len(told.every) == 1
        for key in told.every:
            row = region.by_token[key.token]
            if row.state == WITNESS:
                continue
            lower = row.first_at == 0 or told.at < row.first_at
            if lower:
                row.first_at = told.at
            if not alone or (lower and not row.fresh):
                causes[row.id] = max(causes.get(row.id, (told.at, sid)), (told.at, sid))
    return list(causes), {i: sid for i, (_, sid) in causes.items()}


def _keep_sightings(region: Region, news: Mapping[bytes, Told], live: Collection[bytes], now: int) -> None:
    ids = dict(zip(news, allocate(region.db, "statement", len(news)), strict=True))
    region.db.many(
        "insert into statement (id, sid, op, at_, source, actor, model, because, recorded_at, live)"
        " values (?, ?, 'see', ?, ?, '', '', '', ?, ?)",
        [(ids[s], s, t.at, t.source, now, int(s in live)) for s, t in news.items()],
    )
    region.db.many(
        f"insert into statement_identifier (identifier, statement, side) values (?, ?, {TOGETHER})",
        [(region.by_token[k.token].id, ids[s]) for s, t in news.items() for k in t.every],
    )


# --- same, split ----------------------------------------------------------------------------------------------


def same(
    db: Db,
    policy: Policy,
    a: Key,
    b: Key,
    *,
    at: int,
    actor: str,
    because: str,
    source: str = "",
    model: str = "",
    sid: bytes | None = None,
    now: int,
    new_id: Callable[[], str],
) -> bytes:
    """These two are one person, says somebody who answers for it. The id of the statement."""
    _no_witness(policy, (a, b))
    if a == b:
        raise BynameError("An identifier is always the same as itself", cure="Name two different ones")
    sid = sid or sid_of_same(a, b, at, actor)
    low, high = sorted((a, b))
    ends = {ONE_END: (low,), OTHER_END: (high,)}
    return _say(db, policy, "same", ends, at, (actor, because, source, model), sid, now, new_id)


def split(
    db: Db,
    policy: Policy,
    keep: Sequence[Key],
    away: Sequence[Key],
    *,
    at: int,
    actor: str,
    because: str,
    source: str = "",
    model: str = "",
    sid: bytes | None = None,
    now: int,
    new_id: Callable[[], str],
) -> bytes:
    """Nobody of `keep` is one of `away`. The id of the statement."""
    _no_witness(policy, (*keep, *away))
    if not keep or not away or not set(keep).isdisjoint(away):
        raise BynameError("A split needs two sides that share nothing", cure="Name who stays and who goes")
    sid = sid or sid_of_split(keep, away, at, actor)
    ends = {KEPT: tuple(sorted(set(keep))), AWAY: tuple(sorted(set(away)))}
    return _say(db, policy, "split", ends, at, (actor, because, source, model), sid, now, new_id)


def _say(
    db: Db,
    policy: Policy,
    op: str,
    ends: Mapping[int, tuple[Key, ...]],
    at: int,
    who: tuple[str, str, str, str],
    sid: bytes,
    now: int,
    new_id: Callable[[], str],
) -> bytes:
    region = Region(db, policy)
    every = [k for keys in ends.values() for k in keys]
    _find(region, every, [sid])
    known = db.row("select id, op, at_, live from statement where sid = :sid", sid=sid)
    if known is not None:
        _must_be_equal(db, known[0], known[1], op, ends)
        if at >= known[2]:
            return sid
    _welcome(region, every, new_id)
    actor, because, source, model = who
    if known is not None:
        live = bool(known[3])
        db.run("update statement set at_ = :at where id = :id", at=at, id=known[0])
    else:
        live = not _revoked(db, [sid])
        (id_,) = allocate(db, "statement", 1)
        db.many(
            "insert into statement (id, sid, op, at_, source, actor, model, because, recorded_at, live)"
            " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(id_, sid, op, at, source, actor, model, because, now, int(live))],
        )
        db.many(
            "insert into statement_identifier (identifier, statement, side) values (?, ?, ?)",
            [(region.by_token[k.token].id, id_, side) for side, keys in ends.items() for k in keys],
        )
    if live:
        rows = [region.by_token[k.token] for k in every]
        for row in rows:
            if op == "same" and (row.first_at == 0 or at < row.first_at):
                row.first_at = at
        resettle(region, [r.id for r in rows], said=True)
    feed.write(region, {region.by_token[k.token].id: sid for k in every}, op, now)
    return sid


def _must_be_equal(db: Db, id_: int, known: str, op: str, ends: Mapping[int, tuple[Key, ...]]) -> None:
    stored = db.rows(
        "select si.side, i.token from statement_identifier si join identifier i on i.id = si.identifier"
        " where si.statement = :id",
        id=id_,
    )
    given = {(side, k.token) for side, keys in ends.items() for k in keys}
    if known != op or {(side, bytes(token)) for side, token in stored} != given:
        raise BynameError("This statement id was used for another statement", cure="Send it under an id of its own")


def _no_witness(policy: Policy, keys: Iterable[Key]) -> None:
    if witness := next((k.type for k in keys if policy.rule(k.type).witness), None):
        raise BynameError("A witness belongs to nobody", witness, "Name an identifier that can be somebody's")


# --- revoke ---------------------------------------------------------------------------------------------------


def revoke(db: Db, policy: Policy, sid: bytes, *, at: int, actor: str, because: str, now: int) -> bool:
    """Take a statement back, for ever: the people are as if it had never come. It may come later than this.

    False when it was taken back before.
    """
    return revoke_all(db, policy, [sid], at, actor, because, now) > 0


def revoke_model(db: Db, policy: Policy, model: str, *, at: int, actor: str, because: str, now: int) -> int:
    """Take back everything that one model run said; how many statements that were in force."""
    if not model:
        return 0
    said = db.rows("select sid from statement where model = :model and model <> '' and live = 1", model=model)
    return revoke_all(db, policy, [bytes(sid) for (sid,) in said], at, actor, because, now)


def revoke_all(db: Db, policy: Policy, sids: Sequence[bytes], at: int, actor: str, because: str, now: int) -> int:
    """Take many statements back at once; how many were not taken back before."""
    region = Region(db, policy)
    ends = _ends(db, sids)
    region.load({i for _, i in ends})
    touched = {i for _, i in ends if region.rows[i].state != WITNESS}
    region.claim_islands(touched, _names(sids))
    if region.locking and len(ends) != len(_ends(db, sids)):
        raise Conflict  # it came, or went, while we waited
    known = _revoked(db, sids)
    new = [s for s in dict.fromkeys(sids) if s not in known]
    rows = [(s, at, actor, because) for s in new]
    db.many("insert into revoked (sid, at_, actor, because) values (?, ?, ?, ?)", rows)
    statements = {id_: sid for (id_, sid), _ in ends if sid not in known}
    if not statements:
        return len(new)
    db.many("update statement set live = 0 where id = ?", [(i,) for i in statements])
    for id_, first in _first_seen(db, touched).items():
        region.rows[id_].first_at = first
    resettle(region, touched, recount=True, said=True)
    feed.write(region, {i: sid for (_, sid), i in ends}, "revoke", now)
    return len(new)


def _ends(db: Db, sids: Collection[bytes]) -> list[tuple[tuple[int, bytes], int]]:
    """Whom these statements speak of: ((statement, sid), identifier)."""
    rows = db.rows(
        "select s.id, s.sid, x.identifier from statement s join statement_identifier x on x.statement = s.id"
        " where s.sid in :sids and s.live = 1",
        sids=list(sids),
    )
    return [((id_, bytes(sid)), identifier) for id_, sid, identifier in rows]


def _first_seen(db: Db, ids: Collection[int]) -> dict[int, int]:
    """When each was first observed, by the statements in force; 0: by none."""
    rows = db.rows(
        "select x.identifier, min(s.at_) from statement_identifier x join statement s on s.id = x.statement"
        f" and s.live = 1 where x.identifier in :ids and x.side < {KEPT} group by x.identifier",
        ids=list(ids),
    )
    return {**dict.fromkeys(ids, 0), **dict(rows)}


# --- reading --------------------------------------------------------------------------------------------------


def person_of(db: Db, public_id: str) -> int | None:
    """The person whom any public id ever shown leads to now: the id of the canonical identifier."""
    row = db.row("select person from identifier where public_id = :public_id", public_id=public_id)
    return row[0] if row else None


def large_islands(db: Db, over: int = LARGE_ISLAND) -> list[tuple[int, int]]:
    """(island, identifiers) of those so large that every statement about them costs: resellers, bots, mistakes."""
    found: list[tuple[int, int]] = db.rows(
        "select island, count(*) from identifier group by island having count(*) > :over order by 2 desc, 1", over=over
    )
    return found


def _names(digests: Iterable[bytes]) -> list[int]:
    """Lock names of statements and tokens: a statement and its revocation, or two newcomers, never miss each other."""
    return [int.from_bytes(d[:6]) for d in digests]


def _revoked(db: Db, sids: Collection[bytes]) -> set[bytes]:
    if not sids:
        return set()
    return {bytes(s) for (s,) in db.rows("select sid from revoked where sid in :sids", sids=list(sids))}
