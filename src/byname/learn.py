"""What does byname learn in one night? A literal list of steps; each can run alone, again, and at noon.

The night never blocks the day: it reads one moment, works on its own, and writes what it learnt in one transaction.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from byname import customers, forget
from byname.encounter import Byname
from byname.identity.match import suggest
from byname.identity.match.records import Record
from byname.lake import compact, iceberg, seal
from byname.profile import brief, traits
from byname.profile.brief import TraitView
from byname.terms import BynameError
from byname.trust import vault

Progress = Callable[[str, float], None]
"""Called with what is going on and how much of it is done, 0 to 1."""

EVERY_S = 5.0  # how often the tide looks
FEWEST_RECORDS = 100  # below this there is nothing for a matching model to learn from


class Step(NamedTuple):
    """One step of the night; `run` says in numbers what it did."""

    name: str
    about: str
    run: Callable[[Byname, int, Progress], dict[str, Any]]


def seal_day(product: Byname, now: int, progress: Progress) -> dict[str, Any]:
    """Move everything fresh into the lake."""
    done = {"events": 0, "lines": 0, "files": 0}
    while True:
        moved = seal.seal(product.home, now)
        for name, count in zip(done, moved, strict=True):
            done[name] += count
        progress("sealing", 0.5)
        if moved.events < seal.MOST:
            return done


def merge_files(product: Byname, now: int, progress: Progress) -> dict[str, Any]:
    """Merge the many small files of a day into few."""
    return {"files_fewer": compact.compact(product.home, now)}


def finish_erasures(product: Byname, now: int, progress: Progress) -> dict[str, Any]:
    """Finish what a crash or a long reader held up, and erase what came in behind an erasure's back."""
    late = forget.resume(product.home, now=now)
    return {"not_done_yet": late, "rows_swept": sum(forget.sweep(product.home, now=now).values())}


def match(product: Byname, now: int, progress: Progress) -> dict[str, Any]:
    """Find customers without a common identifier who may be one person, and suggest them to people."""
    home, version = product.home, product.policy.digest
    progress("reading records", 0.0)
    records = list(records_of(product))
    if len(records) < FEWEST_RECORDS:
        return {"records": len(records), "suggestions": 0, "why": f"fewer than {FEWEST_RECORDS} named customers"}

    digest = match_digest(product)
    progress("learning", 0.2)
    try:
        model = suggest.learn(records, new_id=product.new_id, digest=digest)
    except BynameError as error:
        return {"records": len(records), "suggestions": 0, "why": str(error)}
    progress("comparing", 0.6)
    found = suggest.run(records, model=model, digest=digest, now=now)
    vetoed = sum(bool(s.vetoed) for s in found)
    measured = {"records": float(len(records)), "pairs": float(len(found)), "vetoed": float(vetoed)}

    def keep(db: Any) -> tuple[int, int]:
        suggest.save_model(db, model, measured, now=now, code_version=version)
        waiting = suggest.store(db, found)
        opted_in = bool(home.settings.join_by_model)
        joined = suggest.join_sure(db, product.policy, opted_in=opted_in, now=now, new_id=product.new_id)
        return waiting, joined

    progress("keeping", 0.9)
    waiting, joined = home.store.write(keep)
    return {"records": len(records), "suggestions": waiting, "vetoed": vetoed, "joined": joined, "model": model.id}


def tell_engines(product: Byname, now: int, progress: Progress) -> dict[str, Any]:
    """Bring the catalogues that other engines read the lake by up to date, where there are any."""
    done = iceberg.renew(product.home, lambda n, total: progress("registering", n / max(total, 1)))
    return {"files_registered": sum(r.added for r in done)}


STEPS: tuple[Step, ...] = (
    Step("seal", "Move fresh events into the lake", seal_day),
    Step("compact", "Merge small files of the lake", merge_files),
    Step("forget", "Finish erasures", finish_erasures),
    Step("match", "Suggest customers who may be one person", match),
    Step("iceberg", "Register what is sealed for other engines", tell_engines),
)


def learn(product: Byname, now: int, progress: Progress = lambda what, part: None, only: str = "") -> dict[str, Any]:
    """Run the night, or one step of it; what each step did."""
    if only and only not in {s.name for s in STEPS}:
        raise BynameError(f"Unknown step '{only}'", cure=f"Known: {', '.join(s.name for s in STEPS)}")
    return {s.name: s.run(product, now, progress) for s in STEPS if only in ("", s.name)}


def match_digest(product: Byname) -> Callable[[str], str]:
    """The keyed digest under which a model knows common terms."""
    keys = product.home.keys
    return lambda term: keys.digest("match term", term.encode())[:12].hex()


def records_of(product: Byname) -> Iterator[Record]:
    """One record per customer who gave a name, opened from the vault for the length of this step."""
    home, db = product.home, product.home.store.read()
    with db.snapshot():
        people: dict[int, list[tuple[int, str]]] = {}
        for i, person, type_ in db.rows(
            "select id, person, type from identifier where erased = 0 and type <> 'given' and person in"
            " (select i.person from identifier i join trait t on t.identifier = i.id"
            " where t.name in ('name', 'first_name', 'last_name')) order by person, id"
        ):
            people.setdefault(person, []).append((i, type_))
        for batch in _batches(list(people.items()), 1000):
            ids = [i for _, held in batch for i, _ in held]
            plain, keys = vault.reveal(db, home.keys, ids), vault.keys_of(db, home.keys, ids)
            told: dict[int, list[Any]] = {}
            for t in traits.read(db, ids):
                told.setdefault(t.identifier, []).append(customers.opened(t, keys, ()))
            for person, held in batch:
                views = customers.standing_views([t for i, _ in held for t in told.get(i, ())], now=0)
                yield record(person, {t: plain[i] for i, t in reversed(held) if i in plain}, views)


def record(person: int, values: dict[str, str], views: dict[str, TraitView]) -> Record:
    """A customer as the matcher sees her: her first identifier of each type, and what she told of herself."""

    def said(name: str, part: str = "") -> str:
        value = msgspec.json.decode(views[name].value) if name in views else ""
        if isinstance(value, dict):
            value = value.get(part, "")
        return value if isinstance(value, str) else ""

    whole = said("name").split()
    return Record(
        unique_id=str(person),
        given=said("first_name") or " ".join(whole[:-1]),
        surname=said("last_name") or (whole[-1] if whole else ""),
        born=said("birthday")[:10],
        email=values.get("email", ""),
        phone=values.get("phone", ""),
        postcode=brief.address_part(views, "postcode", "postalCode"),
        street=said("address", "street"),
        town=brief.address_part(views, "town", "city"),
        card=values.get("card", ""),
    )


def _batches(items: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


class Tide(threading.Thread):
    """While the server runs: seals what is fresh when there is enough of it or it is old enough."""

    def __init__(self, product: Byname, clock: Callable[[], int]) -> None:
        super().__init__(name="byname-tide", daemon=True)
        self.product, self.clock = product, clock
        self.failed: Callable[[Exception], None] = lambda error: None
        self._ending = threading.Event()

    def run(self) -> None:
        settings = self.product.home.settings
        while not self._ending.wait(EVERY_S):
            try:
                now = self.clock()
                db = self.product.home.store.read()
                if seal.due(db, rows=settings.fresh_rows, age_s=settings.fresh_s, now=now):
                    seal.seal(self.product.home, now)
                    compact.compact(self.product.home, now)
            except Exception as error:  # the day goes on; the next tide tries again
                self.product.home.store.forget_reader()
                self.failed(error)

    def stop(self) -> None:
        """Finish the seal under way, then end."""
        self._ending.set()
        self.join()
