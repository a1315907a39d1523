"""Who is it, how sure, and what may be done?"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from byname.home import Home
from byname.identity import recognise
from byname.identity.recognise import PERMISSIONS, Found, Likeness, Shown, decide, may
from byname.terms import Level, Proof
from tests.identity.cast import POLICY, key, see
from tests.identity.stored import NOW, play, writing

ANN, BOB, HOME, ELSEWHERE = 1, 2, 10, 20
POSSESSED, CLAIMED, CARRIED = Proof.POSSESSED, Proof.CLAIMED, Proof.CARRIED


def found(type_, proof, person=ANN, household=HOME, state="own"):
    return Found(type_, proof, state, person, household)


STORIES = [
    ("a scanned loyalty card", [found("loyalty", POSSESSED)], Level.KNOWN),
    ("a payment card read", [found("card", POSSESSED)], Level.KNOWN),
    ("a phone confirmed by a code", [found("phone", POSSESSED)], Level.KNOWN),
    ("an e-mail spoken", [found("email", CLAIMED)], Level.PROBABLE),
    ("a cookie", [found("device", CARRIED)], Level.PROBABLE),
    ("a device held in a hand", [found("device", POSSESSED)], Level.PROBABLE),
    ("her card and her e-mail", [found("card", POSSESSED), found("email", CLAIMED)], Level.KNOWN),
    ("her card and somebody's e-mail", [found("card", POSSESSED), found("email", CLAIMED, BOB)], Level.PROBABLE),
    ("her card and his device", [found("card", POSSESSED), found("device", CARRIED, BOB)], Level.PROBABLE),
    ("her card and the family phone",
     [found("card", POSSESSED), found("phone", CLAIMED, 9, state="shared")], Level.KNOWN),
    ("her card and another family's phone",
     [found("card", POSSESSED), found("phone", CLAIMED, 9, ELSEWHERE, "shared")], Level.PROBABLE),
    ("two cards of two of one family", [found("card", POSSESSED), found("card", POSSESSED, BOB)], Level.HOUSEHOLD),
    ("two cards of two strangers",
     [found("card", POSSESSED), found("card", POSSESSED, BOB, ELSEWHERE)], Level.ANONYMOUS),
    ("two claims of strangers", [found("email", CLAIMED), found("phone", CLAIMED, BOB, ELSEWHERE)], Level.ANONYMOUS),
    ("a family phone", [found("phone", POSSESSED, 9, state="shared")], Level.HOUSEHOLD),
    ("a contested e-mail, confirmed", [found("email", POSSESSED, state="contested")], Level.HOUSEHOLD),
    ("a claim and another family's phone",
     [found("email", CLAIMED), found("phone", CLAIMED, 9, ELSEWHERE, "shared")], Level.ANONYMOUS),
    ("everybody's phone", [found("phone", POSSESSED, 9, state="junk")], Level.ANONYMOUS),
    ("her card and everybody's phone",
     [found("card", POSSESSED), found("phone", CLAIMED, 9, state="junk")], Level.KNOWN),
    ("a name", [found("given", CLAIMED, 9, state="witness")], Level.ANONYMOUS),
    ("nothing", [], Level.ANONYMOUS),
]  # fmt: skip


@pytest.mark.parametrize(("what", "shown", "level"), STORIES, ids=[s[0] for s in STORIES])
def test_the_level_of(what, shown, level):
    for order in itertools.permutations(shown):
        decided = decide(order, POLICY)
        assert decided.level is level
        assert (decided.person is None) == (level in (Level.HOUSEHOLD, Level.ANONYMOUS))
        assert all(str(reason) for reason in decided.why)


def test_whoever_is_not_recognised_gets_one_and_the_same_answer():
    answers = {decide(shown, POLICY)._replace(note="") for _, shown, level in STORIES if level is Level.ANONYMOUS}
    assert answers == {recognise.nobody("")}


def test_a_likeness_makes_perhaps_and_never_known():
    assert decide([], POLICY, Likeness(ANN, HOME, 0.995, False)).level is Level.PROBABLE
    assert decide([], POLICY, Likeness(ANN, HOME, 0.995, True)).level is Level.ANONYMOUS
    assert decide([], POLICY, Likeness(ANN, HOME, 0.98, False)).level is Level.ANONYMOUS


_FOUND = st.builds(
    Found,
    st.sampled_from([r.name for r in POLICY.types]),
    st.sampled_from(list(Proof)),
    st.sampled_from(["own", "shared", "junk", "contested"]),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([10, 20]),
)
_SURE = [Level.ANONYMOUS, Level.HOUSEHOLD, Level.PROBABLE, Level.KNOWN]


@given(st.lists(_FOUND, max_size=4), _FOUND)
def test_what_somebody_else_owns_never_makes_us_surer_of_her(shown, other):
    before = decide(shown, POLICY)
    stranger = other._replace(person=99, household=99, state="own", proof=CLAIMED, type="email")
    if before.person is not None:
        after = decide([*shown, stranger], POLICY)
        assert _SURE.index(after.level) <= _SURE.index(before.level)
        assert after.level is not Level.KNOWN


@given(st.lists(_FOUND, max_size=5))
def test_known_needs_a_proof_of_an_own_identifier(shown):
    decided = decide(shown, POLICY)
    if decided.level is Level.KNOWN:
        assert any(f.proof is POSSESSED and f.state == "own" and f.person == decided.person for f in shown)


# --- what may be done -----------------------------------------------------------------------------------------

EVERYTHING = {"service", "programme", "recognition", "personalisation", "marketing"}


def test_only_known_is_greeted_and_perhaps_is_asked():
    assert "greet_by_name" in may(Level.KNOWN, EVERYTHING)
    for level in (Level.PROBABLE, Level.HOUSEHOLD, Level.ANONYMOUS):
        allowed = may(level, EVERYTHING)
        assert not {"greet_by_name", "show_history", "apply_benefits", "record_promise", "change_account"} & set(
            allowed
        )
    assert may(Level.PROBABLE, EVERYTHING) == [
        "serve", "attach_later", "prepare_offers", "load_context", "ask_one_question"
    ]  # fmt: skip
    assert may(Level.HOUSEHOLD, EVERYTHING) == ["serve", "attach_later", "household_service"]


@given(st.sampled_from(list(Level)), st.sets(st.sampled_from(sorted(EVERYTHING))), st.sampled_from(sorted(EVERYTHING)))
def test_no_purpose_no_use(level, consents, purpose):
    allowed = may(level, consents, purpose)
    assert allowed[:2] == ["serve", "attach_later"]
    assert set(allowed) <= PERMISSIONS.keys()
    if purpose not in consents or "recognition" not in consents:
        assert allowed == may(Level.ANONYMOUS, EVERYTHING)


# --- on the store ---------------------------------------------------------------------------------------------


def test_she_is_found_by_what_she_shows(home: Home):
    with writing(home) as db:
        play(db, POLICY, see("card:par account:ann email:ann", 1))
        (public,) = db.row("select i.public_id from identifier i where i.id = i.person and state = 'own'")
        known = recognise.recognise(db, POLICY, [Shown(key("card:par"), POSSESSED)], now=NOW)
        assert (known.level, known.customer) == (Level.KNOWN, public)
        assert [str(r) for r in known.why] == ["Her card was shown by possession or login"]
        stranger = recognise.recognise(db, POLICY, [Shown(key("card:other"), POSSESSED)], now=NOW)
        hidden = recognise.recognise(
            db, POLICY, [Shown(key("card:par"), POSSESSED)], now=NOW, flagged={key("card:par")}
        )
        assert stranger._replace(note="") == hidden._replace(note="") == recognise.nobody("")
        assert hidden.note == "asked"
        assert recognise.recognise(db, POLICY, [], now=NOW).level is Level.ANONYMOUS
