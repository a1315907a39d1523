"""By which rules are identifiers joined? The policy is data, named by its digest (spec/identity 4.2 and 6.5)."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from byname.terms import BynameError

SHIPPED = Path(__file__).with_name("policy.toml")


@dataclass(frozen=True)
class TypeRule:
    """What one type of identifier may do."""

    name: str
    index: int  # its place in the policy: the type byte of every token
    rank: int  # 0 is strongest
    limit: int  # most of this type that one person may have
    links: Mapping[str, int]  # most neighbours of a type before it counts as shared
    household: bool = False  # a shared or contested one links people to a household
    bridge: bool = True  # may join two people who both hold an anchor
    witness: bool = False  # counts, never joins


@dataclass(frozen=True, eq=False)
class Policy:
    """The rules of one home. Compare two by their digests."""

    types: tuple[TypeRule, ...]
    household_max: int
    anchor_rank: int
    region: str
    blocked: Mapping[str, frozenset[str]]
    digest: str = field(default="")

    @staticmethod
    def load(path: Path | None = None, *, region: str = "") -> Policy:
        """The policy of a TOML or JSON file; without a file (or when it is missing) the shipped one."""
        path = path if path is not None and path.exists() else SHIPPED
        text = path.read_text("utf-8")
        try:
            given = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        except ValueError as error:
            raise BynameError(f"{path.name} cannot be read", str(error), "Mend the line it names") from error
        return read_policy({**given, "region": region} if region else given)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {rule.name: rule for rule in self.types})

    def rule(self, type_: str) -> TypeRule:
        """The rule of a type; an unknown one is a KeyError: ask `knows` first."""
        rule: TypeRule = self._by_name[type_]  # type: ignore[attr-defined]
        return rule

    def index(self, type_: str) -> int:
        return self.rule(type_).index

    def knows(self, type_: str) -> bool:
        return type_ in self._by_name  # type: ignore[attr-defined]


def read_policy(given: Mapping[str, Any]) -> Policy:
    """A policy from plain data; every mistake in it is named."""
    types = given.get("types")
    if not isinstance(types, dict) or not types:
        raise BynameError("A policy needs [types]", cure="Start from the shipped policy.toml")
    rules = tuple(_rule(index, name, row, types) for index, (name, row) in enumerate(types.items()))
    if len(rules) > 255:
        raise BynameError("A policy may have at most 255 types", str(len(rules)))
    blocked = {t: frozenset(map(str, values)) for t, values in given.get("blocked", {}).items()}
    if unknown := [t for t in blocked if t not in types]:
        raise BynameError("Blocked values of an unknown type", unknown[0], f"Known: {', '.join(types)}")
    household_max, anchor_rank = _whole(given, "household_max"), _whole(given, "anchor_rank")
    region = str(given.get("region", "GB")).upper()
    content = [[vars(r) for r in rules], household_max, anchor_rank, region, sorted_values(blocked)]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    return Policy(rules, household_max, anchor_rank, region, blocked, digest)


def sorted_values(blocked: Mapping[str, frozenset[str]]) -> dict[str, list[str]]:
    return {t: sorted(values) for t, values in sorted(blocked.items()) if values}


def _rule(index: int, name: str, row: Mapping[str, Any], types: Mapping[str, Any]) -> TypeRule:
    links = {str(t): int(n) for t, n in row.get("links", {}).items()}
    if unknown := [t for t in links if t not in types]:
        raise BynameError(f"Type '{name}' links to an unknown type", unknown[0], f"Known: {', '.join(types)}")
    known = {"rank", "limit", "links", "household", "bridge", "witness"}
    if extra := sorted(set(row) - known):
        raise BynameError(f"Type '{name}' has an unknown key", extra[0], f"Known: {', '.join(sorted(known))}")
    return TypeRule(
        name,
        index,
        _whole(row, "rank"),
        _whole(row, "limit"),
        links,
        bool(row.get("household", False)),
        bool(row.get("bridge", True)),
        bool(row.get("witness", False)),
    )


def _whole(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key)
    if type(value) is not int:
        raise BynameError(f"'{key}' must be a whole number", repr(value), "Start from the shipped policy.toml")
    return value
