"""The JSON API: tokens and scopes, one envelope for refusals, the same answer for everyone who is not recognised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from byname.home import open_home
from byname.trust import audit
from tests.web import cast
from tests.web.conftest import House


def post(house: House, path: str, body: Any, scope: str, **more: Any) -> httpx.Response:
    return house.browser().ask("POST", path, json=body, headers=house.token(scope, "brief"), **more)


def get(house: House, path: str, scope: str) -> httpx.Response:
    return house.browser().ask("GET", path, headers=house.token(scope))


def shown(type: str, value: str, proof: str) -> dict[str, Any]:
    return {"identifiers": [{"type": type, "value": value, "proof": proof}]}


def test_a_card_is_recognised_with_her_brief_and_what_may_be_done(house: House) -> None:
    answer = post(house, "/v1/recognise", shown("loyalty", cast.ANN_CARD, "possessed"), "recognise").json()
    assert answer["level"] == "known"
    assert answer["customer"] == house.customer("loyalty", cast.ANN_CARD)
    assert answer["brief"]["name"] == "Ann Keller"
    assert "greet_by_name" in answer["may"]


def test_a_claim_hands_out_neither_id_nor_name(house: House) -> None:
    answer = post(house, "/v1/recognise", shown("phone", cast.ANN_PHONE, "claimed"), "recognise").json()
    assert answer["level"] == "probable"
    assert answer["customer"] == ""
    assert answer["brief"] is None


def test_whoever_is_not_recognised_gets_one_and_the_same_answer(house: House) -> None:
    unknown = post(house, "/v1/recognise", shown("phone", "+442079460999", "claimed"), "recognise").json()
    nonsense = post(house, "/v1/recognise", shown("phone", "banana", "claimed"), "recognise").json()
    other = post(house, "/v1/recognise", shown("shoe_size", "42", "claimed"), "recognise").json()
    assert unknown == nonsense == other


def test_a_purpose_she_never_allowed_serves_her_as_anybody(house: House) -> None:
    body = {**shown("loyalty", cast.ANN_CARD, "possessed"), "purpose": "sharing"}
    answer = post(house, "/v1/recognise", body, "recognise").json()
    assert answer["customer"] == ""
    assert answer["brief"] is None
    her = house.customer("loyalty", cast.ANN_CARD)
    assert get(house, f"/v1/customers/{her}?purpose=sharing", "profile").status_code == 403


def test_a_customer_with_her_events_and_reasons(house: House) -> None:
    her = house.customer("loyalty", cast.ANN_CARD)
    found = get(house, f"/v1/customers/{her}", "profile").json()
    assert found["now"] == her
    assert found["name"] == "Ann Keller"
    assert found["money"][0]["orders"] == 11
    assert cast.ANN_MAIL not in str(found["identifiers"])
    page = get(house, f"/v1/customers/{her}/events?limit=5", "profile").json()
    assert len(page["events"]) == 5
    rest = get(house, f"/v1/customers/{her}/events?limit=200&before={page['next']}", "profile").json()
    assert len(rest["events"]) == found["events"] - 5
    assert get(house, f"/v1/customers/{her}/explain", "profile").json()["statements"]
    assert get(house, f"/v1/customers/{her}/export", "export").json()


def test_same_split_and_revoke_and_the_feed_of_changes(house: House) -> None:
    a, b = {"type": "email", "value": "bob@example.net"}, {"type": "email", "value": "dev@example.net"}
    sid = post(house, "/v1/same", {"a": a, "b": b, "because": "asked at the till"}, "confirm").json()["sid"]
    joined = house.customer("email", "bob@example.net")
    assert joined == house.customer("email", "dev@example.net")
    assert post(house, "/v1/revoke", {"sid": sid, "because": "wrong person"}, "match").json()["revoked"] is True
    assert house.customer("email", "bob@example.net") != house.customer("email", "dev@example.net")
    feed = get(house, "/v1/changes", "profile").json()
    assert feed["last"] == feed["changes"][-1]["seq"]
    assert get(house, f"/v1/changes?after={feed['last']}", "profile").json()["changes"] == []
    parted = {"keep": [{"type": "account", "value": "bob-1"}], "away": [a], "because": "wrong person"}
    assert post(house, "/v1/split", parted, "confirm").status_code == 200


def test_an_old_id_answers_with_the_id_of_today(house: House) -> None:
    before = house.customer("email", "dev@example.net")
    body = {"a": {"type": "email", "value": "bob@example.net"}, "b": {"id": before}, "because": "asked at the till"}
    assert post(house, "/v1/same", body, "confirm").status_code == 200
    for id in {before, house.customer("email", "bob@example.net")}:
        found = get(house, f"/v1/customers/{id}", "profile").json()
        assert found["id"] == id
        assert found["now"] == house.customer("email", "dev@example.net")


def test_what_she_says_about_consent_stands_at_once(house: House) -> None:
    her = house.customer("loyalty", cast.ANN_CARD)
    said = {"said": [{"purpose": "marketing", "granted": False, "channel": "sms"}]}
    answer = post(house, f"/v1/consents/{her}", said, "consent").json()
    marketing = next(c for c in answer["consents"] if c["purpose"] == "marketing")
    assert marketing["allowed"] is True
    assert marketing["channels"] == {"sms": False}
    assert (
        post(house, f"/v1/consents/{her}", {"said": [{"purpose": "x", "granted": True}]}, "consent").status_code == 400
    )


def test_sources_and_quarantine(house: House) -> None:
    made = post(house, "/v1/sources", {"slug": "kiosk", "touchpoint": "kiosk"}, "source").json()
    again = post(house, "/v1/sources/kiosk/rotate", {}, "source").json()
    assert made["write_key"] != again["write_key"]
    assert "kiosk" in [s["slug"] for s in get(house, "/v1/sources", "source").json()["sources"]]
    items = get(house, "/v1/quarantine", "quarantine").json()
    assert items["open"] == 4
    ids = [i["id"] for i in items["items"]]
    assert post(house, "/v1/quarantine/replay", {"ids": ids[:1]}, "quarantine").json() == {"settled": 0, "unfit": 1}
    assert post(house, "/v1/quarantine/drop", {"ids": ids}, "quarantine").json()["settled"] == 4


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [({}, 401, "authentication_error"), ({"Authorization": "Bearer byn_wrong"}, 401, "authentication_error")],
)
def test_no_token_no_answer(house: House, headers: dict[str, str], status: int, code: str) -> None:
    answer = house.browser().ask("GET", "/v1/changes", headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code
    assert answer.headers["request-id"]


def test_a_scope_opens_its_own_routes_only(house: House) -> None:
    her = house.customer("loyalty", cast.ANN_CARD)
    answer = get(house, f"/v1/customers/{her}", "today")
    assert answer.status_code == 403
    assert "profile" in answer.json()["error"]["rule"]
    assert "Ann" not in answer.text


def test_refusals_name_rule_value_and_cure_and_repeat_nothing_personal(house: House) -> None:
    answer = post(house, "/v1/same", {"a": {"type": "email", "value": "no mail"}, "b": {"type": "x", "value": "1"},
                                      "because": "why"}, "confirm")  # fmt: skip
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message", "rule", "value", "cure"}
    assert "no mail" not in answer.text
    secret = "ann@shop.example 4111"
    for body in ({"identifiers": secret}, {"identifiers": [{"type": "email", "value": {"x": secret}}]}, [secret]):
        wrong = post(house, "/v1/recognise", body, "recognise")
        assert wrong.status_code == 400
        assert wrong.json()["error"]["code"] == "invalid_request"
        assert secret not in wrong.text
    personal = {"a": {"type": "account", "value": "bob-1"}, "b": {"type": "account", "value": "u-2"},
                "because": "call 07400 123456"}  # fmt: skip
    assert post(house, "/v1/same", personal, "confirm").status_code == 400


def test_a_token_that_asks_too_fast_is_told_when_to_come_back(
    tmp_path: Path, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BYNAME_RATE_PER_S", "2")
    with open_home(tmp_path / "slow") as home:
        house = House(home, now)
        token, browser = house.token("profile"), house.browser()
        answers = [browser.ask("GET", "/v1/changes", headers=token) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_looks_by_programs_are_written_down_too(house: House) -> None:
    her = house.customer("loyalty", cast.ANN_CARD)
    get(house, f"/v1/customers/{her}", "profile")
    house.settle()
    row = audit.looks_at(house.product.home.store.read(), [her])[0].look
    assert row.actor.startswith("token:")
    assert row.action == "view"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/recognise", {}, "identifiers"),
        ("/v1/recognise", {"identifiers": [{"value": "ann@shop.example"}]}, "identifiers[0].type"),
        ("/v1/recognise", {"identifiers": [{"type": "email", "value": 7000123}]}, "identifiers[0].value"),
        ("/v1/same", {"a": {"type": "x", "value": "1"}, "b": {"type": "x", "value": "2"}}, "because"),
        ("/v1/recognise", ["ann@shop.example"], "the body"),
    ],
)
def test_a_field_that_does_not_fit_is_named_and_its_value_is_not(
    empty_house: House, path: str, body: Any, field: str
) -> None:
    scope = "confirm" if path == "/v1/same" else "recognise"
    answer = post(empty_house, path, body, scope)
    assert answer.status_code == 400
    assert answer.json()["error"]["value"] == field
    assert "ann@shop.example" not in answer.text
    assert "7000123" not in answer.text


def test_the_quarantine_is_read_in_pages_of_the_asked_length(house: House) -> None:
    first = get(house, "/v1/quarantine?limit=2", "quarantine").json()
    rest = get(house, f"/v1/quarantine?limit=2&before={first['next']}", "quarantine").json()
    ids = [i["id"] for i in first["items"] + rest["items"]]
    assert len(first["items"]) == 2
    assert ids == sorted(set(ids), reverse=True)
    for limit in ("0", "201", "-1", "two"):
        assert get(house, f"/v1/quarantine?limit={limit}", "quarantine").status_code == 400


def test_the_description_has_an_example_for_every_route(house: House) -> None:
    found = house.browser().get("/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    for path, methods in found["paths"].items():
        for method, route in methods.items():
            good = route["responses"]["200"]["content"]["application/json"]
            assert good.get("examples"), (method, path)
            assert route["summary"], (method, path)


def test_health_and_metrics_tell_numbers_and_nothing_about_anybody(house: House) -> None:
    browser = house.browser()
    assert browser.get("/health").json() == {"status": "ok"}
    browser.get("/customers/c-somebody")
    text = browser.get("/metrics").text
    assert "byname_requests_total" in text
    assert "c-somebody" not in text
    assert "/customers/{id" in text
