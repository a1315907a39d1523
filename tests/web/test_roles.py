"""Every page, fragment and form, asked by every role: nothing beyond the role, and no page without an entry here."""

from __future__ import annotations

import pytest

from byname.trust.access import ROLES
from byname.web import pages
from tests.web import cast
from tests.web.conftest import House

ALL = {"associate", "agent", "insight", "marketing", "engineer", "steward", "owner"}
SERVES = {"associate", "agent", "steward", "owner"}
SEES = {"agent", "steward", "owner"}
RUNS = {"engineer", "owner"}
TRUSTED = {"steward", "owner"}
MENDS = {"engineer", "steward", "owner"}

# Who may, per method and path. A new page or action fails `test_every_page_has_an_entry` until it stands here.
MAY: dict[tuple[str, str], set[str]] = {
    ("GET", "/"): ALL,
    ("GET", "/live"): ALL,
    ("GET", "/recent"): ALL,
    ("GET", "/customers"): SEES,
    ("POST", "/customers/search"): SEES,
    ("GET", "/customers/{id:str}"): SEES,
    ("POST", "/customers/{id:str}/split"): SERVES,
    ("POST", "/customers/{id:str}/revoke"): TRUSTED,
    ("POST", "/customers/{id:str}/export"): TRUSTED,
    ("GET", "/customers/{id:str}/erase"): TRUSTED,
    ("POST", "/customers/{id:str}/erase"): TRUSTED,
    ("GET", "/till"): SERVES,
    ("POST", "/till/find"): SERVES,
    ("POST", "/till/answer"): SERVES,
    ("POST", "/till/hers"): SERVES,
    ("GET", "/matches"): TRUSTED,
    ("POST", "/matches/decide"): TRUSTED,
    ("POST", "/matches/take-back"): TRUSTED,
    ("GET", "/quarantine"): MENDS,
    ("GET", "/quarantine/items"): MENDS,
    ("GET", "/quarantine/{item:int}"): MENDS,
    ("POST", "/quarantine/{item:int}/fix"): MENDS,
    ("POST", "/quarantine/{item:int}/drop"): MENDS,
    ("POST", "/quarantine/replay"): MENDS,
    ("POST", "/quarantine/drop"): MENDS,
    ("GET", "/sources"): RUNS,
    ("POST", "/sources/new"): RUNS,
    ("GET", "/sources/{slug:str}"): RUNS,
    ("POST", "/sources/{slug:str}/rotate"): RUNS,
    ("POST", "/sources/{slug:str}/change"): RUNS,
    ("GET", "/audit"): TRUSTED,
    ("GET", "/access"): {"owner"},
    ("POST", "/access/new"): {"owner"},
    ("POST", "/access/{token:str}/revoke"): {"owner"},
}


def every_action() -> dict[tuple[str, str], str]:
    return {
        (a.method, (desk.PATH.rstrip("/") + a.below) or "/"): a.permission
        for desk in pages.PAGES
        for a in pages.actions(desk)
    }


def test_every_page_has_an_entry() -> None:
    assert set(every_action()) == set(MAY), "add the new page to MAY above, with who may open it"


def test_the_table_says_what_the_permissions_say() -> None:
    for what, permission in every_action().items():
        assert {r.name for r in ROLES.values() if permission in r.permissions} == MAY[what], what


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_opens_what_it_may_and_nothing_else(house: House, role: str) -> None:
    browser = house.browser(role)
    her = house.customer("loyalty", cast.ANN_CARD)
    for (method, path), may in MAY.items():
        address = (
            path.replace("{id:str}", her)
            .replace("{item:int}", "1")
            .replace("{slug:str}", "till")
            .replace("{token:str}", "t1")
        )
        csrf = browser.csrf
        answer = (
            browser.get(address) if method == "GET" else browser.ask("POST", address, data={"csrf": csrf, "q": "x"})
        )
        if role in may:
            assert answer.status_code in (200, 303, 400, 404), (method, path, answer.status_code)
        else:
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert "Ann Keller" not in answer.text
            assert cast.ANN_MAIL not in answer.text
        if path.endswith("/erase") and method == "POST":
            assert house.customer("loyalty", cast.ANN_CARD) == her  # nothing goes without the typed word


@pytest.mark.parametrize("method_path", sorted(MAY))
def test_a_stranger_sees_the_door_only(empty_house: House, method_path: tuple[str, str]) -> None:
    method, path = method_path
    address = (
        path.replace("{id:str}", "c1")
        .replace("{item:int}", "1")
        .replace("{slug:str}", "till")
        .replace("{token:str}", "t1")
    )
    answer = empty_house.browser().ask(method, address, data={} if method == "POST" else None)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("role", sorted(ROLES))
def test_the_menu_shows_what_opens(house: House, role: str) -> None:
    browser = house.browser(role)
    home = browser.get("/")
    for desk in pages.PAGES:
        if desk.MENU and desk.PATH != "/":
            assert (f'href="{desk.PATH}"' in home.text) == (role in MAY[("GET", desk.PATH)]), desk.PATH


def test_names_stay_with_those_who_may_see_them(house: House) -> None:
    """Today counts; nobody's name stands there, for any role."""
    for role in ROLES:
        assert "Ann Keller" not in house.browser(role).get("/").text
