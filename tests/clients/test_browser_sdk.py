"""Does Segment's browser bundle deliver from another origin, with nothing changed but its hosts?"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from tests.clients.conftest import PACKAGES, Running

BUNDLE = PACKAGES / "@segment" / "analytics-next" / "dist" / "umd"
CALLS = {"identify", "page", "screen", "track", "group", "alias"}


class Site(SimpleHTTPRequestHandler):
    """A shop's web site, which also stands in for the place the bundle and its settings come from."""

    collects_at: ClassVar[str] = ""

    def translate_path(self, path: str) -> str:
        name = urlsplit(path).path.rsplit("/", 1)[-1]
        if name == "analytics.min.js":
            name = "standalone.js"
        return str(BUNDLE / name if name else Path(__file__).parent / "site.html")

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path.endswith("/settings"):  # /v1/projects/<write key>/settings
            segment = {"apiKey": path.split("/")[3], "apiHost": f"{self.collects_at}/v1", "protocol": "http"}
            body = json.dumps({"integrations": {"Segment.io": segment}, "plan": {}, "enabledMiddleware": {}}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(body)
        else:
            super().do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def site(running: Running) -> Iterator[str]:
    if not BUNDLE.is_dir():
        pytest.skip("the npm clients are not installed: `make test` does it")
    handler = type("ThisSite", (Site,), {"collects_at": running.host})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.browser
def test_the_bundle_delivers_from_a_page_of_another_origin(site: str, running: Running, chromium: Any) -> None:
    page = chromium.new_page()
    told: list[str] = []
    page.on("console", lambda line: told.append(line.text))
    answered: dict[str, int] = {}

    def listen(response: Any) -> None:
        if response.url.startswith(running.url) and response.request.method == "POST":
            answered[response.url.rsplit("/", 1)[-1]] = response.status

    page.on("response", listen)
    page.goto(f"{site}/?key={running.key}")
    while len(answered) < len(CALLS):
        page.wait_for_event("response", timeout=20_000)
    found = running.events()
    assert {e["type"] for e in found} == CALLS, told
    assert answered == {call[0]: 200 for call in CALLS}
    assert all(e["context"]["page"]["url"].startswith(site) for e in found if e["type"] in ("page", "track"))
    assert {("account", "ann"), ("email", "ann@shop.example")} <= max(running.people(), key=len)
