"""Does the company's own sign-in let in whom it vouches for, and nobody else?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey

from byname.home import Home
from byname.terms import SECOND, BynameError
from byname.trust import oidc, staff
from byname.trust.oidc import Begun, Person, Provider
from tests.conftest import NOW
from tests.trust.issuer import Issuer, serving

CLIENT = {"client_id": "byname", "redirect_uri": "https://byname.example.org/login/back"}
ANN = {"sub": "7", "email": "Ann@Example.org", "email_verified": True, "name": "Ann"}


@pytest.fixture(scope="module")
def running() -> Iterator[Issuer]:
    with serving("byname", "s3cret", NOW // SECOND) as issuer:
        yield issuer


@pytest.fixture
def issuer(running: Issuer) -> Issuer:
    running.person, running.spoil, running.signs_with = dict(ANN), {}, running.key
    return running


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def begun(http: httpx.Client, issuer: Issuer, now: int) -> tuple[Provider, Begun, dict[str, str]]:
    """Ann was sent to the issuer, signed in there and comes back with a code."""
    provider = oidc.discover(http, issuer.address)
    address, kept = oidc.begin(provider, **CLIENT, now=now)
    back = http.get(address).headers["location"]
    assert back.startswith(CLIENT["redirect_uri"])
    return provider, kept, {k: v[0] for k, v in parse_qs(urlsplit(back).query).items()}


def finished(http: httpx.Client, issuer: Issuer, at: int, **changes: Any) -> Person:
    provider, kept, came = begun(http, issuer, at)
    given = {**CLIENT, "client_secret": "s3cret", **came, "now": at, **changes}
    return oidc.finish(http, provider, kept, **given)


def test_ann_comes_in_by_the_company_sign_in(http: httpx.Client, issuer: Issuer, now: int) -> None:
    assert finished(http, issuer, now) == Person("7", "ann@example.org", "Ann")


def test_an_email_that_nobody_verified_counts_for_nothing(http: httpx.Client, issuer: Issuer, now: int) -> None:
    issuer.person["email_verified"] = "yes"
    assert finished(http, issuer, now).email == ""


@pytest.mark.parametrize(
    "changes",
    [{"state": "other"}, {"now": NOW + oidc.BEGUN_VALID + 1}, {"code": "made up"}, {"client_secret": "wrong"}],
)
def test_what_did_not_begin_here_does_not_end_here(
    http: httpx.Client, issuer: Issuer, now: int, changes: dict[str, Any]
) -> None:
    with pytest.raises(BynameError):
        finished(http, issuer, now, **changes)


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "other"},
        {"aud": "another client"},
        {"aud": ["byname", "another"]},
        {"iss": "https://evil.example.org"},
        {"exp": NOW // SECOND - 600},
        {"sub": None},
    ],
)
def test_a_token_that_was_not_made_for_us_now_is_refused(
    http: httpx.Client, issuer: Issuer, now: int, spoil: dict[str, Any]
) -> None:
    issuer.spoil = spoil
    with pytest.raises(BynameError, match="cannot be trusted"):
        finished(http, issuer, now)


def test_a_token_signed_by_someone_else_is_refused(http: httpx.Client, issuer: Issuer, now: int) -> None:
    issuer.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    with pytest.raises(BynameError, match="cannot be trusted"):
        finished(http, issuer, now)


def test_a_code_works_once_and_only_with_its_verifier(http: httpx.Client, issuer: Issuer, now: int) -> None:
    provider, kept, came = begun(http, issuer, now)
    given = {**CLIENT, "client_secret": "s3cret", **came, "now": now}
    with pytest.raises(BynameError):
        oidc.finish(http, provider, kept._replace(verifier="x" * 43), **given)
    with pytest.raises(BynameError):
        oidc.finish(http, provider, kept, **given)


def test_the_issuer_must_be_safe_and_be_itself(http: httpx.Client, issuer: Issuer) -> None:
    with pytest.raises(BynameError, match="https"):
        oidc.discover(http, "http://id.example.org")
    with pytest.raises(BynameError, match="another name"):
        oidc.discover(http, issuer.address.replace("127.0.0.1", "localhost"))
    with pytest.raises(BynameError, match="does not answer"):
        oidc.discover(http, issuer.address + "/nothing")


def test_only_the_invited_get_in_and_keep_their_account(home: Home, now: int, new_id: Callable[[], str]) -> None:
    ann = Person("7", "ann@example.org", "Ann")

    def admitted(person: Person) -> str | None:
        found = home.store.write(lambda db: oidc.admit(db, "https://id.example.org", person))
        return found.id if found else None

    assert admitted(ann) is None
    id = home.store.write(
        lambda db: staff.create(db, login="ann@example.org", name="Ann", role="owner", now=now, new_id=new_id)
    )
    assert admitted(ann._replace(email="")) is None
    assert admitted(ann) == id
    assert admitted(ann._replace(email="new@example.org")) == id
    assert admitted(Person("8", "ann@example.org", "Another Ann")) is None
    assert home.store.write(lambda db: staff.first_link(db, home.keys, now=now, new_id=new_id)) is None


def test_a_cookie_that_we_did_not_write_is_worth_nothing(sqlite_home: Home, now: int) -> None:
    kept = Begun("state", "nonce", "verifier", now)
    cookie = oidc.packed(sqlite_home.keys, kept)
    assert oidc.unpacked(sqlite_home.keys, cookie) == kept
    assert oidc.unpacked(sqlite_home.keys, cookie.replace("nonce", "other")) is None
    assert oidc.unpacked(sqlite_home.keys, "") is None
