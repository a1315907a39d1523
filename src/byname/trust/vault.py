"""Where is the plain value of an identifier, and who can still read it? Here, under a key of its own.

One data key per identifier encrypts her value, her sealed traits and the bodies of the events that came with
it, in the day and in the lake. `forget` deletes the row of `vault_key`; nothing that it encrypted can be read
again.

Keys are not cached: unwrapping one costs 1.6 us, less than proving that a cached one was not erased meanwhile
by another process. See docs/decisions/0501-keys-are-not-cached.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from byname.keyring import Keyring, seal, unseal
from byname.store.db import Conflict, Db

# What a ciphertext is about is bound to it (GCM's additional data), so that a trait cannot pose as a value.
VALUE = b"value"
TRAIT = b"trait"
BODY = b"body"


def open_keys(db: Db, keyring: Keyring, identifiers: Collection[int], *, now: int) -> dict[int, AESGCM]:
    """The data key of each identifier, ready to use; makes missing ones. For writers, inside a transaction.

    On PostgreSQL the rows stay locked until the transaction ends, so an erasure in another process waits for
    us and then sees what we wrote. If it was first, Conflict: the store repeats the whole work, which then
    finds a newcomer.
    """
    found = _stored(db, keyring, identifiers, " for key share" if db.engine == "postgres" else "")
    missing = sorted(set(identifiers) - found.keys())
    if missing:
        _refuse_erased(db, missing)
        found |= _make(db, keyring, missing, now)
    return found


def keys_of(db: Db, keyring: Keyring, identifiers: Collection[int]) -> dict[int, AESGCM]:
    """The data keys that exist. For readers: an erased identifier is simply not there."""
    return _stored(db, keyring, identifiers, "")


def keep(
    db: Db,
    keyring: Keyring,
    values: Mapping[int, str],
    *,
    now: int,
    keys: Mapping[int, AESGCM] | None = None,
) -> None:
    """Store the plain value of each identifier that has none yet; open `keys` spare a query."""
    if not values:
        return
    known = db.rows("select identifier from vault where identifier in :ids", ids=list(values))
    new = sorted(values.keys() - {i for (i,) in known})
    if not new:
        return
    if keys is None or not keys.keys() >= set(new):
        keys = open_keys(db, keyring, new, now=now)
    db.many(
        "insert into vault (identifier, sealed) values (?, ?) on conflict (identifier) do nothing",
        [(i, seal(keys[i], values[i].encode(), VALUE)) for i in new],
    )


def reveal(db: Db, keyring: Keyring, identifiers: Collection[int]) -> dict[int, str]:
    """The plain value of each identifier that has one. Whoever calls it for a person writes the audit row."""
    if not identifiers:
        return {}
    found = db.rows(
        "select v.identifier, v.sealed, k.wrapped from vault v"
        " join vault_key k on k.identifier = v.identifier where v.identifier in :ids",
        ids=list(identifiers),
    )
    return {i: unseal(keyring.data_key(wrapped), sealed, VALUE).decode() for i, sealed, wrapped in found}


def destroy(db: Db, identifiers: Collection[int]) -> None:
    """Erase: the keys first, and with them everything they encrypted anywhere; then the values."""
    db.run("delete from vault_key where identifier in :ids", ids=list(identifiers))
    db.run("delete from vault where identifier in :ids", ids=list(identifiers))


def _stored(db: Db, keyring: Keyring, identifiers: Collection[int], lock: str) -> dict[int, AESGCM]:
    if not identifiers:
        return {}
    sql = f"select identifier, wrapped from vault_key where identifier in :ids{lock}"
    return {i: keyring.data_key(wrapped) for i, wrapped in db.rows(sql, ids=list(identifiers))}


def _refuse_erased(db: Db, identifiers: list[int]) -> None:
    if db.rows("select id from identifier where erased = 1 and id in :ids", ids=identifiers):
        raise Conflict("an identifier of this work was erased meanwhile")


def _make(db: Db, keyring: Keyring, identifiers: list[int], now: int) -> dict[int, AESGCM]:
    made = {i: keyring.new_data_key() for i in identifiers}
    db.many(
        "insert into vault_key (identifier, wrapped, made_at) values (?, ?, ?) on conflict (identifier) do nothing",
        [(i, wrapped, now) for i, (_, wrapped) in made.items()],
    )
    if db.engine == "sqlite":
        return {i: key for i, (key, _) in made.items()}
    return _stored(db, keyring, identifiers, "")  # another process may have made one a moment earlier
