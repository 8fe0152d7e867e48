"""The loop breaker: too many texts, a machine's answers, the same text again; each to its edge, and when it is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import loops
from quoflow.core.guard_settings import Loop

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def ago(minutes=0, seconds=0):
    return NOW - timedelta(minutes=minutes, seconds=seconds)


def find(*sent, limits=None, text="hello", answer=None, is_automatic=True, now=NOW):
    return loops.find_loop(
        limits or Loop(), now, sent=sent, others=sent, normal_text=text, answer=answer, is_automatic=is_automatic
    )


def test_nothing_before_it_is_no_loop():
    """The first text of a conversation passes."""
    assert find() is None


def test_too_many_texts_hold_until_the_oldest_has_left_the_hour():
    """Three in the hour hold the fourth, approved or not, until the first is an hour old."""
    sent = [loops.Sent(ago(50)), loops.Sent(ago(40)), loops.Sent(ago(30))]

    for is_automatic in (True, False):
        found = find(*sent, is_automatic=is_automatic)

        assert found.until == NOW + timedelta(minutes=10)
        assert found.reason == "3 texts of ours in this conversation in the last hour (at most 3)"
    assert find(*sent, now=found.until) is None


@pytest.mark.parametrize(("seconds", "is_machine"), [(0, True), (3, True), (14, True), (15, False), (60, False)])
def test_who_answers_within_15_seconds_is_a_machine(seconds, is_machine):
    """Their text less than 15 s after ours holds ours for an hour after it; at 15 s it is a person."""
    found = find(answer=loops.Answer(ago(1), timedelta(seconds=seconds)))

    assert (found is not None) == is_machine
    if is_machine:
        assert found.until == ago(1) + timedelta(hours=1)
        assert f"answered our text within {seconds}s, which is faster than 15s" in found.reason


def test_a_machine_s_answer_is_forgotten_after_an_hour():
    """What was answered too fast an hour ago holds nothing any more."""
    fast = timedelta(seconds=1)

    assert find(answer=loops.Answer(ago(59, 59), fast)) is not None
    assert find(answer=loops.Answer(ago(60), fast)) is None


@pytest.mark.parametrize(
    ("sent", "is_repeated"),
    [
        ([loops.Sent(ago(10), normal_text="hello")], True),
        ([loops.Sent(ago(60), normal_text="hello")], False),
        ([loops.Sent(ago(59, 59), normal_text="hello")], True),
        ([loops.Sent(ago(10), normal_text="other")], False),
        ([loops.Sent(ago(20), normal_text="hello"), loops.Sent(ago(10), normal_text="other")], False),
        ([loops.Sent(ago(20), normal_text="other"), loops.Sent(ago(10), normal_text="hello")], True),
        ([loops.Sent(ago(10), normal_text=None)], False),
    ],
)
def test_the_same_text_in_a_row_is_held_for_an_hour(sent, is_repeated):
    """Only the text that went last counts, for one hour."""
    found = find(*sent)

    assert (found is not None) == is_repeated
    if is_repeated:
        assert found.until == sent[-1].at + timedelta(hours=1)
        assert "the same text went out" in found.reason


def test_what_a_person_approved_may_be_said_again_and_to_a_machine():
    """Two identical texts with a yes for each are two texts; so is an answer to who answers fast."""
    repeated = loops.Sent(ago(1), normal_text="hello")
    machine = loops.Answer(ago(1), timedelta(seconds=1))

    assert find(repeated, answer=machine, is_automatic=False) is None


def test_a_lost_text_is_no_repetition_of_itself():
    """A write whose first attempt is lost may be sent again where its rule says so; it counts to the limit still."""
    lost = [loops.Sent(ago(minutes), normal_text="hello") for minutes in (3, 2, 1)]
    known = {"normal_text": "hello", "answer": None, "is_automatic": True}

    assert loops.find_loop(Loop(), NOW, sent=lost[:1], others=[], **known) is None
    assert loops.find_loop(Loop(), NOW, sent=lost, others=[], **known) is not None


def test_each_part_can_be_switched_off():
    """`faster_than: off` and `same_text_within: off` leave the count alone."""
    limits = Loop.model_validate({"faster_than": "off", "same_text_within": "off", "automatic_per_hour": "2"})
    machine = loops.Answer(ago(1), timedelta(seconds=1))

    assert find(loops.Sent(ago(1), normal_text="hello"), limits=limits, answer=machine) is None
    assert find(loops.Sent(ago(2)), loops.Sent(ago(1)), limits=limits) is not None


def test_of_several_reasons_the_one_that_lasts_longest_is_given():
    """What passes first is not promised as the end of the hold."""
    sent = [loops.Sent(ago(50)), loops.Sent(ago(40)), loops.Sent(ago(5), normal_text="hello")]

    found = find(*sent)

    assert found.until == NOW + timedelta(minutes=55)
