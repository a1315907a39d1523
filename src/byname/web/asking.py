"""What does a page know when it is asked, and what may it answer? Values only: pages are tested without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from byname.encounter import Byname
from byname.home import Home
from byname.store import Db
from byname.trust.audit import Look
from byname.web.words import Say


@dataclass(frozen=True)
class Staff:
    """Who sits in front of the screen."""

    id: str
    name: str
    role: str
    permissions: frozenset[str]

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def actor(self) -> str:
        return f"staff:{self.id}"

    @property
    def initials(self) -> str:
        """
        >>> Staff("1", "Ann de Vries", "agent", frozenset()).initials
        'AV'
        """
        words = self.name.split()
        return "".join(w[0] for w in (words[:1] + words[1:][-1:])).upper()


@dataclass(frozen=True)
class Ask:
    """One request of a signed-in person, as plain values. Reading and writing go through `home.store`."""

    product: Byname
    home: Home
    staff: Staff
    say: Say
    now: int
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    terminal: str = ""
    address: str = ""  # where people and senders reach this server, without a slash at its end
    part: bool = False  # only the fragment is wanted (htmx)

    @property
    def db(self) -> Db:
        return self.home.store.read()

    def log(self, action: str, customer: str = "", outcome: str = "") -> None:
        """Write a look down before it is answered; it cannot be lost from here on."""
        look = Look(self.now, self.staff.actor, action, customer, "service", self.terminal, outcome)
        self.product.looks.note(look)


@dataclass(frozen=True)
class Shown:
    """A template with what it shows."""

    template: str
    values: Mapping[str, Any]
    status: int = 200


@dataclass(frozen=True)
class Goto:
    """See another page of ours next (303), with a note from the closed list NOTES."""

    path: str
    note: str = ""


@dataclass(frozen=True)
class Sent:
    """A file to keep."""

    content: bytes
    media_type: str
    file_name: str


Answer = Shown | Goto | Sent


class NotThere(Exception):
    """There is no such thing, or none that this person may see: the same answer."""


class NotAllowed(Exception):
    """The role of this person does not cover that."""


class Refused(Exception):
    """The API's no: status, rule, value (never a personal one), cure."""

    def __init__(self, status: int, rule: str, value: str = "", cure: str = "", retry_after_s: int = 0) -> None:
        self.status, self.rule, self.value, self.cure, self.retry_after_s = status, rule, value, cure, retry_after_s
        super().__init__(rule)
