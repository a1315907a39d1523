"""The page Access: a token is made while the server runs, shown once, and revoked; each act stands in the audit."""

from __future__ import annotations

import re

from byname.trust import audit
from tests.web import cast
from tests.web.conftest import Browser, House


def made(owner: Browser, name: str = "Tills London", *scopes: str) -> str:
    """The secret of a new token, as the page shows it."""
    answer = owner.post("/access/new", name=name, **{f"scope_{s}": "on" for s in scopes})
    assert answer.status_code == 200
    found = re.search(r"byn_[\w-]+", answer.text)
    assert found
    return found[0]


def recognise(house: House, secret: str) -> int:
    body = {"identifiers": [{"type": "loyalty", "value": cast.ANN_CARD, "proof": "possessed"}]}
    headers = {"Authorization": f"Bearer {secret}"}
    return house.browser().ask("POST", "/v1/recognise", json=body, headers=headers).status_code


def acts(house: House) -> list[audit.Look]:
    return [r.look for r in audit.page(house.product.home.store.read(), action="staff")]


def test_a_token_is_shown_once_and_works_until_it_is_revoked(house: House) -> None:
    owner = house.browser("owner")
    secret = made(owner, "Tills London", "recognise", "brief")
    assert recognise(house, secret) == 200
    later = owner.get("/access").text
    assert "Tills London" in later
    assert secret not in later
    (path,) = re.findall(r'action="(/access/[^/"]+/revoke)"', later)
    assert owner.post(path).headers["location"] == "/access?note=token_revoked"
    assert recognise(house, secret) == 401
    assert "revoked" in owner.get("/access").text
    assert [(a.actor, a.outcome.split()[-1]) for a in acts(house)] == [
        ("staff:s-owner", "revoked"),
        ("staff:s-owner", "made"),
    ]


def test_a_token_does_only_what_was_ticked(house: House) -> None:
    secret = made(house.browser("owner"), "Reports", "insight")
    assert recognise(house, secret) == 403


def test_a_token_without_name_or_scope_is_not_made(house: House) -> None:
    owner = house.browser("owner")
    assert owner.post("/access/new", name=" ", scope_brief="on").status_code == 400
    assert owner.post("/access/new", name="Till").status_code == 400
    assert owner.post("/access/new", name="Till", scope_everything="on").status_code == 400
    assert owner.post("/access/nobody/revoke").status_code == 404
    assert acts(house) == []


def test_a_token_needs_the_form_of_our_own_page(house: House) -> None:
    owner = house.browser("owner")
    assert owner.post("/access/new", csrf="", name="Till", scope_brief="on").status_code == 403
    assert acts(house) == []


def test_staff_are_listed_with_their_roles(house: House) -> None:
    house.browser("agent")
    text = house.browser("owner").get("/access").text
    assert "Agent" in text
    assert "Serves by phone, chat and mail" in text
