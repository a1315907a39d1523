"""Where does personal data lie, who may see it, what did she allow, and who looked?"""

from __future__ import annotations

from byname.store.schema import Index, big, blob, serial, table, text

# One data key per identifier, wrapped by the master key in keys/. Deleting the row destroys what it
# encrypted: vault values, sealed traits, event bodies in the day and in the lake.
vault_key = table("vault_key", big("identifier", primary_key=True), blob("wrapped"), big("made_at"))

# The plain value of each identifier, encrypted.
vault = table("vault", big("identifier", primary_key=True), blob("sealed"))

staff = table(
    "staff",
    text("id", primary_key=True),
    text("name"),
    text("login", unique=True),
    text("password"),  # argon2id; '' for OIDC only
    text("role"),
    text("oidc_subject", nullable=True),
    big("enabled"),
    big("made_at"),
)

session = table(
    "session",
    blob("digest", primary_key=True),  # of the cookie
    text("staff"),
    text("csrf"),
    big("made_at"),
    big("seen_at"),
    text("terminal"),
    rowid=False,
)

# One-time links: the first sign-in, invitations, password resets.
invitation = table(
    "invitation",
    blob("digest", primary_key=True),
    text("staff"),
    big("made_at"),
    big("expires_at"),
    big("used_at"),  # 0: not yet
    rowid=False,
)

sign_in_attempt = table("sign_in_attempt", text("subject", primary_key=True), big("failures"), big("last_at"))

api_token = table(
    "api_token",
    text("id", primary_key=True),
    text("name"),
    blob("digest", unique=True),
    text("scopes"),  # JSON list
    big("made_at"),
    big("used_at"),
    big("revoked_at"),  # 0: in force
)

# The consent ledger: append only; the last by occurrence per purpose and channel is in force.
consent = table(
    "consent",
    blob("id", primary_key=True),  # digest of event and content
    big("identifier"),
    text("purpose"),
    text("channel"),  # '*' for every channel
    big("granted"),
    big("occurred_at"),
    text("source"),
    text("actor"),
)
Index("consent_identifier", consent.c.identifier)

# Every look at a person and every act on one.
audit = table(
    "audit",
    serial(),
    big("occurred_at"),
    text("actor"),  # 'staff:<id>' | 'token:<id>' | 'cli' | 'customer'
    text("action"),  # recognise | view | export | erase | confirm | split | search | ...
    text("customer"),  # public id or ''
    text("purpose"),
    text("terminal"),
    text("outcome"),  # level given, count found, refused, ...
)
Index("audit_occurred", audit.c.occurred_at)
Index("audit_customer", audit.c.customer, audit.c.occurred_at)
Index("audit_actor", audit.c.actor, audit.c.occurred_at)

# Never to be recognised again: tokens under a key purpose of their own.
unrecognised = table("unrecognised", blob("token", primary_key=True), big("at_"), rowid=False)

# What was erased: ids only, so that a restored backup forgets it again.
erasure = table(
    "erasure",
    text("id", primary_key=True),
    text("identifiers"),  # JSON list of identifier ids
    text("actor"),
    big("at_"),
    text("state"),  # 'day' (day store done) | 'done' (lake too)
)

PERSONAL = {"vault_key": "identifier", "vault": "identifier", "consent": "identifier"}
