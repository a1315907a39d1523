"""Who may send, what, and how fast?"""

from __future__ import annotations

import json
from typing import Any

import pytest

from byname.home import Home
from byname.terms import BynameError
from byname.touchpoints import segment, sources
from byname.touchpoints.limits import Limits
from byname.touchpoints.sources import Known, Pace, Source


def made(home: Home, slug: str = "shop", **given: Any) -> str:
    return home.store.write(lambda db: sources.create(db, home.keys, slug, now=1, **given))


def test_the_write_key_is_shown_once_and_kept_nowhere(home: Home) -> None:
    key = made(home, name="Shop", touchpoint="app")
    found = sources.by_key(home.store.read(), home.keys, key)
    assert found == Source("shop", "Shop", "app", key_hint=key[-4:], made_at=1)
    assert sources.by_slug(home.store.read(), "shop") == found
    assert sources.all_sources(home.store.read()) == [found]
    rows = home.store.read().rows("select * from source")
    assert key not in repr(rows)


def test_another_key_opens_nothing(home: Home) -> None:
    made(home)
    for key in ("", "x", "é\ud800", "0" * 10_000):
        assert sources.by_key(home.store.read(), home.keys, key) is None


def test_a_rotated_key_no_longer_works(home: Home) -> None:
    old = made(home)
    new = home.store.write(lambda db: sources.rotate(db, home.keys, "shop"))
    assert sources.by_key(home.store.read(), home.keys, old) is None
    assert sources.by_key(home.store.read(), home.keys, new) is not None


def test_a_known_key_is_looked_up_again_after_a_moment(home: Home) -> None:
    key, known, db = made(home), Known(home.keys), home.store.read()
    assert known.by_key(db, key, 0) is not None
    home.store.write(lambda db: sources.change(db, home.keys, "shop", enabled=False))
    assert known.by_key(db, key, 1).enabled  # type: ignore[union-attr]
    assert not known.by_key(db, key, sources.KNOWN_FOR).enabled  # type: ignore[union-attr]
    known.forget()
    assert known.by_key(db, "nobody's", 0) is None


def test_a_source_is_changed_and_restricted(home: Home) -> None:
    made(home, rate_per_s=5, needs_consent=True, trusted=True, invented=True)

    def change(db: Any) -> None:
        sources.change(db, home.keys, "shop", name="New", rate_per_s=0, secret="whsec_abcd", needs_consent=False)
        sources.restrict(db, "shop", allowed=["completed order", "Bike Serviced"], schemas={"Order Completed": {}})

    home.store.write(change)
    found = sources.by_slug(home.store.read(), "shop")
    assert found is not None
    assert (found.name, found.rate_per_s, found.needs_consent, found.trusted, found.invented) == (
        "New",
        0,
        False,
        True,
        True,
    )
    assert found.allowed == {"Order Completed", "Bike Serviced"}
    assert sources.secret_of(home.keys, found) == "whsec_abcd"
    assert b"whsec" not in (found.secret or b"")


@pytest.mark.parametrize(
    "given",
    [{"slug": "Shop 1"}, {"slug": ""}, {"slug": "x" * 65}, {"touchpoint": "tlil"}, {"kind": "x"}, {"rate_per_s": -1},
     {"allowed": ["a@b"]}, {"schemas": {"A": {"type": "nonsense"}}}, {"schemas": {"A": {"$ref": "http://x.example/s"}}}],
)  # fmt: skip
def test_what_no_source_can_be_is_refused(sqlite_home: Home, given: dict[str, Any]) -> None:
    with pytest.raises(BynameError):
        made(sqlite_home, **({"slug": "shop"} | given))


def test_a_name_is_taken_once(sqlite_home: Home) -> None:
    made(sqlite_home)
    with pytest.raises(BynameError, match="exists already"):
        made(sqlite_home)
    for act in (
        lambda db: sources.rotate(db, sqlite_home.keys, "x"),
        lambda db: sources.restrict(db, "x", allowed=None),
    ):
        with pytest.raises(BynameError, match="no such source"):
            sqlite_home.store.write(act)


def test_a_schema_names_the_place_and_the_rule_but_not_the_value() -> None:
    schema = {"properties": {"products": {"items": {"properties": {"name": {"type": "string", "maxLength": 3}}}}}}
    source = Source("s", "S", "web", schemas=json.dumps({"Signed In": schema}))

    def verdict(properties: Any) -> segment.Verdict:  # type: ignore[name-defined]
        call = {"event": "Signed In", "userId": "u", "properties": properties}
        return segment.parse(json.dumps(call).encode(), "track", source, 1, Limits()).verdicts[0]

    assert verdict({"products": [{"name": "abc"}]}).verdict == "accepted"
    bad = verdict({"products": [{"name": "abc"}, {"name": "Ann Smith"}]})
    assert (bad.reason, bad.field) == ("schema", "$.properties.products[1].name")
    assert "maxLength" in bad.detail
    assert "Ann" not in bad.detail


def test_the_pace_lets_a_burst_through_and_then_the_rate() -> None:
    pace, shop, other = Pace(10), Source("shop", "Shop", "web"), Source("other", "Other", "web", rate_per_s=1)
    assert [pace.wait_s(shop, 0) for _ in range(10)] == [0.0] * 10
    assert pace.wait_s(shop, 0) == pytest.approx(0.1)
    assert pace.wait_s(shop, 100_000) == 0.0
    assert pace.wait_s(shop, 100_000) > 0
    assert pace.wait_s(other, 0) == 0.0
    assert pace.wait_s(other, 0) == pytest.approx(1.0)
    assert pace.wait_s(shop, 50_000) > 0, "a clock that goes back gives nothing away"
    assert Pace(0).wait_s(shop, 0) == 0.0


def test_over_a_long_time_a_source_gets_its_rate_and_no_more() -> None:
    pace, shop = Pace(50), Source("shop", "Shop", "web")
    through = sum(pace.wait_s(shop, at) == 0.0 for at in range(0, 10_000_000, 1000))
    assert 500 <= through <= 550
