"""The labelled sets of ../shared/data as records with their persons, and what the matcher makes of them."""

from __future__ import annotations

import csv
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow.parquet as pq

from byname.identity.match import engine
from byname.identity.match.cluster import join
from byname.identity.match.engine import Pair
from byname.identity.match.records import Record, table
from byname.identity.match.shape import shape_for
from byname.identity.match.veto import vetoed
from tests.identity_match.people import digest

DATA = Path(__file__).parents[3] / "shared" / "data"


class Labelled(NamedTuple):
    records: list[Record]
    truth: dict[str, str]


class Source(NamedTuple):
    file: str
    load: Callable[[], Labelled]
    floor_f1: float  # of clusters at 0.95 (spec/identity 1)
    floor_precision: float = 0.0
    households: bool = False  # families live together in it: the floor is asked with the veto, as byname runs


class Found(NamedTuple):
    """What the matcher found at 0.95, with and without the household veto."""

    pairs: list[Pair]
    allowed: list[Pair]  # without the vetoed ones
    plain: dict[str, str]  # clusters of all pairs
    households: dict[str, str]  # clusters under the veto
    seconds: dict[str, float]


def _csv(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return [{k.strip(): (v or "").strip() for k, v in row.items()} for row in csv.DictReader(file)]


def _parquet(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(DATA / name).to_pylist()
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]


def febrl(*names: str) -> Labelled:
    rows = [row for name in names for row in _csv(f"er_febrl/{name}.csv")]
    records = [
        Record(
            unique_id=row["rec_id"],
            given=row["given_name"],
            surname=row["surname"],
            born=row["date_of_birth"],
            street=row["address_1"],
            town=row["suburb"],
            postcode=row["postcode"],
            national=row["soc_sec_id"],
        )
        for row in rows
    ]
    return Labelled(records, {r["rec_id"]: "-".join(r["rec_id"].split("-")[:2]) for r in rows})


def historical() -> Labelled:
    rows = _parquet("er_historical_50k/historical_50k.parquet")
    records = [
        Record(
            unique_id=row["unique_id"],
            given=row["first_name"],
            surname=row["surname"],
            born=row["dob"],
            postcode=row["postcode_fake"],
            town=row["birth_place"],
            occupation=row["occupation"],
        )
        for row in rows
    ]
    return Labelled(records, {row["unique_id"]: row["cluster"] for row in rows})


def fake() -> Labelled:
    rows = _csv("er_fake_1000/fake_1000.csv")
    records = [
        Record(
            unique_id=row["unique_id"],
            given=row["first_name"],
            surname=row["surname"],
            born=row["dob"],
            town=row["city"],
            email=row["email"],
        )
        for row in rows
    ]
    return Labelled(records, {row["unique_id"]: row["cluster"] for row in rows})


def retail() -> Labelled:
    rows = _parquet("er_retail_synth_100k/retail_100k.parquet")
    records = [
        Record(
            unique_id=row["unique_id"],
            given=row["first_name"],
            surname=row["surname"],
            born=row["dob"],
            email=row["email"],
            phone=phone(row["phone"]),
            postcode=row["postcode"],
            card=row["card_token"],
        )
        for row in rows
    ]
    return Labelled(records, {row["unique_id"]: row["cluster"] for row in rows})


def retail_unlinked() -> Labelled:
    """The same as byname meets it at night: whoever shares a contact is one customer already, so none is shared."""
    data = retail()
    given: set[tuple[str, str]] = set()
    records = []
    for record in data.records:
        contacts = {c: getattr(record, c).casefold() for c in ("email", "phone", "card")}
        again = {c: "" for c, value in contacts.items() if (c, value) in given}
        given.update(contacts.items())
        records.append(msgspec.structs.replace(record, **again))
    return Labelled(records, data.truth)


def phone(raw: str) -> str:
    """The set's numbers are invented and not valid, so the policy would drop them: digits without +44."""
    digits = "".join(c for c in raw if c.isdigit())
    for prefix in ("0044", "44"):
        if digits.startswith(prefix):
            digits = "0" + digits[len(prefix) :]
    return digits


SOURCES: dict[str, Source] = {
    "fake_1000": Source("er_fake_1000/fake_1000.csv", fake, 0.84),
    "febrl3": Source("er_febrl/dataset3.csv", lambda: febrl("dataset3"), 0.985),
    "febrl4": Source("er_febrl/dataset4a.csv", lambda: febrl("dataset4a", "dataset4b"), 0.99),
    "historical_50k": Source("er_historical_50k/historical_50k.parquet", historical, 0.81),
    "retail_100k": Source("er_retail_synth_100k/retail_100k.parquet", retail, 0.78, 0.98, True),
}

MORE = {"retail_100k unlinked": Source(SOURCES["retail_100k"].file, retail_unlinked, 0.0, 0.0, True)}
"""Measured by the bench, without a floor."""


def matched(name: str, least: float = 0.95) -> tuple[Labelled, Found]:
    """Normalise, train without labels, predict and cluster one set, with the seconds that each step took."""
    data = {**SOURCES, **MORE}[name].load()
    clock = [time.perf_counter()]
    rows = table(data.records)
    clock.append(time.perf_counter())
    model = engine.train(rows, shape_for(data.records, rows), id=name, digest=digest)
    clock.append(time.perf_counter())
    pairs = engine.predict(rows, model, digest=digest, least=least)
    clock.append(time.perf_counter())
    by_id = {str(r["unique_id"]): r for r in rows}
    allowed = [p for p in pairs if not vetoed(by_id[p.left], by_id[p.right])]
    households = join(by_id, allowed, lambda x, y: vetoed(by_id[x], by_id[y])).clusters
    clock.append(time.perf_counter())
    plain = join(by_id, pairs).clusters
    seconds = dict(zip(("normalise", "train", "predict", "veto and cluster"), _steps(clock), strict=True))
    return data, Found(pairs, allowed, plain, households, seconds)


def _steps(clock: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(clock)]
