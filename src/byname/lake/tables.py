"""Which sealed files make up the lake?"""

from __future__ import annotations

from byname.store.schema import Index, big, serial, table, text

# The ledger: a file that is not in here is not in the lake. Readers see its rows plus the fresh ones, in one moment.
segment = table(
    "segment",
    serial(),
    text("table_name"),  # 'event' | 'line' | a reference table
    text("day"),  # first YYYY-MM-DD of occurred_at (UTC) in it; '' for reference tables
    text("day_last"),  # last one: equal to `day` unless thin history shares a file by month or year
    text("path", unique=True),  # below lake/
    big("rows"),
    big("bytes"),
    text("digest"),  # SHA-256 of the file
    big("identifier_min"),  # so that an erasure finds the files to rewrite
    big("identifier_max"),
    text("cause"),  # 'seal' | 'import:<run>' | 'erasure:<id>'
    big("sealed_at"),
)
Index("segment_table_day", segment.c.table_name, segment.c.day)

PERSONAL: dict[str, str] = {}
