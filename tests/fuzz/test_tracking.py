"""What does the tracking door make of anything at all? Hypothesis sends JSON of every shape, and what is none."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from byname import rebuild
from byname.home import open_home
from byname.touchpoints import sources
from byname.web.api import tracking
from tests.conftest import NOW
from tests.encounter.test_capture import Till, count
from tests.web.conftest import House

EXAMPLES = int(os.environ.get("BYNAME_FUZZ_EXAMPLES", "6")) * 5
TRIED = settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                 suppress_health_check=list(HealthCheck))  # fmt: skip
KINDS = [kind for kind, *_ in tracking.CALLS if kind != "batch"]
MEMBERS = ["type", "event", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt", "context",
           "properties", "traits", "groupId", "previousId", "writeKey", "integrations"]  # fmt: skip
INNER = ["email", "phone", "name", "products", "total", "currency", "order_id", "price", "quantity", "externalIds",
         "consent", "categoryPreferences", "device", "id", "type", "address", "loyalty_id", "birthday"]  # fmt: skip

words = st.sampled_from(["Order Completed", "Till Sale", "Identified", "EUR", "2026-11-20T17:01:09Z", "1e999", "",
                         "ann@shop.example", "+442079460018", "\u0000", "\ud800", "null", "a" * 5000])  # fmt: skip
plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | words
values = st.recursive(
    plain,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(INNER) | st.text(max_size=8), below),
    max_leaves=12,
)
calls = st.dictionaries(st.sampled_from(MEMBERS), values, max_size=8) | st.fixed_dictionaries(
    {"type": st.sampled_from(KINDS), "userId": st.sampled_from(["u1", "u2"]) | plain},
    optional={m: values for m in MEMBERS if m not in ("type", "userId")},
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("tracking")
    (folder / "byname.toml").write_text("rate_per_s = 1000000\n")
    with open_home(folder) as home:
        yield House(home, NOW)


@pytest.fixture(scope="module")
def till(house: House) -> Till:
    home = house.product.home
    return Till(house, home.store.write(lambda db: sources.create(db, home.keys, "fuzz", now=NOW, trusted=True)))


def answered(house: House, till: Till, path: str, body: bytes, **headers: str) -> dict[str, Any]:
    """Send; the answer is one of the described ones, and what it counts as accepted is in the memory."""
    house.passes(1)
    before = count(house)
    answer = till.send(path, body, **headers)
    told: dict[str, Any] = answer.json()
    assert answer.status_code in (200, 400, 413), answer.text
    assert "Traceback" not in answer.text
    assert count(house) - before == told.get("accepted", 0)
    if answer.status_code != 200:
        assert told["error"]["message"]
    return told


@TRIED
@given(batch=st.lists(calls | values, max_size=6))
def test_every_item_of_a_batch_gets_its_verdict_whatever_it_is(house: House, till: Till, batch: list[Any]) -> None:
    told = answered(house, till, "/v1/batch", json.dumps({"batch": batch}).encode())
    assert [v["verdict"] for v in told["items"]].count("quarantined") == told["quarantined"]
    assert len(told["items"]) == len(batch)
    again = answered(house, till, "/v1/batch", json.dumps({"batch": batch}).encode())
    assert again["accepted"] == 0


@TRIED
@given(kind=st.sampled_from(KINDS), call=calls | values, packed=st.booleans())
def test_a_single_call_of_any_shape_is_taken_quarantined_or_refused(
    house: House, till: Till, kind: str, call: Any, packed: bool
) -> None:
    body = json.dumps(call, ensure_ascii=packed).encode("utf-8", "surrogatepass")
    if packed:
        answered(house, till, f"/v1/{kind}", gzip.compress(body), **{"content-encoding": "gzip"})
    else:
        answered(house, till, f"/v1/{kind}", body)


@TRIED
@given(data=st.data(), batch=st.lists(calls, min_size=1, max_size=3))
def test_a_body_cut_off_or_bent_anywhere_never_breaks_the_door(
    house: House, till: Till, data: st.DataObject, batch: list[Any]
) -> None:
    body = bytearray(json.dumps({"batch": batch}).encode())
    at = data.draw(st.integers(0, len(body) - 1))
    if data.draw(st.booleans()):
        del body[at:]
    else:
        body[at] = data.draw(st.integers(0, 255))
    answered(house, till, "/v1/batch", bytes(body))


def test_and_afterwards_the_laws_hold(house: House, till: Till) -> None:
    assert till.send("/v1/track", {"userId": "u1", "event": "Page Viewed", "messageId": "the last"}).is_success
    assert [f for f in rebuild.check(house.product) if f.wrong] == []
