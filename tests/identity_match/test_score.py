"""Does the day give the night's answer for one record, from the saved numbers alone?"""

from __future__ import annotations

import pytest

from byname.identity.match import engine
from byname.identity.match.model import Model, from_json, to_json
from byname.identity.match.records import Columns, Record, columns, table
from byname.identity.match.score import Known, score
from byname.identity.match.shape import shape_for
from byname.terms import BynameError
from tests.identity_match.people import Town, digest, town


@pytest.fixture(scope="module")
def people() -> Town:
    return town()


@pytest.fixture(scope="module")
def rows(people: Town) -> list[Columns]:
    return table(people.records)


@pytest.fixture(scope="module")
def model(people: Town, rows: list[Columns]) -> Model:
    return engine.train(rows, shape_for(people.records, rows), id="m1", digest=digest)


def test_the_day_agrees_with_the_night(model: Model, rows: list[Columns]) -> None:
    by_id = {str(r["unique_id"]): r for r in rows}
    pairs = engine.predict(rows, model, digest=digest, least=0.0)
    assert len(pairs) > 1_000
    for pair in pairs:
        told = score(model, by_id[pair.left], by_id[pair.right], digest)
        assert told.probability == pytest.approx(pair.probability, abs=1e-6)
        assert told.weight == pytest.approx(pair.weight, abs=1e-6)


def test_a_saved_model_predicts_the_same(model: Model, rows: list[Columns]) -> None:
    kept = from_json(to_json(model))
    assert kept == model
    assert engine.predict(rows, kept, digest=digest) == engine.predict(rows, model, digest=digest)


def test_training_again_with_the_same_seed_gives_the_same_numbers(
    people: Town, model: Model, rows: list[Columns]
) -> None:
    again = engine.train(rows, shape_for(people.records, rows), id="m1", digest=digest)
    assert again.prior == model.prior
    for field, odds in model.odds.items():
        for one, other in zip(odds, again.odds[field], strict=True):
            assert one.m == pytest.approx(other.m, rel=1e-9)
            assert one.u == pytest.approx(other.u, rel=1e-9)


def test_a_model_names_nobody(people: Town, model: Model) -> None:
    text = to_json(model)
    values = {v for r in people.records for v in (r.surname, r.email, r.phone, r.postcode) if len(v) > 4}
    assert not [v for v in values if v in text]


def test_a_known_customer_is_found_with_the_evidence_for_it(model: Model, rows: list[Columns]) -> None:
    known = Known(model, rows, digest)
    email = next(str(r["email"]) for r in rows if r["email"] and r["given"] and len(str(r["given"])) > 1)
    owner = next(r for r in rows if r["email"] == email and len(str(r["given"])) > 1)
    newcomer = Record(unique_id="new", given=str(owner["given"]), surname=str(owner["surname"]), email=email)
    best = known.matches(newcomer)[0]
    assert known.rows[best.unique_id]["email"] == email
    assert best.scored.probability > 0.99
    evidence = {e.field: e.agreement for e in best.scored.evidence}
    assert (evidence["given"], evidence["email"], evidence["phone"]) == ("same", "same", "missing")


def test_a_stranger_is_nobody(model: Model, rows: list[Columns]) -> None:
    stranger = Record(unique_id="new", given="Zebedee", surname="Quux", email="zq@elsewhere.example")
    assert Known(model, rows, digest).matches(stranger) == []


def test_her_sister_is_found_but_vetoed(model: Model, rows: list[Columns]) -> None:
    known = Known(model, rows, digest)
    owner = next(r for r in rows if r["given"] == "marie" and r["phone"] and r["email"] and r["postcode"])
    sister = Record(
        unique_id="new",
        given="Edith",
        surname=str(owner["surname"]),
        email=str(owner["email"]),
        phone=str(owner["phone"]),
        postcode=str(owner["postcode"]),
    )
    told = {m.unique_id: m.scored for m in known.matches(sister)}
    assert told[str(owner["unique_id"])].vetoed == "given"


def test_a_rare_name_in_common_says_more_than_a_common_one(model: Model) -> None:
    def weight(surname: str) -> float:
        a = columns(Record(unique_id="1", given="Ann", surname=surname))
        told = score(model, a, columns(Record(unique_id="2", given="Ann", surname=surname)), digest)
        return next(e.weight for e in told.evidence if e.field == "surname")

    assert weight("Featherstonehaugh") > weight("baker")


def test_too_little_to_learn_from_is_said() -> None:
    few = town(people=3).records
    rows = table(few)
    with pytest.raises(BynameError, match="Too few likely pairs"):
        engine.train(rows, shape_for(few, rows), id="m", digest=digest)
