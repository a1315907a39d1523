"""Does the real sample come in whole, and its invented people only as such?"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from byname import sample
from byname.encounter import Byname
from byname.home import open_home
from byname.lake.duck import open_lake
from byname.terms import BynameError
from byname.touchpoints import quarantine
from tests.conftest import NOW


@pytest.fixture
def installed() -> Path:
    try:
        return sample.folder()
    except BynameError:
        pytest.skip("the sample data set is not installed")


def test_the_whole_sample_comes_in_and_again_changes_nothing(installed: Path, tmp_path: Path) -> None:
    sample.settle(tmp_path / "home")
    with open_home(tmp_path / "home") as home:
        product = Byname(home)
        shown: list[str] = []
        done = sample.take(product, now=NOW, progress=lambda what, done, total: shown.append(what))
        assert list(dict.fromkeys(shown)) == [words for _, _, words in sample.STEPS]
        assert sample.take(product, now=NOW + 1) == done
        assert all(r.state == "done" and r.rows_taken == r.rows_total for r in done)
        assert quarantine.count(home.store.read()) == 0, "product codes and receipts are no card numbers"
        with open_lake(home) as lake:
            assert lake.execute("select count(*), sum(amount) from line").fetchall() == [(1_469_307, 459_603_958)]
            assert lake.execute("select count(*) from event where name = 'Till Sale'").fetchall() == [(155_848,)]
            assert lake.execute("select count(*) from promotion").fetchall() == [(20_940_529,)]
        db = home.store.read()
        assert db.rows("select sum(orders), sum(spent) from state") == [(155_848, 459_603_958)]
        assert db.rows("select slug from source where invented = 1") == [("sample-invented",)]
        assert {s for (s,) in db.rows("select distinct source from trait where sealed is not null")} == {
            "sample-invented"
        }
        assert db.rows("select count(distinct person) from identifier where type = 'loyalty'") == [(2469,)]
    assert "pandas" not in sys.modules


def test_invented_people_are_the_same_every_time(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    data = installed / "transactions.parquet"
    first = sample.contacts.write(tmp_path / "a", data).read_text("utf-8")
    assert first == sample.contacts.write(tmp_path / "b", data).read_text("utf-8")
    assert all(mail.endswith(sample.contacts.DOMAINS) for mail in _column(first, "email") if mail)
    assert all("55501" in phone for phone in _column(first, "phone") if phone)


def _column(text: str, name: str) -> list[str]:
    import csv
    import io

    return [row[name] for row in csv.DictReader(io.StringIO(text))]
