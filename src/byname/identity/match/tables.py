"""What did the matcher learn, and what does it suggest? Numbers, codes and ids: no value of a customer."""

from __future__ import annotations

from byname.store.schema import Index, big, number, serial, table, text

match_model = table(
    "match_model",
    text("id", primary_key=True),  # random; statements that follow from it carry it
    big("made_at"),
    text("kind"),  # 'splink-5'
    text("params"),  # JSON (model.to_json); terms under keyed digests
    text("measured"),  # JSON: records, pairs, suggestions, vetoes, seconds
    text("code_version"),
)

# One row per pair; the lower id is a.
suggestion = table(
    "suggestion",
    serial(),
    big("a_identifier"),
    big("b_identifier"),
    number("score"),  # probability
    number("weight"),  # bits
    text("evidence"),  # JSON [{"field", "agreement", "weight"}]
    text("vetoed"),  # '' | given | initial | born
    text("model"),
    text("state"),  # open | yes | no | later | auto | taken_back | household
    text("decided_by"),  # '' | staff:<id> | model:<id>
    big("decided_at"),
    text("sid"),  # hex of the statement that the decision wrote, or ''
)
Index("suggestion_pair", suggestion.c.a_identifier, suggestion.c.b_identifier, unique=True)
Index("suggestion_b", suggestion.c.b_identifier)
Index("suggestion_state", suggestion.c.state, suggestion.c.weight)
Index("suggestion_model", suggestion.c.model)

PERSONAL = {"suggestion": "a_identifier"}  # and b_identifier: forget finds columns named alike
