"""What happens in one touch? Someone turns up; byname takes it in, in one transaction, and knows who it is.

    event -> prepare (normalise, tokens)                                   in the request's thread
          -> receive: once -> may we keep it? -> whose? -> vault -> append and fold      in the writer, one commit

Everything that waits is received together: one query finds all repeats, one finds all identifiers, and so on.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from byname import touchpoints
from byname.familiar import Familiar, Owner
from byname.home import Home
from byname.identity import graph, values
from byname.identity.graph import Sighting
from byname.identity.policy import Policy
from byname.keyring import seal
from byname.profile import fold, members, once, traits
from byname.profile.fold import Happened, Matter
from byname.store import Db
from byname.store.db import Conflict
from byname.terms import DAY, ConsentSaid, Event, GroundBroken, Identifier, Key, Quarantined
from byname.touchpoints import catalogue, intake, quarantine
from byname.touchpoints.limits import Limits
from byname.touchpoints.parsed import Parsed
from byname.touchpoints.sources import Source
from byname.trust import consent, unrecognised, vault
from byname.trust.looks import Looks

ACCEPTED, REPEATED, NOT_KEPT = "accepted", "repeated", "not_kept"


class Arrival(NamedTuple):
    """An event, ready for the writer: identifiers normalised and turned into tokens, strongest first."""

    id: bytes
    event: Event
    keys: tuple[Key, ...]
    values: tuple[str, ...]  # plain, beside keys
    witnesses: tuple[Key, ...]
    same: tuple[Key, Key] | None  # a trusted source says that these are one person
    consents: tuple[ConsentSaid, ...]  # in byname's words
    keep: bool  # False: it may not be kept; only what it says about consent is


class Delivery(NamedTuple):
    """What one request brought."""

    source: str
    arrivals: Sequence[Arrival]
    quarantined: Sequence[Quarantined]
    received_at: int


class Parcel(NamedTuple):
    """The body of one request of the tracking interface, as it came."""

    body: bytes
    kind: str
    source: Source
    received_at: int


class Taken(NamedTuple):
    """What became of a parcel: what it held, the verdict on each of its events, and what of each names nobody."""

    parsed: Parsed
    verdicts: list[str]
    unusable: list[tuple[str, ...]]  # types of identifiers that are placeholders or not valid


def message_digest(message_id: str) -> bytes:
    """The 16 bytes under which a message is known for ever (law 2: once)."""
    return hashlib.sha256(message_id.encode("utf-8", "surrogatepass")).digest()[:16]


def public_id() -> str:
    """A new random public id."""
    return "c" + secrets.token_hex(10)


class Byname:
    """The opened product: a home with its identity policy. Doors hold one."""

    def __init__(self, home: Home, policy: Policy | None = None, new_id: Callable[[], str] = public_id) -> None:
        self.home, self.new_id = home, new_id
        self.policy = policy or Policy.load(home.path / "identity.toml", region=home.settings.region)
        self.keyring = home.keys
        self.memory: dict[str, Any] = {}  # what flows keep between calls; nothing in it is the truth
        self.gathering = threading.Lock()  # one call at a time gathers what is kept
        self._known: dict[Identifier, tuple[Key, str] | None] = {}
        self._work = self.receive  # one object, so that the writer takes deliveries together
        self._take_work = self._take
        self.limits = Limits.of(home.settings)
        self._familiar = Familiar() if home.store.engine == "sqlite" else None

    @cached_property
    def looks(self) -> Looks:
        """Where looks at persons are written down before they are answered."""
        return Looks(self.home.path / "looks", self.home.store)

    def deliver(self, delivery: Delivery) -> Future[list[str]]:
        """Hand a delivery to the writer; the future holds the verdicts once they are durable."""
        return self.home.store.submit(self._work, delivery)

    def take(self, parcel: Parcel) -> Future[Taken]:
        """Hand a request's body to the writer, which parses it too.

        One thread does all the computing: a second one would fight it for the interpreter's lock at every row
        (measured: half the rate, five times the latency).
        """
        return self.home.store.submit(self._take_work, parcel)

    def _take(self, db: Db, parcels: Sequence[Parcel]) -> Sequence[Taken]:
        parsed = [touchpoints.parse(p.body, p.kind, p.source, p.received_at, self.limits) for p in parcels]
        deliveries = [
            Delivery(
                p.source.slug,
                [self.prepare(e, needs_consent=p.source.needs_consent, trusted=p.source.trusted) for e in found.events],
                found.quarantined,
                p.received_at,
            )
            for p, found in zip(parcels, parsed, strict=True)
        ]
        unusable = [[self._unusable(a) for a in d.arrivals] for d in deliveries]
        return [Taken(*each) for each in zip(parsed, self.receive(db, deliveries), unusable, strict=True)]

    def _unusable(self, arrival: Arrival) -> tuple[str, ...]:
        sent = arrival.event.identifiers
        if len(arrival.keys) >= len(sent):
            return ()
        return tuple(dict.fromkeys(i.type for i in sent if self._key(i) is None))

    def prepare(self, event: Event, *, needs_consent: bool = False, trusted: bool = False) -> Arrival:
        """Normalise, make tokens, and see whether the event may be kept.

        What a source that is not `trusted` says of two ids is a sighting of both (docs/decisions/0103).
        """
        shown = event.identifiers if event.same is None or trusted else (*event.identifiers, *event.same)
        found = [k for i in shown if (k := self._key(i)) is not None]
        if len(found) > 1:
            found.sort(key=lambda f: self.policy.rule(f[0].type).rank)  # stable: order of sending among equals
            found = list(dict.fromkeys(found))
        said, _ = consent.understand(event.consents) if event.consents else ((), ())
        keep = consent.why_not_collect(needs_consent, said) is None
        if not keep and not said:  # nothing of it may stay, not even that she was there
            return Arrival(message_digest(event.message_id), event, (), (), (), None, (), False)
        return Arrival(
            message_digest(event.message_id),
            event,
            tuple(k for k, _ in found),
            tuple(v for _, v in found),
            tuple(k[0] for i in event.witnesses if (k := self._key(i)) is not None),
            self._ends(event.same) if event.same is not None and trusted else None,
            tuple(said),
            keep,
        )

    def _ends(self, same: tuple[Identifier, Identifier]) -> tuple[Key, Key] | None:
        a, b = self._key(same[0]), self._key(same[1])
        return (a[0], b[0]) if a and b and a != b else None

    def key(self, type: str, raw: str) -> Key | None:
        """The keyed token of a raw identifier value, or None when it is nobody's."""
        found = self._key(Identifier(type, raw))
        return found[0] if found else None

    def _key(self, identifier: Identifier) -> tuple[Key, str] | None:
        try:
            return self._known[identifier]
        except KeyError:
            pass
        normal = values.normalise(self.policy, identifier.type, identifier.value).value
        found = None
        if normal is not None:
            token = self.keyring.token(self.policy.index(identifier.type), normal)
            found = (Key(identifier.type, token), normal)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[identifier] = found
        return found

    def receive(self, db: Db, deliveries: Sequence[Delivery]) -> Sequence[list[str]]:
        """Take deliveries in; per delivery the verdict on each of its arrivals. All or, one by one, what can be."""
        try:
            with db.savepoint():
                return self._receive(db, deliveries)
        except (Conflict, GroundBroken):
            raise
        except Exception:
            return [self._receive_apart(db, d) for d in deliveries]

    def _receive_apart(self, db: Db, delivery: Delivery) -> list[str]:
        """One event of many broke the work: receive each alone and quarantine what breaks, so that none is lost."""
        verdicts = []
        for a in delivery.arrivals:
            alone = Delivery(delivery.source, [a], (), delivery.received_at)
            try:
                with db.savepoint():
                    verdicts += self._receive(db, [alone])[0]
            except (Conflict, GroundBroken):
                raise
            except Exception as why:
                put = Quarantined(
                    a.event.source,
                    "unprocessable",
                    "",
                    type(why).__name__,
                    delivery.received_at,
                    a.event.body,
                )
                quarantine.put(db, self.keyring, [put])
                verdicts.append("quarantined")
        self._receive(db, [Delivery(delivery.source, (), delivery.quarantined, delivery.received_at)])
        return verdicts

    def _receive(self, db: Db, deliveries: Sequence[Delivery]) -> Sequence[list[str]]:
        arrivals = [a for d in deliveries for a in d.arrivals]
        now = max((d.received_at for d in deliveries), default=0)
        first = {a.id: a for a in reversed(arrivals)}
        new = {i: first[i] for i in once.take(db, first)}
        taken: list[Arrival] = unrecognised.nameless(db, self.keyring, [a for a in arrivals if new.get(a.id) is a])
        self._remember(db, taken, self._owners(db, taken, now))
        quarantine.put(db, self.keyring, [q for d in deliveries for q in d.quarantined])
        verdicts = [
            [(ACCEPTED if a.keep else NOT_KEPT) if new.get(a.id) is a else REPEATED for a in d.arrivals]
            for d in deliveries
        ]
        intake.add(db, counts(deliveries, verdicts))
        return verdicts

    def _owners(self, db: Db, arrivals: Sequence[Arrival], now: int) -> list[tuple[int, AESGCM | None]]:
        """Whose is each event: the identifier it belongs to with its data key, or (0, None)."""
        familiar = self._familiar
        if familiar is None:
            return self._find_owners(db, arrivals, now)
        familiar.begin(db, self.home.store.commits, self.home.store.rollbacks)
        known = [
            familiar.owner((a.event.source, a.keys, a.witnesses), a.event.occurred_at) if not a.same else None
            for a in arrivals
        ]
        strange = [a for a, owner in zip(arrivals, known, strict=True) if owner is None]
        found = iter(self._find_owners(db, strange, now))
        owners = [(k.identifier, k.key) if k is not None else next(found) for k in known]
        familiar.learn(
            ((a.event.source, a.keys, a.witnesses), Owner(a.event.occurred_at, identifier, key))
            for a, (identifier, key) in zip(arrivals, owners, strict=True)
            if key is not None and not a.same
        )
        return owners

    def _find_owners(self, db: Db, arrivals: Sequence[Arrival], now: int) -> list[tuple[int, AESGCM | None]]:
        """Resolve who they are, and put the plain value of every new identifier into the vault."""
        if not arrivals:
            return []
        sightings = [Sighting(a.event.source, a.event.occurred_at, a.keys, a.witnesses) for a in arrivals if a.keys]
        ids = graph.see(db, self.policy, sightings, now=now, new_id=self.new_id)
        for a in arrivals:
            if a.same:
                graph.same(
                    db, self.policy, *a.same, at=a.event.occurred_at, actor=f"source:{a.event.source}",
                    because="alias", source=a.event.source, sid=a.id, now=now, new_id=self.new_id,
                )  # fmt: skip
        keys = vault.open_keys(db, self.keyring, set(ids.values()), now=now)
        plain = {ids[k]: v for a in arrivals for k, v in zip(a.keys, a.values, strict=True)}
        vault.keep(db, self.keyring, plain, now=now, keys=keys)
        return [(ids[a.keys[0]], keys[ids[a.keys[0]]]) if a.keys else (0, None) for a in arrivals]

    def _remember(self, db: Db, arrivals: Sequence[Arrival], owners: list[tuple[int, AESGCM | None]]) -> None:
        """Append and fold what may be kept; what was said about consent stays in any case."""
        kept = [(a, i, key) for a, (i, key) in zip(arrivals, owners, strict=True) if a.keep]
        fold.append(db, [happened(a, i, key) for a, i, key in kept])
        named = [(a, i, key) for a, i, key in kept if key is not None]
        traits.put(db, [t for a, i, key in named if a.event.traits for t in told(a, i, key)])
        members.put(db, self.keyring, [(i, a.event) for a, i, _ in named if a.event.memberships])
        consent.record(db, [
            consent.Entry(
                consent.entry_id(a.id, said), i, said.purpose, said.channel, said.granted,
                a.event.occurred_at, a.event.source, f"source:{a.event.source}",
            )
            for a, (i, _) in zip(arrivals, owners, strict=True) if i for said in a.consents
        ])  # fmt: skip


def counts(deliveries: Sequence[Delivery], verdicts: Sequence[list[str]]) -> dict[tuple[str, int], intake.Count]:
    """What came in, by source and minute of receipt."""
    found: dict[tuple[str, int], intake.Count] = {}
    for d, words in zip(deliveries, verdicts, strict=True):
        c = found.setdefault((d.source, intake.minute(d.received_at)), intake.Count())
        c.accepted += words.count(ACCEPTED)
        c.repeated += words.count(REPEATED)
        c.refused += words.count(NOT_KEPT)
        c.quarantined += len(d.quarantined)
        c.delay_sum += sum(
            min(d.received_at - a.event.occurred_at, MOST_DELAY)
            for a, w in zip(d.arrivals, words, strict=True)
            if w == ACCEPTED
        )
    return found


def happened(a: Arrival, identifier: int, key: AESGCM | None) -> Happened:
    """The event as memory takes it in, its body sealed under its own identifier's key."""
    e, meaning = a.event, catalogue.meaning_of(a.event.name)
    opens: tuple[Matter, ...] = ()
    closes: tuple[Matter, ...] = ()
    if meaning.opens or meaning.closes:
        touched = [(Matter(kind, ref, e.due_at), opened) for kind, ref, opened in catalogue.matters(meaning, e.ref)]
        opens, closes = tuple(m for m, o in touched if o), tuple(m for m, o in touched if not o)
    return Happened(
        a.id, identifier, e.source, e.touchpoint, e.name, meaning.kind, e.occurred_at, e.received_at, e.place,
        e.ref, e.currency, e.amount, e.discount, e.lines, e.due_at, opens, closes,
        seal(key, e.body, vault.BODY) if key is not None and e.body else None,
    )  # fmt: skip


def told(a: Arrival, identifier: int, key: AESGCM) -> list[traits.Told]:
    """The traits that an event tells, sealed unless they are words of a closed vocabulary."""
    found = []
    for said in a.event.traits:
        clear = traits.is_open(said)
        found.append(
            traits.Told(
                identifier, said.name, said.said_by.value, said.value if clear else None,
                None if clear else seal(key, said.value.encode(), vault.TRAIT), a.event.occurred_at,
                said.valid_until or 0, a.event.source, a.id,
            )
        )  # fmt: skip
    return found


MOST_KNOWN = 100_000  # prepared identifiers kept in memory
MOST_DELAY = DAY  # an event counts as no later than that: years of history sent in one minute would pass 64 bits
