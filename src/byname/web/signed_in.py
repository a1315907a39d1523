"""Who is asking: which member of staff does the cookie of this browser belong to?"""

from __future__ import annotations

import hmac
from typing import Any, NamedTuple

from litestar import Request

from byname.trust import sessions
from byname.web.asking import Staff

COOKIE = "byname_session"
DOOR_COOKIE = "byname_door"


class SignedIn(NamedTuple):
    staff: Staff
    csrf: str


def session_of(request: Request[Any, Any, Any]) -> SignedIn | None:
    """The live session of this browser; being seen is written down at most once a minute."""
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        return None
    state = request.app.state
    home, now = state.product.home, state.clock()
    found = sessions.find(home.store.read(), home.keys, secret, now=now, idle_min=home.settings.session_idle_min)
    if found is None:
        return None
    if sessions.is_due(found, now):
        home.store.write(lambda db: sessions.seen(db, home.keys, secret, now=now))
    return SignedIn(Staff(found.staff, found.name, found.role, found.permissions), found.csrf)


def door_token(request: Request[Any, Any, Any], secret: str) -> str:
    """The CSRF token of a form before sign-in: bound to a random cookie of this browser."""
    digest: bytes = request.app.state.product.home.keys.digest("door", secret.encode())
    return digest.hex()


def fits_door(request: Request[Any, Any, Any], given: str) -> bool:
    secret = request.cookies.get(DOOR_COOKIE, "")
    return bool(secret) and hmac.compare_digest(door_token(request, secret).encode(), given.encode())
