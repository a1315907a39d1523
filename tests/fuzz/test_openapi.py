"""Does the API do what its own description says, whatever is sent? Schemathesis plays the caller.

BYNAME_FUZZ_EXAMPLES sets how many calls of each operation are tried (a handful by default).
"""

from __future__ import annotations

import base64
import itertools
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import checks
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks as described

from byname.home import open_home
from byname.touchpoints import sources
from byname.trust.access import PERMISSIONS
from byname.web import api
from byname.web.api import tracking
from tests.conftest import NOW
from tests.web import cast
from tests.web.conftest import Browser, House

EXAMPLES = int(os.environ.get("BYNAME_FUZZ_EXAMPLES", "6"))
HELD = (checks.not_a_server_error, described.status_code_conformance, described.content_type_conformance,
        described.response_schema_conformance, described.response_headers_conformance)  # fmt: skip
TRACKING = {kind for kind, *_ in tracking.CALLS}
PLACES = re.compile(r'Traceback|File "|\.py\b|line \d+, in')
WORDS = re.compile(r"[\w\s]*")
PERSONAL = (cast.ANN_MAIL, cast.ANN_PHONE, "Keller")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The house with its cast, no limit of pace, and a minute between any two calls."""
    folder = tmp_path_factory.mktemp("fuzz")
    (folder / "byname.toml").write_text("rate_per_s = 1000000\n")
    with open_home(folder) as home:
        house = House(home, NOW)
        cast.populate(house.product, NOW)
        yield house


@pytest.fixture(scope="module")
def description(house: House) -> Any:
    """byname's own description of itself, with Ann's id where an id belongs."""
    config = SchemathesisConfig.from_dict({"parameters": {"path.id": house.customer("loyalty", cast.ANN_CARD)}})
    return schemathesis.openapi.from_asgi("/openapi.json", house.app, config=config)


@pytest.fixture(scope="module")
def allowed(house: House) -> dict[str, dict[str, str]]:
    """The headers that get a caller past the door: of the API, and of the tracking interface."""
    home = house.product.home
    key = home.store.write(lambda db: sources.create(db, home.keys, "fuzz", now=NOW, trusted=True))
    basic = base64.b64encode(f"{key}:".encode()).decode()
    return {"token": house.token(*PERMISSIONS), "write_key": {"Authorization": f"Basic {basic}"}}


@pytest.mark.parametrize("mode", list(GenerationMode), ids=["as described", "not as described"])
@pytest.mark.parametrize("name", [handler.operation_id for handler in api.routes()])
def test_whatever_is_sent_the_answer_is_one_that_is_described(
    house: House, description: Any, allowed: dict[str, dict[str, str]], name: str, mode: GenerationMode
) -> None:
    operation = description.find_operation_by_id(name)
    headers = allowed["write_key" if name in TRACKING else "token"]

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
              suppress_health_check=list(HealthCheck), phases=[Phase.generate])  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        house.passes(60)
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=list(HELD))
        if mode is GenerationMode.POSITIVE and name != "receiveWebhook":
            assert answer.status_code not in (401, 403, 429), answer.text
        if answer.status_code >= 400:
            tells_nothing(answer.text, case)

    with suppress(Unsatisfiable):  # an operation without parameters can hardly be called otherwise than described
        ask()


def tells_nothing(text: str, case: schemathesis.Case) -> None:
    """No place in our code, nothing that is held of anybody, no value that the caller sent for an identifier."""
    assert not PLACES.search(text), text
    for secret in itertools.chain(PERSONAL, values(case.body)):
        assert secret not in text, text


def values(body: Any) -> Iterator[str]:
    """What a caller sent as values of identifiers, where they can be told from words of ours."""
    if isinstance(body, dict):
        value = body.get("value")
        if isinstance(value, str) and len(value) > 6 and not WORDS.fullmatch(value):
            yield value
        for below in body.values():
            yield from values(below)
    elif isinstance(body, list):
        for below in body:
            yield from values(below)


@pytest.mark.parametrize("number", ["9" * 30, "-" + "9" * 30, str(2**63)])
def test_a_number_beyond_every_database_is_no_mistake_of_ours(house: House, number: str) -> None:
    caller, allowed = Browser(house.app), house.token("quarantine", "profile")
    her = house.customer("loyalty", cast.ANN_CARD)
    for path in (
        f"/v1/quarantine?before={number}",
        f"/v1/changes?after={number}&limit={number}",
        f"/v1/customers/{her}/events?before={number}.00&limit={number}",
    ):
        answer = caller.get(path, headers=allowed)
        assert answer.status_code in (200, 400), (path, answer.text)
    for what in ("replay", "drop"):
        body = f'{{"ids": [{number}]}}'.encode()
        assert caller.ask("POST", f"/v1/quarantine/{what}", content=body, headers=allowed).status_code == 400
