"""Are the calls that the how-to pages show calls that byname takes?"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from byname.trust.access import PERMISSIONS
from tests.web import cast
from tests.web.conftest import House

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
SHELL = re.compile(r"^ *```sh\n(.*?)^ *```$", re.M | re.S)
CALL = re.compile(r"^ *curl .*?(/v1/[\w/-]+).*? -d '(.*?)'$", re.M | re.S)


class Posted(NamedTuple):
    page: str
    path: str
    body: str


def posted() -> list[Posted]:
    """Every body that a shell block of the how-to pages sends to the API."""
    pages = sorted(HOW_TO.glob("*.md"))
    return [
        Posted(page.name, *call)
        for page in pages
        for block in SHELL.findall(page.read_text("utf-8"))
        for call in CALL.findall(block)
    ]


def test_no_body_is_overlooked() -> None:
    sent = sum(len(re.findall(r" -d '", page.read_text("utf-8"))) for page in HOW_TO.glob("*.md"))
    assert len(posted()) == sent >= 2


@pytest.mark.parametrize("call", posted(), ids=lambda c: f"{c.page} {c.path}")
def test_what_a_how_to_page_posts_is_taken(empty_house: House, call: Posted) -> None:
    house, more = empty_house, dict[str, Any]()
    if call.path in ("/v1/track", "/v1/identify", "/v1/batch", "/v1/page"):
        key = cast.source(house.product, "till", "Till", "till", house.now, trusted=True)
        more = {"auth": (key, ""), "params": {"strict": "1"}}
    else:
        more = {"headers": house.token(*PERMISSIONS)}
    answer = house.browser().ask("POST", call.path, json=json.loads(call.body), **more)
    assert answer.status_code == 200, answer.text
