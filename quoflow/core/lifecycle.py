"""The life of a run and its steps: states, the records the store keeps, what to do next. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from quoflow.core.plans import Write


class StepState(StrEnum):
    """Where a step stands."""

    QUEUED = "queued"
    WAITING = "waiting"
    NEEDS_APPROVAL = "needs_approval"
    HELD = "held"
    SENDING = "sending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


class RunState(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    WAITING = "waiting"
    NEEDS_APPROVAL = "needs_approval"
    HELD = "held"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"


FINISHED_STEPS = frozenset({StepState.SUCCEEDED, StepState.FAILED, StepState.CANCELLED, StepState.SKIPPED})
"""States that a step never leaves by itself: a person may have a failed run tried again.

`unknown` is not among them: a person resolves it."""

ON_THEIR_WAY = frozenset({StepState.SENDING, StepState.UNKNOWN})
"""States of a write that may have happened: nothing cancels them, only evidence or a person settles them."""

LOOK_AGAIN = timedelta(seconds=60)
"""When a write that is held without a known end is looked at again."""

FINISHED_RUNS = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.CANCELLED, RunState.SKIPPED})


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of a run, as the store keeps it.

    Attributes:
        id: ours, unique.
        path: `actions[0]`…, unique in the run; `position` orders the steps of a run.
        name: the step's id in the rule (`steps.<name>`), or None.
        state: see StepState; `due_at` is when the worker may look at it next, UTC, or None when nothing but a
            person can move it.
        is_write: it passes the gate and goes through the outbox; then `payload`, `hash`, `to`, `from_`, `text` and
            `segments` are the frozen write.
        outcome: what it returned (JSON), reachable as `steps.<name>`.
        reason: why it is in its state, in words.
        tries: how often the worker has taken it up.
        guard: the guard that last objected to it, if one has.
        retries: how often its rule's `retry` has had it done again.
        may_retry: whether it failed where nothing of it can have happened, so that it may be done again.
        deadline_at: when its `timeout` is over, UTC.
    """

    id: str
    run_id: str
    connection: str
    path: str
    position: int
    action: str
    state: StepState
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    due_at: datetime | None = None
    is_write: bool = False
    payload: Mapping[str, Any] | None = None  # JSON
    hash: str | None = None
    to: str | None = None
    from_: str | None = None
    text: str | None = None
    segments: int = 0
    outcome: Mapping[str, Any] | None = None  # JSON
    reason: str = ""
    tries: int = 0
    guard: str | None = None
    retries: int | None = None
    may_retry: bool | None = None
    deadline_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A rule's actions being carried out for one event; unique on (connection, rule, event).

    `batch` is the batch that it belongs to, or None: the runs of one firing for the members of an audience. `called_by`
    is the run that asked for it by `run_rule`, or None.
    """

    id: str
    connection: str
    rule: str
    rule_version: str
    event_id: str
    state: RunState
    started_at: datetime
    updated_at: datetime
    peer: str | None = None
    reason: str = ""
    batch: str | None = None
    called_by: str | None = None
    steps: tuple[StepRecord, ...] = field(default=())


ENTRIES = frozenset({"throttle", "concurrency"})
"""Actions of the steps that stand before a run's first one: what must be over before it begins."""


def is_at_the_door(steps: Iterable[StepRecord]) -> bool:
    """Whether a run has yet to begin: none of its steps is planned before that."""
    return any(step.action in ENTRIES and step.state not in FINISHED_STEPS for step in steps)


def fold_run_state(steps: Iterable[StepRecord]) -> tuple[RunState, str]:
    """Give an unfinished run's state and reason from its steps: what it waits for, most urgent first."""
    pending = [step for step in steps if step.state not in FINISHED_STEPS]
    for state, run_state in (
        (StepState.SENDING, RunState.RUNNING),
        (StepState.UNKNOWN, RunState.HELD),
        (StepState.NEEDS_APPROVAL, RunState.NEEDS_APPROVAL),
        (StepState.HELD, RunState.HELD),
        (StepState.WAITING, RunState.WAITING),
        (StepState.QUEUED, RunState.QUEUED),
    ):
        for step in pending:
            if step.state == state:
                return run_state, step.reason
    return RunState.RUNNING, ""


def freeze_write(
    step: StepRecord, write: Write, *, state: StepState, due_at: datetime | None, reason: str
) -> StepRecord:
    """Give the step with a write's bytes frozen in it, in the state that the gate left it."""
    return replace(
        step,
        state=state,
        due_at=due_at,
        reason=reason,
        is_write=True,
        payload=write.payload,
        hash=write.hash,
        to=write.to,
        from_=write.from_,
        text=write.text,
        segments=write.segments,
    )


def thaw_write(step: StepRecord, *, rule_version: str) -> Write:
    """Give the write that is frozen in a step, to be checked again and carried out."""
    return Write(
        connection=step.connection,
        action=step.action,
        to=step.to or "",
        from_=step.from_,
        text=step.text,
        payload=step.payload or {},
        segments=step.segments,
        rule_version=rule_version,
    )
