"""Do DuckDB and Spark answer every question of the night alike?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from byname import backfill, sample
from byname.encounter import Byname
from byname.home import Home, open_home
from byname.lake import night
from byname.lake.duck import open_lake
from byname.lake.seal import seal
from byname.terms import BynameError
from byname.touchpoints import files
from tests.conftest import NOW
from tests.lake.world import arrive

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A year of real receipts where the sample is installed, three sealed weeks with awkward hours, a fresh day."""
    with open_home(tmp_path_factory.mktemp("night") / "home") as home:
        with contextlib.suppress(BynameError):
            file = sample.folder() / "transactions.parquet"
            product, mapping = Byname(home), files.load(sample.MAPPINGS / "transactions.toml")
            backfill.run(product, backfill.plan(product, file, mapping, now=NOW, look=False), now=NOW)
        arrive(home, 3000, days=21, customers=80)
        seal(home, NOW)
        arrive(home, 200, seed=7, days=22, customers=80)
        yield home


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    from byname.lake.spark import start

    session = start("local[2]")
    yield session
    session.stop()


@pytest.mark.parametrize("name", night.names())
def test_every_question_says_what_it_asks_and_has_an_answer(history: Home, name: str) -> None:
    assert night.text(name).splitlines()[0].rstrip().endswith("?")
    with open_lake(history) as lake:
        assert lake.execute(night.text(name)).fetchall()


@pytest.mark.spark
@pytest.mark.parametrize("name", night.names())
def test_spark_gives_the_same_values(history: Home, spark: SparkSession, name: str) -> None:
    from byname.lake import spark as night_at_scale

    night_at_scale.open_lake(spark, history)
    with open_lake(history) as lake:
        expected = lake.execute(night.text(name)).fetchall()
    assert night_at_scale.ask(spark, name) == expected


def test_a_home_may_lie_in_a_folder_with_strange_characters(tmp_path: Path) -> None:
    with open_home(tmp_path / "o'neil [1] * home") as home:
        arrive(home, 30)
        seal(home, NOW)
        with open_lake(home) as lake:
            assert lake.execute("select count(*) from event").fetchall() == [(30,)]
