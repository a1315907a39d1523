"""Who is who? F: a pure function of the set of live statements (spec/identity 4.2).

The order and the number of arrivals do not matter: repeated statements collapse to one with the least time, ties are
broken by content, and nothing here asks when or where a statement arrived. `resolve` is the meaning, written to be
read; the store (graph.py) and the rebuild (batch.py) load less at a time and use the same steps: `state_of`,
`crowd_of`, `settle`, `households`.

How we read the words of the specification where it leaves a choice:
- *junk*: more than `household_max` neighbours of a stronger type whose link limit is passed too. (A customer with
  nine payment cards on one e-mail is within its limit of twenty, and not nobody.)
- *would exceed a limit*: both sides bring some of that type, and their sum is over. (Two accounts that a person
  joined may go on to gain a phone.)
- *household through a shared identifier*: it links the people of its neighbours of the types its policy counts,
  unless there are more of that type than a household has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple, TypeVar

from byname.identity.island import Node, Same, Settled, island_splits, settle
from byname.identity.policy import Policy, TypeRule
from byname.terms import Key

OWN, SHARED, JUNK, CONTESTED, WITNESS = "own", "shared", "junk", "contested", "witness"
STATES = (OWN, SHARED, JUNK, CONTESTED, WITNESS)

T = TypeVar("T", bound=Hashable)
U = TypeVar("U")


class Statement(NamedTuple):
    """A piece of evidence. `see`: left were observed together. `same`: left[0] and right[0] are one person.
    `split`: nobody of left is one of right."""

    sid: bytes
    op: str  # 'see' | 'same' | 'split'
    at: int  # observed
    left: tuple[Key, ...]
    right: tuple[Key, ...] = ()


class People(NamedTuple):
    """Everything that follows from the statements, for every identifier that they mention."""

    person: dict[Key, Key]  # the canonical identifier of its person
    household: dict[Key, Key]  # the canonical identifier of the least person of its household
    state: dict[Key, str]
    first: dict[Key, int]  # least observed time in a `see` or `same`; 0: none, or a witness
    island: dict[Key, Key]  # a common name for all that own pairs and `same` connect
    crowd: dict[Key, dict[str, list[Key]]]  # with whom it is shared or contested; an empty list: too many

    def members(self) -> dict[Key, set[Key]]:
        """The identifiers of each person."""
        found: dict[Key, set[Key]] = defaultdict(set)
        for key, person in self.person.items():
            found[person].add(key)
        return dict(found)


def resolve(statements: Iterable[Statement], policy: Policy, revoked: Collection[bytes] = ()) -> People:
    """F. Any order and any repetition of `statements` gives the same people."""
    said = live(statements, revoked)
    first = first_observed(said, policy)
    beside = neighbours(said)
    state = {k: state_of(_sizes(beside.get(k, {})), policy.rule(k.type), policy) for k in first}
    pairs = own_pairs(said, state)
    sames = [s for s in said if s.op == "same" and not _testifies(s, policy)]
    splits = [s for s in said if s.op == "split"]

    person: dict[Key, Key] = {}
    island: dict[Key, Key] = {}
    against: dict[Key, set[Key]] = defaultdict(set)
    for members in connected(first, [*pairs, *((s.left[0], s.right[0]) for s in sames)]):
        members.sort(key=lambda k: (policy.index(k.type), k.token))
        island.update(dict.fromkeys(members, members[0]))
    pairs_of = _group(pairs.items(), lambda item: island[item[0][0]])
    sames_of = _group(sames, lambda s: island[s.left[0]])
    for name, members in _group(first, island.__getitem__).items():
        settled = _settle(members, first, pairs_of.get(name, []), sames_of.get(name, []), splits, policy)
        person.update({k: members[c] for k, c in zip(members, settled.person, strict=True)})
        for weak, strong in settled.refused:
            against[members[weak]].add(members[strong])

    crowd: dict[Key, dict[str, list[Key]]] = {}
    for key in first:
        if key in against and state[key] == OWN:
            state[key] = CONTESTED
            crowd[key] = by_type(against[key])
        elif state[key] == SHARED:
            crowd[key] = crowd_of(beside[key], policy.rule(key.type), policy)
    links = household_links(crowd, state, person, policy)
    home = households(links, lambda k: order_of(policy, k, first[k]))
    return People(person, {k: home.get(p, p) for k, p in person.items()}, state, first, island, crowd)


# --- step 1 and 2: what is said, and of whom ------------------------------------------------------------------


def live(statements: Iterable[Statement], revoked: Collection[bytes] = ()) -> list[Statement]:
    """Statements that are not taken back; repetitions are one, observed at the least time; by (at, sid)."""
    found: dict[bytes, Statement] = {}
    for s in statements:
        known = found.get(s.sid)
        if s.sid not in revoked and (known is None or s.at < known.at):
            found[s.sid] = s
    return sorted(found.values(), key=lambda s: (s.at, s.sid))


def first_observed(said: Iterable[Statement], policy: Policy) -> dict[Key, int]:
    """When each identifier was first observed. A split observes nobody, and of a witness nobody asks."""
    first: dict[Key, int] = {}
    for s in said:
        for key in (*s.left, *s.right):
            if s.op == "split" or policy.rule(key.type).witness:
                first.setdefault(key, 0)
            else:
                first[key] = min(first.get(key) or s.at, s.at)
    return first


def neighbours(said: Iterable[Statement]) -> dict[Key, dict[str, set[Key]]]:
    """With which others, per type, each identifier was seen. Witnesses count here."""
    beside: dict[Key, dict[str, set[Key]]] = defaultdict(lambda: defaultdict(set))
    for s in said:
        if s.op == "see":
            for a, b in combinations(sorted(set(s.left)), 2):
                beside[a][b.type].add(b)
                beside[b][a.type].add(a)
    return beside


def state_of(sizes: Mapping[str, int], rule: TypeRule, policy: Policy) -> str:
    """Whose is an identifier that was seen with so many different others of each type?"""
    if rule.witness:
        return WITNESS
    over = [t for t, most in rule.links.items() if sizes.get(t, 0) > most]
    if not over:
        return OWN
    crowded = any(policy.rule(t).rank < rule.rank and sizes[t] > policy.household_max for t in over)
    return JUNK if crowded else SHARED


def crowd_of(beside: Mapping[str, Collection[T]], rule: TypeRule, policy: Policy) -> dict[str, list[T]]:
    """Who shares a shared identifier: its neighbours of the types that count; an empty list for too many.

    Bounded, whatever the number of sightings, so that a store can add to it without reading them again.
    """
    found = {t: sorted(beside[t]) for t in sorted(rule.links) if beside.get(t)}  # type: ignore[type-var]
    return {t: keys if len(keys) <= most_of(t, rule, policy) else [] for t, keys in found.items()}


def most_of(type_: str, rule: TypeRule, policy: Policy) -> int:
    """More neighbours of this type than that are no household."""
    return max(rule.links[type_], policy.household_max)


def own_pairs(said: Iterable[Statement], state: Mapping[Key, str]) -> dict[tuple[Key, Key], int]:
    """Pairs of own identifiers that were seen together, and when first. `said` is in order of time."""
    pairs: dict[tuple[Key, Key], int] = {}
    for s in said:
        if s.op == "see":
            own = sorted({k for k in s.left if state[k] == OWN})
            for pair in combinations(own, 2):
                pairs.setdefault(pair, s.at)
    return pairs


def connected(nodes: Iterable[T], edges: Iterable[tuple[T, T]]) -> Iterator[list[T]]:
    """The islands: nodes that edges connect, ignoring limits and splits."""
    group = {n: [n] for n in nodes}
    for a, b in edges:
        if group[a] is not group[b]:
            large, small = (group[a], group[b]) if len(group[a]) >= len(group[b]) else (group[b], group[a])
            large += small
            group.update(dict.fromkeys(small, large))
    seen: set[int] = set()
    for members in group.values():
        if id(members) not in seen:
            seen.add(id(members))
            yield members


# --- step 3 and 4: one island (island.py) ----------------------------------------------------------------------


def _settle(
    members: Sequence[Key],
    first: Mapping[Key, int],
    pairs: Iterable[tuple[tuple[Key, Key], int]],
    sames: Iterable[Statement],
    splits: Iterable[Statement],
    policy: Policy,
) -> Settled:
    place = {k: i for i, k in enumerate(members)}
    return settle(
        [Node(policy.index(k.type), k.token, first[k]) for k in members],
        {(place[a], place[b]): at for (a, b), at in pairs},
        [Same(s.at, s.sid, place[s.left[0]], place[s.right[0]]) for s in sames],
        list(island_splits(((s.at, s.left, s.right) for s in splits), place)),
        policy,
    )


# --- step 5: households ---------------------------------------------------------------------------------------


def household_links(
    crowd: Mapping[T, Mapping[str, Collection[T]]],
    state: Mapping[T, str],
    person: Mapping[T, T],
    policy: Policy,
    type_of: Mapping[T, str] | None = None,
) -> Iterator[tuple[T, T]]:
    """Pairs of people whom a shared or contested identifier links. Junk links nobody, a witness neither."""
    for key, shared in crowd.items():
        type_ = type_of[key] if type_of is not None else key.type  # type: ignore[attr-defined]
        if policy.rule(type_).household:
            for other_type, others in shared.items():
                if not policy.rule(other_type).witness:
                    yield from ((person[key], person[o]) for o in others if state[o] != JUNK)


def households(links: Iterable[tuple[T, T]], order: object) -> dict[T, T]:
    """For everyone who is linked: the least person of the household."""
    links = list(links)
    found: dict[T, T] = {}
    for members in connected(dict.fromkeys(p for link in links for p in link), links):
        least = min(members, key=order)  # type: ignore[call-overload]
        found.update(dict.fromkeys(members, least))
    return found


def order_of(policy: Policy, key: Key, first: int) -> tuple[int, int, int, bytes]:
    """`node_order` of a key."""
    rule = policy.rule(key.type)
    return first, rule.rank, rule.index, key.token


def by_type(keys: Iterable[Key]) -> dict[str, list[Key]]:
    """Keys under their types, both in order."""
    found: dict[str, list[Key]] = defaultdict(list)
    for key in sorted(keys):
        found[key.type].append(key)
    return dict(found)


def _group(things: Iterable[U], name_of: Callable[[U], Key]) -> dict[Key, list[U]]:
    found: dict[Key, list[U]] = defaultdict(list)
    for thing in things:
        found[name_of(thing)].append(thing)
    return found


def _sizes(beside: Mapping[str, Collection[Key]]) -> dict[str, int]:
    return {t: len(keys) for t, keys in beside.items()}


def _testifies(same: Statement, policy: Policy) -> bool:
    """A witness belongs to nobody, so `same` cannot make it."""
    return any(policy.rule(k.type).witness for k in (*same.left, *same.right))
