"""What happens when something mended is sent through again? The way of a fresh delivery, with its old receipt time.

Crash-proof by the law of once: an item that went in and was not yet settled is a repetition the next time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from byname.encounter import Byname, Delivery
from byname.terms import BynameError
from byname.touchpoints import parse_again, quarantine, sources
from byname.touchpoints.quarantine import Again

TOGETHER = 200  # items in one delivery


class Outcome(NamedTuple):
    """How many went in, and how many are still unfit (they keep the reason of today)."""

    taken: int
    unfit: int


def replay(product: Byname, ids: Sequence[int], *, by: str, now: int) -> Outcome:
    """Send open items through again; those that are taken in are settled, their copies destroyed."""
    taken = unfit = 0
    for start in range(0, len(ids), TOGETHER):
        part = ids[start : start + TOGETHER]
        again = quarantine.replay(product.home.store.read(), product.home.keys, part)
        done = [a.id for a in again if _through(product, a)]
        product.home.store.write(lambda db, done=done: quarantine.replayed(db, done, by=by, now=now))  # type: ignore[misc]
        taken, unfit = taken + len(done), unfit + len(again) - len(done)
    return Outcome(taken, unfit)


def _through(product: Byname, again: Again) -> bool:
    """Parse, prepare and deliver one item; False when it is still unfit."""
    store = product.home.store
    source = sources.by_slug(store.read(), again.source)
    if source is None:
        raise BynameError(
            "The source of this item is gone", again.source, "Add a source of that name, or drop the item"
        )
    parsed = parse_again(again.body, source, again.received_at, product.limits)
    if parsed.quarantined:
        store.write(lambda db: quarantine.failed(db, again.id, parsed.quarantined[0]))
        return False
    arrivals = [product.prepare(e, needs_consent=source.needs_consent, trusted=source.trusted) for e in parsed.events]
    verdicts = product.deliver(Delivery(source.slug, arrivals, (), again.received_at)).result()
    return bool(verdicts) and "quarantined" not in verdicts
