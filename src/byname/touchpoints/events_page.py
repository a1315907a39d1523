"""What does the page about events say? docs/events.md, written from the catalogue.

`python -m byname.touchpoints.events_page > docs/events.md` writes it; a test holds the page to the catalogue.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec

from byname.touchpoints.catalogue import CATALOGUE, FADES_DAYS, KINDS, LINE_PROPERTIES, PROPERTIES, Meaning, Property
from byname.touchpoints.reasons import REASONS

INTRO = """\
# Events

Every event that byname understands, and what it does to what is remembered of a customer. Send them with any
Segment or RudderStack SDK, or with a plain HTTP call:

```sh
curl -u WRITE_KEY: https://byname.example/v1/track -H 'content-type: application/json' -d '{
  "event": "Till Sale", "timestamp": "2026-11-21T10:00:00Z", "messageId": "till-12-3-88121",
  "properties": {"loyalty_id": "7000123", "receipt_id": "12-3-88121", "store_id": "12", "total": 27.5,
                 "currency": "GBP", "products": [{"product_id": "507f1f77", "quantity": 2, "amount": 27.5}]}}'
```

Names are read in any case, with spaces or underscores. A name that is not here is kept as a custom event: a contact.
Amounts are numbers of the currency's major unit (19.99), taken exactly as written. `messageId` makes the message count
once, however often it is sent; without one, the same bytes are the same message. Text that people write stays in the
event as received, encrypted under her key; columns hold codes, times and money only. Properties named *identifier* say
who she is and may be sent with any event.

Written by `byname.touchpoints.events_page`; change the catalogue, not this page.
"""


def events_page() -> str:
    """The whole page."""
    parts = [INTRO, "## Kinds\n", _table("kind | what it does", [(f"`{k}`", v) for k, v in KINDS.items()])]
    parts += ["\n## Matters that may be open\n", MATTERS, _table("matter | opened by | closed by | fades", _matters())]
    for title, found in _sections():
        parts.append(f"\n## {title}\n")
        parts += [_event(m) for m in found]
    parts += ["\n## Properties\n", _properties(PROPERTIES), "\n## Products\n", PRODUCTS, _properties(LINE_PROPERTIES)]
    parts += ["\n## Why an event is quarantined\n", QUARANTINE]
    parts.append(_table("reason | rule | cure", [(f"`{k}`", r.rule, r.cure) for k, r in REASONS.items()]))
    return "\n".join(parts) + "\n"


MATTERS = (
    "What an event leaves open is shown to whoever serves her, until an event closes it (by the same code) or nobody\n"
    "waits for it any more.\n"
)
PRODUCTS = "Each line of `products` (at one-product events the same names stand among the properties):\n"
QUARANTINE = "Nothing is dropped: what cannot be used is kept encrypted, listed, and can be mended and sent again.\n"


def _matters() -> list[tuple[str, ...]]:
    def by(matter: str, side: str) -> str:
        return ", ".join(m.name for m in CATALOGUE if matter in getattr(m, side))

    return [
        (f"`{k}`", by(k, "opens"), by(k, "closes"), f"after {d} days" if d else "never") for k, d in FADES_DAYS.items()
    ]


def _sections() -> list[tuple[str, list[Meaning]]]:
    return [
        ("Events of the Segment interface", [m for m in CATALOGUE if m.origin == "segment"]),
        ("Events of byname", [m for m in CATALOGUE if m.origin == "byname"]),
    ]


def _event(m: Meaning) -> str:
    facts = [f"kind `{m.kind}`"]
    facts += [f"touchpoint `{m.touchpoint}`"] if m.touchpoint else []
    facts += [f"opens `{'`, `'.join(m.opens)}`"] if m.opens else []
    facts += [f"closes `{'`, `'.join(m.closes)}`"] if m.closes else []
    facts += [f"known by `{'` or `'.join(m.ref)}`"] if m.ref else []
    facts += ["may be nobody's"] if m.nameless else []
    facts += [f"also *{'*, *'.join(m.aliases)}*"] if m.aliases else []
    properties = f"\n\nProperties: {', '.join(f'`{p}`' for p in m.properties)}" if m.properties else ""
    return f"### {m.name}\n\n{m.about}. ({'; '.join(facts)}){properties}\n"


def _properties(properties: dict[str, Property]) -> str:
    rows = [
        (f"`{p.name}`", p.type, p.meaning, f"`{msgspec.json.encode(p.example).decode()}`") for p in properties.values()
    ]
    return _table("property | type | meaning | example", rows)


def _table(head: str, rows: Sequence[tuple[str, ...]]) -> str:
    columns = head.count("|") + 1
    lines = [f"| {head} |", "|" + " --- |" * columns]
    return "\n".join(lines + ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows])


if __name__ == "__main__":
    sys.stdout.write(events_page())
