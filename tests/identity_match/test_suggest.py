"""What becomes of a suggestion: yes, no, later, by itself, and taken back. On both grounds."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from byname.home import Home
from byname.identity import graph
from byname.identity.graph import Sighting
from byname.identity.match import suggest
from byname.identity.match.records import Record
from byname.identity.match.score import Evidence
from byname.identity.match.suggest import Suggestion
from byname.identity.policy import Policy
from byname.terms import BynameError, Key
from tests.identity_match.people import Town, digest, town

POLICY = Policy.load()
STAFF = "staff:17"
NewId = Callable[[], str]


def key(type: str, n: int) -> Key:
    return Key(type, random.Random(f"{type}{n}").randbytes(16))


@pytest.fixture
def seen(home: Home, now: int, new_id: NewId) -> list[int]:
    """Six customers, each with an e-mail and a device; the ids of their e-mails."""
    sightings = [Sighting("web", now + n, (key("email", n), key("device", n))) for n in range(6)]
    ids = home.store.write(lambda db: graph.see(db, POLICY, sightings, now=now, new_id=new_id))
    return [ids[key("email", n)] for n in range(6)]


def proposal(a: int, b: int, *, score: float = 0.99, vetoed: str = "", model: str = "m1") -> Suggestion:
    evidence = (Evidence("given", "same", 7.5), Evidence("phone", "missing", 0.0))
    return Suggestion(min(a, b), max(a, b), score, 10 * score, evidence, vetoed, model, 0)


def put(home: Home, *proposals: Suggestion) -> list[suggest.Waiting]:
    home.store.write(lambda db: suggest.store(db, proposals))
    return suggest.waiting(home.store.read())


def person(home: Home, identifier: int) -> int:
    row = home.store.read().row("select person from identifier where id = :id", id=identifier)
    assert row
    return int(row[0])


def state(home: Home, suggestion: int) -> str:
    row = home.store.read().row("select state from suggestion where id = :id", id=suggestion)
    assert row
    return str(row[0])


def answer(home: Home, suggestion: int, verdict: suggest.Verdict, now: int, new_id: NewId) -> bytes | None:
    return home.store.write(
        lambda db: suggest.decide(db, POLICY, suggestion, verdict, actor=STAFF, now=now, new_id=new_id)
    )


def test_a_suggestion_waits_with_its_evidence_and_joins_nobody(home: Home, seen: list[int]) -> None:
    weak, strong = proposal(seen[0], seen[1], score=0.96), proposal(seen[2], seen[3])
    found = put(home, weak, strong)
    assert [w.score for w in found] == [0.99, 0.96]
    assert found[0].evidence == strong.evidence
    assert person(home, seen[0]) != person(home, seen[1])


def test_yes_makes_them_one_and_can_be_taken_back(home: Home, seen: list[int], now: int, new_id: NewId) -> None:
    (waiting,) = put(home, proposal(seen[0], seen[1]))
    sid = answer(home, waiting.id, "yes", now + 10, new_id)
    assert person(home, seen[0]) == person(home, seen[1])
    row = home.store.read().row("select actor, model from statement where sid = :sid", sid=sid)
    assert row == (STAFF, "m1")

    def take_back(db):  # type: ignore[no-untyped-def]
        return suggest.take_back(db, POLICY, "m1", actor=STAFF, because="bad run", now=now + 20)

    assert home.store.write(take_back) == 1
    assert person(home, seen[0]) != person(home, seen[1])
    assert state(home, waiting.id) == "taken_back"


def test_no_is_never_asked_again_even_when_she_has_grown(home: Home, seen: list[int], now: int, new_id: NewId) -> None:
    (waiting,) = put(home, proposal(seen[0], seen[1]))
    assert answer(home, waiting.id, "no", now + 10, new_id)
    assert put(home, proposal(seen[0], seen[1], model="m2")) == []

    def grow(db):  # type: ignore[no-untyped-def]
        a, b = key("email", 0), key("email", 2)
        return graph.same(db, POLICY, a, b, at=now + 30, actor=STAFF, because="told", now=now, new_id=new_id)

    home.store.write(grow)
    assert put(home, proposal(seen[2], seen[1], model="m3")) == []
    assert state(home, waiting.id) == "no"


def test_no_outlives_the_model_that_asked(home: Home, seen: list[int], now: int, new_id: NewId) -> None:
    (waiting,) = put(home, proposal(seen[0], seen[1]))
    sid = answer(home, waiting.id, "no", now + 10, new_id)
    home.store.write(lambda db: suggest.take_back(db, POLICY, "m1", actor=STAFF, because="bad", now=now + 20))
    assert home.store.read().row("select 1 from revoked where sid = :sid", sid=sid) is None


def test_later_is_asked_again_by_the_next_run(home: Home, seen: list[int], now: int, new_id: NewId) -> None:
    (waiting,) = put(home, proposal(seen[0], seen[1]))
    assert answer(home, waiting.id, "later", now, new_id) is None
    assert [w.state for w in suggest.waiting(home.store.read())] == ["later"]
    assert [w.state for w in put(home, proposal(seen[0], seen[1], model="m2"))] == ["open"]


def test_two_people_cannot_both_decide(home: Home, seen: list[int], now: int, new_id: NewId) -> None:
    (waiting,) = put(home, proposal(seen[0], seen[1]))
    answer(home, waiting.id, "no", now, new_id)
    with pytest.raises(BynameError, match="waits for no answer"):
        answer(home, waiting.id, "yes", now, new_id)


def test_a_new_run_takes_the_place_of_the_old_one(home: Home, seen: list[int]) -> None:
    put(home, proposal(seen[0], seen[1]), proposal(seen[2], seen[3]))
    found = put(home, proposal(seen[4], seen[5], model="m2"))
    assert [w.model for w in found] == ["m2"]


def test_one_person_is_not_suggested_to_herself(home: Home, seen: list[int], now: int, new_id: NewId) -> None:
    (waiting,) = put(home, proposal(seen[0], seen[1]))
    answer(home, waiting.id, "yes", now, new_id)
    assert put(home, proposal(seen[0], seen[1], model="m2")) == []


def sure(home: Home, now: int, new_id: NewId, *, opted_in: bool) -> int:
    return home.store.write(lambda db: suggest.join_sure(db, POLICY, opted_in=opted_in, now=now, new_id=new_id))


def test_a_model_joins_by_itself_only_when_asked_to_and_sure(
    home: Home, seen: list[int], now: int, new_id: NewId
) -> None:
    family = proposal(seen[4], seen[5], score=1.0, vetoed="given")
    put(home, proposal(seen[0], seen[1], score=0.9995), proposal(seen[2], seen[3], score=0.998), family)
    assert sure(home, now, new_id, opted_in=False) == 0
    assert sure(home, now, new_id, opted_in=True) == 1
    assert person(home, seen[0]) == person(home, seen[1])
    assert person(home, seen[2]) != person(home, seen[3])
    assert person(home, seen[4]) != person(home, seen[5])
    home.store.write(lambda db: suggest.take_back(db, POLICY, "m1", actor=STAFF, because="bad run", now=now + 9))
    assert person(home, seen[0]) != person(home, seen[1])


def test_a_model_does_not_join_two_accounts(home: Home, now: int, new_id: NewId) -> None:
    sightings = [Sighting("web", now, (key("account", n), key("email", n))) for n in (0, 1)]
    ids = home.store.write(lambda db: graph.see(db, POLICY, sightings, now=now, new_id=new_id))
    put(home, proposal(ids[key("account", 0)], ids[key("account", 1)], score=1.0))
    assert sure(home, now, new_id, opted_in=True) == 0


@pytest.mark.parametrize("first", ["split", "suggestion"])
def test_a_model_never_overrides_a_split_of_people(
    home: Home, seen: list[int], now: int, new_id: NewId, first: str
) -> None:
    def part(db):  # type: ignore[no-untyped-def]
        a, b = [key("email", 0)], [key("device", 1)]
        return graph.split(db, POLICY, a, b, at=now, actor=STAFF, because="not her", now=now, new_id=new_id)

    if first == "split":
        home.store.write(part)
        assert put(home, proposal(seen[0], seen[1], score=1.0)) == []
    else:
        put(home, proposal(seen[0], seen[1], score=1.0))
        home.store.write(part)
    assert sure(home, now + 50, new_id, opted_in=True) == 0
    assert person(home, seen[0]) != person(home, seen[1])


# --- the run --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people() -> Town:
    return town()


def test_a_night_over_a_town_suggests_its_people_and_names_its_households(
    sqlite_home: Home, people: Town, now: int, new_id: NewId
) -> None:
    model = suggest.learn(people.records, new_id=new_id, digest=digest)
    found = suggest.run(people.records, model=model, digest=digest, now=now)
    offered = [s for s in found if not s.vetoed]
    right = sum(people.truth[str(s.a)] == people.truth[str(s.b)] for s in offered)
    assert right / len(offered) > 0.95
    assert len(offered) > 300
    assert all(s.score >= suggest.SUGGEST for s in found)

    def keep(db):  # type: ignore[no-untyped-def]
        suggest.save_model(db, model, {"suggested": len(offered)}, now=now, code_version="test")

    sqlite_home.store.write(keep)
    assert suggest.load_model(sqlite_home.store.read()) == model
    assert suggest.load_model(sqlite_home.store.read(), model.id) == model
    assert suggest.load_model(sqlite_home.store.read(), "never") is None


def test_mother_and_daughter_become_a_household_and_no_question(people: Town, now: int, new_id: NewId) -> None:
    shared = {"surname": "Phillips", "phone": "+447400999001", "email": "home@mail.example", "postcode": "ab1 1zz"}
    gina = Record(unique_id="9001", given="Gina", **shared)
    sophie = Record(unique_id="9002", given="Sophie", **shared)
    records = [*people.records, gina, sophie]
    model = suggest.learn(records, new_id=new_id, digest=digest)
    found = suggest.run(records, model=model, digest=digest, now=now)
    assert [(s.a, s.b, s.vetoed) for s in found if s.a > 9000] == [(9001, 9002, "given")]
