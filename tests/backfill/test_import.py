"""What happens to a file: understood, refused row by row, taken once, continued after a crash?"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from byname import backfill
from byname.encounter import Byname
from byname.home import Home, open_home
from byname.lake.duck import open_lake
from byname.terms import BynameError, micros, moment
from byname.touchpoints import quarantine, sources
from byname.touchpoints.files import understand
from byname.trust import unrecognised
from tests.backfill import twin
from tests.conftest import NOW

ORDERS: dict[str, Any] = {
    "kind": "orders",
    "source": "till",
    "columns": {"order": "receipt", "time": "sold_at", "product": "sku", "amount": "paid"},
    "constants": {"event": "Till Sale", "currency": "EUR"},
    "identifiers": {"loyalty": "card"},
}
GOOD = "receipt,sold_at,sku,paid,card\nr1,2026-02-01T10:00:00Z,a,1.50,7001\nr1,2026-02-01T10:00:00Z,b,2,7001\n"


def planned(home: Home, file: Path, mapping: dict[str, Any], text: str = "", **options: Any) -> backfill.Plan:
    if text:
        file.write_text(text, "utf-8")
    return backfill.plan(Byname(home), file, understand(mapping), now=NOW, **options)


def taken(home: Home, file: Path, mapping: dict[str, Any], text: str = "") -> backfill.Run:
    return backfill.run(Byname(home), planned(home, file, mapping, text, look=False), now=NOW)


def asked(home: Home, sql: str) -> list[Any]:
    with open_lake(home) as lake:
        return lake.execute(sql).fetchall()


def test_a_dry_run_shows_the_first_rows_and_what_is_wrong_and_writes_nothing(home: Home, tmp_path: Path) -> None:
    bad = (
        "r2,yesterday,a,1,7001\nr3,2026-02-01T10:00:00Z,a,much,7001\n,2026-02-01T10:00:00Z,a,1,7001\n"
        "r4,2026-02-01T10:00:00Z,,1,7001\nr5,2031-02-01T10:00:00Z,a,1,7001\nr6,2026-02-01T10:00:00Z,a,1\n"
        "r7,2026-02-01T10:00:00Z,a,1,4111 1111 1111 1111\n"
    )
    plan = planned(home, tmp_path / "s.csv", ORDERS, GOOD + bad)
    assert {(b.reason, b.number, b.rows) for b in plan.bad} == {
        ("bad_time", 1, (3,)),
        ("bad_amount", 1, (4,)),
        ("no_id", 1, (5,)),
        ("no_product", 1, (6,)),
        ("time_ahead", 1, (7,)),
        ("not_a_row", 1, (8,)),
        ("card_number", 1, (8,)),
    }
    assert plan.rows == 9
    assert plan.first[0] == {
        "row": 1, "time": "2026-02-01T10:00:00+00:00", "named": "r1", "place": "", "currency": "EUR", "amount": 150,
        "discount": 0, "coupon": 0, "coupon_match": 0, "product": "a", "quantity": 1000, "i0": "7001",
    }  # fmt: skip
    assert home.store.read().rows("select * from import_run") == []
    assert list(home.lake.glob("**/*.parquet")) == []


def test_bad_rows_are_quarantined_and_no_card_number_is_kept(home: Home, tmp_path: Path) -> None:
    text = GOOD + "r2,yesterday,a,1,7001\nr3,2026-02-01T10:00:00Z,a,1,4111111111111111\n"
    run = taken(home, tmp_path / "s.csv", ORDERS, text)
    assert (run.rows_total, run.rows_taken, run.rows_quarantined) == (4, 2, 2)
    db = home.store.read()
    found = {i.reason: quarantine.show(db, home.keys, i.id) for i in quarantine.items(db)}
    assert set(found) == {"bad_time", "card_number"}
    assert all("row" in item.field for item, _ in found.values() if item)  # type: ignore[misc]
    assert b"4111" not in b"".join(body or b"" for _, body in found.values())  # type: ignore[misc]
    assert asked(home, "select name, amount, lines from event") == [("Till Sale", 350, 2)]


def test_the_same_file_again_changes_nothing(home: Home, tmp_path: Path) -> None:
    first = taken(home, tmp_path / "s.csv", ORDERS, GOOD)
    before = twin.remembered(home)
    assert taken(home, tmp_path / "s.csv", ORDERS) == first
    assert twin.remembered(home) == before
    longer = taken(home, tmp_path / "longer.csv", ORDERS, GOOD + "r9,2026-03-01T10:00:00Z,a,7,7001\n")
    assert (longer.rows_taken, longer.rows_repeated) == (1, 2)
    assert asked(home, "select sum(amount) from event") == [(1050,)]


def test_an_order_that_contradicts_itself_is_set_aside_whole(home: Home, tmp_path: Path) -> None:
    text = GOOD + "r2,2026-02-02T10:00:00Z,a,1,7001\nr2,2026-02-02T10:00:00Z,b,1,7002\n"
    run = taken(home, tmp_path / "s.csv", ORDERS, text)
    assert (run.rows_taken, run.rows_quarantined) == (2, 2)
    assert {i.reason for i in quarantine.items(home.store.read())} == {"order_differs"}
    assert asked(home, "select ref from event") == [("r1",)]


@pytest.mark.parametrize(
    ("written", "time", "expected"),
    [
        ("2026-07-01 12:00:00", {}, "2026-07-01T12:00:00+00:00"),
        ("2026-07-01 12:00:00", {"zone": "Europe/Paris"}, "2026-07-01T10:00:00+00:00"),
        ("2026-07-01T12:00:00+05:00", {"zone": "Europe/Paris"}, "2026-07-01T07:00:00+00:00"),
        ("01.07.2026 12:00", {"format": "%d.%m.%Y %H:%M", "zone": "Europe/Paris"}, "2026-07-01T10:00:00+00:00"),
        ("2026-07-01", {"zone": "America/New_York"}, "2026-07-01T04:00:00+00:00"),
        ("1782900000", {"format": "unix"}, "2026-07-01T10:00:00+00:00"),
        ("1782900000500", {"format": "unix_ms"}, "2026-07-01T10:00:00.500000+00:00"),
    ],
)
def test_times_as_people_write_them(
    sqlite_home: Home, tmp_path: Path, written: str, time: dict[str, str], expected: str
) -> None:
    text = f"receipt,sold_at,sku,paid,card\nr1,{written},a,1,7001\n"
    plan = planned(sqlite_home, tmp_path / "s.csv", {**ORDERS, "time": time}, text)
    assert plan.first[0]["time"] == expected


@pytest.mark.parametrize(
    ("written", "money", "minor"),
    [
        ("1.99", {}, 199),
        ('"1.234,56"', {"decimal": ","}, 123456),
        ("199", {"unit": "cents"}, 199),
        ("0.005", {}, 1),
        ("-3", {}, -300),
    ],
)
def test_amounts_as_people_write_them(
    sqlite_home: Home, tmp_path: Path, written: str, money: dict[str, str], minor: int
) -> None:
    text = f"receipt,sold_at,sku,paid,card\nr1,2026-07-01,a,{written},7001\n"
    plan = planned(sqlite_home, tmp_path / "s.csv", {**ORDERS, "money": money}, text)
    assert plan.first[0]["amount"] == minor


@pytest.mark.parametrize("written", ["10000000000000", "99999999999999.9999", "1e300", "-20000000000000"])
@pytest.mark.parametrize("money", [{}, {"unit": "cents"}])
def test_an_amount_that_no_till_can_hold_is_a_bad_row_and_no_crash(
    sqlite_home: Home, tmp_path: Path, written: str, money: dict[str, str]
) -> None:
    text = GOOD + f"r2,2026-07-01,a,{written}0,7001\n"
    run = taken(sqlite_home, tmp_path / "s.csv", {**ORDERS, "money": money}, text)
    assert (run.rows_taken, run.rows_quarantined) == (2, 1)


def test_a_currency_column_gives_each_amount_its_own_minor_units(sqlite_home: Home, tmp_path: Path) -> None:
    mapping = {
        **ORDERS,
        "columns": {**ORDERS["columns"], "currency": "cur"},
        "constants": {"event": "Till Sale"},
    }
    text = "receipt,sold_at,sku,paid,card,cur\nr1,2026-07-01,a,5,,JPY\nr2,2026-07-01,a,5,,eur\nr3,2026-07-01,a,5,,XXQ\n"
    run = taken(sqlite_home, tmp_path / "s.csv", mapping, text)
    assert run.rows_quarantined == 1
    assert asked(sqlite_home, "select currency, amount from event order by 1") == [("EUR", 500), ("JPY", 5)]


def test_where_leaves_rows_out_without_calling_them_wrong(sqlite_home: Home, tmp_path: Path) -> None:
    mapping = {**ORDERS, "where": {"card": ["7001", "7002"], "sku": {"not": "b"}}}
    plan = planned(sqlite_home, tmp_path / "s.csv", mapping, GOOD + "r2,never,a,1,9\n")
    assert (plan.rows, plan.left_out, plan.bad) == (3, 2, ())


def test_parquet_with_real_types_and_a_joined_file(sqlite_home: Home, tmp_path: Path) -> None:
    when = moment(micros(moment(NOW))).replace(microsecond=0, tzinfo=None)
    pq.write_table(pa.table({"c": [1, 2], "start": [when, when]}), tmp_path / "campaigns.parquet")
    pq.write_table(pa.table({"c": [1, 2, 2], "who": [7, 8, 8]}), tmp_path / "sent.parquet")
    mapping = {
        "kind": "events",
        "source": "mail",
        "columns": {"id": ["c", "who"], "time": "start", "ref": "c"},
        "constants": {"event": "Message Delivered", "touchpoint": "mail"},
        "identifiers": {"loyalty": "who"},
        "join": {"file": "campaigns.parquet", "on": "c"},
    }
    run = taken(sqlite_home, tmp_path / "sent.parquet", mapping)
    assert (run.rows_total, run.rows_taken) == (3, 3)
    assert asked(sqlite_home, "select ref, touchpoint from event order by ref") == [("1", "mail"), ("2", "mail")]


def test_customers_with_traits_and_what_they_allow(home: Home, tmp_path: Path) -> None:
    mapping = {
        "kind": "traits",
        "source": "club",
        "columns": {"time": "joined"},
        "identifiers": {"loyalty": "card", "email": "mail"},
        "witnesses": {"given": "first"},
        "traits": {"first_name": "first", "life_stage": "stage"},
        "values": {"life_stage": {"F": "family"}},
        "consents": {"marketing.email": "news"},
    }
    text = "card,mail,first,stage,news,joined\n7001,ann@example.com,Ann,F,yes,2026-01-01\n7002,,Bob,,no,2026-01-01\n"
    run = taken(home, tmp_path / "club.csv", mapping, text)
    assert (run.rows_taken, run.parts_done) == (2, run.parts)
    db = home.store.read()
    assert sorted(db.rows("select name, value from trait")) == [
        ("first_name", None),
        ("first_name", None),
        ("life_stage", '"family"'),
    ]
    assert sorted(db.rows("select purpose, channel, granted from consent")) == [
        ("marketing", "email", 0),
        ("marketing", "email", 1),
    ]
    assert "Ann" not in str(db.rows("select * from event"))


def test_a_source_that_needs_consent_takes_no_bare_history(home: Home, tmp_path: Path) -> None:
    home.store.write(
        lambda db: sources.create(db, home.keys, "till", now=NOW, touchpoint="till", kind="file", needs_consent=True)
    )
    with pytest.raises(BynameError, match="keeps only events that carry consent"):
        taken(home, tmp_path / "s.csv", ORDERS, GOOD)
    assert asked(home, "select count(*) from event") == [(0,)]


def test_who_wants_never_to_be_recognised_stays_nameless(home: Home, tmp_path: Path) -> None:
    key = Byname(home).key("loyalty", "7001")
    assert key
    home.store.write(lambda db: unrecognised.flag(db, home.keys, [key], now=NOW))
    taken(home, tmp_path / "s.csv", ORDERS, GOOD)
    assert asked(home, "select identifier, amount from event") == [(0, 350)]
    assert home.store.read().rows("select * from identifier") == []


def test_who_is_erased_while_her_file_comes_in_is_not_brought_back(home: Home, tmp_path: Path) -> None:
    def erase(step: str) -> None:
        if step == "begun":
            home.store.write(lambda db: db.run("update identifier set erased = 1"))

    plan = planned(home, tmp_path / "s.csv", ORDERS, GOOD, look=False)
    backfill.run(Byname(home), plan, now=NOW, step=erase)
    assert asked(home, "select identifier, amount from event") == [(0, 350)]
    assert home.store.read().rows("select * from state") == []


def test_a_file_that_does_not_fit_its_mapping_is_refused_whole(
    sqlite_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("byname.backfill.refused.MOST_BAD", 1)
    with pytest.raises(BynameError, match="More than a tenth of the rows cannot be used: 2 of 4"):
        taken(sqlite_home, tmp_path / "s.csv", ORDERS, GOOD + "r2,x,a,1,7\nr3,x,a,1,7\n")
    assert sqlite_home.store.read().rows("select * from quarantine") == []


@pytest.mark.parametrize("kind", ["column", "file", "ending"])
def test_what_is_not_there_is_said(sqlite_home: Home, tmp_path: Path, kind: str) -> None:
    file = tmp_path / ("s.txt" if kind == "ending" else "s.csv")
    if kind != "file":
        file.write_text(GOOD.replace("paid", "payed"))
    words = {"column": "no such column: paid", "file": "no such file", "ending": "Not a CSV or Parquet"}
    with pytest.raises(BynameError, match=words[kind]):
        planned(sqlite_home, file, ORDERS)


def test_a_reference_table_is_replaced_whole(home: Home, tmp_path: Path) -> None:
    mapping = {"kind": "reference", "source": "shop", "table": "product", "columns": {"product": "sku", "dept": "d"}}
    taken(home, tmp_path / "p.csv", mapping, "sku,d,x\na,food,1\nb,toys,2\n")
    assert asked(home, "select * from product order by 1") == [("a", "food"), ("b", "toys")]
    taken(home, tmp_path / "p2.csv", mapping, "sku,d,x\nc,food,1\n")
    assert asked(home, "select * from product") == [("c", "food")]


DIE = """
import os, signal, sys
from pathlib import Path
from byname import backfill
from byname.backfill import staging
from byname.encounter import Byname
from byname.home import open_home
from tests.backfill import twin
staging.PART_ROWS = 40
def step(name):
    if name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
with open_home(Path(sys.argv[1])) as home:
    product = Byname(home)
    plan = backfill.plan(product, Path(sys.argv[2]), twin.MAPPING, now=1_790_000_000_000_000, look=False)
    backfill.run(product, plan, now=1_790_000_000_000_000, step=step)
"""


@pytest.mark.parametrize("step", ["seen", "staged", "begun", "written", "recorded", "part 0", "part 1"])
def test_an_import_killed_at_any_step_goes_on_without_loss_or_double(tmp_path: Path, step: str) -> None:
    rows = [
        twin.Row(f"r{n // 2}", f"2026-02-{1 + n % 27:02d} 10:00:00", "s", "p", "1", "2.5", "", "", f"70{n // 10}")
        for n in range(100)
    ]
    file = twin.write(tmp_path / "sales.csv", rows)
    twins = twin.Twins(tmp_path)
    command = [sys.executable, "-c", DIE, str(tmp_path / "mould"), str(file)]
    assert subprocess.run([*command, step], check=False).returncode == -signal.SIGKILL
    with twins.fresh() as other:  # a copy of what the dead one left
        resumed = backfill.run(
            Byname(other), backfill.plan(Byname(other), file, twin.MAPPING, now=NOW, look=False), now=NOW
        )
        assert resumed.rows_taken == 100
        found = twin.remembered(other)
    with open_home(tmp_path / "clean") as clean:
        (tmp_path / "clean" / "keys" / "token.key").write_bytes(
            (tmp_path / "mould" / "keys" / "token.key").read_bytes()
        )
    with open_home(tmp_path / "clean") as clean:
        twin.feed(Byname(clean), twin.events(rows, NOW), NOW)
        assert found == twin.remembered(clean)
