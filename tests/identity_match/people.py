"""A small town of invented customers whose records are known to belong together."""

from __future__ import annotations

import random
from typing import NamedTuple

from byname.identity.match.records import Record

GIVEN_NAMES = (
    "marie anna paul peter william elizabeth robert margaret james sarah thomas julia henry alice george emma "
    "arthur clara hugo edith oscar ruth walter ivy albert nora frank olive samuel grace"
)
FAMILY_NAMES = (
    "archer baker carter dyer eastwood fletcher gardner harper inglis jarvis keeper lorimer mason nailor osborne "
    "potter quarrier reeve sawyer thatcher underhill vickers weaver yeoman zeller brewer cooper draper falconer hunter"
)
GIVEN, SURNAMES = GIVEN_NAMES.split(), FAMILY_NAMES.split()


class Town(NamedTuple):
    records: list[Record]
    truth: dict[str, str]  # record -> person


def town(people: int = 400, seed: int = 1) -> Town:
    """Each person leaves one to four records, with what such records have: gaps, slips and initials.

    One in five lives with the one before: the same surname, home and landline, and a given name of her own.
    """
    rng = random.Random(seed)
    records: list[Record] = []
    truth: dict[str, str] = {}
    for person in range(people):
        given = rng.choice(GIVEN)
        moved_out = person == 0 or rng.random() > 0.2
        born = f"{rng.randrange(1940, 2006)}-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}"
        if moved_out:
            surname, phone = rng.choice(SURNAMES), f"+4474{rng.randrange(10**8):08}"
            postcode = f"ab{rng.randrange(1, 60)} {rng.randrange(1, 10)}cd"
        email = f"{given}.{surname}{rng.randrange(10_000)}@mail.example"
        for _ in range(rng.choice((1, 1, 2, 2, 3, 4))):
            unique_id = str(len(records) + 1)
            truth[unique_id] = str(person)
            records.append(
                Record(
                    unique_id=unique_id,
                    given=rng.choice((given, given, given, given[0], slip(given, rng))),
                    surname=rng.choice((surname, surname, surname, slip(surname, rng))),
                    born=rng.choice((born, born, "")),
                    email=rng.choice((email, email, "")),
                    phone=rng.choice((phone, phone, "")),
                    postcode=rng.choice((postcode, postcode, "")),
                )
            )
    return Town(records, truth)


def slip(text: str, rng: random.Random) -> str:
    """One letter forgotten."""
    at = rng.randrange(1, len(text))
    return text[:at] + text[at + 1 :]


def digest(term: str) -> str:
    """Stands for the home's keyed digest."""
    return f"{hash_of(term):016x}"


def hash_of(term: str) -> int:
    value = 14695981039346656037
    for byte in term.encode():
        value = (value ^ byte) * 1099511628211 % 2**64
    return value
