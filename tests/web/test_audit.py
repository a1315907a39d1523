"""The page Who looked: one line per act, the names of those who looked, on the audit and on the customer's page."""

from __future__ import annotations

import re

from byname.trust import audit
from byname.trust.audit import Logged, Look
from byname.web.desks.audit import lines, next_of
from tests.web import cast
from tests.web.conftest import House


def rows(text: str) -> list[str]:
    return re.findall(r"<tr><td>.*?</tr>", text, re.S)


def test_a_list_that_was_read_is_one_line_with_its_customers_folded(house: House) -> None:
    agent = house.browser("agent")
    agent.get("/customers")
    house.passes(60)
    agent.get("/customers")
    house.settle()
    listed = len(audit.page(house.product.home.store.read(), action="search", most=1000)) // 2
    assert listed > 2
    found = rows(house.browser("steward").get("/audit?action=search").text)
    assert len(found) == 2
    for line in found:
        assert f"searched, {listed} customers listed" in line
        assert line.count('href="/customers/') == listed


def test_lines_part_at_another_actor_act_or_moment_and_pages_never_cut_one() -> None:
    looks = [Look(9, "a", "search", "c1"), Look(9, "a", "search", "c2"), Look(9, "b", "search", "c1"),
             Look(8, "b", "view", "c1"), Look(8, "b", "search", "c1"), Look(7, "b", "search", "c1")]  # fmt: skip
    logged = [Logged(100 - n, look) for n, look in enumerate(looks)]
    found = lines(logged, cut=False)
    assert [line.customers for line in found] == [("c1", "c2"), ("c1",), ("c1",), ("c1",), ("c1",)]
    assert next_of(found, more=False) == ""
    cut = lines(logged, cut=True)
    assert len(cut) == 4
    assert next_of(cut, more=True) == "96"  # the row that may lack others comes with the next page
    assert next_of([], more=False) == ""


def test_every_look_is_on_some_page(house: House) -> None:
    home = house.product.home
    told = [Look(n // 3, "cli", "search", f"c{n}") for n in range(400)]
    home.store.write(lambda db: audit.log(db, told))
    steward, path, seen = house.browser("steward"), "/audit?actor=cli", []
    while path:
        text = steward.get(path).text
        seen += re.findall(r'href="/customers/(c\d+)"', text)
        found = re.search(r'href="(/audit\?below=[^"]+)"', text)
        path = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"c{n}" for n in reversed(range(400))]


def test_her_page_names_programs_and_names_colleagues_to_whoever_may_see_audits(house: House) -> None:
    her = house.customer("loyalty", cast.ANN_CARD)
    house.employ("associate", "Percy-100%")
    look = Look(house.now, "staff:s-Percy-100%", "view", her)
    house.product.home.store.write(lambda db: audit.log(db, [look]))
    house.browser().get(f"/v1/customers/{her}", headers=house.token("profile"))
    seen = {
        role: house.browser(role).get(f"/customers/{her}").text.split('id="looked"')[1] for role in ("agent", "steward")
    }
    for text in seen.values():
        assert re.search(r'small">till <span', text)
    assert "Percy-100%" in seen["steward"]
    assert "Percy-100%" not in seen["agent"]
    assert "A colleague" in seen["agent"]
