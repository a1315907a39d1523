"""Stories of the tracking interface: what a sender sends, and what byname understands."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from byname.terms import ConsentSaid, Identifier, Line, Membership, SaidBy, TraitSaid
from byname.touchpoints import segment
from byname.touchpoints.limits import Limits
from byname.touchpoints.sources import Source
from tests.touchpoints.sending import LIMITS, RECEIVED, SHOP, TEN, TILL, bought, event, parsed, reason


def test_ann_buys_two_games_on_the_site() -> None:
    e = event(
        {
            "event": "Completed Order",
            "userId": "ann-1",
            "anonymousId": "a-cookie",
            "messageId": "m-1",
            "originalTimestamp": "2026-11-21T10:00:00Z",
            "properties": {
                "order_id": "A-1001", "affiliation": "Web shop", "total": 27.5, "discount": 2.5, "currency": "EUR",
                "products": [
                    {"product_id": "p-1", "price": 10, "quantity": 2, "coupon": "MAY"},
                    {"sku": "p-2", "price": 7.5, "discount": 2.5},
                ],
            },
        }
    )  # fmt: skip
    assert (e.name, e.touchpoint, e.place, e.ref) == ("Order Completed", "web", "Web shop", "A-1001")
    assert (e.currency, e.amount, e.discount) == ("EUR", 2750, 250)
    assert e.lines == (Line("p-1", 2000, 2000), Line("p-2", 1000, 750, 250))
    assert e.identifiers == (Identifier("account", "ann-1"), Identifier("device", "a-cookie"))
    assert (e.message_id, e.occurred_at, e.received_at) == ("m-1", TEN, RECEIVED)


def test_the_till_sells_for_cash_to_nobody_we_know() -> None:
    e = event({"event": "Till Sale", "properties": {"receipt_id": "12-3-881", "store_id": 12, "total": 3}}, source=TILL)
    assert (e.touchpoint, e.place, e.ref, e.amount, e.currency, e.identifiers) == (
        "till",
        "12",
        "12-3-881",
        300,
        "GBP",
        (),
    )


def test_the_till_names_her_by_card_and_given_name() -> None:
    e = event(
        {
            "event": "Till Sale",
            "properties": {"loyalty_id": 7000123, "card_reference": "V001", "given_name": "Ann", "total": 1},
        },
        source=TILL,
    )
    assert e.identifiers == (Identifier("loyalty", "7000123"), Identifier("card", "V001"))
    assert e.witnesses == (Identifier("given", "Ann"),)


def test_she_says_who_she_is() -> None:
    e = event(
        {
            "type": "identify",
            "userId": 17,
            "traits": {
                "email": "ann@example.com", "phone": "+442079460018", "firstName": "Ann", "birthday": "1980-01-01",
                "address": {"city": "Leeds"}, "loyal since": 3, "ann@example.com": 1,
            },
        },
        "identify",
    )  # fmt: skip
    assert e.name == "Identified"
    assert [i.type for i in e.identifiers] == ["account", "email", "phone"]
    assert e.witnesses == (Identifier("given", "Ann"),)
    assert {(t.name, t.value) for t in e.traits} == {
        ("first_name", '"Ann"'), ("birthday", '"1980-01-01"'), ("address", '{"city":"Leeds"}'),
    }  # fmt: skip
    assert all(t.said_by is SaidBy.SHE_SAID for t in e.traits)


def test_rudderstack_puts_traits_into_the_context() -> None:
    e = event({"userId": "u", "context": {"traits": {"name": "Ann Smith", "plan": "gold"}}}, "identify")
    assert TraitSaid("plan", '"gold"') in e.traits
    assert e.witnesses == (Identifier("given", "Ann"),)


def test_external_ids_of_the_context_are_hers() -> None:
    ids = [
        {"id": "L1", "type": "loyalty_id", "collection": "users", "encoding": "none"},
        {"id": "idfa", "type": "ios.idfa", "collection": "users", "encoding": "none"},
        {"id": "acme", "type": "group_id", "collection": "accounts", "encoding": "none"},
        {"id": 9, "type": "Own", "collection": "users", "encoding": "none"},
        "nonsense",
    ]
    e = event({"event": "Signed In", "context": {"externalIds": ids}})
    assert e.identifiers == (Identifier("loyalty", "L1"), Identifier("device", "idfa"), Identifier("own", "9"))


TRUSTED = msgspec.structs.replace(SHOP, trusted=True)


def test_page_screen_group_and_alias() -> None:
    assert event({"anonymousId": "c", "name": "Home"}, "page").name == "Page Viewed"
    screen = event({"anonymousId": "c", "name": "Home"}, "screen")
    assert (screen.name, screen.touchpoint) == ("Screen Viewed", "app")
    assert event({"userId": "u", "groupId": "acme"}, "group").memberships == (Membership("account", "acme"),)
    home = event({"userId": "u", "groupId": 7, "traits": {"type": "household"}}, "group")
    assert home.memberships == (Membership("household", "7"),)
    for previous, kind in (
        ("old-id", "account"),
        ("507f191e-810c-4192-9de8-60ea1f0f2d11", "device"),
        ("a@b.example", "email"),
    ):
        same = event({"userId": "new", "previousId": previous}, "alias", TRUSTED).same
        assert same == (Identifier(kind, previous), Identifier("account", "new"))
    cookie = event({"userId": "new", "previousId": "old-id"}, "alias").same
    assert cookie == (Identifier("device", "old-id"), Identifier("account", "new"))


def test_what_she_allows() -> None:
    consent = {"categoryPreferences": {"Advertising": False, "marketing:email": True, "odd one@x": True, "n": "yes"}}
    e = event({"event": "Segment Consent Preference Updated", "userId": "u", "context": {"consent": consent}})
    assert set(e.consents) == {ConsentSaid("advertising", "*", False), ConsentSaid("marketing", "email", True)}
    spoken = event(
        {"event": "Consent Recorded", "userId": "u", "properties": {"purpose": "marketing", "granted": False}}
    )
    assert spoken.consents == (ConsentSaid("marketing", "*", False),)
    out = event({"event": "Unsubscribed", "userId": "u", "properties": {"channel": "sms"}})
    assert (out.consents, out.touchpoint) == ((ConsentSaid("marketing", "sms", False),), "sms")


def test_what_she_prefers_becomes_a_trait() -> None:
    e = event(
        {"event": "Preference Stated", "userId": "u", "properties": {"preference": "packaging", "value": "paper"}}
    )
    assert e.traits == (TraitSaid("preference.packaging", '"paper"'),)


def test_a_promise_has_a_date() -> None:
    e = event(
        {"event": "Promise Made", "userId": "u", "properties": {"promise_id": "p1", "due_at": "2026-11-21T10:00:00Z"}}
    )
    assert (e.ref, e.due_at) == ("p1", TEN)


def test_a_message_happens_on_its_channel() -> None:
    e = event({"event": "Email Opened", "userId": "u", "properties": {"message_id": "m", "channel": "sms"}})
    assert (e.name, e.touchpoint) == ("Message Opened", "sms")


def test_a_retry_without_message_id_gets_the_same_one() -> None:
    body = json.dumps(
        {"batch": [{"type": "track", "event": "Till Sale"}] * 2, "sentAt": "2026-11-21T10:00:00Z"}
    ).encode()
    first = segment.parse(body, "batch", TILL, RECEIVED, LIMITS)
    again = segment.parse(body, "batch", TILL, RECEIVED + 60_000_000, LIMITS)
    ids = [e.message_id for e in first.events]
    assert ids == [e.message_id for e in again.events]
    assert len(set(ids)) == 2, "two equal sales in one batch are two sales"


def test_the_context_of_a_batch_holds_for_its_items() -> None:
    batch = {
        "context": {"traits": {"email": "ann@example.com"}, "consent": {"categoryPreferences": {"ads": True}}},
        "batch": [
            {"type": "track", "event": "Signed In", "userId": "u"},
            {
                "type": "track",
                "event": "Signed In",
                "userId": "u",
                "context": {"consent": {"categoryPreferences": {"ads": False}}},
            },
        ],
    }
    first, second = parsed(batch, "batch").events
    assert Identifier("email", "ann@example.com") in first.identifiers
    assert Identifier("email", "ann@example.com") in second.identifiers
    assert first.consents != second.consents
    assert json.loads(first.body)["context"]["traits"] == {"email": "ann@example.com"}


def test_the_body_is_kept_as_it_came() -> None:
    raw = b'{ "type":"track" , "event":"Signed In","userId":"u" }'
    assert segment.parse(b'{"batch":[' + raw + b"]}", "batch", SHOP, RECEIVED, LIMITS).events[0].body == raw


def test_one_bad_item_does_not_spoil_a_batch() -> None:
    found = parsed(
        {"batch": [{"type": "track"}, {"type": "track", "event": "Signed In", "userId": "u"}, 7, None]}, "batch"
    )
    assert [v.verdict for v in found.verdicts] == ["quarantined", "accepted", "quarantined", "quarantined"]
    assert len(found.quarantined) == 3


def test_nan_spoils_only_its_own_item() -> None:
    body = b'{"batch":[{"type":"track","event":"Signed In","userId":"u","properties":{"x":NaN}},'
    body += b'{"type":"track","event":"Signed In","userId":"u"}],"sentAt":"2026-11-21T10:00:00Z"}'
    found = segment.parse(body, "batch", SHOP, RECEIVED, LIMITS)
    assert [v.reason for v in found.verdicts] == ["not_json", ""]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ({"event": "Signed In"}, "no_identifier"),
        ({"event": "Signed In", "userId": ""}, "no_identifier"),
        ({"event": "Signed In", "userId": {"a": 1}}, "no_identifier"),
        ({"userId": "u"}, "bad_name"),
        ({"event": 7, "userId": "u"}, "bad_name"),
        ({"event": "Signed In", "userId": "u", "properties": "x"}, "malformed"),
        ({"event": "Signed In", "userId": "u", "context": 5}, "malformed"),
        ({"event": "Signed In", "userId": "u", "timestamp": "yesterday"}, "bad_time"),
        ({"event": "Signed In", "userId": "u", "timestamp": "1955-01-01"}, "bad_time"),
        ({"event": "Signed In", "userId": "u", "timestamp": {}}, "bad_time"),
        (bought(total="7 pounds"), "bad_amount"),
        (bought(total=True), "bad_amount"),
        (bought(total=-5), "bad_amount"),
        (bought(total=10**30), "bad_amount"),
        (bought(total="1e400"), "bad_amount"),
        (bought(total="NaN"), "bad_amount"),
        (bought(products=[{"price": 1, "quantity": 10**30}]), "bad_amount"),
        (bought(products=[{"price": 10**10, "quantity": 10**9}]), "bad_amount"),
        (bought(total=1, currency="POUND"), "bad_currency"),
        (bought(total=1, products={"a": 1}), "bad_lines"),
        (bought(total=1, products=["a"]), "bad_lines"),
        ({"event": "Signed In", "userId": "u", "properties": {"note": "4111 1111 1111 1111"}}, "card_number"),
        ({"event": "Signed In", "userId": "u", "properties": {"x": "y" * 40_000}}, "too_large"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_why(call: Any, why: str) -> None:
    assert reason(call) == why


def test_limits_of_the_home_and_of_the_source() -> None:
    many = {"event": "Signed In", "context": {"externalIds": [{"id": str(i), "type": "email"} for i in range(60)]}}
    assert reason(many) == "too_many_identifiers"
    assert parsed({"batch": [{}] * 11}, "batch", limits=Limits(batch=10)).refused == "too_many"
    assert parsed({"batch": [], "x": "y" * 99}, "batch", limits=Limits(body_bytes=50)).refused == "too_large"
    small = Source("s", "S", "web", max_event_bytes=20)
    assert reason({"event": "Signed In", "userId": "u"}, source=small) == "too_large"


def test_a_source_may_send_only_what_it_may() -> None:
    source = Source("s", "S", "web", allowed=frozenset({"Order Completed"}))
    assert event(bought(total=1), source=source)
    assert event({"userId": "u"}, "identify", source)
    assert reason({"event": "Signed In", "userId": "u"}, source=source) == "name_not_allowed"


def test_a_quarantined_item_can_be_sent_through_alone() -> None:
    batch = {"batch": [{"type": "track", "event": "Signed In", "timestamp": "2026-11-21T09:00:00Z", "userId": ""}]}
    found = parsed({**batch, "sentAt": "2026-11-21T09:00:02Z"}, "batch")
    body = found.quarantined[0].body.replace(b'"userId": ""', b'"userId": "u"')
    (e,) = segment.parse(body, "", SHOP, RECEIVED, LIMITS).events
    assert e.occurred_at == RECEIVED - 2_000_000
    single = parsed({"event": "Signed In"}, "track").quarantined[0].body
    assert json.loads(single) == {"event": "Signed In", "type": "track"}


def test_a_card_number_is_not_echoed() -> None:
    call = {
        "event": "Signed In",
        "userId": "u",
        "messageId": "4111111111111111",
        "properties": {"a": "5555-5555-5555-4444"},
    }
    found = parsed(call)
    told = repr(found.verdicts) + repr(found.quarantined)
    assert "4111" not in told
    assert "5555" not in told
    assert parsed({"batch": [], "context": {"a": "x"}, "x": "4111111111111111"}, "batch").quarantined == []


def test_php_writes_empty_objects_as_lists() -> None:
    assert event({"event": "Signed In", "userId": "u", "properties": [], "context": [], "traits": []})


def test_nothing_that_she_wrote_stands_in_a_column() -> None:
    e = event(
        {
            "event": "Complaint Raised", "userId": "u",
            "properties": {"complaint_id": "call me, Ann Smith", "store_id": "ann@example.com", "text": "I, Ann"},
        }
    )  # fmt: skip
    assert (e.ref, e.place) == ("", "")


def test_the_write_key_may_stand_in_the_body() -> None:
    assert segment.write_key(b'{"writeKey":"k","batch":[]}') == "k"
    for body in (b"", b"[]", b'{"writeKey":7}', b"\xff", b"[" * 100_000):
        assert segment.write_key(body) == ""


def test_a_till_that_writes_latin_1_is_told_so_and_its_sale_is_kept() -> None:
    body = '{"event":"Till Sale","properties":{"given_name":"Zoë","total":3}}'.encode("latin-1")
    for kind, raw in (("track", body), ("batch", b'{"batch":[' + body + b"],,}")):
        found = segment.parse(raw, kind, TILL, RECEIVED, LIMITS)
        assert (found.refused, found.broken, found.events) == ("not_json", True, [])
        assert [q.body for q in found.quarantined] == [raw]


def test_a_mended_batch_goes_through_as_one() -> None:
    body = b'{"batch":[{"type":"track","event":"Till Sale"},{"type":"track","event":"Till Sale"}]}'
    assert len(segment.parse(body, "", TILL, RECEIVED, LIMITS).events) == 2


def test_the_device_of_the_shop_is_nobodys() -> None:
    """The tablet on the counter sends its anonymousId with every customer: it would make one person of all."""
    call = {"event": "Till Sale", "anonymousId": "the-tablet", "properties": {"loyalty_id": "L1"}}
    call["context"] = {"device": {"type": "ios", "id": "the-tablet"}}
    for place in ("till", "kiosk", "cashpoint"):
        assert event(call, source=Source("s", "S", place)).identifiers == (Identifier("loyalty", "L1"),)
    hers = event(call, source=Source("s", "S", "app")).identifiers
    assert hers == (Identifier("device", "the-tablet"), Identifier("loyalty", "L1"))
