"""Does she get everything that is held, and nothing of anybody else?"""

from __future__ import annotations

import doctest
import importlib
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

import byname
from byname import forget
from byname.forget import personal, quarantined, takeout
from byname.home import Home
from byname.lake import seal
from byname.terms import BynameError
from byname.trust import audit
from byname.trust.audit import Look
from tests.forget.cast import ACCOUNT, EMAIL, HERS, NAME, NOTE, PHONE, ann, bob, public_id, received


def exported(home: Home, now: int) -> dict[str, object]:
    product = received(home, [*ann()[:2], *bob()])
    seal.seal(home, now)
    product = received(home, ann()[2:])
    id = public_id(product, "account", ACCOUNT)
    looks = [Look(now, "staff:ben", "view", id, "service"), Look(now, "staff:ben", "view", "c-other", "service")]
    home.store.write(lambda db: audit.log(db, looks))
    return forget.export(home, id, now=now)


def test_everything_of_hers_is_there_in_plain_over_day_and_lake(home: Home, now: int) -> None:
    found = exported(home, now)
    text = json.dumps(found)
    assert [h for h in [EMAIL, PHONE, ACCOUNT, NAME, NOTE, "order-zq-1", "case-1"] if h not in text] == []
    held = found["held"]
    assert isinstance(held, dict)
    assert {i["plain"] for i in held["identifier"]} == {EMAIL, PHONE, ACCOUNT, "dev-zq-1"}
    assert [e["name"] for e in held["event"]] == [
        "Identified", "Order Completed", "Complaint Raised", "Call Ended", "Page Viewed",
    ]  # fmt: skip
    assert held["event"][2]["body"]["note"] == NOTE
    assert [line["product"] for line in held["line"]] == ["p1"]
    assert {(t["name"], t["value"], t["said_by"]) for t in held["trait"]} == {
        ("name", NAME, "she_said"),
        ("kids_count", "2", "we_saw"),
    }
    assert [(c["purpose"], c["channel"], c["granted"]) for c in held["consent"]] == [("marketing", "email", 1)]
    assert [look["actor"] for look in held["look"]] == ["staff:ben"]
    assert len(held["statement"]) >= 4
    assert len(held["member"]) == 1


def test_nothing_of_bob_is_in_it(home: Home, now: int) -> None:
    found = exported(home, now)
    text = json.dumps(found)
    assert [h for h in ("bob-1", "Robert", "Finch") if h in text] == []
    held = found["held"]
    assert isinstance(held, dict)
    others = home.store.read().rows("select public_id from identifier where type in ('phone', 'given')")
    shown = {i["public_id"] for i in held["identifier"]}
    assert [i for (i,) in others if i not in shown and i in text] == [], "others' identifiers stay nameless"


def test_the_page_for_people_says_the_same(home: Home, now: int) -> None:
    class Reading(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.text, self.tags = "", set[str]()

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.tags.add(tag)

        def handle_data(self, data: str) -> None:
            self.text += data

    page = Reading()
    page.feed(forget.readable(exported(home, now)))
    assert [h for h in (EMAIL, PHONE, NAME, NOTE, "What happened", "Who looked") if h not in page.text] == []
    assert not page.tags & {"script", "img", "link", "iframe"}


def test_an_erased_customer_has_nothing_left_to_export(home: Home, now: int) -> None:
    product = received(home, ann())
    id = public_id(product, "account", ACCOUNT)
    forget.erase(home, id, policy=product.policy, actor="cli", now=now)
    found = forget.export(home, id, now=now)
    text = json.dumps(found)
    assert [h for h in HERS if h in text] == []
    assert found["held"]["event"] == found["held"]["statement"] == []
    with pytest.raises(BynameError, match="No such customer"):
        forget.export(home, "c-nobody", now=now)


def test_every_tables_file_is_walked_and_every_personal_table_exported_and_erased(home: Home, now: int) -> None:
    source = Path(byname.__file__).parent
    files = {".".join(["byname", *p.relative_to(source).with_suffix("").parts]) for p in source.rglob("tables.py")}
    assert files == set(personal.TABLES), "add it to forget/personal.py"
    held = exported(home, now)["held"]
    assert isinstance(held, dict)
    assert set(personal.personal()) <= held.keys() | takeout.NOT_ABOUT_HER.keys()
    assert "b_identifier" in personal.personal()["suggestion"]
    declared = [importlib.import_module(name).PERSONAL for name in personal.TABLES]
    assert {t for tables in declared for t in tables} == set(personal.personal())
    product = received(home, [])
    forget.erase(home, public_id(product, "account", ACCOUNT), policy=product.policy, actor="cli", now=now)
    db = home.store.read()
    gone = [i for (i,) in db.rows("select id from identifier where erased = 1")]
    for table, columns in personal.personal().items():
        for column in columns:
            left = db.rows(f"select * from {table} where {column} in :ids", ids=gone)
            assert left == [] or table == "identifier", table


def test_the_examples_hold() -> None:
    assert doctest.testmod(takeout).failed == doctest.testmod(quarantined).failed == 0
