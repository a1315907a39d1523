"""What does someone get who tries? Forged forms, planted sessions, scripts in names, other people's addresses."""

from __future__ import annotations

import pytest

from byname.trust import staff
from byname.web.signed_in import COOKIE
from tests.web import cast
from tests.web.conftest import House


def test_no_form_goes_through_without_its_token(house: House) -> None:
    owner = house.browser("owner")
    for csrf in ("", "wrong"):
        assert owner.post("/sources/new", csrf=csrf, name="Evil").status_code == 403
        assert owner.post("/logout", csrf=csrf).status_code == 403
        assert owner.post("/look", csrf=csrf, look="dark").status_code == 403
    assert owner.get("/sources").text.count("Evil") == 0


def test_no_form_goes_through_from_another_site_even_with_its_token(house: House) -> None:
    owner = house.browser("owner")
    data = {"csrf": owner.csrf, "name": "Evil"}
    answer = owner.ask("POST", "/sources/new", data=data, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403


def test_a_login_form_belongs_to_the_browser_that_loaded_it(house: House) -> None:
    first, second = house.browser(), house.browser()
    first.get("/login")
    second.get("/login")
    assert second.ask("POST", "/login", data={"csrf": first.csrf, "login": "x", "password": "y"}).status_code == 403


def test_a_planted_session_is_worth_nothing_after_sign_in(house: House) -> None:
    home = house.product.home
    house.employ("agent", "amy")
    link = home.store.write(lambda db: staff.make_link(db, home.keys, "s-amy", now=house.now))
    staff.use_link(home.store, home.keys, link, "a quiet green lamp", now=house.now)
    victim = house.browser()
    victim.cookies[COOKIE] = "planted"
    victim.get("/login")
    answer = victim.post("/login", login="amy", password="a quiet green lamp")
    assert answer.status_code == 303
    assert victim.cookies[COOKIE] != "planted"
    stranger = house.browser()
    stranger.cookies[COOKIE] = "planted"
    assert stranger.get("/").status_code == 303


@pytest.mark.parametrize("path", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(house: House, path: str) -> None:
    owner = house.browser("owner")
    assert owner.post("/look", look="dark", next=path).headers["location"] == "/"
    page = house.browser().get("/login", params={"next": path})
    assert 'name="next" value="/"' in page.text


def test_texts_that_customers_write_stay_text(house: House) -> None:
    agent = house.browser("owner")
    nasty = house.customer("email", "nasty@example.net")
    for path in ("/", "/customers", f"/customers/{nasty}", "/matches", "/audit"):
        text = agent.get(path).text
        assert "<img src=x" not in text, path
        assert "49" not in text or "{{7*7}}" in text or path in ("/", "/audit", "/customers", "/matches"), path
    assert "&lt;img src=x" in agent.get(f"/customers/{nasty}").text


def test_a_quarantined_body_is_shown_as_text(house: House) -> None:
    bad = cast.call(
        "track", 9, house.now, userId="x", event="Order Completed", properties={"total": "<script>1</script>"}
    )
    cast.deliver(house.product, "shop", bad, at=house.now)
    owner = house.browser("owner")
    row = house.product.home.store.read().row("select max(id) from quarantine")
    assert row is not None
    text = owner.get(f"/quarantine/{row[0]}").text
    assert "<script>1" not in text
    assert "<mark>&#34;&lt;script&gt;1" in text


def test_every_answer_forbids_frames_inline_scripts_and_guessing(house: House) -> None:
    for browser, path in ((house.browser("owner"), "/"), (house.browser(), "/login"), (house.browser(), "/nowhere")):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["request-id"]


def test_pages_hold_no_inline_script_style_or_handler(house: House) -> None:
    owner, her = house.browser("owner"), house.customer("loyalty", cast.ANN_CARD)
    for path in ("/", "/customers", f"/customers/{her}", "/till", "/matches", "/quarantine", "/sources", "/audit",
                 "/access"):  # fmt: skip
        text = owner.get(path).text
        assert "<style" not in text
        assert " style=" not in text
        assert "<script>" not in text
        assert " onclick=" not in text


def test_cookies_cannot_be_read_by_scripts_nor_sent_by_other_sites(house: House) -> None:
    answer = house.browser().get("/login")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


def test_a_session_ends_when_nobody_is_there(house: House) -> None:
    owner = house.browser("owner")
    assert owner.get("/").status_code == 200
    house.passes(31 * 60)
    answer = owner.get("/customers")
    assert answer.status_code == 303
    assert "session_over" in answer.headers["location"]


def test_signing_out_ends_the_session_itself(house: House) -> None:
    owner = house.browser("owner")
    kept = owner.cookies[COOKIE]
    assert owner.post("/logout").headers["location"] == "/login?note=signed_out"
    thief = house.browser()
    thief.cookies[COOKIE] = kept
    assert thief.get("/").status_code == 303


def test_a_one_time_link_works_once(empty_house: House) -> None:
    home = empty_house.product.home
    link = home.store.write(lambda db: staff.first_link(db, home.keys, now=empty_house.now, new_id=lambda: "s1"))
    browser = empty_house.browser()
    assert "Welcome" in browser.get(f"/welcome/{link}").text
    short = browser.post(f"/welcome/{link}", password="short", again="short")
    assert short.status_code == 400
    differ = browser.post(f"/welcome/{link}", password="a quiet green lamp", again="a loud green lamp")
    assert "differ" in differ.text
    done = browser.post(f"/welcome/{link}", password="a quiet green lamp", again="a quiet green lamp")
    assert done.headers["location"] == "/?note=password_set"
    assert browser.get("/").status_code == 200
    assert empty_house.browser().get(f"/welcome/{link}").status_code == 400


def test_guessing_passwords_becomes_slow(house: House) -> None:
    house.employ("agent", "amy")
    guesser = house.browser()
    guesser.get("/login")
    answers = [guesser.post("/login", login="amy", password=f"guess {n}").status_code for n in range(7)]
    assert answers[0] == 401
    assert answers[-1] == 429


def test_what_was_typed_into_the_search_stands_in_no_address_and_no_log(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    agent = house.browser("agent")
    answer = agent.post("/customers/search", q=cast.ANN_MAIL)
    assert answer.status_code == 303
    assert cast.ANN_MAIL not in answer.headers["location"]
    said = capsys.readouterr()
    assert cast.ANN_MAIL not in said.out + said.err
    assert "/customers/search" in said.out + said.err


def test_a_forged_token_in_any_alphabet_is_refused(house: House) -> None:
    browser = house.browser()
    browser.get("/login")
    assert browser.post("/login", csrf="é", login="x", password="y").status_code == 403
