"""At the till: what may be said at each level, and how a visit becomes known without showing an answer."""

from __future__ import annotations

import re

from byname.trust import audit
from tests.web import cast
from tests.web.conftest import Browser, House


def find(browser: Browser, typed: str, how: str, visit: str = "") -> str:
    return browser.post("/till/find", q=typed, how=how, visit=visit).text


def visit_of(text: str) -> str:
    found = re.search(r'name="visit" value="([^"]+)"', text)
    assert found
    return found[1]


def test_a_card_that_is_shown_is_greeted_by_name(house: House) -> None:
    text = find(house.browser("associate"), cast.ANN_CARD, "shown")
    assert "Ann Keller" in text
    assert "Greet her by name" in text
    assert "promised her" in text


def test_a_phone_that_is_only_said_names_nobody(house: House) -> None:
    text = find(house.browser("associate"), cast.ANN_PHONE, "said")
    assert "Perhaps a returning customer" in text
    assert "Keller" not in text
    assert house.customer("loyalty", cast.ANN_CARD) not in text


def test_an_unknown_phone_is_a_guest_and_leads_to_no_question(house: House) -> None:
    text = find(house.browser("associate"), "+442079460999", "said")
    assert "A guest" in text
    assert "/till/answer" not in text


def test_a_shared_landline_shows_a_household(house: House) -> None:
    text = find(house.browser("associate"), "+442079460020", "said")
    assert "household" in text
    assert "Marsh" not in text


def test_two_right_answers_make_her_known_for_this_visit(house: House) -> None:
    clerk = house.browser("associate")
    text = find(clerk, cast.ANN_PHONE, "said")
    text = clerk.post("/till/answer", visit=visit_of(text), question="birthday", a="2 4").text
    assert "One more answer" in text
    assert "Keller" not in text
    text = clerk.post("/till/answer", visit=visit_of(text), question="order", a="r-200").text
    assert "Ann Keller" in text


def test_the_same_answer_twice_settles_nothing(house: House) -> None:
    clerk = house.browser("associate")
    text = find(clerk, cast.ANN_PHONE, "said")
    for _ in range(2):
        text = clerk.post("/till/answer", visit=visit_of(text), question="birthday", a="2.4.").text
    assert "Keller" not in text


def test_guessing_ends_whoever_guesses(house: House) -> None:
    clerk = house.browser("associate")
    first = visit_of(find(clerk, cast.ANN_PHONE, "said"))
    for n in range(3):
        text = clerk.post("/till/answer", visit=first, question="postcode", a=f"N{n} 1AA").text
        assert "not what we hold" in text
    other = house.browser("agent")
    again = visit_of(find(other, cast.ANN_PHONE, "said"))
    text = other.post("/till/answer", visit=again, question="birthday", a="2 4").text
    assert "Too many wrong answers" in text


def test_a_note_of_somebody_elses_visit_is_worth_nothing(house: House) -> None:
    note = visit_of(find(house.browser("associate"), cast.ANN_PHONE, "said"))
    other = house.browser("agent")
    for forged in (note, note[:-4] + "AAAA", "x"):
        text = other.post("/till/answer", visit=forged, question="birthday", a="2 4").text
        assert "One more answer" not in text


def test_an_unknown_card_becomes_hers_after_two_answers(house: House) -> None:
    clerk = house.browser("associate")
    text = find(clerk, "5551234", "shown")
    assert "A guest" in text
    text = find(clerk, cast.ANN_PHONE, "said", visit_of(text))
    for question, a in (("birthday", "2 4"), ("order", "r-200")):
        text = clerk.post("/till/answer", visit=visit_of(text), question=question, a=a).text
    assert "is hers" in text
    text = clerk.post("/till/hers", visit=visit_of(text)).text
    assert "It is hers from now on" in text
    assert house.customer("loyalty", "5551234") == house.customer("loyalty", cast.ANN_CARD)
    assert "Ann Keller" in find(clerk, "5551234", "shown")


def test_every_look_up_is_written_down(house: House) -> None:
    clerk = house.browser("associate")
    find(clerk, cast.ANN_CARD, "shown")
    find(clerk, "+442079460999", "said")
    house.settle()
    rows = audit.page(house.product.home.store.read(), action="recognise")
    assert [r.look.outcome for r in rows] == ["unknown", "known"]
    assert rows[1].look.customer == house.customer("loyalty", cast.ANN_CARD)
