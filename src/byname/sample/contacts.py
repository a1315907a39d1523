"""Who could the sample's households be? Names, addresses and numbers that belong to nobody, the same every time.

E-mail addresses end in the domains reserved for examples (RFC 2606); telephone numbers are 555-0100 to 555-0199,
which the North American Numbering Plan keeps for fiction.
"""

from __future__ import annotations

import csv
import random
import re
from pathlib import Path

from byname.lake import duck

SOURCE = "sample-invented"
SEED = 20170101
DOMAINS = ("example.com", "example.org", "example.net")
AREAS = "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251"
FICTION = [f"+1{area}55501{n:02d}" for area in f"{AREAS} 252 253 254".split() for n in range(100)]
COLUMNS = ("household_id", "told_at", "first_name", "last_name", "email", "phone", "town", "postcode")
WITH_EMAIL, WITH_PHONE = 0.8, 0.7  # the others gave none: so it is in shops


def write(folder: Path, transactions: Path) -> Path:
    """A CSV of contact details for the households of the transactions, below `folder`."""
    with duck.connect() as lake:
        found = lake.execute(
            f"select distinct household_id from read_parquet({duck.literal(transactions)}) order by household_id"
        ).fetchall()
    path = folder / "contacts.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(COLUMNS)
        out.writerows(_rows([household for (household,) in found]))
    return path


def _rows(households: list[int]) -> list[tuple[object, ...]]:
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(SEED)
    rng = random.Random(SEED)  # noqa: S311  (invented people, not secrets)
    phones = rng.sample(FICTION, min(len(households), len(FICTION)))
    rows: list[tuple[object, ...]] = []
    for number, household in enumerate(households):
        first, last = fake.first_name(), fake.last_name()
        local = re.sub(r"[^a-z.]", "", f"{first}.{last}".lower())
        email = f"{local}{household}@{rng.choice(DOMAINS)}" if rng.random() < WITH_EMAIL else ""
        phone = phones[number % len(phones)] if rng.random() < WITH_PHONE else ""
        told_at = f"2017-01-{rng.randrange(1, 29):02d}T{rng.randrange(9, 19):02d}:{rng.randrange(60):02d}:00Z"
        rows.append((household, told_at, first, last, email, phone, fake.city(), fake.postcode()))
    return rows
