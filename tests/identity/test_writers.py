"""Four writers at once, each with its own part of one story and much of the others': the store is still F."""

from __future__ import annotations

import random
import threading

from byname.home import Home
from byname.identity import graph
from byname.store import postgres
from byname.store.db import Conflict
from tests.identity.cast import POLICY, keys, same, see, split
from tests.identity.stored import NOW, assert_store_is_f, play

WRITERS = 4


def _history(rng: random.Random, length: int) -> list:
    """Statements about few enough identifiers that writers meet all the time."""
    names = [f"{t}:{n}" for t, count in COUNTS.items() for n in range(count)]
    joinable = [n for n in names if not n.startswith("given")]
    said = []
    for at in range(1, length + 1):
        kind = rng.random()
        if kind < 0.85:
            said.append(see(" ".join([*rng.sample(names, rng.randint(1, 3)), rng.choice(joinable)]), at))
        elif kind < 0.95:
            said.append(same(*rng.sample(joinable, 2), at))
        else:
            said.append(split(*rng.sample(joinable, 2), at))
    return said


COUNTS = {"account": 12, "loyalty": 8, "card": 10, "email": 10, "phone": 6, "device": 8, "given": 4}


def _parts(rng: random.Random, said: list) -> list[list]:
    """Each statement goes to about three of the four, in another order each time; some are taken back by one."""
    parts: list[list] = [[] for _ in range(WRITERS)]
    for s in said:
        for part in rng.sample(parts, 3):
            part.append(("say", s))
        if rng.random() < 0.15:
            rng.choice(parts).append(("revoke", s))
    for part in parts:
        rng.shuffle(part)
    return parts


def _do(db, what: str, s) -> None:
    if what == "say":
        play(db, POLICY, s)
    else:
        sid = graph.sid_of_see("", s.left) if s.op == "see" else s.sid
        graph.revoke(db, POLICY, sid, at=NOW, actor="t", because="", now=NOW)


def _in_threads(parts: list[list], run) -> None:
    broken: list[BaseException] = []

    def work(part):
        try:
            run(part)
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(part,)) for part in parts]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    if broken:
        raise broken[0]


def test_four_threads_through_the_writer_of_one_home(home: Home):
    rng = random.Random(4)
    parts = _parts(rng, _history(rng, 100))

    def work(db, items):
        for what, s in items:
            _do(db, what, s)
        return [None] * len(items)

    def run(part):
        for future in [home.store.submit(work, item) for item in part]:
            future.result()

    _in_threads(parts, run)
    home.store.write(lambda db: assert_store_is_f(db, POLICY))


def test_four_connections_to_one_postgres(postgres_home: Home):
    """As four server processes do it: own connections, several statements a transaction, retry when two meet."""
    rng = random.Random(7)
    parts = _parts(rng, _history(rng, 100))
    address = postgres_home.settings.database

    def run(part):
        db = postgres.connect(address, durability="process")
        db.run("set deadlock_timeout = '20ms'")  # they meet all the time here
        try:
            for start in range(0, len(part), 5):
                _until_done(db, part[start : start + 5])
        finally:
            db.close()

    _in_threads(parts, run)
    postgres_home.store.write(lambda db: assert_store_is_f(db, POLICY))


def _until_done(db, items) -> None:
    for _ in range(100):
        try:
            with db.transaction():
                for what, s in items:
                    _do(db, what, s)
            return
        except Conflict:
            continue
    raise AssertionError("two writers met a hundred times")


def test_changes_are_numbered_in_the_order_of_their_commits(postgres_home: Home):
    """A reader who asks for what came after a number never misses one that was given earlier and committed later."""
    address = postgres_home.settings.database
    first, second = postgres.connect(address), postgres.connect(address)
    with first.transaction():
        play(first, POLICY, see("account:1 email:1", 1))
        play(first, POLICY, see("account:2 email:2", 1))
    slow = threading.Event()

    def late():
        with second.transaction():
            play(second, POLICY, same("account:3", "card:3", 2))
            play(second, POLICY, see("card:3 loyalty:3", 1))
        slow.set()

    with first.transaction():
        play(first, POLICY, same("account:1", "account:2", 2))
        thread = threading.Thread(target=late)
        thread.start()
        thread.join(0.3)
    thread.join()
    assert slow.is_set()
    numbers = [n for (n,) in first.rows("select seq from change order by seq")]
    assert numbers == sorted(numbers)
    assert len(keys("account:1")) == 1
    first.close()
    second.close()
