"""What do we remember: events not yet sealed, state per identifier, traits?"""

from __future__ import annotations

from byname.store.schema import Index, big, blob, serial, table, text

# Every message ever accepted, for ever: the law of once. Digest of the message id.
message = table("message", blob("id", primary_key=True), rowid=False)

# Fresh events: those not yet sealed into the lake, in the order of arrival (appending costs least). Once-ness is
# `message`'s business. Same columns in the lake, but for `seq`.
event = table(
    "event",
    serial("seq"),
    blob("id"),  # digest of the message id
    big("identifier"),  # the strongest identifier it came with; never changed. 0: none
    text("source"),
    text("touchpoint"),
    text("name"),
    big("occurred_at"),
    big("received_at"),
    text("place"),
    text("ref"),
    text("currency"),
    big("amount"),
    big("discount"),
    big("lines"),
    big("due_at"),  # of a promise; 0: none
    blob("body", nullable=True),  # as received, encrypted under the identifier's data key
)
Index("event_identifier", event.c.identifier)

line = table(
    "line",
    big("seq", primary_key=True),  # of its event
    big("position", primary_key=True),
    big("identifier"),
    big("occurred_at"),
    text("place"),
    text("product"),
    big("quantity"),  # thousandths
    text("currency"),
    big("amount"),
    big("discount"),
    big("coupon"),
    big("coupon_match"),
    rowid=False,
)

# State per identifier: sums over distinct events, min, max. A customer's profile is the combination of the rows of
# her identifiers, made when read.
state = table(
    "state",
    big("identifier", primary_key=True),
    text("touchpoint", primary_key=True),
    text("currency", primary_key=True),  # '' for events without money
    big("events"),
    big("orders"),
    big("returns"),
    big("items"),  # thousandths
    big("spent"),  # minor units
    big("refunded"),
    big("saved"),  # discounts and coupons
    big("first_at"),
    big("last_at"),
    big("last_order_at"),  # 0: never
    rowid=False,
)

# The newest timeline entries, so that a brief needs no lake: last event per identifier, touchpoint and name.
latest = table(
    "latest",
    big("identifier", primary_key=True),
    text("touchpoint", primary_key=True),
    text("name", primary_key=True),
    big("occurred_at"),  # greatest
    blob("event"),  # of that event; ties go to the greater id
    text("place"),
    text("ref"),
    rowid=False,
)

# Things that may be open: opened_at and closed_at are maxima over events; open while opened_at > closed_at.
matter = table(
    "matter",
    big("identifier", primary_key=True),
    text("kind", primary_key=True),  # cart | order | complaint | promise | return
    text("ref", primary_key=True),
    big("opened_at"),  # 0: the closing came first
    big("closed_at"),  # 0: still open
    big("due_at"),  # 0: none
    blob("event"),
    rowid=False,
)

# One row per identifier, trait and who said so; the last by occurrence wins. Values lie in the vault, except those
# of a closed vocabulary, which hold nothing personal by themselves (see traits.CATALOGUE).
trait = table(
    "trait",
    big("identifier", primary_key=True),
    text("name", primary_key=True),
    text("said_by", primary_key=True),
    text("value", nullable=True),  # JSON, closed vocabularies only
    blob("sealed", nullable=True),  # JSON, encrypted under the identifier's data key
    big("occurred_at"),
    big("valid_until"),  # 0: until further notice
    text("source"),
    blob("event"),
    rowid=False,
)
Index("trait_name", trait.c.name, trait.c.value)

member = table(
    "member",
    big("identifier", primary_key=True),
    text("kind", primary_key=True),  # account | household
    blob("group_token", primary_key=True),
    big("occurred_at"),
    text("source"),
    rowid=False,
)
Index("member_group", member.c.kind, member.c.group_token)

PERSONAL = {
    "event": "identifier",
    "line": "identifier",
    "state": "identifier",
    "latest": "identifier",
    "matter": "identifier",
    "trait": "identifier",
    "member": "identifier",
}
