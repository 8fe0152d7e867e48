"""Lifecycle: a run's state folded from its steps, and writes frozen into them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import lifecycle, plans
from quoflow.core.lifecycle import RunState, StepRecord, StepState

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
URGENCY = [
    (StepState.SENDING, RunState.RUNNING),
    (StepState.UNKNOWN, RunState.HELD),
    (StepState.NEEDS_APPROVAL, RunState.NEEDS_APPROVAL),
    (StepState.HELD, RunState.HELD),
    (StepState.WAITING, RunState.WAITING),
    (StepState.QUEUED, RunState.QUEUED),
]


def step(state, *, position=0, reason=""):
    return StepRecord(
        id=f"s{position}",
        run_id="r1",
        connection="main",
        path=f"actions[{position}]",
        position=position,
        action="send_message",
        state=state,
        created_at=NOW,
        updated_at=NOW,
        reason=reason,
    )


@pytest.mark.parametrize(("state", "expected"), URGENCY)
def test_a_pending_step_gives_the_run_its_state_and_reason(state, expected):
    """One pending step among finished ones decides what the run waits for, and why."""
    steps = [step(StepState.SUCCEEDED), step(state, position=1, reason="because"), step(StepState.SKIPPED, position=2)]

    assert lifecycle.fold_run_state(steps) == (expected, "because")


@given(st.lists(st.sampled_from(list(StepState)), max_size=6))
def test_the_most_urgent_step_decides(states):
    """Whatever the steps, the first state in the order of urgency that any of them has decides."""
    steps = [step(state, position=position) for position, state in enumerate(states)]

    expected = next((run for state, run in URGENCY if state in states), RunState.RUNNING)
    assert lifecycle.fold_run_state(steps)[0] == expected


def test_the_first_of_equal_steps_gives_the_reason():
    """Of two held steps the first one's reason is shown."""
    steps = [step(StepState.HELD, reason="cap"), step(StepState.HELD, position=1, reason="budget")]

    assert lifecycle.fold_run_state(steps) == (RunState.HELD, "cap")


def test_every_step_state_is_finished_or_pending():
    """No state falls between: `unknown` and `sending` are never finished, and nothing cancels them."""
    pending = {state for state, _ in URGENCY}

    assert pending | lifecycle.FINISHED_STEPS == set(StepState)
    assert not pending & lifecycle.FINISHED_STEPS
    assert {StepState.SENDING, StepState.UNKNOWN} == lifecycle.ON_THEIR_WAY


def test_the_states_of_runs_are_those_that_scripts_rely_on():
    """`runs list --json` promises these words."""
    assert {str(state) for state in RunState} == {
        "queued", "waiting", "needs_approval", "held", "running", "succeeded", "failed", "cancelled", "skipped",
    }  # fmt: skip


def test_a_frozen_write_thaws_to_the_same_bytes():
    """What a person approves is what is thawed and sent: the same write, the same hash."""
    write = plans.Write(
        connection="main",
        action="send_message",
        to="+15550104567",
        from_="+15550001111",
        text="hi",
        payload={"content": "hi"},
        segments=1,
        rule_version="0123456789ab",
    )
    due = NOW + timedelta(minutes=5)

    frozen = lifecycle.freeze_write(
        step(StepState.QUEUED), write, state=StepState.NEEDS_APPROVAL, due_at=due, reason="asked"
    )

    assert (frozen.state, frozen.due_at, frozen.reason, frozen.is_write) == (
        StepState.NEEDS_APPROVAL,
        due,
        "asked",
        True,
    )
    assert frozen.hash == write.hash
    assert lifecycle.thaw_write(frozen, rule_version="0123456789ab") == write
    assert lifecycle.thaw_write(frozen, rule_version="another").hash != frozen.hash


def test_a_step_without_a_write_thaws_to_nothing_that_can_be_sent():
    """A step that was never frozen has no recipient and no payload."""
    write = lifecycle.thaw_write(replace(step(StepState.QUEUED)), rule_version="0" * 12)

    assert (write.to, dict(write.payload), write.text) == ("", {}, None)
