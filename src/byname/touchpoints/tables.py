"""Which sources deliver, and what of theirs could not be used?"""

from __future__ import annotations

from byname.store.schema import Index, big, blob, serial, table, text

source = table(
    "source",
    text("slug", primary_key=True),
    text("name"),
    text("touchpoint"),  # where its events happen unless an event says otherwise
    text("kind"),  # 'segment' | 'webhook' | 'file' | 'byname'
    blob("key_digest", unique=True),  # of the write key; the key itself is shown once and never kept
    text("key_hint"),  # its last four characters
    blob("secret", nullable=True),  # webhook signing secret, encrypted under the master key
    big("rate_per_s"),  # 0: the setting
    big("max_event_bytes"),  # 0: the setting
    text("allowed", nullable=True),  # JSON list of event names; null: any
    text("schemas", nullable=True),  # JSON object: event name -> JSON Schema of its properties
    text("mapping", nullable=True),  # JSON: how a webhook's types become events (webhook.py)
    big("needs_consent"),  # 1: events without a consent object are not kept
    big("trusted"),  # 1: its account and loyalty ids were shown by login or scan (possession)
    big("invented"),  # 1: its people are made up (sample data); shown wherever they show
    big("enabled"),
    big("made_at"),
)

# What came in, per source and minute: the live view and the volume charts.
intake = table(
    "intake",
    text("source", primary_key=True),
    big("minute", primary_key=True),  # minutes since the epoch, of receipt
    big("accepted"),
    big("repeated"),
    big("quarantined"),
    big("refused"),
    big("delay_sum"),  # microseconds between occurrence and receipt (a day at most), summed over accepted
)

quarantine = table(
    "quarantine",
    serial(),
    blob("digest", unique=True),  # keyed, of source, reason and message: a retry is not listed twice
    text("source"),
    text("reason"),  # one of touchpoints.REASONS
    text("field"),
    text("detail"),
    text("event_name"),
    big("received_at"),
    text("state"),  # 'open' | 'replayed' | 'dropped'
    big("settled_at", nullable=True),
    text("settled_by", nullable=True),
    blob("data_key", nullable=True),  # wrapped; null once dropped or erased
    blob("body", nullable=True),  # as received, encrypted; card numbers struck out before
)
Index("quarantine_state", quarantine.c.state, quarantine.c.reason)

import_run = table(
    "import_run",
    text("id", primary_key=True),  # digest of file content and mapping
    text("file_name"),
    text("kind"),  # what the mapping makes: 'orders' | 'events' | 'traits' | 'reference'
    text("source"),
    text("state"),  # 'running' | 'done'
    big("rows_total"),
    big("rows_taken"),
    big("rows_repeated"),
    big("rows_quarantined"),
    big("parts"),
    big("parts_done"),
    big("started_at"),
    big("ended_at", nullable=True),
)

PERSONAL: dict[str, str] = {}
