"""How are statements kept, and what follows from them? (spec/identity 4.1)"""

from __future__ import annotations

from byname.store.schema import Index, big, blob, serial, table, text

identifier = table(
    "identifier",
    serial(),
    text("type"),
    blob("token", unique=True),  # keyed token; random bytes once erased
    text("public_id", unique=True),  # random, given once; any one ever shown resolves for ever
    big("first_at"),  # derived: least time observed in a see or same; 0 for a witness or when never
    text("state"),  # derived: own | shared | junk | contested | witness
    big("person"),  # derived: id of the canonical identifier of the person
    big("island"),  # derived: least id among the identifiers connected over own pairs and `same`
    big("household"),  # derived: least person of the household; the person itself when alone
    text("crowd"),  # derived: with whom it is shared or contested, JSON {type: [ids]}, [] for too many; else ''
    big("erased"),  # 1: token is random, vault empty
)
Index("identifier_person", identifier.c.person)
Index("identifier_island", identifier.c.island)
Index("identifier_household", identifier.c.household)

statement = table(
    "statement",
    serial(),
    blob("sid", unique=True),  # the sender's id or the hash of the content
    text("op"),  # see | same | split
    big("at_"),  # observed; a repeated sighting keeps the least
    text("source"),
    text("actor"),  # '' | 'staff:<id>' | 'rule:<name>'
    text("model"),  # '' | the id of the model run whose suggestion this is
    text("because"),  # ground, in words or a code; no personal data
    big("recorded_at"),
    big("live"),  # derived: 0 once it is revoked
)
_MODEL, _ACTOR = statement.c.model != "", statement.c.actor != ""  # sightings have neither
Index("statement_model", statement.c.model, sqlite_where=_MODEL, postgresql_where=_MODEL)
Index("statement_actor", statement.c.actor, statement.c.recorded_at, sqlite_where=_ACTOR, postgresql_where=_ACTOR)

# side 0: seen together. 1 and 2: the two ends of a `same`. 3: kept by a `split`; 4: sent away.
# Witnesses (given names) are identifiers of their own type.
statement_identifier = table(
    "statement_identifier",
    big("identifier", primary_key=True),
    big("statement", primary_key=True),
    big("side"),
    rowid=False,
)
Index("statement_identifier_statement", statement_identifier.c.statement, statement_identifier.c.identifier)
# What people and rules said is rare; it is found without reading the sightings of a hub.
_SAID = statement_identifier.c.side > 0
Index("statement_identifier_said", statement_identifier.c.identifier, sqlite_where=_SAID, postgresql_where=_SAID)

# Grow-only; may come before the statement that it takes back.
revoked = table(
    "revoked",
    blob("sid", primary_key=True),
    big("at_"),
    text("actor"),
    text("because"),
    rowid=False,
)

# Audit and outbox: which identifiers moved from whom to whom, because of which statement.
change = table(
    "change",
    serial("seq"),
    big("recorded_at"),
    blob("cause"),  # sid
    text("op"),
    text("body"),  # JSON: [{"identifier": public_id, "from": public_id, "to": public_id}, ...]
)

PERSONAL = {"identifier": "id", "statement_identifier": "identifier"}
