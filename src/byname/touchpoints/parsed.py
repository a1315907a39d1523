"""What does a parser hand back?"""

from __future__ import annotations

import msgspec

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

    A refused request holds no events and none of it was taken: the door answers 400, or 413 to 'too_large'.
    """

    events: list[Event] = []
    quarantined: list[Quarantined] = []
    verdicts: list[Verdict] = []
    refused: str = ""

    @property
    def broken(self) -> bool:
        """Could the request not even be taken apart?"""
        return bool(self.refused)


def refused(reason: str) -> Parsed:
    """A whole request that is sent back, with the reason as its one verdict."""
    return Parsed(verdicts=[Verdict("", "refused", reason, "", in_words(reason))], refused=reason)
