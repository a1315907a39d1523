"""What do we hold about her? Everything, over day and lake, opened: for machines (JSON) and for her (a page).

GDPR articles 15 and 20. Every table on the rooms' PERSONAL lists is a section, so that a new one cannot be
forgotten; beside them the statements that make her one person, the changes of that, and who looked at her.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from byname.forget.personal import columns, personal
from byname.home import Home
from byname.identity import graph
from byname.keyring import unseal
from byname.lake.duck import open_lake
from byname.store.db import Db
from byname.terms import BynameError, moment
from byname.trust import audit, vault

# What each section is called on her page. A table without a title here shows under its own name.
TITLES = {
    "identifier": "By what we know you",
    "trait": "What we hold true of you",
    "event": "What happened",
    "line": "What you bought",
    "consent": "What you allowed and forbade",
    "state": "Sums and dates per touchpoint",
    "latest": "The last of each kind",
    "matter": "What is or was open",
    "member": "Households and accounts",
    "statement": "Why we think that all this is you",
    "change": "When we changed our mind about that",
    "suggestion": "Records that might be yours too",
    "look": "Who looked at this, and who acted on it",
}
NOT_ABOUT_HER = {
    "vault_key": "the keys that encrypt the rest: no information about her",
    "vault": "shown with the identifiers",
    "statement_identifier": "shown with the statements",
}
FROM_LAKE = ("event", "line")
OPENED = {"body": vault.BODY, "sealed": vault.TRAIT}  # column -> what its ciphertext is about
Section = list[dict[str, Any]]


def export(home: Home, customer: str, *, now: int) -> dict[str, Any]:
    """Everything held about the customer whom a public id now belongs to, as plain JSON values.

    Times are ISO 8601 in UTC, money is in minor units, quantities in thousandths, tokens in hex. The caller
    has the right to see it and writes the audit row. Errors: BynameError when there is no such customer.
    """
    db = home.store.read()
    person = graph.person_of(db, customer)
    if person is None:
        raise BynameError("No such customer", customer, "Search by an identifier")
    with db.snapshot():
        rows = db.rows("select id, public_id from identifier where person = :p order by id", p=person)
        public: dict[int, str] = dict(rows)
        keys = vault.keys_of(db, home.keys, public)
        held = {table: _section(home, db, table, public, keys) for table in personal() if table not in NOT_ABOUT_HER}
        held["statement"] = _statements(db, list(public))
        held["change"] = _changes(db, held["statement"], public)
        held["look"] = [
            {"occurred_at": iso(entry.look.occurred_at), **_rest(entry.look)}
            for entry in audit.looks_at(db, list(public.values()), most=1_000_000)
        ]
    about = {"byname_export": 1, "customer": public[person], "made_at": iso(now), "company": home.settings.company}
    return {**about, "held": {t: held[t] for t in sorted(held, key=_place)}}


def readable(exported: Mapping[str, Any]) -> str:
    """The same as a page that she can open in any browser: HTML without anything from elsewhere."""
    parts = []
    for table, rows in exported["held"].items():
        title = TITLES.get(table, table.replace("_", " ").capitalize())
        parts.append(f"<h2>{escape(title)}</h2>\n{_table(rows) if rows else '<p>Nothing.</p>'}")
    page = Path(__file__).with_name("takeout.html").read_text("utf-8")
    for name in ("company", "customer", "made_at"):
        page = page.replace(f"[[{name}]]", escape(str(exported[name])))
    return page.replace("[[held]]", "\n".join(parts))


def iso(at: int) -> str:
    """
    >>> iso(1)
    '1970-01-01T00:00:00.000001+00:00'
    """
    return moment(at).isoformat()


def _section(home: Home, db: Db, table: str, public: Mapping[int, str], keys: Mapping[int, AESGCM]) -> Section:
    """The rows of one table about these identifiers, every value opened."""
    if table in FROM_LAKE:
        names, rows = _from_lake(home, table, list(public))
    else:
        names = columns(table)
        where = personal()[table]
        found = {
            tuple(r): None
            for column in where
            for r in db.rows(f"select {', '.join(names)} from {table} where {column} in :ids", ids=list(public))
        }
        rows = list(found)
    if table == "identifier":
        plain = vault.reveal(db, home.keys, public)
        names, rows = (*names, "plain"), [(*row, plain.get(row[0])) for row in rows]
    section = [_opened(dict(zip(names, row, strict=True)), public, keys) for row in rows]
    return sorted(section, key=lambda row: str(row.get("occurred_at", row.get("first_at", ""))))


def _opened(row: dict[str, Any], public: Mapping[int, str], keys: Mapping[int, AESGCM]) -> dict[str, Any]:
    """A row as she may read it: identifiers by their public ids, times as dates, ciphertexts opened."""
    key = keys.get(row.get("identifier", 0))
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if name.endswith("identifier"):
            shown[name] = public.get(value, "another customer's" if value else "")
        elif name in OPENED:
            if value is not None and key is not None:
                shown["value" if name == "sealed" else name] = json_value(unseal(key, bytes(value), OPENED[name]))
        elif name == "value":
            shown.setdefault(name, json_value(value))
        elif isinstance(value, bytes | memoryview):
            shown[name] = bytes(value).hex()
        elif name.endswith(("_at", "_at_", "until")) and isinstance(value, int):
            shown[name] = iso(value) if value else None
        else:
            shown[name] = value
    return shown


def json_value(text: bytes | str | None) -> Any:
    """What JSON text says; text that is no JSON as it stands."""
    if text is None:
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return text if isinstance(text, str) else text.decode("utf-8", "replace")


def _from_lake(home: Home, table: str, ids: list[int]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    lake = open_lake(home, ids)
    try:
        found = lake.execute(f"select * exclude (day) from {table}")
        names = tuple(d[0] for d in found.description or ())
        return names, found.fetchall()
    finally:
        lake.close()


def _statements(db: Db, ids: list[int]) -> Section:
    """What was seen or said that ties her identifiers together; others' identifiers stay nameless."""
    rows = db.rows(
        "select distinct s.id, s.sid, s.op, s.at_, s.source, s.actor, s.model, s.because from statement s"
        " join statement_identifier si on si.statement = s.id where si.identifier in :ids order by s.id",
        ids=ids,
    )
    links = db.rows(
        "select si.statement, i.public_id, i.type, i.id, si.side from statement_identifier si"
        " join identifier i on i.id = si.identifier where si.statement in :statements"
        " order by si.statement, si.side, i.id",
        statements=[r[0] for r in rows],
    )
    revoked = {bytes(s) for (s,) in db.rows("select sid from revoked where sid in :sids", sids=[r[1] for r in rows])}
    ends: dict[int, Section] = {}
    for statement, public, type, id, side in links:
        name = public if id in ids else f"another {type}"
        ends.setdefault(statement, []).append({"identifier": name, "type": type, "side": side})
    return [
        {
            "sid": bytes(sid).hex(), "op": op, "at": iso(at), "source": source, "actor": actor, "model": model,
            "because": because, "taken_back": bytes(sid) in revoked, "identifiers": ends.get(id, []),
        }
        for id, sid, op, at, source, actor, model, because in rows
    ]  # fmt: skip


def _changes(db: Db, statements: Section, public: Mapping[int, str]) -> Section:
    """The moves of her identifiers between customers; of a change that moved others too, only hers."""
    causes = [bytes.fromhex(s["sid"]) for s in statements]
    rows = db.rows("select recorded_at, op, body from change where cause in :causes order by seq", causes=causes)
    hers = set(public.values())
    moved = [(at, op, [m for m in msgspec.json.decode(body) if m.get("identifier") in hers]) for at, op, body in rows]
    return [{"recorded_at": iso(at), "op": op, "moved": moves} for at, op, moves in moved if moves]


def _rest(look: audit.Look) -> dict[str, str]:
    words = audit.ACTIONS.get(look.action, look.action)
    return {"actor": look.actor, "action": words, "purpose": look.purpose, "terminal": look.terminal,
            "outcome": look.outcome}  # fmt: skip


def _place(table: str) -> tuple[int, str]:
    order = list(TITLES)
    return (order.index(table) if table in order else len(order), table)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(n for row in rows for n in row))
    head = _cells("th", (n.replace("_", " ") for n in names))
    body = "\n".join(_cells("td", (_text(row.get(n)) for n in names)) for row in rows)
    return f"<table>\n<thead>{head}</thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _cells(tag: str, values: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(v)}</{tag}>" for v in values) + "</tr>"


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
