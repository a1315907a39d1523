"""Who turns up in the tests? Random events of a small town, for hypothesis."""

from __future__ import annotations

import string

import hypothesis.strategies as st

from byname.terms import ConsentSaid, Event, Identifier, Line, Membership, SaidBy, TraitSaid
from tests.conftest import NOW

PEOPLE = [
    Identifier("account", "u1"), Identifier("account", "u2"), Identifier("account", "u3"),
    Identifier("loyalty", "7000001"), Identifier("loyalty", "7000002"),
    Identifier("email", "ann@shop.example"), Identifier("email", "bob@shop.example"),
    Identifier("email", "family@shop.example"), Identifier("phone", "+447400123456"),
    Identifier("phone", "+442079460018"), Identifier("device", "d-1"), Identifier("device", "d-2"),
    Identifier("device", "d-3"), Identifier("card", "V0010013823123456789012345678"),
]  # fmt: skip
GIVEN = [Identifier("given", "Ann"), Identifier("given", "Robert"), Identifier("given", "Zoe")]
NAMES = ["Till Sale", "Order Completed", "Till Return", "Page Viewed", "Product Added", "Call Ended", "Promise Made",
         "Promise Kept", "Complaint Raised", "Complaint Resolved", "Bike Serviced", "Identified"]  # fmt: skip

lines = st.builds(
    Line, product=st.sampled_from(["p1", "p2", "p3"]), quantity=st.integers(0, 9000), amount=st.integers(0, 10**6),
    discount=st.integers(0, 500), coupon=st.integers(0, 100), coupon_match=st.integers(0, 50),
)  # fmt: skip
traits = st.builds(
    TraitSaid,
    name=st.sampled_from(["name", "kids_count", "preference.delivery", "town"]),
    value=st.sampled_from(['"2"', '"Ann Baker"', '"evening"', '{"street":"High St 1"}']),
    said_by=st.sampled_from(list(SaidBy)),
)
consents = st.builds(
    ConsentSaid, purpose=st.sampled_from(["marketing", "analytics"]), channel=st.sampled_from(["*", "email"]),
    granted=st.booleans(),
)  # fmt: skip


@st.composite
def event(draw: st.DrawFn, number: int) -> Event:
    name = draw(st.sampled_from(NAMES))
    money = name in ("Till Sale", "Order Completed", "Till Return")
    return Event(
        message_id=f"m-{number}",
        source=draw(st.sampled_from(["till", "site"])),
        touchpoint=draw(st.sampled_from(["till", "web", "call_centre"])),
        name=name,
        occurred_at=NOW - draw(st.integers(0, 50)) * 1_000_000,
        received_at=NOW,
        identifiers=tuple(draw(st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True))),
        witnesses=tuple(draw(st.lists(st.sampled_from(GIVEN), max_size=1))),
        place=draw(st.sampled_from(["", "12"])),
        ref=draw(st.sampled_from(["", "r1", "r2"])),
        currency="GBP" if money else "",
        amount=draw(st.integers(0, 10**7)) if money else 0,
        lines=tuple(draw(st.lists(lines, max_size=2))) if money else (),
        traits=tuple(draw(st.lists(traits, max_size=2))),
        consents=tuple(draw(st.lists(consents, max_size=1))),
        memberships=tuple(draw(st.lists(st.just(Membership("account", "acme")), max_size=1))),
        body=draw(st.sampled_from([b"", b'{"note":"likes ' + string.ascii_letters.encode() + b'"}'])),
    )


@st.composite
def towns(draw: st.DrawFn, most: int = 12) -> list[Event]:
    return [draw(event(n)) for n in range(draw(st.integers(1, most)))]
