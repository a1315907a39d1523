"""Which sources deliver, what may they send, and who are they by their write key?"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import jsonschema_rs
import msgspec

from byname.keyring import Keyring, seal, unseal
from byname.store import Db
from byname.terms import BynameError, Touchpoint
from byname.touchpoints import catalogue
from byname.touchpoints.reasons import Unfit, in_words
from byname.touchpoints.who import trait_name

KINDS = ("segment", "webhook", "file", "byname")
KEY_PURPOSE = "write key"
SECRET_ABOUT = b"webhook secret"
KNOWN_FOR = 5_000_000  # microseconds for which a looked-up key is not looked up again
MOST_KNOWN = 10_000


class Source(msgspec.Struct, frozen=True):
    """One row of table `source`, ready for parsers."""

    slug: str
    name: str
    touchpoint: str
    kind: str = "segment"
    key_hint: str = ""  # the last four characters of the write key
    secret: bytes | None = None  # sealed; webhook.secret_of opens it
    rate_per_s: int = 0  # 0: the setting
    max_event_bytes: int = 0  # 0: the setting
    allowed: frozenset[str] | None = None  # canonical event names; None: any
    schemas: str = ""  # JSON object: event name -> JSON Schema of its properties; '': none
    mapping: str = ""  # JSON of webhook.Mapping; '': types are event names, data are properties
    needs_consent: bool = False
    trusted: bool = False
    invented: bool = False
    enabled: bool = True
    made_at: int = 0

    def check(self, name: str, raw: bytes) -> None:
        """Raise Unfit when the properties of a call break this source's schema of that event."""
        validator = validators(self.schemas).get(name)
        if validator is None:
            return
        try:
            properties = msgspec.json.decode(raw, type=_Properties).properties
            error = next(iter(validator.iter_errors(properties)), None)
        except (ValueError, RecursionError, OverflowError):  # a number that no double holds, too many levels
            raise Unfit("schema", "$.properties") from None
        if error is not None:
            field = "$.properties" + "".join(
                f"[{part}]" if isinstance(part, int) else f".{trait_name(part) or '*'}" for part in error.instance_path
            )
            # The validator's own message quotes the value, which may be personal: only the rule is told.
            rule = "/".join(str(part) for part in error.schema_path)
            raise Unfit("schema", field, in_words("schema", f"rule {rule}"))


class _Properties(msgspec.Struct):
    properties: Any = {}


COLUMNS = (
    "slug, name, touchpoint, kind, key_hint, secret, rate_per_s, max_event_bytes, allowed, schemas,"
    " mapping, needs_consent, trusted, invented, enabled, made_at"
)


def create(
    db: Db,
    keyring: Keyring,
    slug: str,
    *,
    now: int,
    name: str = "",
    touchpoint: str = "web",
    kind: str = "segment",
    rate_per_s: int = 0,
    max_event_bytes: int = 0,
    allowed: Collection[str] | None = None,
    schemas: Mapping[str, Any] | None = None,
    secret: str = "",
    mapping: str = "",
    needs_consent: bool = False,
    trusted: bool = False,
    invented: bool = False,
    new_key: Callable[[], str] = lambda: secrets.token_urlsafe(24),
) -> str:
    """Make a source; returns its write key, which is shown this once and never kept. `secret`: of a webhook,

    `mapping`: of its types (webhook.read_mapping checks and makes it from TOML).
    """
    _check(slug, touchpoint, kind)
    if db.row("select 1 from source where slug = :slug", slug=slug):
        raise BynameError("A source of this name exists already", slug, "Choose another, or rotate its key")
    key = new_key()
    db.run(
        f"insert into source ({COLUMNS}, key_digest) values (:slug, :name, :touchpoint, :kind, :key_hint, :secret,"
        " :rate_per_s, :max_event_bytes, :allowed, :schemas, :mapping, :needs_consent, :trusted, :invented, 1,"
        " :made_at, :key_digest)",
        slug=slug,
        name=name or slug,
        touchpoint=touchpoint,
        kind=kind,
        key_hint=key[-4:],
        secret=_sealed(keyring, secret),
        rate_per_s=_not_negative("rate_per_s", rate_per_s),
        max_event_bytes=_not_negative("max_event_bytes", max_event_bytes),
        allowed=_allowed(allowed),
        schemas=_schemas(schemas),
        mapping=mapping or None,
        needs_consent=int(needs_consent),
        trusted=int(trusted),
        invented=int(invented),
        made_at=now,
        key_digest=keyring.digest(KEY_PURPOSE, key.encode()),
    )
    return key


def rotate(
    db: Db, keyring: Keyring, slug: str, *, new_key: Callable[[], str] = lambda: secrets.token_urlsafe(24)
) -> str:
    """A new write key; the old one stops working at once (other processes notice within KNOWN_FOR)."""
    key = new_key()
    changed = db.run(
        "update source set key_digest = :digest, key_hint = :hint where slug = :slug",
        digest=keyring.digest(KEY_PURPOSE, key.encode()),
        hint=key[-4:],
        slug=slug,
    )
    if not changed:
        raise _unknown(slug)
    return key


def change(
    db: Db,
    keyring: Keyring,
    slug: str,
    *,
    name: str | None = None,
    touchpoint: str | None = None,
    rate_per_s: int | None = None,
    max_event_bytes: int | None = None,
    needs_consent: bool | None = None,
    trusted: bool | None = None,
    enabled: bool | None = None,
    secret: str | None = None,
    mapping: str | None = None,
) -> None:
    """Change what is given and leave the rest."""
    old = by_slug(db, slug)
    if old is None:
        raise _unknown(slug)
    _check(slug, touchpoint or old.touchpoint, old.kind)
    for limit, value in (("rate_per_s", rate_per_s), ("max_event_bytes", max_event_bytes)):
        _not_negative(limit, value or 0)
    given = {
        "name": name,
        "touchpoint": touchpoint,
        "rate_per_s": rate_per_s,
        "max_event_bytes": max_event_bytes,
        "needs_consent": None if needs_consent is None else int(needs_consent),
        "trusted": None if trusted is None else int(trusted),
        "enabled": None if enabled is None else int(enabled),
        "secret": None if secret is None else _sealed(keyring, secret),
        "mapping": mapping,
    }
    changed = {column: value for column, value in given.items() if value is not None}
    if changed:
        columns = ", ".join(f"{column} = :{column}" for column in changed)
        db.run(f"update source set {columns} where slug = :slug", slug=slug, **changed)


def restrict(db: Db, slug: str, *, allowed: Collection[str] | None, schemas: Mapping[str, Any] | None = None) -> None:
    """Set which events a source may send (None: any) and the JSON Schema of their properties."""
    changed = db.run(
        "update source set allowed = :allowed, schemas = :schemas where slug = :slug",
        slug=slug,
        allowed=_allowed(allowed),
        schemas=_schemas(schemas),
    )
    if not changed:
        raise _unknown(slug)


def all_sources(db: Db) -> list[Source]:
    """Every source, by name."""
    return [_source(row) for row in db.rows(f"select {COLUMNS} from source order by slug")]


def by_slug(db: Db, slug: str) -> Source | None:
    """The source of this name, or None."""
    row = db.row(f"select {COLUMNS} from source where slug = :slug", slug=slug)
    return _source(row) if row else None


def by_key(db: Db, keyring: Keyring, key: str) -> Source | None:
    """The source whose write key this is, or None."""
    digest = keyring.digest(KEY_PURPOSE, key.encode("utf-8", "surrogatepass"))
    row = db.row(f"select {COLUMNS} from source where key_digest = :digest", digest=digest)
    return _source(row) if row else None


def secret_of(keyring: Keyring, source: Source) -> str:
    """The webhook signing secret of a source ('' if it has none)."""
    if source.secret is None:
        return ""
    wrapped, sealed = source.secret[:_WRAPPED], source.secret[_WRAPPED:]
    return unseal(keyring.data_key(wrapped), sealed, SECRET_ABOUT).decode()


class Known:
    """Sources by key, remembered for a few seconds so that a busy source is not looked up each time."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._found: dict[str, tuple[int, Source | None]] = {}

    def by_key(self, db: Db, key: str, now: int) -> Source | None:
        """As `by_key`, at most KNOWN_FOR microseconds old."""
        known = self._found.get(key)
        if known is not None and 0 <= now - known[0] < KNOWN_FOR:
            return known[1]
        if len(self._found) >= MOST_KNOWN:
            self._found.clear()  # someone tries keys: forget all rather than grow
        found = by_key(db, self._keyring, key)
        self._found[key] = (now, found)
        return found

    def forget(self) -> None:
        """Look every key up again: a source was changed in this process."""
        self._found.clear()


class Pace:
    """How fast may a source send? A token bucket each: `rate_per_s` requests a second, and one second's burst."""

    def __init__(self, default_rate: int) -> None:
        self._default = default_rate
        self._buckets: dict[str, tuple[float, int]] = {}  # requests still allowed, as of when

    def wait_s(self, source: Source, now: int) -> float:
        """Take one request at `now` (microseconds): 0.0 when it may go on, else the seconds to wait.

        >>> pace = Pace(2)
        >>> shop = Source("shop", "Shop", "web")
        >>> [pace.wait_s(shop, 0) for _ in range(3)], pace.wait_s(shop, 500_000)
        ([0.0, 0.0, 0.5], 0.0)
        """
        rate = source.rate_per_s or self._default
        if not rate:
            return 0.0
        left, at = self._buckets.get(source.slug, (float(rate), now))
        if now < at - 1_000_000:  # the clock was set back: wait by the new one
            at = now
        left = min(float(rate), left + max(0, now - at) * rate / 1_000_000)
        if left < 1:
            self._buckets[source.slug] = (left, max(now, at))
            return (1 - left) / rate
        self._buckets[source.slug] = (left - 1, max(now, at))
        return 0.0


@lru_cache(64)
def validators(schemas: str) -> dict[str, Any]:
    """A compiled validator per event name; raises BynameError on what is no JSON Schema."""
    try:
        # No retriever: a schema that points to other addresses would make the server fetch them.
        return {
            name: jsonschema_rs.Draft202012Validator(schema, retriever=_fetch_nothing)
            for name, schema in (msgspec.json.decode(schemas) if schemas else {}).items()
        }
    except (ValueError, AttributeError) as error:
        cure = "Give a JSON Schema (2020-12) per event name, without references to other addresses"
        raise BynameError("These are not JSON Schemas", type(error).__name__, cure) from None


def _fetch_nothing(address: str) -> Any:
    raise ValueError("schemas are not fetched")


def _source(row: tuple[Any, ...]) -> Source:
    (slug, name, touchpoint, kind, hint, secret, rate, most, allowed, schemas, mapping, *flags, made_at) = row
    needs_consent, trusted, invented, enabled = map(bool, flags)
    return Source(
        slug,
        name,
        touchpoint,
        kind,
        hint,
        None if secret is None else bytes(secret),
        rate,
        most,
        None if allowed is None else frozenset(msgspec.json.decode(allowed, type=list[str])),
        schemas or "",
        mapping or "",
        needs_consent,
        trusted,
        invented,
        enabled,
        made_at,
    )


def _check(slug: str, touchpoint: str, kind: str) -> None:
    if not (slug.replace("-", "").replace("_", "").isalnum() and slug.isascii() and slug == slug.lower()):
        raise BynameError("A source's name has small letters, digits, - and _", slug[:64], "For example till-london")
    if len(slug) > 64:
        raise BynameError("A source's name has at most 64 characters", cure="For example till-london")
    if touchpoint not in set(Touchpoint):
        raise BynameError(f"Unknown touchpoint '{touchpoint[:32]}'", cure=f"Known: {', '.join(sorted(Touchpoint))}")
    if kind not in KINDS:
        raise BynameError(f"Unknown kind of source '{kind[:32]}'", cure=f"Known: {', '.join(KINDS)}")


def _not_negative(name: str, value: int) -> int:
    if value < 0:
        raise BynameError(f"{name} must not be negative", str(value), "Leave it at 0 for the setting's limit")
    return value


def _allowed(names: Collection[str] | None) -> str | None:
    if names is None:
        return None
    found = [catalogue.canonical(name) for name in names]
    if None in found:
        raise BynameError("An event's name is a few plain words", cure="For example Order Completed")
    return msgspec.json.encode(sorted({name for name in found if name})).decode()


def _schemas(schemas: Mapping[str, Any] | None) -> str | None:
    if not schemas:
        return None
    text = msgspec.json.encode({catalogue.canonical(name) or name: s for name, s in schemas.items()}).decode()
    validators(text)
    return text


_WRAPPED = 12 + 32 + 16  # nonce, data key, tag (keyring.new_data_key)


def _sealed(keyring: Keyring, secret: str) -> bytes | None:
    if not secret:
        return None
    key, wrapped = keyring.new_data_key()
    return wrapped + seal(key, secret.encode(), SECRET_ABOUT)


def _unknown(slug: str) -> BynameError:
    return BynameError("There is no such source", slug[:64], "See `byname source list`")
