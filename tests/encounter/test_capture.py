"""What does the tracking door answer to SDKs, and to what should never come?"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from byname.encounter import Delivery
from byname.home import Home
from byname.terms import DAY, Event
from byname.touchpoints import sources
from byname.trust import unrecognised
from tests.conftest import NOW
from tests.web.conftest import Browser, House

ANN = {"type": "track", "event": "Page Viewed", "userId": "ann", "messageId": "m1"}


class Till(Browser):
    """A client of the tracking interface with a source's write key."""

    def __init__(self, house: House, key: str) -> None:
        super().__init__(house.app)
        self.key = key

    def send(self, path: str, body: Any, **headers: str) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        key = base64.b64encode(f"{self.key}:".encode()).decode()
        return self.ask("POST", path, content=raw, headers={"authorization": f"Basic {key}", **headers})


@pytest.fixture
def house(home: Home, now: int) -> House:
    return House(home, now)


@pytest.fixture
def till(house: House) -> Till:
    home = house.product.home
    return Till(house, home.store.write(lambda db: sources.create(db, home.keys, "shop", now=NOW, rate_per_s=50)))


def count(house: House, table: str = "event") -> int:
    row = house.product.home.store.read().row(f"select count(*) from {table}")
    assert row is not None
    return int(row[0])


def test_a_message_is_taken_once_however_often_it_comes(house: House, till: Till) -> None:
    assert till.send("/v1/track", ANN).json()["items"] == [{"messageId": "m1", "verdict": "accepted"}]
    assert till.send("/v1/track", ANN).json()["items"] == [{"messageId": "m1", "verdict": "repeated"}]
    assert till.send("/v1/batch", {"batch": [ANN, ANN]}).json()["repeated"] == 2
    assert count(house) == 1


def test_the_key_may_stand_in_the_header_or_in_the_body(till: Till) -> None:
    stranger = Browser(till.app)
    assert stranger.ask("POST", "/v1/track", json={**ANN, "writeKey": till.key}).status_code == 200
    refused = stranger.ask("POST", "/v1/track", json={**ANN, "writeKey": "guess"})
    assert refused.status_code == 401
    assert "write key" in refused.json()["error"]["message"]
    assert stranger.ask("POST", "/v1/track", json=ANN).status_code == 401


def test_a_source_that_is_switched_off_is_not_there(house: House, till: Till) -> None:
    house.product.home.store.write(lambda db: sources.change(db, house.product.home.keys, "shop", enabled=False))
    assert till.send("/v1/track", ANN).status_code == 404


def test_a_bad_item_does_not_spoil_the_good_ones_and_strict_says_so(house: House, till: Till) -> None:
    body = {"batch": [ANN, {"type": "track", "event": "Page Viewed", "messageId": "m2"}]}
    answer = till.send("/v1/batch", body)
    assert answer.status_code == 200
    assert [i["verdict"] for i in answer.json()["items"]] == ["accepted", "quarantined"]
    assert answer.json()["items"][1]["reason"] == "no_identifier"
    assert till.send("/v1/batch?strict=1", body).status_code == 400
    assert count(house) == 1
    assert count(house, "quarantine") >= 1


def test_gzip_and_deflate_are_opened(till: Till) -> None:
    raw = json.dumps(ANN).encode()
    assert till.send("/v1/track", gzip.compress(raw), **{"content-encoding": "gzip"}).json()["accepted"] == 1
    assert till.send("/v1/track", zlib.compress(raw), **{"content-encoding": "deflate"}).json()["repeated"] == 1


def test_a_gzip_bomb_is_refused_before_it_is_large(house: House, till: Till) -> None:
    bomb = gzip.compress(b"[" * 200_000_000, 9)
    assert len(bomb) < 400_000
    assert till.send("/v1/batch", bomb, **{"content-encoding": "gzip"}).status_code == 413
    assert till.send("/v1/track", b"\x1f\x8b not gzip", **{"content-encoding": "gzip"}).status_code == 400
    assert till.send("/v1/track", gzip.compress(b"{}")[:10], **{"content-encoding": "gzip"}).status_code == 400
    assert till.send("/v1/track", b"{}", **{"content-encoding": "br"}).status_code == 400
    assert count(house) == 0


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe{", b'{"batch":', b'{"batch": 7}', b"[" * 100_000, b'{"a":' * 50_000],
)
def test_what_is_not_json_is_a_clear_400(till: Till, body: bytes) -> None:
    for path in ("/v1/track", "/v1/batch"):
        answer = till.send(path, body)
        assert answer.status_code in (200, 400), answer.text
        if answer.status_code == 200:
            assert answer.json()["accepted"] == 0
        else:
            assert answer.json()["error"]["message"]


def test_too_much_is_413(till: Till) -> None:
    assert till.send("/v1/track", b" " * 5_000_000).status_code == 413
    assert till.send("/v1/batch", {"batch": [ANN] * 2501}).status_code == 413


def test_a_source_in_a_hurry_waits(till: Till) -> None:
    answers = [till.send("/v1/track", ANN) for _ in range(60)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_ten_thousand_identifiers_in_one_event_are_quarantined(house: House, till: Till) -> None:
    ids = [{"id": f"x{n}", "type": "user_id", "collection": "users", "encoding": "none"} for n in range(300)]
    answer = till.send("/v1/track", {**ANN, "context": {"externalIds": ids}}).json()
    assert answer["items"][0]["reason"] in ("too_many_identifiers", "too_large")
    many = [{"id": f"y{n}", "type": "user_id", "collection": "users", "encoding": "none"} for n in range(10_000)]
    assert till.send("/v1/track", {**ANN, "context": {"externalIds": many}}).json()["quarantined"] == 1
    assert count(house) == 0


def test_a_card_number_is_never_kept_nor_echoed(house: House, till: Till) -> None:
    number = "4111 1111 1111 1111"
    answer = till.send("/v1/track", {**ANN, "properties": {"note": f"paid with {number}"}})
    assert answer.json()["items"][0]["reason"] == "card_number"
    assert "1111" not in answer.text
    house.product.home.store.between(lambda db: getattr(db, "checkpoint", lambda: None)())
    for file in house.product.home.path.rglob("*"):
        if file.is_file():
            assert b"1111 1111" not in file.read_bytes()
            assert b"4111111111111111" not in file.read_bytes()


def test_a_site_may_post_from_another_origin(till: Till) -> None:
    answer = till.ask("OPTIONS", "/v1/t", headers={"origin": "https://shop.example"})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    plain = json.dumps({**ANN, "writeKey": till.key}).encode()
    assert till.ask("POST", "/v1/t", content=plain, headers={"content-type": "text/plain"}).json()["accepted"] == 1


def test_what_a_public_key_says_of_two_accounts_does_not_join_them(house: House, till: Till) -> None:
    for n, user in enumerate(("victim", "thief")):
        till.send("/v1/identify", {"userId": user, "messageId": f"i{n}"})
    till.send("/v1/alias", {"previousId": "victim", "userId": "thief", "messageId": "a1"})
    people = house.product.home.store.read().rows("select distinct person from identifier where type = 'account'")
    assert len(people) == 2


def test_a_trusted_source_may_say_that_two_ids_are_one(house: House, till: Till) -> None:
    house.product.home.store.write(lambda db: sources.change(db, house.product.home.keys, "shop", trusted=True))
    for n, user in enumerate(("old-name", "new-name")):
        till.send("/v1/identify", {"userId": user, "messageId": f"i{n}"})
    till.send("/v1/alias", {"previousId": "old-name", "userId": "new-name", "messageId": "a1"})
    people = house.product.home.store.read().rows("select distinct person from identifier where type = 'account'")
    assert len(people) == 1


def test_a_source_that_needs_consent_keeps_nothing_without_it(house: House, till: Till) -> None:
    house.product.home.store.write(lambda db: sources.change(db, house.product.home.keys, "shop", needs_consent=True))
    assert till.send("/v1/track", ANN).json()["items"][0]["verdict"] == "not_kept"
    assert count(house) == count(house, "identifier") == count(house, "vault") == 0
    said = {"consent": {"categoryPreferences": {"Advertising": True}}}
    assert till.send("/v1/track", {**ANN, "messageId": "m9", "context": said}).json()["accepted"] == 1
    assert count(house, "consent") > 0


def test_a_slash_at_the_end_of_the_address_is_no_matter(house: House, till: Till) -> None:
    assert till.send("/v1/track/", ANN).json()["accepted"] == 1
    assert till.send("/v1/t/", ANN).json()["repeated"] == 1


def test_years_of_history_sent_in_one_minute_are_counted_and_taken(house: House) -> None:
    """The sum of their delays in microseconds would pass 64 bits."""
    home, product = house.product.home, house.product
    for n in range(3):
        old = [Event(f"m{n}-{i}", "shop", "web", "Page Viewed", 0, NOW) for i in range(2000)]
        verdicts = product.deliver(Delivery("shop", [product.prepare(e) for e in old], (), NOW)).result()
        assert set(verdicts) == {"accepted"}
    ((accepted, delay),) = home.store.read().rows("select accepted, delay_sum from intake")
    assert (accepted, delay) == (6000, 6000 * DAY)


def test_an_alias_of_someone_who_asked_never_to_be_recognised_does_not_bring_her_back(house: House, till: Till) -> None:
    home, product = house.product.home, house.product
    home.store.write(lambda db: sources.change(db, home.keys, "shop", trusted=True))
    key = product.key("account", "old-name")
    assert key is not None
    home.store.write(lambda db: unrecognised.flag(db, home.keys, [key], now=NOW))
    till.send("/v1/alias", {"previousId": "old-name", "userId": "new-name", "messageId": "a1"})
    assert (count(house), count(house, "identifier"), count(house, "statement")) == (1, 0, 0)


def test_while_the_keys_do_not_fit_nothing_is_acknowledged(house: House, till: Till) -> None:
    till.send("/v1/track", ANN)
    home, more = house.product.home, {**ANN, "messageId": "m2", "anonymousId": "d-7"}
    ((wrapped,),) = home.store.read().rows("select wrapped from vault_key")
    home.store.write(lambda db: db.run("update vault_key set wrapped = :w", w=b"x" * 60))
    answer = till.send("/v1/track", more)
    assert (answer.status_code, answer.headers["retry-after"], count(house, "quarantine")) == (503, "5", 0)
    home.store.write(lambda db: db.run("update vault_key set wrapped = :w", w=wrapped))
    assert till.send("/v1/track", more).json()["accepted"] == 1


def test_an_identifier_that_names_nobody_is_told_back(till: Till) -> None:
    traits = {"email": "not an email", "phone": "hello"}
    answer = till.send("/v1/identify", {"userId": "ann", "messageId": "i1", "traits": traits}).json()
    assert answer["items"][0]["verdict"] == "accepted"
    assert sorted(answer["items"][0]["ignored"]) == ["email", "phone"]


def test_a_cookie_is_attached_by_an_alias_of_a_public_key(house: House, till: Till) -> None:
    till.send("/v1/screen", {"anonymousId": "browser-2", "name": "Home", "messageId": "s1"})
    till.send("/v1/alias", {"previousId": "browser-2", "userId": "ann", "messageId": "a1"})
    people = house.product.home.store.read().rows("select distinct person from identifier")
    assert len(people) == 1
