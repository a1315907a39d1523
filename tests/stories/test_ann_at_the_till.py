"""Ann buys on the web, comes to the till, calls, and is known everywhere at once. Bob must never see her basket.

Cast: Ann with loyalty card 9988123; her husband Bob with whom she shares a landline; Cleo who found Ann's receipt.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from byname import customers, recognition, replay
from byname.home import Home
from byname.identity import graph
from byname.profile.brief import TraitView
from byname.recognition import Asker, Turned
from byname.store.sqlite import SqliteDb
from byname.terms import DAY, Level, Proof, Quarantined, SaidBy
from byname.touchpoints import quarantine, sources
from byname.trust import audit, consent, unrecognised
from tests.conftest import NOW
from tests.encounter.test_capture import Till
from tests.web.conftest import House

CARD = Turned("loyalty", "9988123", Proof.POSSESSED)
EMAIL = Turned("email", "ann@shop.example", Proof.CLAIMED)
LANDLINE = Turned("phone", "020 7946 0018", Proof.CLAIMED)
TILL_3 = Asker("staff:17", "till 3")
WRITES_ALOUD = {"messageId": "w1", "type": "identify", "userId": "ann", "anonymousId": "cookie-1"}


class Shop(House):
    """A house with one source that sends what the cast does."""

    def __init__(self, home: Home, now: int) -> None:
        super().__init__(home, now)
        key = home.store.write(lambda db: sources.create(db, home.keys, "shop", now=NOW, trusted=True))
        self.till, self.sent = Till(self, key), 0

    def happens(self, event: str, properties: dict[str, Any] | None = None, **call: Any) -> None:
        self.sent += 1
        body = {"type": "track", "event": event, "messageId": f"s{self.sent}", "properties": properties or {}, **call}
        answer = self.till.send("/v1/batch", {"batch": [body]}).json()
        assert answer["accepted"] == 1, json.dumps(answer)

    def meet(self, *turned: Turned, asker: Asker = TILL_3) -> recognition.Met:
        return recognition.meet(self.product, turned, asker, self.now)


@pytest.fixture
def shop(home: Home, now: int) -> Shop:
    """Ann signed up on the web with her card, and bought there yesterday."""
    shop = Shop(home, now)
    shop.happens("Identified", userId="ann", anonymousId="cookie-1", type="identify", traits={
        "email": "Ann@Shop.example", "firstName": "Ann", "lastName": "Baker", "loyalty_id": "9988123",
        "birthday": "1980-05-24", "address": {"city": "York", "postalCode": "YO1 7HH"}})  # fmt: skip
    shop.happens("Order Completed", {"order_id": "W-17", "total": 24.5, "currency": "GBP"}, userId="ann")
    shop.happens("Preference Stated", {"preference": "delivery", "value": "after six"}, userId="ann")
    return shop


def test_she_is_greeted_by_name_at_the_till_a_moment_after_she_bought_on_the_web(shop: Shop) -> None:
    met = shop.meet(CARD)
    assert met.level is Level.KNOWN
    assert "greet_by_name" in met.may
    assert met.brief is not None
    assert met.brief.name == "Ann Baker"
    assert met.brief.worth == ("1 purchase, 24.50 GBP",)
    assert met.brief.asked_for == ("delivery she prefers: after six",)
    assert "order under way (W-17)" in met.brief.open[0]
    assert met.brief.last_contact.startswith("Last contact today on the web")


def test_what_happens_at_the_till_and_on_the_web_is_one_history(shop: Shop) -> None:
    shop.happens("Till Sale", {"loyalty_id": "9988123", "receipt_id": "T-1", "total": 3, "currency": "GBP"})
    met = shop.meet(CARD)
    assert met.recognition.person is not None
    names = [(e.touchpoint, e.name) for e in customers.timeline(shop.product.home, met.recognition.person)]
    assert ("till", "Till Sale") in names
    assert ("web", "Order Completed") in names


def test_an_address_that_is_only_told_gets_good_service_and_no_name(shop: Shop) -> None:
    met = shop.meet(EMAIL)
    assert met.level is Level.PROBABLE
    assert (met.customer, met.brief) == ("", None)
    assert "greet_by_name" not in met.may
    assert "ask_one_question" in met.may
    assert met.question


def test_a_stranger_and_someone_who_asked_never_to_be_recognised_get_the_same_answer(shop: Shop) -> None:
    product = shop.product
    key = product.key("loyalty", "9988123")
    assert key is not None
    stranger = shop.meet(Turned("loyalty", "1234567", Proof.POSSESSED))
    product.home.store.write(lambda db: unrecognised.flag(db, product.keyring, [key], now=NOW))
    hidden = shop.meet(CARD)
    assert hidden._replace(recognition=stranger.recognition) == stranger


def test_without_the_purpose_there_is_no_use(shop: Shop) -> None:
    met = shop.meet(CARD, asker=Asker("token:ads", "", "marketing"))
    assert met.level is Level.ANONYMOUS
    assert met.brief is None
    shop.happens("Consent Recorded", {"purpose": "marketing", "granted": True}, userId="ann")
    assert shop.meet(CARD, asker=Asker("token:ads", "", "marketing")).level is Level.KNOWN


def test_no_look_goes_unlogged(shop: Shop) -> None:
    shop.meet(CARD)
    shop.meet(Turned("loyalty", "1234567", Proof.POSSESSED))
    shop.product.looks.hand_over()
    rows = shop.product.home.store.read().rows("select actor, action, terminal, outcome from audit order by id")
    assert rows == [("staff:17", "recognise", "till 3", "known"), ("staff:17", "recognise", "till 3", "unknown")]


def test_while_a_complaint_is_open_nobody_sells_to_her(shop: Shop) -> None:
    shop.happens("Complaint Raised", {"complaint_id": "c-1", "subject": "late"}, userId="ann")
    brief = shop.meet(CARD).brief
    assert brief is not None
    assert any("complaint" in o for o in brief.open)
    assert "offers, while her complaint is open" in brief.not_to_mention
    shop.passes(60)
    shop.happens("Complaint Resolved", {"complaint_id": "c-1"}, userId="ann")
    brief = shop.meet(CARD).brief
    assert brief is not None
    assert brief.not_to_mention == ()


def test_a_promise_is_remembered_with_its_day(shop: Shop) -> None:
    shop.happens("Promise Made", {"promise_id": "p1", "due_at": "2026-09-30T12:00:00Z"}, userId="ann")
    brief = shop.meet(CARD).brief
    assert brief is not None
    assert any(o.endswith("due 30 September 2026") for o in brief.open)
    shop.now += 30 * DAY
    brief = shop.meet(CARD).brief
    assert brief is not None
    assert any("overdue since 30 September 2026" in o for o in brief.open)


def test_the_family_landline_greets_nobody(shop: Shop) -> None:
    for who, email in (("ann", "ann@shop.example"), ("bob", "bob@shop.example")):
        traits = {"email": email, "phone": "020 7946 0018", "firstName": who.title()}
        shop.happens("Identified", type="identify", userId=who, traits=traits)
    met = shop.meet(LANDLINE)
    assert met.level is Level.HOUSEHOLD
    assert met.brief is None
    assert "household_service" in met.may
    assert "greet_by_name" not in met.may


def test_the_associate_asks_and_it_is_her(shop: Shop) -> None:
    mobile = Turned("phone", "07400 123456", Proof.CLAIMED)
    customer = shop.meet(CARD).customer
    said = {"postcode": "yo1 7hh", "birthday": "24.05."}
    guess = recognition.confirm(
        shop.product, mobile, customer, staff="17", terminal="till 3", answers={"postcode": "YO1 7HH"}, now=NOW
    )
    assert (guess.sid, guess.refused) == (None, "no_ground")
    done = recognition.confirm(shop.product, mobile, customer, staff="17", terminal="till 3", answers=said, now=NOW)
    assert done.sid is not None
    assert shop.meet(mobile._replace(proof=Proof.POSSESSED)).customer == customer
    policy = shop.product.policy
    shop.product.home.store.write(
        lambda db: graph.revoke(db, policy, done.sid or b"", at=NOW, actor="staff:2", because="wrong", now=NOW)
    )
    assert shop.meet(mobile._replace(proof=Proof.POSSESSED)).customer != customer


def test_it_is_not_her_and_what_was_joined_comes_apart_with_its_history(shop: Shop) -> None:
    shop.happens("Till Sale", {"card_reference": "V001001382312345678901234567X", "loyalty_id": "9988123",
                               "receipt_id": "T-1", "total": 5, "currency": "GBP"})  # fmt: skip
    shop.happens("Till Sale", {"card_reference": "V001001382312345678901234567X", "receipt_id": "T-2", "total": 99,
                               "currency": "GBP"})  # fmt: skip
    card = Turned("card", "V001001382312345678901234567X", Proof.POSSESSED)
    ann = shop.meet(CARD)
    assert shop.meet(card).customer == ann.customer
    assert ann.brief is not None
    assert ann.brief.worth == ("3 purchases, 128.50 GBP",)
    recognition.deny(shop.product, card, ann.customer, staff="17", terminal="till 3", now=NOW)
    after = shop.meet(CARD)
    assert after.brief is not None
    assert after.customer == ann.customer
    assert after.brief.worth == ("2 purchases, 29.50 GBP",)
    assert shop.meet(card).level is Level.HOUSEHOLD
    assert shop.meet(card).customer == ""


def test_candidates_show_no_more_than_first_name_initial_and_town(shop: Shop) -> None:
    (ann,) = recognition.candidates(shop.product, [EMAIL], TILL_3, NOW)
    assert (ann.first_name, ann.initial, ann.town) == ("Ann", "B", "York")
    looked = audit.looks_at(shop.product.home.store.read(), [ann.customer])
    assert len(looked) == 1


def test_consent_said_on_one_channel_is_kept_to_it(shop: Shop) -> None:
    shop.happens("Consent Recorded", {"purpose": "marketing", "granted": True}, userId="ann")
    shop.happens("Unsubscribed", {"channel": "email"}, userId="ann")
    db = shop.product.home.store.read()
    entries = consent.entries(db, [i for (i,) in db.rows("select id from identifier")])
    assert not consent.allowed(entries, "marketing", "email")
    assert consent.allowed(entries, "marketing", "sms")


def test_of_two_things_told_at_one_moment_the_same_one_stands_in_any_order() -> None:
    told = [
        TraitView("town", "Town", value, SaidBy.SHE_SAID, NOW, "shop", event=event)
        for value, event in (('"York"', b"2"), ('"Leeds"', b"1"))
    ]
    assert [customers.standing_views(t, NOW)["town"].value for t in (told, told[::-1])] == ['"York"', '"York"']


def test_what_was_mended_goes_the_way_of_a_fresh_arrival_from_its_source(shop: Shop) -> None:
    """A trusted source's alias says that two ids are one; mended and sent again it says so too."""
    home, keys = shop.product.home, shop.product.keyring
    body = b'{"type":"alias","messageId":"late","userId":"new-name","previousId":"old-name"}'
    home.store.write(lambda db: quarantine.put(db, keys, [Quarantined("shop", "bad_time", "", "", NOW, body)]))
    (item,) = quarantine.items(home.store.read())
    assert replay.replay(shop.product, [item.id], by="staff:17", now=NOW) == (1, 0)
    assert home.store.read().rows("select op from statement where op = 'same'") == [("same",)]


def test_looking_up_a_stranger_asks_the_same_as_looking_up_the_hidden(sqlite_home: Home, now: int) -> None:
    """Time tells nothing: nobody, and somebody who asked never to be recognised, cost the same questions."""
    shop = Shop(sqlite_home, now)
    shop.happens("Identified", userId="ann", type="identify", traits={"loyalty_id": "9988123"})
    key = shop.product.key("loyalty", "9988123")
    assert key is not None
    sqlite_home.store.write(lambda db: unrecognised.flag(db, shop.product.keyring, [key], now=NOW))
    db, details = sqlite_home.store.read(), {"given": "Ann", "surname": "Baker"}
    assert isinstance(db, SqliteDb)
    asked: list[list[str]] = []
    for turned in (Turned("loyalty", "1234567", Proof.POSSESSED), CARD):
        asked.append([])
        db.connection.set_trace_callback(asked[-1].append)
        recognition.meet(shop.product, [turned], TILL_3, now, details)
        db.connection.set_trace_callback(None)
    first, second = ([sql.split(" where ")[0] for sql in each] for each in asked)
    assert first == second


def test_a_till_with_a_strange_name_is_logged_all_the_same(shop: Shop) -> None:
    """PostgreSQL takes no NUL in a text; one such look must not lose the others that wait with it."""
    body = {"identifiers": [{"type": "loyalty", "value": "9988123", "proof": "possessed"}], "terminal": "till\0 3"}
    headers = shop.token("recognise")
    assert shop.browser().ask("POST", "/v1/recognise", json=body, headers=headers).status_code == 200
    shop.settle()
    assert shop.product.home.store.read().rows("select terminal from audit where action = 'recognise'") == [("till 3",)]


def test_who_forbids_recognition_is_a_guest_like_any_other(shop: Shop) -> None:
    stranger = shop.meet(Turned("loyalty", "1234567", Proof.POSSESSED))
    shop.happens("Consent Recorded", {"purpose": "recognition", "granted": False}, userId="ann")
    assert shop.meet(CARD)._replace(recognition=stranger.recognition) == stranger


def test_nobody_is_told_to_greet_by_a_name_that_is_not_known_or_not_wanted_aloud(shop: Shop) -> None:
    shop.happens("Card Presented", {"loyalty_id": "5550001"})
    nameless = shop.meet(Turned("loyalty", "5550001", Proof.POSSESSED))
    assert nameless.level is Level.KNOWN
    assert "greet_by_name" not in nameless.may
    assert nameless.brief is not None
    shop.happens("Preference Stated", {"preference": "name_aloud", "value": "no"}, userId="ann")
    assert "greet_by_name" not in shop.meet(CARD).may


def test_guessing_ends_whoever_guesses(shop: Shop) -> None:
    customer = shop.meet(CARD).customer
    mobile = Turned("phone", "07400 123456", Proof.CLAIMED)
    for n in range(3):
        said = {"birthday": f"0{n + 1}.01.", "postcode": "X1 1XX"}
        recognition.confirm(shop.product, mobile, customer, staff=str(n), terminal="t", answers=said, now=shop.now)
    right = {"postcode": "YO1 7HH", "birthday": "24.05."}
    late = recognition.confirm(shop.product, mobile, customer, staff="9", terminal="t", answers=right, now=shop.now)
    assert (late.sid, late.refused) == (None, "too_many_wrong")


def test_preferences_told_together_are_preferences_each(shop: Shop) -> None:
    traits = {"preference": {"packaging": "no plastic", "invoicing": "email"}}
    shop.happens("Identified", type="identify", userId="ann", traits=traits)
    brief = shop.meet(CARD).brief
    assert brief is not None
    assert "packaging she prefers: no plastic" in brief.asked_for
    assert "invoicing she prefers: email" in brief.asked_for
