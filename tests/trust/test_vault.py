"""Can the plain value be read by whom it should, and by nobody once the key is gone?"""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from byname.home import Home
from byname.keyring import Keyring, seal, unseal
from byname.store.db import Conflict, Db
from byname.trust import vault

ANN = {1: "ann@example.org", 2: "+442079460018"}


def born(db: Db, identifier: int, erased: int = 0) -> None:
    token = identifier.to_bytes(16, "big")
    db.run(
        "insert into identifier"
        " (id, type, token, public_id, first_at, state, person, island, household, crowd, erased)"
        " values (:id, 'email', :token, :public, 1, 'own', :id, :id, :id, '', :erased)",
        id=identifier,
        token=token,
        public=f"c{identifier}",
        erased=erased,
    )


def test_what_is_kept_can_be_revealed_and_lies_nowhere_in_plain(home: Home, now: int) -> None:
    home.store.write(lambda db: vault.keep(db, home.keys, ANN, now=now))
    assert vault.reveal(home.store.read(), home.keys, [1, 2, 3]) == ANN
    for (sealed,) in home.store.read().rows("select sealed from vault"):
        assert b"ann" not in bytes(sealed)


def test_a_value_once_kept_stays(home: Home, now: int) -> None:
    home.store.write(lambda db: vault.keep(db, home.keys, ANN, now=now))
    home.store.write(lambda db: vault.keep(db, home.keys, {1: "other@example.org"}, now=now))
    assert vault.reveal(home.store.read(), home.keys, [1]) == {1: "ann@example.org"}


def test_open_keys_makes_what_is_missing_and_gives_the_same_again(home: Home, now: int) -> None:
    first = home.store.write(lambda db: vault.open_keys(db, home.keys, [1, 2], now=now))
    again = home.store.write(lambda db: vault.open_keys(db, home.keys, [1, 2, 3], now=now))
    assert set(again) == {1, 2, 3}
    assert unseal(again[1], seal(first[1], b"hers", vault.BODY), vault.BODY) == b"hers"
    with pytest.raises(InvalidTag):
        unseal(again[2], seal(first[1], b"hers"))


def test_nothing_opens_after_the_key_is_destroyed(home: Home, now: int) -> None:
    home.store.write(lambda db: vault.keep(db, home.keys, ANN, now=now))
    home.store.write(lambda db: vault.destroy(db, [1]))
    assert vault.reveal(home.store.read(), home.keys, [1, 2]) == {2: ANN[2]}
    assert set(vault.keys_of(home.store.read(), home.keys, [1, 2])) == {2}


def test_an_erased_identifier_never_gets_a_key_again(home: Home, now: int) -> None:
    home.store.write(lambda db: born(db, 7, erased=1))
    # The work began before the erasure was done: the store meets a Conflict and does it all again.
    writer = home.store._connect(False)
    with pytest.raises(Conflict):
        vault.open_keys(writer, home.keys, [7], now=now)
    writer.close()


def test_of_two_processes_that_make_a_key_at_once_one_wins_for_both(postgres_home: Home, now: int) -> None:
    other = postgres_home.store._connect(False)
    try:
        with other.transaction():
            theirs = vault.open_keys(other, postgres_home.keys, [5], now=now)
            waiting = postgres_home.store.submit(
                lambda db, items: [vault.open_keys(db, postgres_home.keys, items, now=now)[5]], 5
            )
        ours = waiting.result(10)
        assert unseal(ours, seal(theirs[5], b"hers")) == b"hers"
    finally:
        other.close()


def test_an_erasure_waits_for_a_writer_that_uses_the_key(postgres_home: Home, now: int) -> None:
    postgres_home.store.write(lambda db: vault.open_keys(db, postgres_home.keys, [5], now=now))
    other = postgres_home.store._connect(False)
    try:
        with other.transaction():
            vault.open_keys(other, postgres_home.keys, [5], now=now)
            erasing = postgres_home.store.submit(lambda db, _: [vault.destroy(db, [5])], None)
            other.run("insert into vault (identifier, sealed) values (5, :s)", s=b"x")
            assert not erasing.done()
        erasing.result(10)
        assert postgres_home.store.read().rows("select * from vault") == []
    finally:
        other.close()


@given(st.text(), st.binary(min_size=32, max_size=32))
def test_any_text_comes_back_and_a_changed_byte_is_noticed(text: str, master: bytes) -> None:
    keyring = Keyring(b"t" * 32, master)
    key, wrapped = keyring.new_data_key()
    sealed = seal(key, text.encode(), vault.VALUE)
    assert unseal(keyring.data_key(wrapped), sealed, vault.VALUE).decode() == text
    with pytest.raises(InvalidTag):
        unseal(key, sealed[:-1] + bytes([sealed[-1] ^ 1]), vault.VALUE)
    with pytest.raises(InvalidTag):
        unseal(key, sealed, vault.TRAIT)
