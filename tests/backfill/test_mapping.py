"""Can a person write a mapping by hand, and is every mistake in it named?"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from byname.sample import MAPPINGS, STEPS
from byname.terms import BynameError
from byname.touchpoints.files import KINDS, load, understand

GOOD: dict[str, Any] = {
    "kind": "orders",
    "source": "till",
    "columns": {"order": "receipt", "time": "sold_at", "product": "sku", "amount": "paid"},
    "constants": {"event": "Till Sale", "currency": "EUR"},
    "identifiers": {"loyalty": "card"},
}


def changed(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ({"kind": "order"}, "Unknown kind: 'order'. Known: events, orders, reference, traits."),
        (changed(colums={}), "Unknown key: colums. Known: "),
        (changed(columns={"ordr": "x"}), "Unknown key of \\[columns\\]: ordr"),
        (changed(columns={"order": "r", "time": "t", "product": "p"}), "needs 'amount'"),
        (changed(constants={"event": "Till Sale"}), "needs 'currency'"),
        (changed(constants={"event": "Till Sale", "currency": "EURO"}), "Unknown currency"),
        (changed(constants={"event": "Page Viewed", "currency": "EUR"}), "'Page Viewed' is not a sale"),
        (changed(source="My Till"), "'source' must be a short name in small letters"),
        (changed(time={"zone": "Paris"}), "Unknown time zone: Paris"),
        (changed(time={"fromat": "%d"}), "Unknown key of \\[time\\]: fromat"),
        (changed(money={"unit": "dollars"}), "Unknown unit"),
        (changed(columns=["order"]), "'columns' is a section"),
        (changed(join={"file": "../secrets.csv", "on": "id"}), "\\[join\\] needs the name of a file"),
        (changed(where={"a": {"is": 1}}), "Unknown key of \\[where\\]: is"),
        ({"kind": "reference", "source": "x", "table": "event"}, "'event' is a table of byname's own"),
        ({"kind": "reference", "source": "x", "table": "a; drop"}, "'table' must be a short name"),
        ({"kind": "traits", "source": "x", "columns": {"time": "t"}}, "needs \\[identifiers\\]"),
    ],
)
def test_a_mistake_is_named_with_its_cure(given: dict[str, Any], rule: str) -> None:
    with pytest.raises(BynameError, match=rule):
        understand(given)


def test_a_file_that_is_no_toml_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text("kind = orders")
    with pytest.raises(BynameError, match="not valid TOML"):
        load(tmp_path / "m.toml")
    with pytest.raises(BynameError, match="no such mapping"):
        load(tmp_path / "n.toml")


def test_the_same_words_in_another_order_are_the_same_mapping() -> None:
    turned = dict(reversed([(k, dict(reversed(v.items())) if isinstance(v, dict) else v) for k, v in GOOD.items()]))
    assert understand(turned).digest() == understand(GOOD).digest()
    assert understand(changed(source="web")).digest() != understand(GOOD).digest()


@pytest.mark.parametrize("name", [name for name, _, _ in STEPS])
def test_every_mapping_of_the_sample_is_one(name: str) -> None:
    assert load(MAPPINGS / f"{name}.toml").kind in KINDS


def test_the_mappings_that_the_page_shows_are_mappings() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "import.md").read_text("utf-8")
    blocks = [part.partition("```")[0] for part in page.split("```toml\n")[1:]]
    whole = [tomllib.loads(b) for b in blocks if "kind =" in b]
    assert [understand(m).kind for m in whole] == ["orders", "traits"]
    extra = next(tomllib.loads(b) for b in blocks if "kind =" not in b)
    assert understand({**whole[0], **extra}).time_zone == "Europe/Paris"
    for kind in KINDS.values():
        assert f"| `{kind.name}` |" in page
        assert all(f"`{word}`" in page for word in (*kind.columns, *kind.constants))
