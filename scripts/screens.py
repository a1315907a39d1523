"""Writes a picture of every page, full and empty, phone and desk, light and dark, into ./screens (git-ignored).

python scripts/screens.py            the cast of the tests
python scripts/screens.py HOME       a home of yours, opened for reading its pages (stop its server first)
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from tests.browser.conftest import FLAGS, Server, chromium  # noqa: E402

OUT = ROOT / "screens"
SIZES = ((1280, 800, False), (1280, 800, True), (360, 780, False), (360, 780, True))
EMPTY = ("/", "/customers", "/till", "/matches", "/quarantine", "/sources", "/audit", "/access")


def busiest(server: Server) -> str:
    """The customer with the most identifiers and contacts: her page has everything."""
    row = server.home.store.read().row(
        "select c.public_id from identifier i join identifier c on c.id = i.person"
        " left join state s on s.identifier = i.id where i.type <> 'given' and c.erased = 0 group by c.public_id"
        " order by count(distinct i.id) desc, sum(coalesce(s.events, 0)) desc limit 1"
    )
    return str(row[0]) if row else ""


def full_pages(server: Server) -> Iterator[str]:
    yield from (*EMPTY, "/?span=30d")
    if her := busiest(server):
        yield from (f"/customers/{her}", f"/customers/{her}/erase")
    db = server.home.store.read()
    row = db.row("select max(id) from quarantine where state = 'open'")
    if row and row[0] is not None:
        yield f"/quarantine/{row[0]}"
    if row := db.row("select slug from source order by slug limit 1"):
        yield f"/sources/{row[0]}"


def shoot(browser: Browser, server: Server, pages: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for width, height, dark in SIZES:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.add_cookies([{"name": "byname_session", "value": server.session(), "url": server.url}])
        page = context.new_page()
        look = f"{'phone' if width < 800 else 'desk'}-{'dark' if dark else 'light'}"
        for path in pages:
            page.goto(server.url + path)
            page.wait_for_timeout(250)  # the chart is drawn
            name = path.strip("/").replace("/", "-").replace("?span=", "today-") or "today"
            name = "-".join("her" if part.startswith("c") and len(part) > 18 else part for part in name.split("-"))
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
        at_the_till(page, server, folder, look)
        context.close()


def at_the_till(page: object, server: Server, folder: Path, look: str) -> None:
    """The till with an answer: a card shown, a phone said."""
    from tests.web import cast

    for name, button, value in (("known", "Shown", cast.ANN_CARD), ("perhaps", "Said", cast.ANN_PHONE)):
        page.goto(server.url + "/till")  # type: ignore[attr-defined]
        page.locator("main [name=q]").fill(value)  # type: ignore[attr-defined]
        page.get_by_role("button", name=button).click()  # type: ignore[attr-defined]
        page.screenshot(path=folder / f"till-{name}-{look}.png", full_page=True)  # type: ignore[attr-defined]


def main() -> None:
    started, home = time.monotonic(), Path(sys.argv[1]) if len(sys.argv) > 1 else None
    path = chromium()
    if path is None:
        sys.exit("No Chromium: install it, or name it in BYNAME_CHROMIUM")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        full = Server(home or Path(folder) / "full", full=home is None)
        shoot(browser, full, list(full_pages(full)), OUT / "full")
        full.close()
        empty = Server(Path(folder) / "empty", full=False)
        shoot(browser, empty, list(EMPTY), OUT / "empty")
        empty.close()
        browser.close()
    count = len(list(OUT.rglob("*.png")))
    sys.stdout.write(f"{count} pictures in {OUT.name}/ ({time.monotonic() - started:.0f} s)\n")


if __name__ == "__main__":
    main()
