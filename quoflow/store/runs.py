"""Runs and their steps: written once, moved by compare-and-set, found when due."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields, replace
from datetime import datetime

from sqlalchemy import Connection, and_, exists, func, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from quoflow.core import breaking
from quoflow.core.lifecycle import (
    FINISHED_RUNS,
    FINISHED_STEPS,
    ON_THEIR_WAY,
    RunRecord,
    RunState,
    StepRecord,
    StepState,
)
from quoflow.core.steps import OUTSIDE, UNASKED
from quoflow.store import rows, tables

WORKABLE = (StepState.QUEUED, StepState.HELD, StepState.WAITING)
"""States from which the worker takes a step up once it is due."""

ENDABLE = (*WORKABLE, StepState.NEEDS_APPROVAL)
"""States in which nothing of a step can have happened yet, so that it may be ended."""

_runs, _steps = tables.runs, tables.steps

# Named one by one, for an index is of use with `IN` and of none with `NOT IN`.
_is_unfinished_run = _runs.c.state.in_(sorted(set(RunState) - FINISHED_RUNS))
_TURNS = (_steps.c.due_at, _steps.c.created_at, _steps.c.position, _steps.c.id)
_is_unfinished_step = _steps.c.state.not_in(sorted(FINISHED_STEPS))
_FIXED = frozenset({"id", "run_id", "connection", "path", "position", "action", "created_at", "updated_at"})
_CHANGEABLE = frozenset(field.name for field in fields(StepRecord)) - _FIXED


# -- runs


def add_run(tx: Connection, run: RunRecord) -> bool:
    """Write a run without its steps. Gives False when the rule has run for this event already.

    Its event must be in the inbox and its rule's version kept: a run must be able to go on after a restart.
    """
    here = (_runs.c.connection == run.connection, _runs.c.rule == run.rule, _runs.c.event_id == run.event_id)
    if tx.scalar(select(_runs.c.id).where(*here)) is not None:
        return False
    tx.execute(insert(_runs), rows.to_row(_runs, run))
    return True


def find_run(tx: Connection, run_id: str, *, with_steps: bool = True) -> RunRecord | None:
    """Find a run by its id."""
    found = _read_runs(tx, _runs.c.id == run_id)
    if not found or not with_steps:
        return found[0] if found else None
    return replace(found[0], steps=list_steps(tx, run_id))


def list_runs(
    tx: Connection,
    *,
    state: RunState | str | None = None,
    limit: int | None = 50,
    connection: str | None = None,
    batch: str | None = None,
    since: datetime | None = None,
) -> tuple[RunRecord, ...]:
    """List runs with their steps, the newest first; those that started at a time or later. No limit lists them all."""
    conditions = [] if state is None else [_runs.c.state == RunState(state)]
    if batch is not None:
        conditions.append(_runs.c.batch == batch)
    if connection is not None:
        conditions.append(_runs.c.connection == connection)
    if since is not None:
        conditions.append(_runs.c.started_at >= since)
    return _add_steps_to(tx, _read_runs(tx, *conditions, limit=limit))


def list_unfinished_runs(
    tx: Connection, *, connection: str, peer: str | None = None, rule: str | None = None
) -> tuple[RunRecord, ...]:
    """List the runs that are not at their end, with their steps, the newest first; of one number or rule, if named."""
    conditions = [_runs.c.connection == connection, _is_unfinished_run]
    if peer is not None:
        conditions.append(_runs.c.peer == peer)
    if rule is not None:
        conditions.append(_runs.c.rule == rule)
    return _add_steps_to(tx, _read_runs(tx, *conditions))


def list_unfinished_rules(tx: Connection) -> tuple[tuple[str, str], ...]:
    """List (connection, rule) of the runs that are not at their end."""
    question = select(_runs.c.connection, _runs.c.rule).where(_is_unfinished_run).distinct()
    return tuple((row.connection, row.rule) for row in tx.execute(question.order_by(_runs.c.connection, _runs.c.rule)))


def list_unfinished_ids(tx: Connection, *, connection: str, rule: str) -> tuple[str, ...]:
    """List the ids of a rule's runs that are not at their end, the oldest first."""
    here = (_runs.c.connection == connection, _runs.c.rule == rule, _is_unfinished_run)
    return tuple(tx.scalars(select(_runs.c.id).where(*here).order_by(_runs.c.started_at, _runs.c.id)))


def list_all_unfinished(tx: Connection) -> tuple[RunRecord, ...]:
    """List every run that is not at its end, with its steps, the newest first."""
    return _add_steps_to(tx, _read_runs(tx, _is_unfinished_run))


def list_stalled_runs(tx: Connection, *, states: Collection[RunState | str]) -> tuple[RunRecord, ...]:
    """List the runs in these states that a decision or an expiry has moved, and nothing has carried on since.

    No step of theirs is left to do, or one came to its end after the run was last written.
    """
    belongs = _steps.c.run_id == _runs.c.id
    nothing_left = ~exists().where(belongs, _is_unfinished_step)
    settled_since = exists().where(belongs, ~_is_unfinished_step, _steps.c.updated_at > _runs.c.updated_at)
    wanted = _runs.c.state.in_(sorted(RunState(state) for state in states))
    return _add_steps_to(tx, _read_runs(tx, wanted, _is_unfinished_run, nothing_left | settled_since))


def update_run(tx: Connection, run_id: str, *, state: RunState, reason: str, now: datetime) -> bool:
    """Move a run. Gives False when it is at its end: from there only `reopen_run` moves one that failed."""
    here = (_runs.c.id == run_id, _is_unfinished_run)
    return tx.execute(update(_runs).where(*here).values(state=state, reason=reason, updated_at=now)).rowcount == 1


def reopen_run(tx: Connection, run_id: str, *, now: datetime) -> bool:
    """Take a failed run up again, because a person says so. Gives False when it has not failed."""
    here = (_runs.c.id == run_id, _runs.c.state == RunState.FAILED)
    changes = {"state": RunState.QUEUED, "reason": "", "updated_at": now}
    return tx.execute(update(_runs).where(*here).values(changes)).rowcount == 1


def cancel_run(
    tx: Connection, run_id: str, *, reason: str, now: datetime, state: RunState = RunState.CANCELLED
) -> bool:
    """Cancel a run, its steps and its pending approvals. Gives False when it was at its end already.

    It ends as cancelled, or as skipped where it never had its turn.

    A write that may have happened (sending, unknown) stays as it is: only evidence or a person settles it.
    """
    if not update_run(tx, run_id, state=state, reason=reason, now=now):
        return False
    tx.execute(
        update(_steps)
        .where(_steps.c.run_id == run_id, _is_unfinished_step, _steps.c.state.not_in(sorted(ON_THEIR_WAY)))
        .values(state=StepState.CANCELLED, reason=reason, due_at=None, updated_at=now)
    )
    approvals = tables.approvals
    tx.execute(
        update(approvals)
        .where(approvals.c.run_id == run_id, approvals.c.state == "pending")
        .values(state="cancelled", decided_at=now)
    )
    return True


def _read_runs(tx: Connection, *conditions: ColumnElement[bool], limit: int | None = None) -> tuple[RunRecord, ...]:
    question = rows.select_as(RunRecord, _runs).where(*conditions)
    return rows.read_all(tx, RunRecord, question.order_by(_runs.c.started_at.desc(), _runs.c.id.desc()).limit(limit))


def _add_steps_to(tx: Connection, found: tuple[RunRecord, ...]) -> tuple[RunRecord, ...]:
    steps: dict[str, list[StepRecord]] = {run.id: [] for run in found}
    for some in rows.chunks(steps):
        for step in _read_steps(tx, _steps.c.run_id.in_(some)):
            steps[step.run_id].append(step)
    return tuple(replace(run, steps=tuple(steps[run.id])) for run in found)


# -- steps


def add_steps(tx: Connection, steps: Iterable[StepRecord]) -> None:
    """Write steps of runs that are there.

    Leave `due_at` of a step that stands behind others None until it is its turn: `next_due` looks at every step
    that is due and passes over those that must still wait for an earlier one.
    """
    if new := [rows.to_row(_steps, step) for step in steps]:
        tx.execute(insert(_steps), new)


def list_steps(tx: Connection, run_id: str) -> tuple[StepRecord, ...]:
    """List a run's steps in their order."""
    return _read_steps(tx, _steps.c.run_id == run_id)


def find_step(tx: Connection, step_id: str) -> StepRecord | None:
    """Find a step by its id."""
    return rows.read_one(tx, StepRecord, rows.select_as(StepRecord, _steps).where(_steps.c.id == step_id))


def next_due(tx: Connection, *, now: datetime, connections: Collection[str] | None = None) -> StepRecord | None:
    """Give the step that has been due the longest, of these connections or of all.

    It is queued, held or waiting, every step before it in its run is at its end, and the run is not at its own.
    Nothing waits for a notification.
    """
    conditions = [*_is_next(), _steps.c.due_at <= now]
    if connections is not None:
        conditions.append(_steps.c.connection.in_(sorted(connections)))
    question = rows.select_as(StepRecord, _steps).where(*conditions)
    return rows.read_one(tx, StepRecord, question.order_by(*_TURNS))


def list_awaiting(tx: Connection, *, connection: str, peer: str) -> tuple[StepRecord, ...]:
    """List the steps that wait for an event of a number, the longest first."""
    here = (_runs.c.connection == connection, _runs.c.peer == peer, _runs.c.state == RunState.WAITING)
    waits = (_steps.c.run_id == _runs.c.id, _steps.c.action == "wait_for", _steps.c.state == StepState.WAITING)
    return rows.read_all(tx, StepRecord, rows.select_as(StepRecord, _steps).where(*here, *waits).order_by(*_TURNS))


def list_overdue(tx: Connection, *, now: datetime) -> tuple[StepRecord, ...]:
    """List the steps that should have been done by now and are not begun, the longest overdue first."""
    here = (_steps.c.deadline_at <= now, _steps.c.state.in_(ENDABLE), _goes_on())
    return rows.read_all(tx, StepRecord, rows.select_as(StepRecord, _steps).where(*here).order_by(_steps.c.deadline_at))


def list_due_writes(tx: Connection, *, now: datetime, connections: Collection[str]) -> tuple[StepRecord, ...]:
    """List the writes of these connections that are due, the longest due first, also those behind other steps."""
    here = (_steps.c.is_write, _steps.c.due_at <= now, _steps.c.connection.in_(sorted(connections)))
    question = rows.select_as(StepRecord, _steps).where(_steps.c.state.in_(WORKABLE), _goes_on(), *here)
    return rows.read_all(tx, StepRecord, question.order_by(*_TURNS))


def next_due_at(tx: Connection) -> datetime | None:
    """Give when the next step is due, which may be in the past; None when nothing but a person can move any."""
    due_at: datetime | None = tx.scalar(select(func.min(_steps.c.due_at)).where(*_is_next()))
    return due_at


def update_step(
    tx: Connection, step_id: str, *, expected: Collection[StepState], now: datetime, **changes: object
) -> bool:
    """Change a step if it is in one of the expected states. Gives whether it was.

    A step that comes to its end is due no more, unless `due_at` is among the changes.

    Raises:
        TypeError: when a change names no field, or one that never changes.
    """
    if unknown := changes.keys() - _CHANGEABLE:
        raise TypeError(f"a step's {', '.join(sorted(unknown))} cannot be changed")
    if changes.get("state") in FINISHED_STEPS:
        changes = {"due_at": None} | changes
    here = (_steps.c.id == step_id, _steps.c.state.in_(sorted(expected)))
    return tx.execute(update(_steps).where(*here).values(updated_at=now, **changes)).rowcount == 1


def list_unsent_texts(tx: Connection, *, connection: str) -> tuple[StepRecord, ...]:
    """List the texts that wait to be sent, or to be approved."""
    waits = _steps.c.state.in_([StepState.NEEDS_APPROVAL, *WORKABLE])
    here = (_steps.c.connection == connection, _steps.c.action == "send_message", _steps.c.hash.is_not(None))
    return _read_steps(tx, and_(waits, *here))


def wake_held(tx: Connection, *, now: datetime) -> int:
    """Make every held step due at once, after a pause: the gate is asked again. Gives how many there were."""
    here = _steps.c.state == StepState.HELD
    return tx.execute(update(_steps).where(here).values(due_at=now, updated_at=now)).rowcount


def hold_due(tx: Connection, *, connection: str, scope: str, reason: str, due_at: datetime, now: datetime) -> int:
    """Hold every write that is due and in a breaker's scope, and its run with it, until a time.

    In one go, however many there are. Gives how many.
    """
    here = [_steps.c.connection == connection, _steps.c.is_write, _steps.c.state.in_(WORKABLE), _steps.c.due_at <= now]
    here += _is_in_scope(scope)
    waits = (RunState.QUEUED, RunState.HELD, RunState.WAITING, RunState.RUNNING)
    theirs = _runs.c.id.in_(select(_steps.c.run_id).where(*here))
    held_run = {"state": RunState.HELD, "reason": reason, "updated_at": now}
    tx.execute(update(_runs).where(theirs, _runs.c.state.in_(waits)).values(held_run))
    held_step = {"state": StepState.HELD, "reason": reason, "due_at": due_at, "updated_at": now}
    return tx.execute(update(_steps).where(*here).values(held_step)).rowcount


def _is_in_scope(scope: str) -> list[ColumnElement[bool]]:
    action, colon, to = scope.partition(":")
    if colon:
        return [_steps.c.action == action, _steps.c.to == to]
    at_quo = _steps.c.action.not_in(sorted(OUTSIDE))
    if scope in (breaking.KEY, breaking.WRITES):
        return [at_quo]
    return [at_quo, _steps.c.payload["from"].as_string() == scope]


def _read_steps(tx: Connection, condition: ColumnElement[bool]) -> tuple[StepRecord, ...]:
    question = rows.select_as(StepRecord, _steps).where(condition)
    return rows.read_all(tx, StepRecord, question.order_by(_steps.c.run_id, _steps.c.position, _steps.c.id))


def _is_next() -> list[ColumnElement[bool]]:
    earlier = _steps.alias("earlier")
    waits = exists().where(
        earlier.c.run_id == _steps.c.run_id,
        earlier.c.position < _steps.c.position,
        earlier.c.action.not_in(sorted(UNASKED)),
        earlier.c.state.not_in(sorted(FINISHED_STEPS)),
    )
    return [_steps.c.state.in_(WORKABLE), ~waits, _goes_on()]


def _goes_on() -> ColumnElement[bool]:
    return exists().where(_runs.c.id == _steps.c.run_id, _is_unfinished_run)
