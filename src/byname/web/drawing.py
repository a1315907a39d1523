"""How does an answer become a page? Jinja templates, escaped always, with the words and numbers of the reader."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from byname.web.words import Say

HERE = Path(__file__).parent
STATIC = HERE / "static"

LOOKS = ("system", "light", "dark", "contrast")

NOTES: dict[str, str] = {
    "signed_out": "You are signed out.",
    "session_over": "You were signed out because nothing happened for a while. Please sign in again.",
    "password_set": "Your password is set. Welcome.",
    "replayed": "Sent through again: it is in.",
    "still_wrong": "Still not usable; the reason is shown below.",
    "dropped": "Dropped. Its content is destroyed.",
    "revoked": "Taken back. Everything is as if it had never been said.",
    "split": "Kept apart from now on. You can take that back on this page.",
    "joined": "These are one customer now. You can take that back on her page.",
    "left": "Left for later.",
    "refused": "Noted: not the same person.",
    "run_revoked": "The whole run is taken back.",
    "erased": "Erased, everywhere. What remains counts, and names nobody.",
    "source_saved": "Saved.",
    "token_revoked": "Revoked: it opens nothing from now on.",
    "nothing": "There was nothing to do.",
}


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["static"] = static
    env.globals["LOOKS"] = LOOKS
    env.filters["upper_first"] = lambda text: text[:1].upper() + text[1:]
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return env


@cache
def speaking(language: str, words: Any) -> Environment:
    """The environment with one language's catalogue installed."""
    env = environment().overlay()
    env.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    return env


def draw(template: str, say: Say, values: Mapping[str, Any]) -> str:
    """The HTML of a template."""
    env = speaking(say.locale.language, say.words)
    note = NOTES.get(str(values.get("note", "")), "")
    return env.get_template(template).render({**values, "say": say, "note": say.text(note) if note else ""})


@cache
def static(name: str) -> str:
    """The address of a static file; it changes when the file does, so browsers may keep it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"
