"""Which events does byname understand, and what does each one mean for the memory of a customer?

One closed list: Segment's e-commerce (v2, with the v1 names as aliases), live chat, e-mail and mobile events, and
byname's own for what happens in person. A name that is not here is kept as a custom contact. docs/events.md is
written from this list (`events_page.py`), so the two cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from byname.terms import Touchpoint as T

KINDS = {
    "sale": "Adds to orders, items and money spent.",
    "return": "Adds to returns and money refunded.",
    "contact": "She and we were in touch.",
    "seen": "She looked at or did something by herself.",
    "message": "Something we sent her, or what became of it.",
    "voice": "She told us what she thinks.",
    "standing": "Says who she is, what belongs to her or what she allows; not a contact.",
}

FADES_DAYS = {"cart": 30, "order": 60, "return": 90, "complaint": 0, "promise": 0}
"""Matters that may be open, and after how many days nobody waits for the end any more (0: never).

Many shops never tell that an order arrived; without this every order would stay open for ever."""

ONE_AT_A_TIME = frozenset({"cart"})  # its ref is '': the event that buys a cart does not know the cart's id


class Property(msgspec.Struct, frozen=True):
    """One field of an event's `properties`, for the sender's eyes."""

    name: str
    type: str
    meaning: str
    example: object


class Meaning(msgspec.Struct, frozen=True):
    """What an event of this name does to what we remember.

    `opens` and `closes` name kinds of matters (FADES_DAYS); `matters` gives them with their refs. `ref` lists the
    properties of which the first that holds a code becomes `Event.ref`. A `nameless` event may come without any
    identifier (cash at the till). `line`: the event itself is about one product.
    """

    name: str
    about: str
    kind: str
    touchpoint: str | None = None
    ref: tuple[str, ...] = ()
    opens: tuple[str, ...] = ()
    closes: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    nameless: bool = False
    line: bool = False
    origin: str = "byname"


def matters(meaning: Meaning, ref: str) -> Iterator[tuple[str, str, bool]]:
    """Kind, ref and 'is it opened?' of every matter that this event touches.

    >>> list(matters(MEANING["Order Completed"], "A-17"))
    [('order', 'A-17', True), ('cart', '', False)]
    """
    for kinds, opened in ((meaning.opens, True), (meaning.closes, False)):
        for kind in kinds:
            yield kind, "" if kind in ONE_AT_A_TIME else ref, opened


def _properties(*rows: tuple[str, str, str, object]) -> dict[str, Property]:
    return {row[0]: Property(*row) for row in rows}


PROPERTIES = _properties(
    ("affiliation", "text", "Shop or site where it was bought; byname's place", "Shop 12"),
    ("agent_id", "code", "Who served, by the company's own id", "staff-17"),
    ("amount", "money", "Amount of money", 20.0),
    ("answer", "text", "What she answered, in her words", "The queue was long"),
    ("build", "code", "Build of the application", "214"),
    ("call_id", "code", "Id of the call, the same in Started and Ended", "call-8812"),
    ("campaign_id", "code", "Campaign it belongs to", "spring-26"),
    ("card_reference", "identifier", "Payment account reference or processor's token; never a card number", "V001"),
    ("cart_id", "code", "Cart", "cart-31"),
    ("category", "text", "Category of the product or list", "Games"),
    ("channel", "code", "email, sms, mail, app, social, call_centre ...; * means every channel", "email"),
    ("checkout_id", "code", "Checkout", "chk-9"),
    ("complaint_id", "code", "Complaint, the same when raised and resolved", "c-204"),
    ("conversation_id", "code", "Conversation, the same in all its events", "conv-77"),
    ("coupon", "code", "Coupon on the whole order", "MAY-DEALS"),
    ("coupon_id", "code", "Coupon", "may-deals"),
    ("creative", "text", "What the promotion looked like", "banner-2"),
    ("currency", "ISO 4217", "Currency of all amounts; the home's own when absent", "GBP"),
    ("device_name", "text", "Which device reported", "boiler"),
    ("discount", "money", "Total of discounts on the order", 2.5),
    ("due_at", "time", "By when", "2026-12-01T12:00:00Z"),
    ("duration", "seconds", "How long it took", 240),
    ("email", "identifier", "E-mail address", "ann@example.com"),
    ("filters", "list", "Filters in force", []),
    ("given_name", "text", "Given name; a witness that never joins two people", "Ann"),
    ("granted", "true or false", "Does she allow it?", True),
    ("link_id", "code", "Which link", "cta-1"),
    ("list_id", "code", "List of products", "hot-deals"),
    ("loyalty_id", "identifier", "Loyalty card or membership", "7000123"),
    ("message_id", "code", "The message, the same in all its events", "msg-5"),
    ("name", "text", "Name of the thing", "Summer sale"),
    ("network", "code", "Social network or review site", "mastodon"),
    ("note", "text", "What was noted; kept encrypted, never in a column", "Prefers the side door"),
    ("offer_id", "code", "Offer", "offer-3"),
    ("order_id", "code", "Order, the same in all its events", "A-1001"),
    ("outcome", "code", "What came of it", "solved"),
    ("path", "text", "Path of the page", "/games"),
    ("payment_method", "code", "card, cash, voucher ...", "card"),
    ("phone", "identifier", "Telephone number, best with +country", "+442079460018"),
    ("position", "number", "Place in a list", 3),
    ("preference", "code", "Name of the preference or trait", "packaging"),
    ("price", "money", "Price of one unit", 19.0),
    ("product_id", "code", "Product", "507f1f77"),
    ("products", "list of products", "The lines; see Products below", [{"product_id": "507f1f77", "quantity": 1}]),
    ("promise_id", "code", "Promise, the same when made and kept", "p-31"),
    ("promotion_id", "code", "Promotion", "promo-1"),
    ("purpose", "code", "Purpose of use: service, analytics, marketing ...", "marketing"),
    ("quantity", "number", "How many; up to three decimals", 2),
    ("query", "text", "What she searched for; kept encrypted, never in a column", "chess"),
    ("rating", "number", "Rating", 5),
    ("reason", "text", "Why", "expired"),
    ("receipt_id", "code", "Receipt", "12-3-88121"),
    ("return_id", "code", "Return, the same when asked for and done", "r-7"),
    ("revenue", "money", "Used when there is no total", 25.0),
    ("review_id", "code", "Review", "rev-4"),
    ("score", "number", "Score given, for example 0 to 10", 9),
    ("session_id", "code", "Session, the same in Started and Ended", "ks-501"),
    ("share_via", "code", "How it was shared", "email"),
    ("shipping", "money", "Shipping cost", 3.0),
    ("step", "number", "Step of the checkout", 2),
    ("store_id", "code", "Shop; byname's place", "12"),
    ("subject", "text", "What it is about; kept encrypted", "Late delivery"),
    ("subtotal", "money", "After discounts, before shipping and tax", 22.5),
    ("survey_id", "code", "Survey", "nps-q4"),
    ("tax", "money", "Tax", 2.0),
    ("terminal_id", "code", "Till, kiosk or cashpoint", "12-3"),
    ("text", "text", "What she wrote; kept encrypted, never in a column", "Lovely staff"),
    ("title", "text", "Title of the page", "Games"),
    ("total", "money", "What she paid (or got back), all included", 27.5),
    ("touchpoint", "code", "Where it happened, when not where the source usually is", "kiosk"),
    ("url", "text", "Address of the page", "https://shop.example/games"),
    ("value", "any", "Value of the preference", "paper"),
    ("variant", "text", "Variant", "black"),
    ("version", "code", "Version of the application", "4.2.0"),
    ("wishlist_id", "code", "Wish list", "w-1"),
)

LINE_PROPERTIES = _properties(
    ("product_id", "code", "Product (or `sku`)", "507f1f77"),
    ("quantity", "number", "How many or how much, up to three decimals; 1 when absent", 2),
    ("price", "money", "Price paid for one unit", 4.5),
    ("amount", "money", "What she paid for the line; price x quantity when absent", 9.0),
    ("discount", "money", "The shop's own reduction of this line", 0.5),
    ("coupon_discount", "money", "Taken off this line by a coupon", 0),
    ("coupon_match", "money", "The shop's match of that coupon", 0),
)

WHO = "loyalty_id card_reference email phone given_name"
PRODUCT = "product_id category name variant price quantity coupon position currency cart_id url"
ORDER = "order_id checkout_id affiliation total revenue subtotal shipping tax discount coupon currency products"
BASKET = f"receipt_id order_id store_id terminal_id agent_id payment_method total discount currency products {WHO}"
CHAT = "conversation_id agent_id message_id"
MESSAGE = "message_id channel campaign_id"


def _event(name: str, kind: str, about: str, properties: str = "", **more: object) -> Meaning:
    split = {k: tuple(v.split("|")) if k == "aliases" else tuple(v.split()) for k, v in more.items()
             if k in ("ref", "opens", "closes", "aliases") and isinstance(v, str)}  # fmt: skip
    rest = {k: v for k, v in more.items() if k not in split}
    return Meaning(name, about, kind, properties=tuple(properties.split()), **split, **rest)  # type: ignore[arg-type]


def _segment(name: str, kind: str, about: str, properties: str = "", **more: object) -> Meaning:
    return _event(name, kind, about, properties, origin="segment", **more)


CATALOGUE: tuple[Meaning, ...] = (
    # What the calls themselves mean
    _segment("Identified", "standing", "Says who she is: identifiers and traits (call `identify`)"),
    _segment("Page Viewed", "seen", "She opened a page (call `page`)", "name category path title url",
             aliases="Viewed Page|Loaded a Page"),
    _segment("Screen Viewed", "seen", "She opened a screen of an app (call `screen`)", "name category",
             touchpoint=T.APP, aliases="Viewed Screen|Loaded a Screen"),
    _segment("Grouped", "standing", "She belongs to an account or household (call `group`)"),
    _segment("Aliased", "standing", "The source says that two ids are one person (call `alias`)"),
    _segment("Segment Consent Preference Updated", "standing", "She changed what she allows; the preferences are in "
             "context.consent.categoryPreferences"),
    # Browsing
    _segment("Products Searched", "seen", "She searched for products", "query", aliases="Searched Products"),
    _segment("Product List Viewed", "seen", "She saw a list of products", "list_id category products",
             ref="list_id", aliases="Viewed Product Category|Viewed Product List"),
    _segment("Product List Filtered", "seen", "She filtered a list", "list_id category filters products",
             ref="list_id", aliases="Filtered Product List"),
    _segment("Promotion Viewed", "seen", "She saw a promotion", "promotion_id creative name position",
             ref="promotion_id", aliases="Viewed Promotion"),
    _segment("Promotion Clicked", "seen", "She clicked a promotion", "promotion_id creative name position",
             ref="promotion_id", aliases="Clicked Promotion"),
    _segment("Product Clicked", "seen", "She clicked a product", PRODUCT, line=True, aliases="Clicked Product"),
    _segment("Product Viewed", "seen", "She looked at a product", PRODUCT, line=True, aliases="Viewed Product"),
    # Cart and checkout
    _segment("Product Added", "seen", "She put a product into her cart", PRODUCT, ref="cart_id", opens="cart",
             line=True, aliases="Added Product"),
    _segment("Product Removed", "seen", "She took a product out of her cart", PRODUCT, ref="cart_id", line=True,
             aliases="Removed Product"),
    _segment("Cart Viewed", "seen", "She looked at her cart", "cart_id products", ref="cart_id",
             aliases="Viewed Cart"),
    _segment("Checkout Started", "seen", "She began to check out", ORDER, ref="order_id checkout_id", opens="cart",
             aliases="Started Checkout"),
    _segment("Checkout Step Viewed", "seen", "She saw a step of the checkout", "checkout_id step payment_method",
             ref="checkout_id", aliases="Viewed Checkout Step"),
    _segment("Checkout Step Completed", "seen", "She finished a step of the checkout",
             "checkout_id step payment_method", ref="checkout_id", aliases="Completed Checkout Step"),
    _segment("Payment Info Entered", "seen", "She chose how to pay", "checkout_id order_id step payment_method",
             ref="order_id checkout_id", aliases="Entered Payment Info"),
    # Orders
    _segment("Order Completed", "sale", "She bought", ORDER, ref="order_id checkout_id", opens="order", closes="cart",
             aliases="Completed Order"),
    _segment("Order Updated", "contact", "An order changed; the money of the order stays as first told", ORDER,
             ref="order_id", aliases="Updated Order"),
    _segment("Order Refunded", "return", "Money went back, for all or some of the order", ORDER, ref="order_id",
             closes="order return", aliases="Refunded Order"),
    _segment("Order Cancelled", "return", "An order was called off: its money counts as returned; do not send "
             "Order Refunded for the same money", ORDER, ref="order_id", closes="order",
             aliases="Cancelled Order|Order Canceled"),
    _event("Order Dispatched", "contact", "An order left the house", "order_id affiliation", ref="order_id",
           aliases="Order Shipped"),
    _event("Order Delivered", "contact", "An order reached her", "order_id affiliation", ref="order_id",
           closes="order", aliases="Order Fulfilled|Order Collected"),
    _event("Return Requested", "contact", "She wants to send something back", "order_id reason products",
           ref="order_id", opens="return"),
    # Coupons, wish lists, sharing, reviews
    _segment("Coupon Entered", "seen", "She entered a coupon", "order_id cart_id coupon_id", ref="coupon_id",
             aliases="Entered Coupon"),
    _segment("Coupon Applied", "seen", "A coupon was applied", "order_id cart_id coupon_id discount",
             ref="coupon_id", aliases="Applied Coupon"),
    _segment("Coupon Denied", "seen", "A coupon was refused", "order_id cart_id coupon_id reason", ref="coupon_id",
             aliases="Denied Coupon"),
    _segment("Coupon Removed", "seen", "A coupon was taken off", "order_id cart_id coupon_id discount",
             ref="coupon_id", aliases="Removed Coupon"),
    _segment("Product Added to Wishlist", "seen", "She wished for a product", f"wishlist_id {PRODUCT}",
             ref="wishlist_id", line=True),
    _segment("Product Removed from Wishlist", "seen", "She no longer wishes for it", f"wishlist_id {PRODUCT}",
             ref="wishlist_id", line=True),
    _segment("Wishlist Product Added to Cart", "seen", "From the wish list into the cart", f"wishlist_id {PRODUCT}",
             ref="cart_id wishlist_id", opens="cart", line=True),
    _segment("Product Shared", "voice", "She showed a product to others", f"share_via {PRODUCT}", line=True,
             aliases="Shared Product"),
    _segment("Cart Shared", "voice", "She showed her cart to others", "share_via cart_id products", ref="cart_id",
             aliases="Shared Cart"),
    _segment("Product Reviewed", "voice", "She reviewed a product", "product_id review_id rating text",
             ref="review_id product_id", line=True, aliases="Reviewed Product"),
    # Accounts and applications
    _segment("Signed Up", "contact", "She opened an account"),
    _segment("Signed In", "contact", "She signed in"),
    _segment("Signed Out", "seen", "She signed out"),
    _segment("Application Installed", "seen", "She installed the app", "version build", touchpoint=T.APP),
    _segment("Application Opened", "seen", "She opened the app", "version build", touchpoint=T.APP),
    _segment("Application Updated", "seen", "The app was updated", "version build", touchpoint=T.APP),
    _segment("Application Backgrounded", "seen", "She left the app", touchpoint=T.APP),
    _segment("Application Crashed", "seen", "The app failed her", touchpoint=T.APP),
    _segment("Application Uninstalled", "seen", "She removed the app", touchpoint=T.APP),
    # Conversations
    _segment("Live Chat Conversation Started", "contact", "A chat began", CHAT, ref="conversation_id"),
    _segment("Live Chat Conversation Ended", "contact", "A chat ended", f"{CHAT} duration", ref="conversation_id"),
    _segment("Live Chat Message Sent", "contact", "She wrote in the chat", CHAT, ref="conversation_id"),
    _segment("Live Chat Message Received", "contact", "We wrote in the chat", CHAT, ref="conversation_id"),
    _event("Call Started", "contact", "She called or was called", f"call_id agent_id {WHO}", ref="call_id",
           touchpoint=T.CALL_CENTRE, nameless=True),
    _event("Call Ended", "contact", "The call ended", f"call_id agent_id duration outcome {WHO}", ref="call_id",
           touchpoint=T.CALL_CENTRE, nameless=True),
    _event("Staff Note", "contact", "Someone who serves wrote down what the next one should know",
           f"note agent_id store_id {WHO}", touchpoint=T.FACE_TO_FACE),
    # In the shop
    _event("Store Visited", "contact", "She came in", f"store_id {WHO}", touchpoint=T.FACE_TO_FACE, nameless=True),
    _event("Till Sale", "sale", "She bought at a till", BASKET, ref="receipt_id order_id", touchpoint=T.TILL,
           nameless=True, aliases="Receipt Issued|POS Sale"),
    _event("Till Return", "return", "She brought something back to a till", f"return_id {BASKET}",
           ref="order_id return_id receipt_id", closes="return", touchpoint=T.TILL, nameless=True,
           aliases="POS Return"),
    _event("Card Presented", "contact", "A loyalty or payment card was held to a reader",
           f"terminal_id store_id {WHO}", touchpoint=T.TILL),
    _event("Kiosk Session Started", "contact", "She used a kiosk", f"session_id terminal_id store_id {WHO}",
           ref="session_id", touchpoint=T.KIOSK, nameless=True),
    _event("Kiosk Session Ended", "contact", "She left the kiosk", f"session_id terminal_id duration outcome {WHO}",
           ref="session_id", touchpoint=T.KIOSK, nameless=True),
    _event("Cashpoint Session Started", "contact", "She used a cashpoint", f"session_id terminal_id {WHO}",
           ref="session_id", touchpoint=T.CASHPOINT, nameless=True),
    _event("Cashpoint Session Ended", "contact", "She left the cashpoint",
           f"session_id terminal_id duration outcome {WHO}", ref="session_id", touchpoint=T.CASHPOINT, nameless=True),
    _event("Device Event", "seen", "Something of hers or ours reported: a meter, a machine, a sensor",
           f"device_name session_id value {WHO}", ref="session_id", touchpoint=T.DEVICE, nameless=True),
    # Messages
    _event("Message Sent", "message", "We sent her a message", MESSAGE, ref="message_id campaign_id",
           touchpoint=T.EMAIL, aliases="Email Sent"),
    _event("Message Delivered", "message", "It arrived", MESSAGE, ref="message_id campaign_id",
           touchpoint=T.EMAIL, aliases="Email Delivered"),
    _event("Message Opened", "message", "She opened it", MESSAGE, ref="message_id campaign_id",
           touchpoint=T.EMAIL, aliases="Email Opened"),
    _event("Message Clicked", "message", "She followed a link in it", f"{MESSAGE} link_id",
           ref="message_id campaign_id", touchpoint=T.EMAIL, aliases="Email Link Clicked|Email Clicked"),
    _event("Message Bounced", "message", "It could not be delivered", f"{MESSAGE} reason",
           ref="message_id campaign_id", touchpoint=T.EMAIL, aliases="Email Bounced"),
    _event("Message Answered", "contact", "She wrote back", f"{MESSAGE} text", ref="message_id campaign_id",
           touchpoint=T.EMAIL, aliases="Email Replied"),
    _event("Unsubscribed", "standing", "She wants no more marketing on this channel (e-mail when none is named)",
           "channel message_id campaign_id", ref="message_id campaign_id", touchpoint=T.EMAIL,
           aliases="Email Marked as Spam"),
    # Offers, promises, complaints, voices
    _event("Offer Shown", "message", "She was shown an offer", "offer_id campaign_id", ref="offer_id"),
    _event("Offer Accepted", "contact", "She took it", "offer_id campaign_id", ref="offer_id"),
    _event("Offer Declined", "contact", "She did not want it", "offer_id campaign_id reason", ref="offer_id"),
    _event("Promise Made", "contact", "We promised her something", f"promise_id due_at note agent_id {WHO}",
           ref="promise_id", opens="promise"),
    _event("Promise Kept", "contact", "We did what we promised", f"promise_id agent_id {WHO}", ref="promise_id",
           closes="promise"),
    _event("Complaint Raised", "voice", "She complained", f"complaint_id order_id subject text {WHO}",
           ref="complaint_id", opens="complaint", aliases="Complaint"),
    _event("Complaint Resolved", "contact", "Her complaint was settled", f"complaint_id outcome agent_id {WHO}",
           ref="complaint_id", closes="complaint"),
    _event("Survey Answered", "voice", "She answered a survey", f"survey_id score answer {WHO}", ref="survey_id"),
    _event("Mention", "voice", "Someone spoke of us in public", "network url text", touchpoint=T.SOCIAL,
           nameless=True),
    # What she prefers and allows
    _event("Preference Stated", "standing", "She told what she prefers; becomes a trait",
           f"preference value {WHO}"),
    _event("Consent Recorded", "standing", "She allowed or forbade a purpose on a channel, by word of mouth or paper",
           f"purpose channel granted agent_id {WHO}"),
)  # fmt: skip

MEANING: dict[str, Meaning] = {meaning.name: meaning for meaning in CATALOGUE}

CUSTOM = Meaning("", "An event of the company's own", "contact", ref=("ref", "order_id", "session_id"))

_BY_SPELLING = {
    spelling.casefold(): meaning.name for meaning in CATALOGUE for spelling in (meaning.name, *meaning.aliases)
}
MOST_NAME = 100
_WORDS = re.compile(r"[^\W\d_](?:[^\W_]|[ _.,:;/&()'#+\-])*")
_MANY_DIGITS = re.compile(r"\d(?:[ .\-]?\d){6}")


@lru_cache(4096)
def canonical(name: str) -> str | None:
    """The catalogue's spelling of an event name; a custom name as it is; None when it cannot be a name.

    Names stand in plain columns, so what looks like an address or a number of someone is not a name.

    >>> canonical("Completed Order"), canonical("order_completed"), canonical("Bike Serviced")
    ('Order Completed', 'Order Completed', 'Bike Serviced')
    >>> canonical("mail to ann@example.com") is None
    True
    """
    name = " ".join(name.split())
    known = _BY_SPELLING.get(name.casefold()) or _BY_SPELLING.get(name.replace("_", " ").casefold())
    if known:
        return known
    if len(name) > MOST_NAME or not _WORDS.fullmatch(name) or _MANY_DIGITS.search(name):
        return None
    return name


def meaning_of(name: str) -> Meaning:
    """What an event of this canonical name means; a custom one is a contact."""
    return MEANING.get(name, CUSTOM)
