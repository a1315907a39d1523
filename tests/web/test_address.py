"""Do pages show the address under which this server is reached, and never one that a stranger made up?"""

from __future__ import annotations

from typing import Any

import pytest

from byname.web.serving import address_of
from tests.web.conftest import House


class Came:
    """A request as far as its address goes."""

    def __init__(self, app: Any, host: str, port: int = 8799) -> None:
        self.app, self.headers = app, {"host": host}
        self.scope = {"scheme": "http", "server": ("127.0.0.1", port)}


class Named:
    """An application whose home has this public address."""

    def __init__(self, public_url: str) -> None:
        self.state = self.product = self.home = self.settings = self
        self.public_url, self.host, self.port = public_url, "127.0.0.1", 8765


@pytest.mark.parametrize(
    ("public_url", "host", "address"),
    [
        ("", "127.0.0.1:8799", "http://127.0.0.1:8799"),
        ("", "shop.example", "http://shop.example"),
        ("", "[::1]:8799", "http://[::1]:8799"),
        ("", "", "http://127.0.0.1:8799"),
        ("", "evil.example/x?", "http://127.0.0.1:8799"),
        ("", 'a"><script>', "http://127.0.0.1:8799"),
        ("", "user@evil.example", "http://127.0.0.1:8799"),
        ("https://byname.example/", "127.0.0.1:8799", "https://byname.example"),
    ],
)
def test_the_public_address_wins_then_the_one_asked_then_the_port_bound(
    public_url: str, host: str, address: str
) -> None:
    assert address_of(Came(Named(public_url), host)) == address  # type: ignore[arg-type]


def test_the_lines_to_paste_carry_the_address_that_was_asked(house: House) -> None:
    text = house.browser("owner").get("/sources/till", headers={"host": "127.0.0.1:8799"}).text
    assert "http://127.0.0.1:8799/v1/track" in text
    assert "8765" not in text
