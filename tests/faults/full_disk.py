"""What happens when the disk is full? The story, told in a process of its own, because the limit holds for all of it.

    python -m tests.faults.full_disk limit FOLDER     no file may grow any more (RLIMIT_FSIZE)
    python -m tests.faults.full_disk tmpfs FOLDER     FOLDER is a small file system of its own, and it is filled up

Capture answers 503 and says why, looks that cannot be logged are refused, reading goes on; when there is room again so
does everything, and what was acknowledged is there.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from byname import rebuild
from byname.encounter import message_digest
from byname.home import Home, open_home
from byname.lake import duck, seal
from byname.terms import GroundBroken
from byname.touchpoints import sources
from tests.conftest import NOW
from tests.encounter.test_capture import Till
from tests.web import cast
from tests.web.conftest import Browser, House

FILLER, MOST_CALLS = "filler", 5000
LEFT = 1_000_000  # bytes of room for the last that are taken
INFINITE = resource.RLIM_INFINITY


def limit(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Fill: nothing grows beyond the largest file; free: everything may."""

    def fill() -> None:
        largest = max(f.stat().st_size for f in folder.rglob("*") if f.is_file() and f.name != "day.db-shm")
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + LEFT, INFINITE))

    return fill, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (INFINITE, INFINITE))


def tmpfs(folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """Fill: a file that takes all the room; free: it goes."""

    def fill() -> None:
        with (folder / FILLER).open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                while room(lambda size=size: file.write(b"x" * size)):  # type: ignore[misc]
                    pass
            file.truncate(file.tell() - LEFT)

    return fill, (folder / FILLER).unlink


def room(write: Callable[[], int]) -> bool:
    try:
        return write() > 0
    except OSError:
        return False


def story(folder: Path, fill: Callable[[], None], free: Callable[[], None]) -> None:
    (folder / "byname.toml").write_text("rate_per_s = 1000000\n")
    with open_home(folder) as home:
        house = House(home, NOW)
        cast.populate(house.product, NOW)
        till = Till(house, home.store.write(lambda db: sources.create(db, home.keys, "fuzz", now=NOW)))
        caller, allowed = Browser(house.app), house.token("recognise", "profile", "source")
        her = f"/v1/customers/{house.customer('loyalty', cast.ANN_CARD)}"
        fill()
        taken, refused = until_full(till)
        assert len(taken) > 3
        assert "acknowledged" in refused.json()["error"]["message"], refused.text
        assert int(refused.headers["retry-after"]) >= 1
        assert caller.get("/health").status_code == 200
        shown = caller.get(her, headers=allowed)
        assert (shown.status_code, looked(home)) in ((200, 1), (503, 0)), shown.text  # not logged, not shown
        assert shown.status_code == 200 or "Keller" not in shown.text
        with suppress(GroundBroken, OSError):  # the tide tries, and tries again
            seal.seal(home, NOW)
        free()
        taken.append(f"full-{len(taken)}")
        assert till.send("/v1/track", call(len(taken) - 1)).json()["accepted"] == 1
        assert till.send("/v1/track", call(0)).json()["repeated"] == 1
        assert caller.get(her, headers=allowed).status_code == 200
        seal.seal(home, NOW + 1)
        lake = duck.open_lake(home)
        found = {bytes(i) for (i,) in lake.execute("select id from event").fetchall()}
        lake.close()
        assert {message_digest(m) for m in taken} <= found
        assert [f for f in rebuild.check(house.product) if f.wrong] == []
    print(f"{len(taken)} taken, then: {refused.json()['error']['message']}")


def looked(home: Home) -> int:
    """How many looks at a customer are in the log."""
    row = home.store.read().row("select count(*) from audit where action = 'view'")
    assert row is not None
    return int(row[0])


def call(n: int) -> dict[str, object]:
    return {"type": "track", "event": "Page Viewed", "userId": f"u{n}", "messageId": f"full-{n}",
            "properties": {"path": "/x" * 2000}}  # fmt: skip


def until_full(till: Till) -> tuple[list[str], httpx.Response]:
    """What was acknowledged before the first refusal, and that refusal."""
    taken: list[str] = []
    for n in range(MOST_CALLS):
        answer = till.send("/v1/track", call(n))
        if answer.status_code != 200:
            assert answer.status_code == 503, answer.text
            return taken, answer
        taken.append(f"full-{n}")
    raise AssertionError("the disk never filled")


if __name__ == "__main__":
    how, where = sys.argv[1], Path(sys.argv[2])
    story(where, *{"limit": limit, "tmpfs": tmpfs}[how](where))
