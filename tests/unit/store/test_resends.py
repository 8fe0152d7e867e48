"""Second attempts: taken once, from an unknown first one, and both go on being counted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from quoflow.core.lifecycle import RunState, StepState
from quoflow.store import exchanges, outbox, resends, runs


@pytest.fixture
def lost(tx, make):
    """A text of which nobody knows whether it was sent."""
    step = make.step("s1")
    make.run(tx, "r1", step)
    attempt = make.attempt(step)
    assert outbox.take_intent(tx, attempt, now=make.at(1))
    assert outbox.settle(tx, "a1", state="unknown", reason="lost", now=make.at(1))
    return step


def again(tx, make, step, attempt_id="a2", lost_id="a1", **fields):
    attempt = make.attempt(step, attempt_id, started_at=make.at(3), **fields)
    return resends.take_again(tx, lost_id, attempt, now=make.at(3))


def states(tx, step_id="s1"):
    """Give the step's state and those of its attempts."""
    return runs.find_step(tx, step_id).state, {one.id: one.state for one in outbox.list_attempts(tx, step_id)}


def test_a_second_attempt_takes_the_place_of_the_first(tx, make, lost):
    """The step is sending again, the first is `resent`, and both count for caps, budget and whose a text is."""
    assert again(tx, make, lost)

    assert states(tx) == (StepState.SENDING, {"a1": "resent", "a2": "sending"})
    assert len(exchanges.list_sent(tx, connection="main", to=make.peer, since=make.now)) == 2
    assert outbox.sum_segments(tx, connection="main", since=make.now) == 2
    assert outbox.pending_texts(tx, connection="main", line_id="PN1", to=make.peer, at=make.at(9)) == ("hi", "hi")
    assert [one.id for one in resends.list_lost(tx)] == ["a1"]


@pytest.mark.parametrize("state", ["sending", "sent", "failed"])
def test_only_an_unknown_attempt_is_made_again(tx, make, state):
    """What is on its way, was sent or provably was not has no second attempt."""
    step = make.step("s1")
    make.run(tx, "r1", step)
    outbox.take_intent(tx, make.attempt(step), now=make.at(1))
    if state != "sending":
        outbox.settle(tx, "a1", state=state, reason="", now=make.at(1))
    before = states(tx)

    assert not again(tx, make, step)
    assert states(tx) == before


def test_other_bytes_are_not_sent_again(tx, make, lost):
    """A second attempt has the hash that the step has, or nothing changes."""
    before = states(tx)

    assert not again(tx, make, lost, payload_hash="other")
    assert states(tx) == before


def test_there_is_one_second_attempt_and_no_third(tx, make, lost):
    """Once the second is unknown too, neither of the two is made again."""
    again(tx, make, lost)
    outbox.settle(tx, "a2", state="unknown", reason="lost", now=make.at(3))

    assert not again(tx, make, lost, "a3")
    assert not again(tx, make, lost, "a3", lost_id="a2")
    assert states(tx) == (StepState.UNKNOWN, {"a1": "resent", "a2": "unknown"})


def test_a_second_attempt_that_was_not_sent_puts_the_first_back(tx, make, lost):
    """Provably not sent the second time: nobody knows about the first as before, and a second is possible again."""
    again(tx, make, lost)
    assert resends.put_back(tx, "a2", reason="429", now=make.at(4))
    step = runs.find_step(tx, "s1")

    assert states(tx) == (StepState.UNKNOWN, {"a1": "unknown", "a2": "failed"})
    assert step.reason.endswith("the second try was not: 429")
    assert again(tx, make, lost, "a3")


@pytest.mark.parametrize("attempt_id", ["a1", "a9"])
def test_only_a_second_attempt_is_put_back(tx, make, lost, attempt_id):
    """A first attempt, or none, has nothing to be put back to."""
    before = states(tx)

    assert not resends.put_back(tx, attempt_id, reason="429", now=make.at(4))
    assert states(tx) == before


def test_a_first_attempt_that_turns_up_late_is_claimed_beside_the_second(tx, make, lost):
    """Two texts were sent: each attempt has its message, none has another's, and the step stays as it is."""
    again(tx, make, lost)
    outbox.settle(tx, "a2", state="sent", reason="", now=make.at(4), message_id="AC2")

    assert not resends.settle_late(tx, "a1", message_id="AC2", now=make.at(5))
    assert resends.settle_late(tx, "a1", message_id="AC1", now=make.at(5))
    assert not resends.settle_late(tx, "a1", message_id="AC3", now=make.at(5))
    assert states(tx) == (StepState.SUCCEEDED, {"a1": "sent", "a2": "sent"})
    assert resends.list_lost(tx) == ()


def test_what_is_alike_is_the_same_text_on_the_same_way(tx, make, lost):
    """Same connection, line, number and words, and lost; the oldest first, the attempt itself left out."""
    for name, fields in {
        "b1": {"started_at": make.at(-1)},
        "b2": {"to": "+15555550999"},
        "b3": {"line_id": "PN2"},
        "b4": {"normal_text": "other"},
        "b5": {"started_at": make.at(2)},
    }.items():
        step = replace(make.step(f"step {name}"), run_id=f"run of {name}")
        make.run(tx, f"run of {name}", step, state=RunState.RUNNING)
        outbox.take_intent(tx, make.attempt(step, name, **fields), now=make.at(1))
        outbox.settle(tx, name, state="unknown", reason="", now=make.at(1))
    attempt = outbox.find_attempt(tx, "a1")

    assert [one.id for one in resends.list_alike(tx, attempt)] == ["b1", "b5"]
