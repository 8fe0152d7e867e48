"""How far a run has come and what is added to it: the values that planning gives. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quoflow.core import plans
from quoflow.core.lifecycle import RunState, StepState


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before a run goes on, bound like a write; how long it stands, or None."""

    asked: plans.Write
    patience: timedelta | None


@dataclass(frozen=True, slots=True)
class Turn:
    """What becomes of a step whose turn has come: its state as planning sees it, before the gate."""

    state: StepState
    due_at: datetime | None = None
    write: plans.Write | None = None
    payload: Mapping[str, Any] | None = None  # JSON
    outcome: Mapping[str, Any] | None = None  # JSON
    reason: str = ""
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step that becomes a record; but for its place in the run, see `Turn`."""

    path: str
    position: int
    action: str
    name: str | None
    state: StepState
    due_at: datetime | None = None
    write: plans.Write | None = None
    payload: Mapping[str, Any] | None = None  # JSON
    outcome: Mapping[str, Any] | None = None  # JSON
    reason: str = ""
    deadline_at: datetime | None = None
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """A step that failed and is done again: its path, when, and why, in words."""

    path: str
    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class End:
    """How a run ends, and why."""

    state: RunState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Advance:
    """The steps to add to a run now, its end if it has come, and what stands behind (paths, in order).

    `failure` is how a run will end whose rule has steps for that, and which are not done yet: nothing else goes on.
    `again` are steps that failed and are done once more.
    """

    steps: tuple[PlannedStep, ...]
    end: End | None
    later: tuple[str, ...] = ()
    failure: End | None = None
    again: tuple[Again, ...] = ()
