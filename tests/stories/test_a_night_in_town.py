"""A town of people who gave their name at several places; the night finds who may be one person, people decide.

Cast: invented townspeople of tests/identity_match, each record an account of its own with no identifier in common.
"""

from __future__ import annotations

import json

import pytest

from byname import learn, recognition
from byname.encounter import Byname
from byname.home import Home
from byname.identity.match import suggest
from byname.recognition import Asker
from byname.terms import Event, Identifier, Level, TraitSaid
from tests.conftest import NOW
from tests.identity_match.people import Town, town
from tests.picture import deliver

ASKER = Asker("staff:17", "till 3")


@pytest.fixture(scope="module")
def people() -> Town:
    return town(300)


@pytest.fixture
def product(home: Home, people: Town) -> Byname:
    product = Byname(home)
    events = []
    for r in people.records:
        traits = {"first_name": r.given, "last_name": r.surname, "birthday": r.born, "postcode": r.postcode}
        events.append(
            Event(
                f"m{r.unique_id}",
                "forms",
                "web",
                "Identified",
                NOW,
                NOW,
                (Identifier("account", f"u{r.unique_id}"),),
                traits=tuple(TraitSaid(n, json.dumps(v)) for n, v in traits.items() if v),
            )
        )
    deliver(product, events, NOW, "forms")
    return product


def customers(product: Byname) -> int:
    row = product.home.store.read().row("select count(distinct person) from identifier where type = 'account'")
    assert row is not None
    return int(row[0])


def test_the_night_suggests_and_joins_nobody_a_person_joins_and_a_bad_run_is_taken_back(
    product: Byname, people: Town
) -> None:
    before = customers(product)
    told = learn.learn(product, NOW, only="match")["match"]
    assert told["suggestions"] > 20
    assert customers(product) == before
    store = product.home.store
    waiting = suggest.waiting(store.read(), most=10)
    for s in waiting:
        store.write(
            lambda db, s=s: suggest.decide(
                db, product.policy, s.id, "yes", actor="staff:17", now=NOW, new_id=product.new_id
            )
        )
    assert customers(product) == before - len(waiting)
    store.write(
        lambda db: suggest.take_back(db, product.policy, told["model"], actor="staff:2", because="bad run", now=NOW)
    )
    assert customers(product) == before


def test_someone_who_only_tells_her_details_is_perhaps_a_returning_customer_and_never_named(
    product: Byname, people: Town
) -> None:
    learn.learn(product, NOW, only="match")
    r = next(r for r in people.records if r.born and r.postcode and len(r.given) > 2)
    details = {"given": r.given, "surname": r.surname, "born": r.born, "postcode": r.postcode}
    met = recognition.meet(product, [], ASKER, NOW, details)
    assert met.level is Level.PROBABLE
    assert (met.customer, met.brief) == ("", None)
    stranger = {"given": "Zebedee", "surname": "Quux", "born": "1901-01-01", "postcode": "zz1 1zz"}
    assert recognition.meet(product, [], ASKER, NOW, stranger).level is Level.ANONYMOUS
