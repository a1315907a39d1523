"""Which tables does the ground itself keep?"""

from __future__ import annotations

from byname.store.schema import Index, big, serial, table, text

# What the home remembers of itself: policy version, last seal, last check, ...
fact = table("fact", text("name", primary_key=True), text("value"))

# Slow or outward work, taken after the commit, retried with back-off, dead-lettered with its reason.
work = table(
    "work",
    serial(),
    text("kind"),
    text("payload"),  # JSON without personal data
    big("due_at"),
    big("attempts"),
    big("dead"),  # 1: given up; stays with its reason
    text("last_error"),
    big("made_at"),
)
Index("work_due", work.c.dead, work.c.due_at)

PERSONAL: dict[str, str] = {}
