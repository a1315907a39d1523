"""Who appears in the stories of the pages? A small cast at four touchpoints, told through the real doors.

Ann shops at the till and on the web and is one person; Bob and Bea share a landline; Caroline may be Carolyn. Nothing
here is read from a clock: `now` is an argument.
"""

from __future__ import annotations

import json
from typing import Any

from byname.encounter import Byname, Delivery
from byname.identity.match import suggest
from byname.identity.match.model import Model
from byname.identity.match.score import Evidence
from byname.identity.match.shape import Shape
from byname.terms import DAY, SECOND, moment
from byname.touchpoints import segment, sources
from byname.touchpoints.limits import Limits

HOUR = 3600 * SECOND
ANN_CARD, ANN_MAIL, ANN_PHONE = "9988123", "ann.keller@example.net", "+442079460018"
NASTY = "<img src=x onerror=alert(1)>\"'{{7*7}}"


def source(product: Byname, slug: str, name: str, touchpoint: str, now: int, **more: Any) -> str:
    keys = product.home.keys
    return product.home.store.write(
        lambda db: sources.create(db, keys, slug, now=now, name=name, touchpoint=touchpoint, **more)
    )


def deliver(product: Byname, slug: str, *calls: dict[str, Any], at: int) -> list[str]:
    """Calls of one source, received `at`, through parser, recognition and memory."""
    where = sources.by_slug(product.home.store.read(), slug)
    assert where is not None
    body = json.dumps({"batch": list(calls)}).encode()
    parsed = segment.parse(body, "batch", where, at, Limits.of(product.home.settings))
    arrivals = [product.prepare(e, needs_consent=where.needs_consent) for e in parsed.events]
    return product.deliver(Delivery(slug, arrivals, parsed.quarantined, at)).result()


def call(kind: str, n: int, at: int, **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": f"{kind}-{n}-{at // SECOND % 10**6}",
        "timestamp": moment(at).isoformat(),
        **more,
    }


def sale(n: int, at: int, total: float, place: str, **who: Any) -> dict[str, Any]:
    products = [{"product_id": f"p{n}{i}", "quantity": 1, "price": round(total / 3, 2)} for i in range(3)]
    basket = {"receipt_id": f"r-{n}", "affiliation": place, "total": total, "currency": "GBP", "products": products}
    return call("track", n, at, event="Till Sale", properties={**basket, **who})


def order(n: int, at: int, total: float, **who: Any) -> dict[str, Any]:
    properties = {
        "order_id": f"o-{n}",
        "affiliation": "shop.example",
        "total": total,
        "currency": "GBP",
        "products": [{"product_id": f"w{n}", "quantity": 2, "price": total / 2}],
    }
    return call("track", n, at, event="Order Completed", properties=properties, **who)


def populate(product: Byname, now: int) -> None:
    """Four sources and eight people over two months, the last of it within the hour."""
    source(product, "till", "Till London 12", "till", now - 60 * DAY, trusted=True)
    source(product, "shop", "Web shop", "web", now - 60 * DAY)
    source(product, "calls", "Call centre", "call_centre", now - 60 * DAY)
    source(product, "sample", "Sample people", "till", now - 60 * DAY, invented=True, trusted=True)
    ann(product, now)
    family(product, now)
    others(product, now)
    faults(product, now)
    pair(product, now)


def ann(product: Byname, now: int) -> None:
    device = {"anonymousId": "device-ann-0001"}
    for n in range(9):
        at = now - (58 - 6 * n) * DAY - 2 * HOUR
        deliver(product, "till", sale(100 + n, at, 21.5 + 3.1 * n, "London 12", loyalty_id=ANN_CARD), at=at + SECOND)
    at = now - 20 * DAY
    deliver(
        product,
        "shop",
        call(
            "identify",
            1,
            at,
            userId="ann-1",
            **device,
            traits={
                "name": "Ann Keller",
                "email": ANN_MAIL,
                "phone": ANN_PHONE,
                "loyalty_id": ANN_CARD,
                "town": "Brighton",
                "birthday": "1984-04-02",
                "kids_count": "2",
            },
            context={"consent": {"categoryPreferences": {"advertising": True, "functional": True}}},
        ),
        call("page", 2, at + 60 * SECOND, userId="ann-1", **device, name="Coffee", properties={"path": "/coffee"}),
        order(1, at + 300 * SECOND, 48.0, userId="ann-1", **device),
        call(
            "track",
            3,
            at + 400 * SECOND,
            userId="ann-1",
            event="Preference Stated",
            properties={"preference": "packaging", "value": "no plastic"},
        ),
        at=at + 500 * SECOND,
    )
    at = now - 3 * DAY
    deliver(
        product,
        "calls",
        call("track", 4, at, event="Call Started", properties={"call_id": "c-1", "phone": ANN_PHONE}),
        call(
            "track",
            5,
            at + 100 * SECOND,
            event="Promise Made",
            properties={"promise_id": "p-31", "phone": ANN_PHONE, "due_at": moment(now - DAY).isoformat()},
        ),
        call("track", 6, at + 300 * SECOND, event="Call Ended", properties={"call_id": "c-1", "phone": ANN_PHONE}),
        at=at + 301 * SECOND,
    )
    at = now - 25 * 60 * SECOND
    deliver(product, "till", sale(200, at, 32.4, "London 12", loyalty_id=ANN_CARD), at=at + 2 * SECOND)


def family(product: Byname, now: int) -> None:
    """Bob and Bea share a landline; it shows a household, not a person."""
    for n, (user, name, mail) in enumerate(
        (("bob-1", "Bob Marsh", "bob@example.net"), ("bea-1", "Bea Marsh", "bea@example.net"))
    ):
        at = now - 9 * DAY + n * HOUR
        deliver(
            product,
            "shop",
            call("identify", 10 + n, at, userId=user, traits={"name": name, "email": mail, "phone": "+442079460020"}),
            order(10 + n, at + SECOND, 18.0 + n, userId=user),
            at=at + 2 * SECOND,
        )
    at = now - 2 * HOUR
    deliver(
        product,
        "shop",
        call(
            "track",
            20,
            at,
            userId="bob-1",
            event="Complaint Raised",
            properties={"complaint_id": "c-204", "text": "late"},
        ),
        at=at + SECOND,
    )


def others(product: Byname, now: int) -> None:
    people = (
        ("Caroline Wu", "caroline.wu@example.net"),
        ("Carolyn Wu", "cwu@example.org"),
        ("Dev Patel", "dev@example.net"),
        ("Émilie Müller-Öztürk", "emilie@example.net"),
        (NASTY, "nasty@example.net"),
    )
    for n, (name, mail) in enumerate(people):
        at = now - (n + 1) * 3 * HOUR
        where = "sample" if n == 2 else "till"
        deliver(
            product,
            where,
            call(
                "identify",
                40 + n,
                at,
                userId=f"u-{n}",
                traits={"name": name, "email": mail, "postcode": "N1 2AB", "town": "London"},
            ),
            sale(40 + n, at + SECOND, 12.0 + 7 * n, "London 12" if n % 2 else NASTY[:20], account=f"u-{n}"),
            at=at + 2 * SECOND,
        )
    for n in range(40):
        at = now - n * 31 * 60 * SECOND
        if n % 3 == 1:
            deliver(product, "till", sale(500 + n, at, 4.2 + n, "London 12"), at=at + SECOND)  # cash: nobody
        else:
            deliver(
                product,
                "shop",
                call("page", 300 + n, at, name="Home", anonymousId=f"device-{n % 7}-xyz"),
                at=at + SECOND,
            )


def faults(product: Byname, now: int) -> None:
    at = now - HOUR
    bad = [
        call(
            "track",
            60 + n,
            at,
            userId=f"x-{n}",
            event="Order Completed",
            properties={"order_id": f"b-{n}", "total": "twelve", "currency": "GBP"},
        )
        for n in range(3)
    ]
    nobody = call("track", 70, at, event="Product Viewed", properties={"product_id": "p1"})
    deliver(product, "shop", *bad, nobody, at=at + SECOND)


def pair(product: Byname, now: int) -> None:
    """A suggestion of the night: Caroline and Carolyn."""
    db = product.home.store.read()
    found = [product.key("account", f"u-{n}") for n in (0, 1)]
    assert all(found)
    ids = sorted(db.row("select person from identifier where token = :t", t=k.token)[0] for k in found if k)  # type: ignore[index]
    evidence = (
        Evidence("surname", "same", 8.1),
        Evidence("postcode", "same", 6.4),
        Evidence("given", "typo", 3.2),
        Evidence("email", "other", -1.7),
        Evidence("phone", "missing", 0.0),
    )
    said = suggest.Suggestion(ids[0], ids[1], 0.982, 5.8, evidence, "", "model-1", now)
    shape = Shape((), (), (), ())
    model = Model(id="model-1", shape=shape, prior=0.001, odds={}, terms={}, records=8, seed=1)

    def keep(write: Any) -> None:
        suggest.save_model(write, model, {}, now=now, code_version="test")
        suggest.store(write, [said])

    product.home.store.write(keep)
