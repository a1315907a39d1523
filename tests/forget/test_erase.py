"""Is erased erased, in every byte, and does nobody else lose anything?"""

from __future__ import annotations

import threading
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from byname import forget
from byname.encounter import Byname, Delivery
from byname.forget import erasure
from byname.home import Home
from byname.identity.resolve import resolve
from byname.identity.statements import all_said
from byname.keyring import unseal
from byname.lake import duck, seal
from byname.store import Store, open_store
from byname.terms import BynameError, Quarantined, TraitSaid
from byname.touchpoints import quarantine
from byname.trust import unrecognised, vault
from tests.forget.cast import (
    ACCOUNT,
    EMAIL,
    HERS,
    LANDLINE,
    PHONE,
    ann,
    bob,
    event,
    everything,
    person,
    public_id,
    received,
)


def forgotten(product: Byname, now: int, **options: object) -> forget.Erased:
    id = public_id(product, "account", ACCOUNT)
    return forget.erase(product.home, id, policy=product.policy, actor="staff:zoe", now=now, **options)  # type: ignore[arg-type]


def sealed_bodies(home: Home) -> list[bytes]:
    """Every encrypted body, in the day and in the lake's files, read past the ledger."""
    day = [bytes(b) for (b,) in home.store.read().rows("select body from event where body is not null")]
    files = sorted((home.path / "lake").glob("event/**/*.parquet"))
    return day + [b for f in files for b in pq.read_table(f, partitioning=None)["body"].to_pylist() if b]


def opens(home: Home, bodies: list[bytes]) -> list[bytes]:
    """The plain text of every body that any key left in the home opens."""
    plain = []
    for (wrapped,) in home.store.read().rows("select wrapped from vault_key"):
        for body in bodies:
            try:
                plain.append(unseal(home.keys.data_key(bytes(wrapped)), body, vault.BODY))
            except Exception:
                continue
    return plain


@pytest.mark.parametrize("place", ["in the day", "in the lake", "in both"])
def test_no_byte_of_the_home_leads_to_her(home: Home, now: int, place: str) -> None:
    first, later = (ann()[:2], ann()[2:]) if place == "in both" else (ann(), [])
    product = received(home, [*first, *bob()])
    if place != "in the day":
        seal.seal(home, now)
    product = received(home, later)
    before = opens(home, sealed_bodies(home))
    assert sum(b"window table" in b for b in before) == 1
    db = home.store.read()
    ids = [i for (i,) in db.rows("select id from identifier where person = :p", p=person(product, "account", ACCOUNT))]
    keys = db.rows("select wrapped from vault_key where identifier in :ids", ids=ids)
    values = db.rows("select sealed from vault where identifier in :ids", ids=ids)
    tokens = db.rows("select token from identifier where id in :ids", ids=ids)
    traits = db.rows("select sealed from trait where sealed is not null and identifier in :ids", ids=ids)
    secrets = [bytes(v) for rows in (keys, values, tokens, traits) for (v,) in rows]
    assert len(secrets) > 10

    forgotten(product, now)

    left = everything(home)
    assert [h for h in HERS if h.encode() in left or h.lower().encode() in left.lower()] == []
    assert [s for s in secrets if s in left] == []
    after = opens(home, sealed_bodies(home))
    assert not any(h.encode() in b for b in after for h in (EMAIL, ACCOUNT, "window table", "Zenobia"))
    assert {b for b in before if b"bob-1" in b} == {b for b in after if b"bob-1" in b}


def test_the_household_keeps_its_landline_and_bob_everything_else(home: Home, now: int) -> None:
    def identifiers() -> list[tuple[object, ...]]:
        sql = "select type, token, first_at, state, person, household from identifier where erased = 0 order by id"
        return home.store.read().rows(sql)

    def remembered() -> list[tuple[object, ...]]:
        tables = ("state", "latest", "trait", "member", "consent")
        return [row for t in tables for row in home.store.read().rows(f"select * from {t} order by 1, 2, 3")]

    received(home, bob())
    before = identifiers(), remembered()
    product = received(home, ann())
    assert person(product, "phone", LANDLINE) != person(product, "account", "bob-1"), "shared by two accounts"
    assert forgotten(product, now).shared == 1
    assert (identifiers(), remembered()) == before
    phone = person(product, "phone", LANDLINE)
    assert phone == person(product, "account", "bob-1")
    assert LANDLINE in vault.reveal(home.store.read(), home.keys, range(1, 20)).values()


def test_the_people_are_as_f_says_after_an_erasure(home: Home, now: int) -> None:
    product = received(home, [*ann(), *bob()])
    forgotten(product, now)
    db = home.store.read()
    said, revoked = all_said(db)
    people = resolve([s for s in said if s.sid not in revoked], product.policy)
    tokens = dict(db.rows("select id, token from identifier"))
    stored = db.rows("select id, person, type from identifier where erased = 0 and state <> 'witness'")
    by_person: dict[int, set[bytes]] = {}
    for id, p, _ in stored:
        by_person.setdefault(p, set()).add(bytes(tokens[id]))
    told: dict[object, set[bytes]] = {}
    for key, p in people.person.items():
        if key.type == "given":
            continue
        told.setdefault(p, set()).add(key.token)
    assert sorted(map(sorted, by_person.values())) == sorted(map(sorted, told.values()))


def test_the_takings_stay(home: Home, now: int) -> None:
    def takings() -> list[tuple[object, ...]]:
        with duck.open_lake(home) as lake:
            sums = "select count(*), sum(amount) from {}"
            return [row for t in ("event", "line") for row in lake.execute(sums.format(t)).fetchall()]

    product = received(home, [*ann()[:2], *bob()])
    seal.seal(home, now)
    product = received(home, ann()[2:])
    before = takings()
    forgotten(product, now)
    assert takings() == before


def test_she_comes_back_as_a_newcomer(home: Home, now: int) -> None:
    product = received(home, ann())
    old = public_id(product, "account", ACCOUNT)
    forgotten(product, now)
    assert person(product, "email", EMAIL) is None
    again = received(home, [event("a9", "Identified", ("account", ACCOUNT), ("email", EMAIL))])
    assert public_id(again, "account", ACCOUNT) != old
    assert person(again, "account", ACCOUNT) == person(again, "email", EMAIL)
    assert home.store.read().rows("select * from trait") == []


def test_the_same_sighting_joins_again_when_she_comes_back(home: Home, now: int) -> None:
    product = received(home, ann())
    forgotten(product, now)
    again = received(home, [e for e in ann() if e.message_id == "a3"])
    assert person(again, "email", EMAIL) is None, "a repeated message is not a new touch"
    again = received(home, [event("new", "Complaint Raised", ("email", EMAIL), ("phone", PHONE))])
    assert person(again, "email", EMAIL) == person(again, "phone", PHONE)


def test_erasing_twice_or_a_stranger_or_a_shared_phone_says_why_not(home: Home, now: int) -> None:
    product = received(home, [*ann(), *bob()])
    gone, landline = public_id(product, "account", ACCOUNT), public_id(product, "phone", LANDLINE)
    with pytest.raises(BynameError, match="Several people"):
        forget.erase(home, landline, policy=product.policy, actor="cli", now=now)
    forgotten(product, now)
    for id, words in ((gone, "erased already"), ("c-nobody", "No such customer")):
        with pytest.raises(BynameError, match=words):
            forget.erase(home, id, policy=product.policy, actor="cli", now=now)


@pytest.mark.parametrize("died_after", ["day", "log", "lake", "scrubbed"])
def test_an_erasure_that_died_half_way_is_finished_at_the_next_start(home: Home, now: int, died_after: str) -> None:
    def die(step: str) -> None:
        if step == died_after:
            raise KeyboardInterrupt

    product = received(home, ann())
    seal.seal(home, now)
    with pytest.raises(KeyboardInterrupt):
        forgotten(product, now, step=die)
    assert forget.resume(home, now=now) == 0
    assert home.store.read().rows("select state from erasure") == [("done",)]
    left = everything(home)
    assert [h for h in HERS if h.encode() in left] == []
    assert sealed_bodies(home) == []
    assert len(erasure.logged(home.path / "keys")) == len(set(erasure.logged(home.path / "keys"))) > 0


def test_a_long_reader_delays_the_last_step_and_nothing_else(sqlite_home: Home, now: int) -> None:
    product = received(sqlite_home, ann())
    sqlite_home.store.between(lambda db: db.rows("pragma busy_timeout = 0"))
    reader = sqlite_home.store._connect(True)
    with reader.snapshot():
        reader.rows("select count(*) from event")
        forgotten(product, now)
        assert sqlite_home.store.read().rows("select state from erasure") == [("day",)]
    reader.close()
    assert forget.resume(sqlite_home, now=now) == 0


def test_what_lay_in_quarantine_about_her_is_destroyed_too(home: Home, now: int) -> None:
    product = received(home, ann())
    bodies = [b'{"email": "Zenobia.Quillfeather@Example.org"}', b'{"tel": "07400 123 456"}', b'{"email": "bob@x.org"}']
    put = [Quarantined("till", "unknown_event", "", "", now, b) for b in bodies]
    home.store.write(lambda db: quarantine.put(db, home.keys, put))
    forgotten(product, now)
    left = [b for _, b in quarantine.bodies(home.store.read(), home.keys)]
    assert left == bodies[2:]


def test_never_again_means_never_again(home: Home, now: int) -> None:
    product = received(home, ann())
    forgotten(product, now, never_again=True)
    again = received(home, [event("a9", "Identified", ("account", ACCOUNT), ("email", EMAIL))])
    assert person(again, "email", EMAIL) is None
    key = again.key("email", EMAIL)
    assert key is not None
    assert unrecognised.flagged(home.store.read(), home.keys, {key}) == {key}


def test_the_audit_tells_that_and_not_whom(home: Home, now: int) -> None:
    product = received(home, ann())
    erased = forgotten(product, now)
    rows = home.store.read().rows("select actor, action, customer, outcome from audit")
    assert rows == [("staff:zoe", "erase", "", f"{erased.identifiers} identifiers")]


def test_whoever_writes_about_her_at_the_same_moment_leaves_nothing_behind(home: Home, now: int) -> None:
    product = received(home, [*ann(), *bob()])
    stores = [home.store]
    if home.store.engine == "postgres":  # another process
        stores.append(open_store(home.settings.database, home.path))
    stop = threading.Event()
    verdicts: list[str] = []

    def busy(number: int, store: Store) -> None:
        mine, count = Byname(replace(home, store=store)), 0
        while not stop.is_set():
            count += 1
            events = [
                event(f"{number}-{count}", "Complaint Raised", ("email", EMAIL), ("phone", PHONE), note="late"),
                event(f"{number}-{count}x", "Page Viewed", ("account", ACCOUNT), traits=(TraitSaid("name", '"Z"'),)),
            ]
            delivery = Delivery("till", [mine.prepare(e) for e in events], (), now)
            verdicts.extend(mine.deliver(delivery).result(30))

    threads = [threading.Thread(target=busy, args=(n, s)) for n, s in enumerate(stores)]
    for t in threads:
        t.start()
    try:
        for _ in range(8):
            while not (account := person(product, "account", ACCOUNT)):
                pass
            row = home.store.read().row("select public_id from identifier where id = :i", i=account)
            assert row is not None
            forget.erase(home, row[0], policy=product.policy, actor="cli", now=now)
            assert forget.leftovers(home) == {}
    finally:
        stop.set()
        for t in threads:
            t.join()
        for store in stores[1:]:
            store.close()
    assert set(verdicts) == {"accepted"}
    assert forget.leftovers(home) == {}
    assert forget.sweep(home, now=now) == {}


def test_what_an_import_brought_in_behind_an_erasure_is_swept(home: Home, now: int) -> None:
    product = received(home, ann())
    forgotten(product, now)
    (gone,) = home.store.read().rows("select id from identifier where erased = 1 limit 1")[0]
    late = "insert into member (identifier, kind, group_token, occurred_at, source) values (:i, 'account', :t, 1, 'f')"
    home.store.write(lambda db: db.run(late, i=gone, t=b"t"))
    assert forget.leftovers(home) == {"member": 1}
    assert forget.sweep(home, now=now) == {"member": 1}
    assert forget.leftovers(home) == {}
