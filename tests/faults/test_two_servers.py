"""What if two servers share one database, and senders reach now this one, now that one? One memory, once."""

from __future__ import annotations

import random
import threading
from pathlib import Path
from typing import Any

from byname.home import open_home
from byname.trust import tokens
from tests.conftest import NOW
from tests.faults import killing
from tests.faults.running import Server, serving

SENDERS, PEOPLE, EVENTS = 4, 30, 240


def crowd() -> list[dict[str, Any]]:
    """Sign-ins that join people, and what they do; many devices are shared."""
    rng = random.Random(7)
    events: list[dict[str, Any]] = []
    for n in range(EVENTS):
        who = rng.randrange(PEOPLE)
        message: dict[str, Any] = {"messageId": f"m{n}", "anonymousId": f"d{rng.randrange(40)}", "userId": f"u{who}"}
        if n % 3 == 0:
            message |= {"type": "identify", "traits": {"email": f"p{who}@shop.example", "loyalty_id": f"70000{who}"}}
        else:
            message |= {"type": "track", "event": "Product Added", "properties": {"product_id": "p1", "price": 1}}
        events.append(message)
    return events


def test_two_servers_take_overlapping_shuffled_batches_once(postgres_folder: Path, tmp_path: Path) -> None:
    key, events = killing.a_source(postgres_folder), crowd()
    verdicts: list[str] = []

    def sending(servers: tuple[Server, Server], lane: int) -> None:
        rng = random.Random(lane)
        mine = rng.sample(events, len(events))  # everybody sends everything, in an order of his own
        for start in range(0, len(mine), 12):
            batch = mine[start : start + 12]
            answer = rng.choice(servers).send(key, *batch, batch[0])
            assert answer.status == 200, answer.body
            verdicts.extend(item["verdict"] for item in answer.body["items"])

    with serving(postgres_folder, tmp_path / "one") as one, serving(postgres_folder, tmp_path / "other") as other:
        threads = [threading.Thread(target=sending, args=((one, other), lane)) for lane in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert verdicts.count("accepted") == EVENTS
        assert verdicts.count("repeated") == len(verdicts) - EVENTS
        what_one_takes_the_other_knows(postgres_folder, key, one, other)
        assert one.stop() == other.stop() == 0
    told = killing.look(postgres_folder, [e["messageId"] for e in events])
    assert told["events"] == EVENTS + 11


def what_one_takes_the_other_knows(folder: Path, key: str, one: Server, other: Server) -> None:
    """Read your own writes, always: the next request on any process."""
    with open_home(folder) as home:
        _, secret = home.store.write(
            lambda db: tokens.make(
                db, home.keys, name="till", scopes=["recognise", "profile"], now=NOW, new_id=lambda: "t1"
            )
        )
    allowed = {"authorization": f"Bearer {secret}"}
    card = {"type": "loyalty", "value": "9988123", "proof": "possessed"}
    first = {"type": "identify", "messageId": "n0", "userId": "new", "traits": {"loyalty_id": "9988123"}}
    assert one.send(key, first).body["accepted"] == 1
    met = other.ask("POST", "/v1/recognise", {"identifiers": [card]}, **allowed).body
    assert met["level"] == "known"
    for n in range(1, 11):
        here, there = (one, other) if n % 2 else (other, one)
        visit = {"type": "page", "messageId": f"n{n}", "userId": "new"}
        assert here.send(key, visit).body["accepted"] == 1
        assert there.ask("GET", f"/v1/customers/{met['customer']}", **allowed).body["events"] == n + 1
