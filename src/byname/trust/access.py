"""Who may see and do what? One table of permissions, one of roles; pages, the API and tokens read both."""

from __future__ import annotations

from typing import NamedTuple

PERMISSIONS: dict[str, str] = {
    "today": "see what comes in, as counts",
    "recognise": "ask who stands in front of us",
    "brief": "see the brief of someone who was recognised",
    "search": "look for customers by an identifier",
    "profile": "see a customer's timeline, traits and preferences",
    "reveal": "see contact details in plain instead of masked",
    "confirm": "say 'this is her' or 'this is not her'",
    "match": "decide on suggestions that two records are one person",
    "consent": "record what a customer allows or forbids",
    "insight": "see figures over many customers, nobody by name",
    "audience": "make audiences and hand them out",
    "quarantine": "see, fix and replay what could not be used",
    "source": "add sources and change their keys and limits",
    "operate": "seal, check, rebuild, back up",
    "audit": "see who looked at whom",
    "export": "hand a customer everything held about her",
    "erase": "erase a customer",
    "staff": "invite staff, set roles, make API tokens",
}


class Role(NamedTuple):
    name: str
    words: str
    permissions: frozenset[str]


def _role(name: str, words: str, permissions: str) -> Role:
    return Role(name, words, frozenset(permissions.split()))


ROLES: dict[str, Role] = {
    r.name: r
    for r in (
        _role("associate", "serves at the till or on the floor", "today recognise brief confirm consent"),
        _role("agent", "serves by phone, chat and mail",
              "today recognise brief search profile reveal confirm consent"),
        _role("insight", "studies customers, nobody by name", "today insight"),
        _role("marketing", "addresses customers who allowed it", "today insight audience"),
        _role("engineer", "connects sources and keeps byname running", "today quarantine source operate"),
        _role("steward", "answers for what is held about customers: the trust officer",
              "today recognise brief search profile reveal confirm match consent quarantine audit export erase"),
        _role("owner", "may do everything, and gives others their roles", " ".join(PERMISSIONS)),
    )
}  # fmt: skip


def permits(role: str, permission: str) -> bool:
    """May someone in this role do that? An unknown role may do nothing; an unknown permission is a mistake.

    >>> permits("associate", "brief"), permits("associate", "erase"), permits("nobody", "today")
    (True, False, False)
    """
    if permission not in PERMISSIONS:
        raise ValueError(f"Unknown permission '{permission}'. Known: {', '.join(PERMISSIONS)}")
    return permission in permissions(role)


def permissions(role: str) -> frozenset[str]:
    """Everything a role may do."""
    return ROLES[role].permissions if role in ROLES else frozenset()
