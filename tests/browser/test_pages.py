"""Do the pages do their tasks in a real browser, for everyone, at every size, light and dark?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open, Server
from tests.web import cast

pytestmark = pytest.mark.browser

PAGES = ("/", "/?span=30d", "/customers", "/customers?open=promise", "HER", "HER/erase", "/till", "/matches",
         "/quarantine", "ITEM", "/sources", "/sources/till", "/audit", "/access")  # fmt: skip
EMPTY = ("/", "/customers", "/till", "/matches", "/quarantine", "/sources", "/audit", "/access")
LOOKS = [(360, False), (360, True), (1280, False), (1280, True)]


def address(server: Server, path: str) -> str:
    if "HER" in path:
        return path.replace("HER", "/customers/" + server.customer("loyalty", cast.ANN_CARD))
    if path == "ITEM":
        row = server.home.store.read().row("select max(id) from quarantine where state = 'open'")
        assert row is not None
        return f"/quarantine/{row[0]}"
    return path


def violations(page: Page, axe: str) -> list[str]:
    """What axe-core finds; run in a world of its own, so that our content policy stays in force."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['id']}: {n['html'][:160]} {n['failureSummary'][:200]}" for v in found["violations"] for n in v["nodes"]
    ]


def check(page: Page, axe: str, width: int) -> None:
    assert violations(page, axe) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


@pytest.mark.parametrize(("width", "dark"), LOOKS)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_full_is_accessible(
    full: Server, open_page: Open, axe: str, path: str, width: int, dark: bool
) -> None:
    check(open_page(full, address(full, path), width=width, dark=dark), axe, width)


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
@pytest.mark.parametrize("path", EMPTY)
def test_every_page_empty_is_accessible_and_says_what_to_do(
    empty: Server, open_page: Open, axe: str, path: str, width: int, dark: bool
) -> None:
    page = open_page(empty, path, width=width, dark=dark)
    check(page, axe, width)
    text = page.locator("main").inner_text()
    assert len(text) > 60
    if path != "/till":
        assert page.locator(".empty").count() >= 1


def test_the_high_contrast_look_is_accessible_and_stays(full: Server, open_page: Open, axe: str) -> None:
    page = open_page(full)
    page.locator(".side-wide button[value=contrast]").click()
    expect(page.locator("html")).to_have_attribute("data-look", "contrast")
    check(page, axe, 1280)
    page.goto(full.url + "/customers")
    expect(page.locator("html")).to_have_attribute("data-look", "contrast")


def test_an_agent_finds_ann_by_phone_and_opens_her(full: Server, open_page: Open) -> None:
    page = open_page(full, "/customers", role="agent")
    page.keyboard.press("/")
    page.keyboard.type("020 7946 0018")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann Keller")
    assert "7946" not in page.url
    expect(page.get_by_text("something we promised her", exact=False)).to_be_visible()


def test_nobody_found_says_what_to_type(full: Server, open_page: Open) -> None:
    page = open_page(full, "/customers", role="agent")
    page.locator("main [name=q]").fill("nobody@example.net")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Nobody is known by that")).to_be_visible()


def test_the_timeline_narrows_to_a_touchpoint(full: Server, open_page: Open) -> None:
    page = open_page(full, address(full, "HER"))
    page.get_by_role("navigation", name="Touchpoint").get_by_role("link", name="Call centre").click()
    expect(page.get_by_text("Call Started")).to_be_visible()
    expect(page.locator(".entry", has_text="Till Sale")).to_have_count(0)


def test_a_steward_keeps_an_identifier_apart_and_takes_it_back(full: Server, open_page: Open) -> None:
    page = open_page(full, address(full, "HER"), role="steward")
    before = page.locator("section[aria-labelledby=identifiers] li").count()
    device = page.locator("section[aria-labelledby=identifiers] li", has_text="Device")
    device.get_by_text("Not hers").click()
    device.get_by_role("button", name="Keep apart").click()
    expect(page.get_by_role("status")).to_contain_text("Kept apart")
    page.goto(full.url + address(full, "HER"))
    assert page.locator("section[aria-labelledby=identifiers] li").count() == before - 1
    said = page.locator("section[aria-labelledby=why] li", has_text="Said not to be the same person")
    said.locator("summary").click()
    said.get_by_role("button", name="Take back").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    page.goto(full.url + address(full, "HER"))
    assert page.locator("section[aria-labelledby=identifiers] li").count() == before


def test_an_engineer_connects_a_source_and_sees_its_key_once(full: Server, open_page: Open) -> None:
    page = open_page(full, "/sources", role="engineer")
    page.get_by_label("Name").fill("Kiosk Leeds")
    page.get_by_label("Where its events happen").select_option("kiosk")
    page.get_by_role("button", name="Make it and show the key").click()
    key = page.locator(".key-once").inner_text()
    assert len(key) > 20
    expect(page.locator("pre").first).to_contain_text(key)
    page.goto(full.url + "/sources/kiosk-leeds")
    assert key not in page.content()


def test_an_engineer_mends_an_event_and_it_goes_through(full: Server, open_page: Open) -> None:
    row = full.home.store.read().row("select min(id) from quarantine where state = 'open' and reason = 'bad_amount'")
    assert row is not None
    page = open_page(full, f"/quarantine/{row[0]}", role="engineer")
    expect(page.locator("pre mark")).to_have_text('"twelve"')
    body = page.get_by_label("The event, as it should have been")
    body.fill(body.input_value().replace('"twelve"', "12"))
    page.get_by_role("button", name="Send it through").click()
    expect(page.get_by_role("status")).to_contain_text("it is in")
    page.goto(f"{full.url}/quarantine/{row[0]}")
    expect(page.get_by_role("heading", name="Settled")).to_be_visible()


def test_a_steward_says_yes_by_keyboard_and_two_become_one(full: Server, open_page: Open) -> None:
    page = open_page(full, "/matches", role="steward")
    expect(page.get_by_role("heading", name=re.compile("Caroline Wu"))).to_be_visible()
    page.keyboard.press("y")
    expect(page.get_by_role("status")).to_contain_text("one customer now")
    assert full.customer("email", "caroline.wu@example.net") == full.customer("email", "cwu@example.org")
    page.locator("summary", has_text="Take the run back").click()
    page.get_by_role("button", name="Take back the whole run").click()
    expect(page.get_by_role("status")).to_contain_text("whole run")
    assert full.customer("email", "caroline.wu@example.net") != full.customer("email", "cwu@example.org")


def test_today_shows_a_new_event_by_itself(full: Server, open_page: Open) -> None:
    page = open_page(full)
    cast.deliver(
        full.product, "till", cast.sale(999, full.now, 77.7, "London 12", loyalty_id=cast.ANN_CARD), at=full.now + 1
    )
    expect(page.locator("#recent").get_by_text("£77.70")).to_be_visible(timeout=20_000)


def test_pages_and_forms_work_without_scripts(full: Server, open_page: Open) -> None:
    page = open_page(full, "/customers", role="agent", scripts=False)
    page.locator("main [name=q]").fill(cast.ANN_MAIL)
    page.locator("main .search button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ann Keller")


def test_the_first_tab_stop_skips_to_the_content(full: Server, open_page: Open) -> None:
    page = open_page(full)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_nothing_jumps_while_a_page_loads(full: Server, open_page: Open) -> None:
    page = open_page(full)
    shift = page.evaluate(
        """new Promise(done => { let sum = 0; new PerformanceObserver(list => { for (const e of list.getEntries())
        sum += e.value }).observe({type: 'layout-shift', buffered: true}); setTimeout(() => done(sum), 300) })"""
    )
    assert shift < 0.01


def test_a_page_weighs_less_than_100_kb_before_charts(full: Server, open_page: Open) -> None:
    page = open_page(full, "/customers")
    weight = page.evaluate(
        "performance.getEntries().filter(e => e.transferSize).reduce((sum, e) => sum + e.transferSize, 0)"
    )
    assert weight < 100_000


def test_a_stranger_signs_in_by_the_one_time_link(empty: Server, open_page: Open) -> None:
    from byname.trust import staff

    home = empty.home
    page = open_page(empty)
    page.context.clear_cookies()
    owner = staff.by_login(home.store.read(), "owner")
    assert owner is not None
    link = home.store.write(lambda db: staff.make_link(db, home.keys, owner.id, now=empty.now))
    page.goto(f"{empty.url}/welcome/{link}")
    page.get_by_label("Choose a password").fill("a quiet green lamp")
    page.get_by_label("The same once more").fill("a quiet green lamp")
    page.get_by_role("button", name="Set the password and go on").click()
    expect(page.get_by_role("status")).to_contain_text("Welcome")
    page.locator(".side-wide").get_by_role("button", name="Sign out").click()
    page.get_by_label("Your login").fill("owner")
    page.get_by_label("Password").fill("a quiet green lamp")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


@pytest.mark.parametrize(("width", "dark"), [(360, False), (1280, True)])
def test_an_associate_meets_ann_at_the_till(full: Server, open_page: Open, axe: str, width: int, dark: bool) -> None:
    page = open_page(full, "/till", role="associate", width=width, dark=dark)
    page.locator("main [name=q]").fill(cast.ANN_CARD)
    page.get_by_role("button", name="Shown").click()
    expect(page.get_by_role("heading", name="She is known")).to_be_visible()
    expect(page.locator(".name")).to_have_text("Ann Keller")
    check(page, axe, width)
    page.locator("main [name=q]").fill(cast.ANN_PHONE)
    page.get_by_role("button", name="Said", exact=True).click()
    expect(page.get_by_role("heading", name="Perhaps a returning customer")).to_be_visible()
    assert "Keller" not in page.content()
    check(page, axe, width)
