"""Who does the company's own sign-in say this is? OpenID Connect: discovery, PKCE, state and nonce.

Authorization code flow (OpenID Connect Core 1.0, 3.1; RFC 7636). Between the two halves the browser holds
what was begun in a cookie that we can check. Only people who were invited get in: the first sign-in ties the
issuer's subject to the account whose login is the verified e-mail address.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
import msgspec
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core.claims import CodeIDToken  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from byname.keyring import Keyring
from byname.store.db import Db
from byname.terms import SECOND, BynameError
from byname.trust.staff import Account, account

ALGORITHMS = ["RS256", "ES256", "PS256"]  # never 'none', never one with a shared secret
BEGUN_VALID = 600 * SECOND
LEEWAY_S = 60


class Provider(NamedTuple):
    """An issuer, as its discovery document tells."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: KeySet


class Begun(NamedTuple):
    """A sign-in on its way. `state`, `nonce` and `verifier` never leave the browser's cookie but as they must."""

    state: str
    nonce: str
    verifier: str
    made_at: int


class Person(NamedTuple):
    """Whom the issuer vouches for. `email` is '' unless it is verified."""

    subject: str
    email: str
    name: str


def discover(http: httpx.Client, issuer: str) -> Provider:
    """Read an issuer's discovery document and keys. Errors: BynameError in words for the one who set it up."""
    issuer = issuer.rstrip("/")
    if not _is_safe(issuer):
        raise BynameError("oidc_issuer must be an https address", issuer, "Mend it in byname.toml")
    found = _json(http, "GET", f"{issuer}/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise BynameError("The issuer calls itself by another name", str(found.get("issuer")), "Mend oidc_issuer")
    try:
        ends = [str(found[n]) for n in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(map(_is_safe, ends)):
            raise BynameError("An endpoint of the issuer is not https", issuer)
        keys = KeySet.import_key_set(_json(http, "GET", ends[2]))  # type: ignore[arg-type]
    except (KeyError, ValueError, JoseError) as error:
        raise BynameError("The issuer's discovery document cannot be used", type(error).__name__) from error
    return Provider(str(found["issuer"]), ends[0], ends[1], keys)


def begin(
    provider: Provider,
    *,
    client_id: str,
    redirect_uri: str,
    now: int,
    new_secret: Callable[[int], str] = secrets.token_urlsafe,
) -> tuple[str, Begun]:
    """Where to send the browser, and what to keep in its cookie (see `packed`)."""
    begun = Begun(new_secret(32), new_secret(32), new_secret(48), now)
    query = {
        "response_type": "code", "client_id": client_id, "redirect_uri": redirect_uri, "scope": "openid email profile",
        "state": begun.state, "nonce": begun.nonce, "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(begun.verifier),
    }  # fmt: skip
    mark = "&" if urlsplit(provider.authorization_endpoint).query else "?"
    return f"{provider.authorization_endpoint}{mark}{urlencode(query)}", begun


def finish(
    http: httpx.Client,
    provider: Provider,
    begun: Begun,
    *,
    client_id: str,
    client_secret: str,
    redirect_uri: str,
    code: str,
    state: str,
    now: int,
) -> Person:
    """Change the code that came back for the person it stands for; every doubt is a BynameError."""
    if not hmac.compare_digest(begun.state.encode(), state.encode()) or now - begun.made_at > BEGUN_VALID:
        raise BynameError("This sign-in is not the one that began here", cure="Begin again")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
            "code_verifier": begun.verifier}  # fmt: skip
    answer = _json(http, "POST", provider.token_endpoint, data=form, auth=(client_id, client_secret))
    try:
        token = jwt.decode(str(answer.get("id_token", "")), provider.keys, algorithms=ALGORITHMS)
        told = {"nonce": begun.nonce, "client_id": client_id, "access_token": answer.get("access_token")}
        claims = CodeIDToken(token.claims, token.header, _must_hold(provider, client_id), told)
        claims.validate(now=now // SECOND, leeway=LEEWAY_S)
    except (JoseError, ValueError, KeyError) as error:
        raise BynameError("The issuer's answer cannot be trusted", type(error).__name__, "Begin again") from error
    email = str(claims.get("email", "")) if claims.get("email_verified") is True else ""
    return Person(str(claims["sub"]), email.lower(), str(claims.get("name", "")))


def admit(db: Db, issuer: str, person: Person) -> Account | None:
    """The account of someone whom the issuer vouches for; None when nobody invited her. In a transaction."""
    subject = f"{issuer}#{person.subject}"
    known = db.row("select id from staff where oidc_subject = :s and enabled = 1", s=subject)
    if known is None and person.email:
        sql = "select id from staff where login = :l and enabled = 1 and oidc_subject is null"
        known = db.row(sql, l=person.email)
        if known:
            db.run("update staff set oidc_subject = :s where id = :id", s=subject, id=known[0])
    return account(db, known[0]) if known else None


def packed(keyring: Keyring, begun: Begun) -> str:
    """A cookie's text for what was begun."""
    text = ".".join(map(str, begun))
    return f"{text}.{keyring.digest('oidc', text.encode()).hex()}"


def unpacked(keyring: Keyring, cookie: str) -> Begun | None:
    """What was begun, if we wrote this cookie."""
    text, _, mark = cookie.rpartition(".")
    if not hmac.compare_digest(keyring.digest("oidc", text.encode()).hex().encode(), mark.encode()):
        return None
    state, nonce, verifier, made_at = text.split(".")
    return Begun(state, nonce, verifier, int(made_at))


def _must_hold(provider: Provider, client_id: str) -> dict[str, dict[str, Any]]:
    return {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": client_id},
        "sub": {"essential": True},
        "nonce": {"essential": True},
    }


def _is_safe(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def _json(http: httpx.Client, method: str, address: str, **options: Any) -> dict[str, Any]:
    try:
        answer = http.request(method, address, timeout=10, follow_redirects=False, **options)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=dict[str, Any])
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise BynameError("The sign-in of your company does not answer", type(error).__name__, "Try again") from error
