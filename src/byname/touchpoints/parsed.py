"""What does a parser hand back?"""

from __future__ import annotations

import msgspec

from byname import cards
from byname.terms import Event, Quarantined
from byname.touchpoints.reasons import in_words


class Verdict(msgspec.Struct, frozen=True):
    """What became of one item of a request; goes back to the sender, so it holds nothing personal."""

    message_id: str
    verdict: str  # 'accepted' | 'quarantined' | 'refused'
    reason: str = ""
    field: str = ""
    detail: str = ""


class Parsed(msgspec.Struct):
    """`verdicts` stand in the order of the items. `refused` names why the whole request is sent back, if it is.

    A refused request holds no events; the door answers 400, or 413 to 'too_large'. `quarantined` then holds the body
    as a whole, when it is worth mending.
    """

    events: list[Event] = []
    quarantined: list[Quarantined] = []
    verdicts: list[Verdict] = []
    refused: str = ""

    @property
    def broken(self) -> bool:
        """Could the request not even be taken apart?"""
        return bool(self.refused)


KEPT_WHOLE = ("not_json", "malformed", "too_deep")


def refused(reason: str, raw: bytes, source: str, received_at: int) -> Parsed:
    """A whole request that is sent back, with the reason as its one verdict.

    What is no JSON is kept in quarantine all the same: a till that never looks at answers would lose its sales.
    """
    detail = in_words(reason)
    parsed = Parsed(verdicts=[Verdict("", "refused", reason, "", detail)], refused=reason)
    if reason in KEPT_WHOLE and raw.strip():
        parsed.quarantined.append(Quarantined(source, reason, "", detail, received_at, cards.strike_out(raw)))
    return parsed
