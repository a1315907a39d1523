"""Why can an arrival not be used? The closed list: every refusal names one of these, with its rule and cure."""

from __future__ import annotations

from typing import NamedTuple


class Reason(NamedTuple):
    """The rule in words, and what the sender or the company can do."""

    rule: str
    cure: str


REASONS: dict[str, Reason] = {
    "not_json": Reason("The body must be valid JSON in UTF-8", "Mend the sender's encoder"),
    "malformed": Reason("A field has another type than the interface says", "Send the type that docs/events.md names"),
    "too_deep": Reason("JSON may be nested a few hundred levels", "Send flat properties"),
    "too_large": Reason("An event must be within the source's size limit", "Send less, or raise the limit"),
    "too_many": Reason("A batch must be within the limit of events", "Send smaller batches"),
    "too_many_identifiers": Reason("One event may carry only so many identifiers", "Send one person per event"),
    "no_type": Reason("`type` must be identify, track, page, screen, group or alias", "Name one of them"),
    "no_identifier": Reason("Someone must be named: userId, anonymousId or another identifier", "Add one"),
    "bad_name": Reason("`event` must be a name, not a sentence, address or number", "Name what happened in few words"),
    "name_not_allowed": Reason("This source may not send this event", "Allow the name at the source"),
    "schema": Reason("The properties must fit the schema of the source", "Mend the sender or the schema"),
    "bad_time": Reason("Times must be ISO 8601 and not before 1970", "Send for example 2026-11-21T10:00:00Z"),
    "bad_amount": Reason("Amounts must be numbers within 64 bits", "Send for example 19.99, and no minus in a sale"),
    "bad_currency": Reason("`currency` must be an ISO 4217 code", "Send for example EUR"),
    "bad_lines": Reason("`products` must be a list of objects", "Send one object per product"),
    "card_number": Reason("No payment card number, ever; it was struck out", "Send the processor's token or the PAR"),
    "unmapped": Reason("The source's mapping does not know this type of message", "Add the type to its mapping"),
    # rows of files (reading.py)
    "not_a_row": Reason("A row must have the file's columns, whole quotes and UTF-8", "Mend that row of the file"),
    "no_id": Reason("A row needs a value in the column that names it, 200 characters at most", "Fill it in"),
    "time_ahead": Reason("What is imported must have happened", "Check the time zone of the mapping"),
    "bad_quantity": Reason("A quantity must be a number", "Mend that row of the file"),
    "no_product": Reason("A line of an order needs a product", "Mend that row of the file"),
    "order_differs": Reason("Rows of one order must agree in customer, place and currency", "Check the order column"),
    "unprocessable": Reason("byname could not take it in", "Report it; replay it after the update"),
}


# What helps in a file is another thing than what helps in a message.
IN_FILES: dict[str, Reason] = {
    "bad_time": Reason(
        "Times must be ISO 8601, or as the mapping says, and not before 1970",
        'Set `format` under [time] of the mapping, for example "%d.%m.%Y %H:%M", or mend the row',
    ),
    "bad_amount": Reason(
        "Amounts must be numbers within 64 bits",
        "Set `decimal` and `unit` under [money] of the mapping, or mend the row",
    ),
    "bad_currency": Reason("The currency must be an ISO 4217 code", "Map the right column, or mend the row"),
    "bad_name": REASONS["bad_name"]._replace(cure="Map the right column, or mend the row"),
    "no_identifier": Reason("A row must name someone", "Fill in one of the columns under [identifiers] of the mapping"),
    "card_number": REASONS["card_number"]._replace(cure="Leave it out of the file, or map the processor's token"),
}


class Unfit(Exception):
    """Why one event cannot be used; becomes a Quarantined. `detail` holds no personal value."""

    def __init__(self, reason: str, field: str = "", detail: str = "") -> None:
        self.reason, self.field = reason, field
        self.detail = detail or in_words(reason)
        super().__init__(reason)


def in_words(reason: str, value: str = "") -> str:
    """Rule, value and cure of a reason.

    >>> in_words("bad_currency", "length 4")
    '`currency` must be an ISO 4217 code: length 4. Send for example EUR.'
    """
    rule, cure = REASONS[reason]
    return f"{rule}: {value}. {cure}." if value else f"{rule}. {cure}."


def in_words_of_a_file(reason: str, value: str = "") -> str:
    """Rule, value and cure of a reason why a row of a file cannot be used."""
    rule, cure = IN_FILES.get(reason) or REASONS[reason]
    return f"{rule}: {value}. {cure}." if value else f"{rule}. {cure}."
