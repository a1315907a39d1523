"""What did she pay or get back, and for which products? The e-commerce properties of one event."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from byname.terms import Line
from byname.touchpoints.catalogue import Meaning
from byname.touchpoints.money import EXPONENT, scaled
from byname.touchpoints.reasons import Unfit

TOTALS = ("total", "revenue", "amount", "value", "subtotal")
PRODUCTS = ("product_id", "sku", "productId", "id")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#\-]{0,63}")
_PLACE = re.compile(r"[\w#][\w .,:'&()/#\-]{0,63}")


class Money(NamedTuple):
    """Minor units of `currency`; all zero and empty for an event without money."""

    currency: str = ""
    amount: int = 0
    discount: int = 0
    lines: tuple[Line, ...] = ()


NOTHING = Money()


def is_code(text: str) -> bool:
    """Is it an id or a code, rather than something a person wrote?

    >>> is_code("A-1001"), is_code("Ann Smith"), is_code("ann@example.com")
    (True, False, False)
    """
    return _CODE.fullmatch(text) is not None


def is_place(text: str) -> bool:
    """Is it the code or short name of a shop or site?"""
    return _PLACE.fullmatch(text) is not None


def code(value: Any) -> str:
    """A code as text ('' when the value is none): ids come as text and as numbers."""
    if type(value) is str:
        return value if is_code(value) else ""
    if type(value) is int:
        return str(value) if -(10**18) < value < 10**18 else ""
    if type(value) is Decimal and value.is_finite() and value.adjusted() < 18 and value == value.to_integral_value():
        return str(int(value))
    return ""


def ref_of(properties: Mapping[str, Any], meaning: Meaning) -> str:
    """The code of the order, call, session ... that this event is about; '' when there is none."""
    for name in meaning.ref:
        value = properties.get(name)
        if value is not None and (found := code(value)):
            return found
    return ""


def place_of(properties: Mapping[str, Any]) -> str:
    """The shop or site where it happened; '' when it is not said."""
    for name in ("store_id", "affiliation", "place", "store"):
        value = properties.get(name)
        if value is not None:
            text = value if type(value) is str else code(value)
            if is_place(text):
                return text
    return ""


def money_of(properties: Mapping[str, Any], meaning: Meaning, default_currency: str) -> Money:
    """Amount, discount and lines. A sale or return counts its money; elsewhere a product is only named.

    What she paid is `total`, else `revenue` (or `amount`, `value`, `subtotal`), else the sum of the lines.
    Raises Unfit on amounts and currencies that cannot be.
    """
    if meaning.kind not in ("sale", "return"):
        if not meaning.line:
            return NOTHING
        product = _product(properties)
        return Money(lines=(Line(product, _quantity(properties, "properties"), 0),)) if product else NOTHING
    currency = _currency(properties.get("currency"), default_currency)
    exponent = EXPONENT[currency]
    products = properties.get("products")
    if products is None:
        lines: tuple[Line, ...] = ()
    elif type(products) is list:
        lines = tuple([_line(p, i, exponent) for i, p in enumerate(products)])
    else:
        raise Unfit("bad_lines", "$.properties.products")
    amount = None
    for name in TOTALS:
        value = properties.get(name)
        if value is not None:
            amount = _minor(value, exponent, name)
            break
    if amount is None:
        amount = sum([line.amount for line in lines])
    if meaning.kind == "return":
        amount = abs(amount)
    elif amount < 0:
        raise Unfit("bad_amount", "$.properties.total", "A sale cannot be negative. Send what came back as a return.")
    value = properties.get("discount")
    if value is not None:
        discount = abs(_minor(value, exponent, "discount"))
    else:
        discount = sum([line.discount + line.coupon for line in lines])
    return Money(currency, amount, discount, lines)


def _currency(value: Any, default: str) -> str:
    if value is None or value == "":
        return default
    if type(value) is str:
        if value in EXPONENT:
            return value
        upper = value.strip().upper()
        if upper in EXPONENT:
            return upper
    raise Unfit("bad_currency", "$.properties.currency")


def _minor(value: Any, exponent: int, name: str) -> int:
    whole = scaled(value, exponent)
    if whole is None:
        raise Unfit("bad_amount", f"$.properties.{name}")
    return whole


def _product(properties: Mapping[str, Any]) -> str:
    for name in PRODUCTS:
        value = properties.get(name)
        if value is not None and (found := code(value)):
            return found
    return ""


def _quantity(properties: Mapping[str, Any], where: str) -> int:
    value = properties.get("quantity")
    if value is None:
        return 1000
    thousandths = scaled(value, 3)
    if thousandths is None:
        raise Unfit("bad_amount", f"$.{where}.quantity")
    return thousandths


def _line(product: Any, position: int, exponent: int) -> Line:
    where = f"properties.products[{position}]"
    if type(product) is not dict:
        raise Unfit("bad_lines", f"$.{where}")
    quantity = _quantity(product, where)

    def minor(name: str) -> int:
        value = product.get(name)
        if value is None:
            return 0
        whole = scaled(value, exponent)
        if whole is None:
            raise Unfit("bad_amount", f"$.{where}.{name}")
        return whole

    if product.get("amount") is not None:
        amount = minor("amount")
    elif isinstance(price := product.get("price"), int | Decimal) and not isinstance(price, bool) and quantity != 1000:
        if scaled(price, exponent) is None:
            raise Unfit("bad_amount", f"$.{where}.price")
        # One rounding, after the product: 0.335 kg at 2.99 is 1.00, whatever 2.99 x 335 looks like on the way.
        amount = int((Decimal(price).scaleb(exponent - 3) * quantity).to_integral_value(ROUND_HALF_UP))
    else:
        amount = minor("price")
        if quantity != 1000:
            amount = int((Decimal(amount) * quantity / 1000).to_integral_value(ROUND_HALF_UP))
    if not -(10**13) <= amount <= 10**13:
        raise Unfit("bad_amount", f"$.{where}.amount")
    return Line(
        _product(product),
        quantity,
        amount,
        abs(minor("discount")) if "discount" in product else 0,
        abs(minor("coupon_discount")) if "coupon_discount" in product else 0,
        abs(minor("coupon_match")) if "coupon_match" in product else 0,
    )
