"""What could not be used, what is wrong with it, and does it go through once mended? Groups, items, mend, drop."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from byname.replay import replay
from byname.terms import BynameError
from byname.touchpoints import quarantine
from byname.touchpoints.reasons import REASONS
from byname.web.asking import Answer, Ask, Goto, NotThere, Shown

TITLE = "Quarantine"
PATH = "/quarantine"
PERMISSION = "quarantine"
ICON = "quarantine"
MENU = True

MOST = 50
MOST_AT_ONCE = 5_000  # items of a group replayed or dropped by one press


class Why(NamedTuple):
    """A reason as people read it."""

    rule: str
    cure: str


def page(ask: Ask) -> Answer:
    """Everything open, grouped by what is wrong: one mistake of one sender is one line."""
    return Shown("quarantine.html", {
        "groups": quarantine.groups(ask.db), "why": {r: Why(*v) for r, v in REASONS.items()},
        "settled": quarantine.count(ask.db, state=quarantine.REPLAYED), "count": quarantine.count(ask.db),
        "dropped": quarantine.count(ask.db, state=quarantine.DROPPED),
        "sources": ask.db.row("select 1 from source limit 1") is not None,
    })  # fmt: skip


def items(ask: Ask) -> Answer:
    """The items of one source and reason, newest first."""
    source, reason = ask.query.get("source", ""), ask.query.get("reason", "")
    before = ask.query.get("before", "")
    found = quarantine.items(
        ask.db, source=source, reason=reason, limit=MOST + 1, before=int(before) if before.isdigit() else None
    )
    return Shown("quarantine_items.html", {
        "items": found[:MOST], "next": found[MOST - 1].id if len(found) > MOST else 0, "source": source,
        "reason": reason, "why": Why(*REASONS[reason]) if reason in REASONS else Why(reason, ""),
        "title": ask.say.text("Quarantine"),
    })  # fmt: skip


def item(ask: Ask) -> Answer:
    """One item with its body, the offending place marked. Seeing a body is a look that is logged."""
    found = quarantine.show(ask.db, ask.home.keys, number(ask))
    if found is None:
        raise NotThere
    one, body = found
    ask.log("reveal", outcome=f"quarantine {one.id}")
    text = body.decode("utf-8", "replace") if body is not None else ""
    return Shown("quarantine_item.html", {
        "item": one, "body": pretty(text), "marked": marked(text, one.field), "open": one.state == quarantine.OPEN,
        "why": Why(*REASONS[one.reason]) if one.reason in REASONS else Why(one.reason, ""),
        "title": ask.say.text("Quarantined item %(n)s", n=one.id),
    })  # fmt: skip


def fix(ask: Ask) -> Answer:
    """Keep the mended body and send it through at once."""
    id_ = number(ask)
    body = ask.form.get("body", "")
    try:
        compact = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":"))
    except (ValueError, RecursionError):
        raise BynameError("The body must be valid JSON", cure="Go back; check quotes and commas") from None
    ask.home.store.write(lambda db: quarantine.fix(db, ask.home.keys, id_, compact.encode()))
    done = replay(ask.product, [id_], by=ask.staff.actor, now=ask.now)
    return Goto(PATH, "replayed") if done.taken else Goto(f"{PATH}/{id_}", "still_wrong")


def drop(ask: Ask) -> Answer:
    id_ = number(ask)
    done = ask.home.store.write(lambda db: quarantine.drop(db, [id_], by=ask.staff.actor, now=ask.now))
    return Goto(PATH, "dropped" if done else "nothing")


def replay_group(ask: Ask) -> Answer:
    """Send a whole group through again: after a change of the source's rules or an update."""
    ids = ids_of(ask)
    done = replay(ask.product, ids, by=ask.staff.actor, now=ask.now)
    return Goto(PATH, "replayed" if done.taken else "still_wrong" if done.unfit else "nothing")


def drop_group(ask: Ask) -> Answer:
    ids = ids_of(ask)
    done = ask.home.store.write(lambda db: quarantine.drop(db, ids, by=ask.staff.actor, now=ask.now))
    return Goto(PATH, "dropped" if done else "nothing")


def ids_of(ask: Ask) -> list[int]:
    found = quarantine.items(
        ask.db, source=ask.form.get("source", ""), reason=ask.form.get("reason", ""), limit=MOST_AT_ONCE
    )
    return [i.id for i in found]


def number(ask: Ask) -> int:
    return int(ask.path["item"])


STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
HERE = "\ue000here\ue001"  # private use: no sender's text holds it after decoding and printing


def pretty(text: str) -> str:
    """JSON with line breaks; what is no JSON as it came."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def marked(text: str, field: str) -> Markup:
    """The body as people read it, the value at `field` (a JSON path) marked.

    >>> marked('{"a": {"b": 1}}', "$.a.b")
    Markup('{\\n  &#34;a&#34;: {\\n    &#34;b&#34;: <mark>1</mark>\\n  }\\n}')
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return Markup(escape(text))  # noqa: S704
    steps = [name or int(index) for name, index in STEP.findall(field)]
    at: Any = body
    for step in steps[:-1]:
        at = inside(at, step)
    value = inside(at, steps[-1]) if steps else None
    if value is None:
        return Markup(escape(pretty(text)))  # noqa: S704
    at[steps[-1]] = HERE
    around = str(escape(json.dumps(body, ensure_ascii=False, indent=2)))
    shown = str(escape(json.dumps(value, ensure_ascii=False)))
    return Markup(around.replace(str(escape(json.dumps(HERE, ensure_ascii=False))), f"<mark>{shown}</mark>"))  # noqa: S704


def inside(at: Any, step: str | int) -> Any:
    if isinstance(at, dict) and isinstance(step, str):
        return at.get(step)
    if isinstance(at, list) and isinstance(step, int) and step < len(at):
        return at[step]
    return None


ACTIONS = (
    ("GET", "/items", PERMISSION, items),
    ("GET", "/{item:int}", PERMISSION, item),
    ("POST", "/{item:int}/fix", PERMISSION, fix),
    ("POST", "/{item:int}/drop", PERMISSION, drop),
    ("POST", "/replay", PERMISSION, replay_group),
    ("POST", "/drop", PERMISSION, drop_group),
)
