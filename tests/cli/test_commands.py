"""Do the commands answer people in words, programs in JSON, and both with the right exit code?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from byname.cli import COMMANDS, cli
from byname.encounter import Byname, Delivery
from byname.home import open_home
from byname.terms import Event, Identifier

NOW = 1_790_000_000_000_000


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home, made and at rest."""
    open_home(tmp_path / "home").close()
    return tmp_path / "home"


@pytest.fixture
def ann(home: Path) -> str:
    """Ann was at the till twice; her public id."""
    with open_home(home) as opened:
        product = Byname(opened)
        for number in (1, 2):
            who = (Identifier("email", "ann@shop.example"), Identifier("loyalty", "4711-0815"))
            event = Event(f"m-{number}", "tills", "till", "Till Sale", NOW, NOW, who, amount=900, currency="GBP")
            product.deliver(Delivery("tills", [product.prepare(event)], [], NOW)).result()
        row = opened.store.read().row(
            "select p.public_id from identifier i join identifier p on p.id = i.person where i.type = 'email'"
        )
        assert row is not None
        return str(row[0])


def ask(home: Path, *words: str, expect: int = 0, **more: Any) -> Result:
    done = CliRunner().invoke(cli, [*words, "--home", str(home)], **more)
    assert done.exit_code == expect, done.output
    assert "Traceback" not in done.output
    return done


def told(home: Path, *words: str, expect: int = 0) -> Any:
    return json.loads(ask(home, *words, "--json", expect=expect).stdout)


@pytest.mark.parametrize("name", dict(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    def look(command: Any, path: list[str]) -> None:
        done = CliRunner().invoke(cli, [*path, "--help"])
        assert done.exit_code == 0
        assert "Example:" in done.output, " ".join(path)
        assert f"byname {path[0]}" in done.output
        for below in getattr(command, "commands", {}):
            look(command.commands[below], [*path, below])

    look(cli.get_command(cli.make_context("byname", [], resilient_parsing=True), name), [name])


def test_help_costs_next_to_nothing() -> None:
    """Not a timing: what makes it slow is what it imports."""
    heavy = ("msgspec", "sqlite3", "duckdb", "pyarrow", "litestar", "rich", "cryptography", "sqlalchemy", "asyncio")
    code = f"import sys; import byname.cli; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_home_that_is_not_there_is_asked_for_wrongly(tmp_path: Path) -> None:
    done = ask(tmp_path / "nothing", "check", expect=2)
    assert "No byname home here" in done.stderr
    assert "byname run" in done.stderr


def test_a_home_in_use_is_said_with_its_own_code(home: Path) -> None:
    with open_home(home):
        done = ask(home, "source", "add", "shop", expect=3)
        assert "in use" in done.stderr
        assert ask(home, "source", "list").exit_code == 0  # reading joins


def test_broken_ground_is_said_with_its_own_code(home: Path) -> None:
    (home / "day.db").write_bytes(b"this was a database once, and is none any more" * 100)
    assert "not a byname database" in ask(home, "check", expect=4).stderr


def test_lost_keys_are_said_with_their_name(home: Path, ann: str) -> None:
    (home / "keys" / "master.key").unlink()
    assert "master.key" in ask(home, "check", expect=4).stderr


def test_a_command_that_is_none_lists_what_there_is() -> None:
    done = CliRunner().invoke(cli, ["enchant"])
    assert done.exit_code == 2


def test_a_mistake_of_ours_tells_its_kind_and_nothing_it_held(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("ann@shop.example")

    monkeypatch.setattr("byname.rebuild.check", broken)
    done = ask(home, "check", expect=5)
    assert "RuntimeError" in done.stderr
    assert "ann@" not in done.output


def test_a_reader_who_has_enough_is_no_mistake(home: Path, ann: str) -> None:
    """As `byname export | head` leaves it: nobody holds the other end of the pipe."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "byname", "export", ann, "--home", str(home)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_source_is_made_listed_rotated_and_switched(home: Path) -> None:
    key = told(home, "source", "add", "shop", "--touchpoint", "web")["write_key"]
    [source] = told(home, "source", "list")
    assert (source["slug"], source["touchpoint"], source["key_hint"]) == ("shop", "web", key[-4:])
    assert told(home, "source", "rotate", "shop")["write_key"] != key
    told(home, "source", "disable", "shop")
    assert told(home, "source", "list")[0]["enabled"] is False
    told(home, "source", "enable", "shop")
    assert "exists already" in ask(home, "source", "add", "shop", expect=2).stderr
    assert key not in ask(home, "source", "list").output


def test_staff_get_links_and_never_passwords(home: Path) -> None:
    told(home, "user", "add", "boss", "--role", "owner")
    link = told(home, "user", "add", "ann", "--role", "associate")["link"]
    assert "/welcome/" in link
    assert told(home, "user", "link", "ann")["link"] != link
    told(home, "user", "role", "ann", "steward")
    told(home, "user", "disable", "ann")
    found = {a["login"]: (a["role"], a["enabled"]) for a in told(home, "user", "list")}
    assert found == {"ann": ("steward", False), "boss": ("owner", True)}
    told(home, "user", "enable", "ann")
    assert "Unknown role" in ask(home, "user", "role", "ann", "queen", expect=2).stderr
    assert "No account" in ask(home, "user", "link", "bob", expect=2).stderr


def test_a_token_is_shown_once(home: Path) -> None:
    made = told(home, "token", "make", "Till 4", "--scope", "recognise")
    listed = ask(home, "token", "list")
    assert "Till 4" in listed.output
    assert made["token"] not in listed.output
    told(home, "token", "revoke", made["id"])
    assert "No such token" in ask(home, "token", "revoke", made["id"], expect=2).stderr


def test_the_laws_are_asked_and_their_breach_is_found_and_mended(home: Path, ann: str) -> None:
    assert all(f["wrong"] == 0 for f in told(home, "check"))
    with open_home(home) as opened:
        opened.store.write(lambda db: db.run("update state set orders = orders + 1"))
    assert any(f["wrong"] for f in told(home, "check", expect=1))
    ask(home, "rebuild", expect=1)
    assert "All" in ask(home, "check").output


def test_everything_held_about_ann_comes_out_by_id_or_identifier(home: Path, ann: str, tmp_path: Path) -> None:
    held = json.loads(ask(home, "export", ann).stdout)
    assert held["customer"] == ann
    again = json.loads(ask(home, "export", "email:ann@shop.example").stdout)
    assert again["customer"] == ann
    page = tmp_path / "ann.html"
    ask(home, "export", ann, "--html", "-o", str(page))
    assert "ann@shop.example" in page.read_text("utf-8")
    assert page.stat().st_mode & 0o077 == 0


def test_a_look_by_command_is_logged(home: Path, ann: str) -> None:
    ask(home, "export", ann)
    with open_home(home, read_only=True) as opened:
        rows = opened.store.read().rows("select actor, action, customer from audit")
    assert rows == [("cli", "export", ann)]


def test_beside_a_server_ann_is_explained_and_exported_and_the_next_start_logs_the_looks(home: Path, ann: str) -> None:
    with open_home(home):
        assert told(home, "explain", ann)["customer"] == ann
        assert json.loads(ask(home, "export", "email:ann@shop.example").stdout)["customer"] == ann
        assert "Stop it, or use its pages" in ask(home, "erase", ann, "--yes", expect=3).stderr
    with open_home(home) as opened:
        Byname(opened).looks.hand_over()
        rows = opened.store.read().rows("select action, customer from audit order by id")
    assert sorted(rows) == [("explain", ann), ("export", ann)]


def test_who_is_not_found_is_not_repeated(home: Path) -> None:
    done = ask(home, "export", "email:nobody@shop.example", expect=2)
    assert "nobody@" not in done.output


def test_who_asks_by_a_contested_identifier_is_found(home: Path, ann: str) -> None:
    with open_home(home) as opened:
        opened.store.write(lambda db: db.run("update identifier set state = 'contested' where type = 'email'"))
    assert told(home, "explain", "email:ann@shop.example")["customer"] == ann
    assert told(home, "erase", "email:ann@shop.example", "--yes")["identifiers"] == 2


def test_a_shared_identifier_leads_to_nobody_and_says_so(home: Path) -> None:
    with open_home(home) as opened:
        product = Byname(opened)
        for number in range(4):
            who = (Identifier("phone", "+442079460018"), Identifier("account", f"acct-{number}"))
            event = Event(f"s-{number}", "tills", "till", "Call Ended", NOW, NOW, who)
            product.deliver(Delivery("tills", [product.prepare(event)], [], NOW)).result()
        states: dict[str, str] = dict(opened.store.read().rows("select type, state from identifier"))
    assert states["phone"] == "shared"
    done = ask(home, "erase", "phone:+442079460018", "--yes", expect=2)
    assert "Several people share this identifier: phone" in done.stderr
    assert "7946" not in done.output


def test_what_was_never_kept_in_the_clear_is_not_called_erased(home: Path, ann: str) -> None:
    with open_home(home) as opened:
        opened.store.write(lambda db: db.run("delete from vault"))
    assert {i["masked"] for i in told(home, "explain", ann)["identifiers"]} == {"(not kept)"}


def test_ann_is_erased_only_when_meant(home: Path, ann: str) -> None:
    ask(home, "erase", ann, input="n\n", expect=1)
    assert json.loads(ask(home, "export", ann).stdout)["customer"] == ann
    assert told(home, "erase", ann, "--yes")["identifiers"] == 2
    ask(home, "export", "email:ann@shop.example", expect=2)
    assert "All" in ask(home, "check").output


def test_a_night_by_hand_seals_the_day(home: Path, ann: str) -> None:
    assert told(home, "learn", "--only", "seal")["seal"]["events"] == 2
    assert "Unknown step" in ask(home, "learn", "--only", "dream", expect=2).stderr
    assert "All" in ask(home, "check").output


def test_a_backup_comes_back(home: Path, ann: str, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    assert "keys stayed" in ask(home, "backup", str(kept)).output
    again = tmp_path / "again"
    assert "no keys" in ask(again, "restore", str(kept), expect=2).stderr
    ask(again, "restore", str(kept), "--keys", str(home / "keys"))
    assert json.loads(ask(again, "export", ann).stdout)["customer"] == ann
    assert "not empty" in ask(home, "backup", str(kept), expect=2).stderr


def test_a_port_that_is_taken_is_said_before_anything_starts(home: Path) -> None:
    from byname.cli.serving import bound

    with bound("127.0.0.1", 0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        done = ask(home, "serve", "--port", port, expect=2)
    assert "cannot listen" in done.stderr
    assert "--port" in done.stderr


def test_a_first_start_that_cannot_listen_makes_no_home(tmp_path: Path) -> None:
    from byname.cli.serving import bound

    with bound("127.0.0.1", 0) as taken:
        taken.listen()
        done = ask(tmp_path / "new", "run", "--sample", "--port", str(taken.getsockname()[1]), expect=2)
    assert "cannot listen" in done.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_of_other_things_is_not_made_a_home(tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("Dear Ann")
    done = ask(folder, "run", "--sample", "--port", "0", expect=2)
    assert "not empty" in done.stderr
    assert "--home" in done.stderr
    assert [p.name for p in folder.iterdir()] == ["letter.txt"]
    assert folder.stat().st_mode & 0o777 == 0o755


def test_an_empty_folder_or_one_with_settings_becomes_a_home(tmp_path: Path) -> None:
    for name, text in (("empty", ""), ("settled", 'company = "Shop"\n')):
        (tmp_path / name).mkdir()
        if text:
            (tmp_path / name / "byname.toml").write_text(text)
        open_home(tmp_path / name).close()
        assert (tmp_path / name / "keys").is_dir()


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ('region = "UK"', "GB"),
        ('region = "de"', "DE"),
        ('currency = "EURO"', "EUR"),
        ('currency = "gbp"', "EUR"),
        ('time_zone = "Berlin"', "Europe/Berlin"),
        ('time_zone = ""', "Europe/Berlin"),
        ('time_zone = "../etc"', "Europe/Berlin"),
    ],
)
def test_a_setting_that_means_nothing_is_refused_at_the_start(tmp_path: Path, line: str, cure: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "byname.toml").write_text(line)
    done = ask(home, "learn", expect=2)
    assert f"Setting '{line.split()[0]}' must be" in done.stderr
    assert cure in done.stderr


MAPPING = """
kind = "orders"
source = "till"
[columns]
order = "receipt"
time = "sold_at"
product = "sku"
amount = "paid"
[constants]
event = "Till Sale"
currency = "EUR"
[identifiers]
loyalty = "card"
"""


def test_an_import_says_what_is_wrong_what_is_missing_and_what_was_taken_before(home: Path, tmp_path: Path) -> None:
    file, mapping = tmp_path / "sales.csv", tmp_path / "sales.toml"
    mapping.write_text(MAPPING)
    missing = CliRunner().invoke(cli, ["import", str(file), "--map", str(mapping), "--home", str(tmp_path / "none")])
    assert missing.exit_code == 2
    assert "There is no such file" in missing.stderr
    assert not (tmp_path / "none").exists()
    file.write_text("receipt,sold_at,sku,paid,card\nr1,2026-02-01,a,1.50,7001\nr2,01.02.2026,a,1.50,7001\n")
    first = ask(home, "import", str(file), "--map", str(mapping), expect=1)
    assert "1 rows taken" in first.stdout
    dry = ask(home, "import", str(file), "--map", str(mapping), "--dry-run", expect=1).stdout
    assert "[time]" in " ".join(dry.split())
    again = ask(home, "import", str(file), "--map", str(mapping))
    assert "Nothing new: this file was taken on" in again.stdout
    assert "1 went to quarantine" in again.stdout
    assert told(home, "import", str(file), "--map", str(mapping))["already"] is True
