"""What does a parser hand back?"""

from __future__ import annotations

import msgspec

from byname.terms import Event, Quarantined


class Verdict(msgspec.Struct, frozen=True):
    """What became of one item of a request; goes back to the sender, so it holds nothing personal."""

    message_id: str
    status: str  # 'accepted' | 'quarantined'
    reason: str = ""
    field: str = ""
    detail: str = ""


class Parsed(msgspec.Struct):
    """`verdicts` stand in the order of the items. `refused` names why the whole request is sent back, if it is.

    A refused request holds no events: the door answers 413 to 'too_large' and 'too_many', else 400.
    """

    events: list[Event] = []
    quarantined: list[Quarantined] = []
    verdicts: list[Verdict] = []
    refused: str = ""
