"""F: the laws of who is who, and the stories it was made for (spec/identity 1 and 4.2)."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from byname.identity.island import Node, Same, Split, settle, settle_strongest_first
from byname.identity.resolve import resolve
from tests.identity.cast import (
    HISTORIES,
    JOINABLE,
    POLICY,
    STATEMENTS,
    crowd_policy,
    key,
    keys,
    same,
    see,
    split,
    together,
)

POLICIES = st.sampled_from([POLICY, crowd_policy()])

# --- laws -----------------------------------------------------------------------------------------------------


@given(HISTORIES, POLICIES, st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_give_the_same_people(history, policy, rng: random.Random):
    told = history + rng.choices(history, k=len(history))
    rng.shuffle(told)
    assert resolve(told, policy) == resolve(history, policy)


@given(HISTORIES, STATEMENTS, POLICIES)
def test_taken_back_is_never_said(history, extra, policy):
    never = resolve([s for s in history if s.sid != extra.sid], policy)
    assert resolve([*history, extra], policy, {extra.sid}) == never


@given(HISTORIES, POLICIES)
def test_a_later_split_keeps_two_apart_whatever_joined_them(history, policy):
    people = resolve(history, policy)
    for person, members in people.members().items():
        others = [k for k in members - {person} if not policy.rule(k.type).witness]
        if others:
            cut = split(_name(person), _name(others[0]), at=99)
            after = resolve([*history, cut], policy)
            assert after.person[person] != after.person[others[0]]
            assert resolve([*history, cut], policy, {cut.sid}) == people


@given(HISTORIES, POLICIES)
def test_a_person_holds_more_than_the_limit_only_if_somebody_said_so(history, policy):
    people = resolve([s for s in history if s.op != "same"], policy)
    for members in people.members().values():
        for rule in policy.types:
            assert sum(k.type == rule.name for k in members) <= rule.limit


@given(HISTORIES, POLICIES)
def test_nobody_is_joined_beyond_an_island(history, policy):
    people = resolve(history, policy)
    assert all(people.island[k] == people.island[p] for k, p in people.person.items())


@given(HISTORIES)
def test_a_far_away_history_changes_nothing_here(history):
    """F decomposes over islands: what the store may rely on."""
    here = resolve(history, POLICY)
    both = resolve([*history, see("account:far device:far", 5), same("email:far", "phone:far", 2)], POLICY)
    assert {k: both.person[k] for k in here.person} == here.person
    assert {k: both.household[k] for k in here.person} == here.household


_nodes = st.lists(
    st.builds(Node, st.sampled_from([0, 1, 2, 3, 4, 5, 7]), st.binary(min_size=2, max_size=2), st.integers(1, 4)),
    min_size=2,
    max_size=6,
    unique_by=lambda n: (n.type, n.token),
)


@given(_nodes, st.data())
def test_the_short_cut_of_an_easy_island_is_the_long_way(nodes, data):
    positions = st.integers(0, len(nodes) - 1)
    chain = {(i, i + 1): 1 for i in range(len(nodes) - 1)}  # an island is connected
    more = data.draw(st.dictionaries(st.tuples(positions, positions), st.integers(1, 3), max_size=5))
    pairs = chain | {(min(p), max(p)): at for p, at in more.items() if p[0] != p[1]}
    sames = [Same(1, b"s", 0, 1)] if data.draw(st.booleans()) else []
    splits = [Split(1, frozenset({0}), frozenset({1}))] if data.draw(st.booleans()) else []
    assert settle(nodes, pairs, sames, splits, POLICY) == settle_strongest_first(nodes, pairs, sames, splits, POLICY)


# --- stories --------------------------------------------------------------------------------------------------


def test_two_payments_with_one_card_are_one_customer_and_a_sign_up_attaches_both():
    people = resolve(
        [see("card:par", 1), see("card:par", 5, "other till"), see("card:par account:ann email:ann", 9)], POLICY
    )
    assert together(people, "card:par account:ann email:ann")
    assert people.person[key("email:ann")] == key("card:par")


def test_a_family_phone_is_shared_and_makes_a_household_of_two_people():
    """RepairDesk #799: the family's number at the till."""
    people = resolve([see("account:ann phone:home", 1), see("account:bob phone:home", 2)], POLICY)
    assert not together(people, "account:ann account:bob")
    assert people.state[key("phone:home")] == "shared"
    assert len({people.household[k] for k in keys("account:ann account:bob phone:home")}) == 1


def test_a_phone_with_two_given_names_greets_nobody():
    people = resolve([see("phone:home email:ann given:ann", 1), see("phone:home email:bob given:bob", 2)], POLICY)
    assert people.state[key("phone:home")] == "shared"
    assert not together(people, "email:ann email:bob")


def test_a_number_of_nine_accounts_is_nobodys_and_makes_no_household():
    people = resolve([see(f"account:{i} phone:shop", i) for i in range(1, 10)], POLICY)
    assert people.state[key("phone:shop")] == "junk"
    assert len(set(people.household.values())) == 10


def test_a_placeholder_that_slipped_through_does_not_merge_strangers():
    """PostHog #5527, #12008, #17325: one bad value destroyed the graph."""
    people = resolve([see(f"account:{i} email:e{i} phone:placeholder", i) for i in range(1, 60)], POLICY)
    assert max(len(m) for m in people.members().values()) == 2


def test_a_shared_computer_joins_nobody():
    """rudder-transformer #1180: shared devices merged for good."""
    people = resolve([see("account:ann device:kiosk", 1), see("account:bob device:kiosk", 2)], POLICY)
    assert not together(people, "account:ann account:bob")
    assert people.state[key("device:kiosk")] == "shared"


def test_a_device_never_bridges_two_people_who_are_both_somebody():
    people = resolve([see("email:ann device:d", 1), see("email:bob device:d", 2)], POLICY)
    assert not together(people, "email:ann email:bob")
    assert together(people, "email:ann device:d")
    assert people.state[key("device:d")] == "contested"
    assert people.household[key("email:ann")] != people.household[key("email:bob")], "never by a device"


def test_a_merge_is_taken_back_exactly():
    """Mixpanel cannot; Unomi and PostHog rewrite events."""
    before = [see("account:ann email:a", 1), see("account:bob email:b", 2)]
    joined = [*before, same("account:ann", "account:bob", 3)]
    assert together(resolve(joined, POLICY), "account:ann account:bob email:a email:b")
    assert resolve(joined, POLICY, {joined[-1].sid}) == resolve(before, POLICY)


def test_a_split_takes_some_identifiers_away_and_leaves_the_others():
    """PostHog #55691: a partial split."""
    seen = see("account:ann email:a phone:p card:c", 1)
    people = resolve([seen, split("account:ann email:a card:c", "phone:p", 2)], POLICY)
    assert together(people, "account:ann email:a card:c")
    assert not together(people, "account:ann phone:p")


def test_same_joins_a_chain_and_a_split_as_late_forbids_it():
    chain = [same("card:1", "phone:1", 1), same("phone:1", "email:1", 2)]
    assert together(resolve(chain, POLICY), "card:1 phone:1 email:1")
    cut = [*chain, split("card:1", "email:1", 2)]
    people = resolve(cut, POLICY)
    assert together(people, "card:1 phone:1")
    assert not together(people, "card:1 email:1")
    assert together(resolve([*chain, split("card:1", "email:1", 1)], POLICY), "card:1 phone:1 email:1")


def test_two_joined_accounts_still_gain_what_they_are_seen_with():
    people = resolve(
        [see("account:1 email:1", 1), see("account:2 phone:2", 2), same("account:1", "account:2", 3)], POLICY
    )
    assert together(people, "account:1 account:2 email:1 phone:2")


def test_weak_links_do_not_chain_a_giant():
    """goldenmatch #2389."""
    chain = [see(f"email:{i} account:{i}", 1) for i in range(12)]
    chain += [see(f"email:{i} phone:{i}", 2) for i in range(12)] + [
        see(f"phone:{i} email:{i + 1}", 3) for i in range(11)
    ]
    people = resolve(chain, POLICY)
    assert max(sum(k.type == "account" for k in m) for m in people.members().values()) == 1


def test_the_customer_id_does_not_depend_on_who_came_later():
    """Zingg #132: ids that change with every run."""
    first = resolve([see("card:1", 1), see("card:1 email:1", 2)], POLICY)
    later = resolve([see("card:1", 1), see("card:1 email:1", 2), see("email:1 account:1", 3)], POLICY)
    assert first.person[key("email:1")] == later.person[key("account:1")] == key("card:1")


def test_a_contested_email_makes_a_household():
    people = resolve([see("account:ann email:us", 1), see("account:bob email:us", 2)], POLICY)
    assert together(people, "account:ann email:us")
    assert people.state[key("email:us")] == "contested"
    assert people.household[key("account:ann")] == people.household[key("account:bob")]


def test_nine_payment_cards_on_one_email_are_still_hers():
    people = resolve([see(f"email:a card:{i}", i) for i in range(1, 10)], POLICY)
    assert people.state[key("email:a")] == "own"
    assert together(people, "email:a card:1 card:9")


def test_ten_thousand_customers_behind_one_phone_are_ten_thousand_and_one_people():
    people = resolve([see(f"account:{i} phone:hub", i) for i in range(10_000)], POLICY)
    assert len(people.members()) == 10_001
    assert people.state[key("phone:hub")] == "junk"


@settings(max_examples=30)
@given(st.permutations(JOINABLE[:6]))
def test_seen_all_at_once_or_one_after_another_is_the_same_person_when_nothing_forbids(names):
    names = [n for n in names if not n.startswith("account")]
    chain = [see(f"{a} {b}") for a, b in itertools.pairwise(names)]
    assert together(resolve(chain, POLICY), " ".join(names))


def _name(k):
    return next(n for n in JOINABLE if key(n) == k)
