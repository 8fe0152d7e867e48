"""Writes on their way: the intent before the first byte, the outcome after, and what may have happened between.

An attempt and its step move together. `sending` is left by evidence only: it was sent (`settle`, and a message id
belongs to one attempt), it provably was not (`release`), or nobody knows (`settle` as unknown). An unknown attempt
after which the rule had the text sent again is `resent`: it may have happened all the same, and counts as if it had.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select, case, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from quoflow.core.lifecycle import FINISHED_RUNS, ON_THEIR_WAY, StepState
from quoflow.store import audit, rows, runs, tables

AttemptState = Literal["sending", "sent", "failed", "unknown", "resent"]
OutboxState = Literal["queued", "held", "sending", "sent", "failed", "unknown", "cancelled"]

OPEN = ("sending", "unknown")
LOST = ("unknown", "resent")
"""Attempts that are looked for at Quo from time to time."""

SLACK, SKEW = timedelta(seconds=5), timedelta(minutes=5)
"""How much earlier than its attempt a message may seem: where Quo's clock was known, and where it was not."""

TURNS_UP_WITHIN = timedelta(hours=24)
"""How late a text may show in its conversation at most: what comes later is somebody else's."""

MAY_COUNT = (*OPEN, "sent", "resent")
"""Attempts that happened or may have happened: caps and budgets count them all."""

STEP_STATES: dict[AttemptState, StepState] = {
    "sending": StepState.SENDING,
    "sent": StepState.SUCCEEDED,
    "failed": StepState.FAILED,
    "unknown": StepState.UNKNOWN,
    "resent": StepState.UNKNOWN,
}

OUTBOX_STATES: dict[StepState, OutboxState] = {
    StepState.QUEUED: "queued",
    StepState.WAITING: "queued",
    StepState.HELD: "held",
    StepState.NEEDS_APPROVAL: "held",
    StepState.SENDING: "sending",
    StepState.SUCCEEDED: "sent",
    StepState.FAILED: "failed",
    StepState.UNKNOWN: "unknown",
    StepState.CANCELLED: "cancelled",
    StepState.SKIPPED: "cancelled",
}

_table, _steps = tables.attempts, tables.steps


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a write.

    Attributes:
        line_id: our line, for a text.
        normal_text: the text in the form that is compared, since Quo may rewrite characters.
        payload_hash: the step's hash: which bytes were to be sent.
        message_id: Quo's, once it is known which message this became.
        looks: how often it was looked for at Quo.
        quo_at: when it began by Quo's clock, to about a second; None where that was not known.
        segments: as many as Quo may charge for at most.
    """

    id: str
    connection: str
    step_id: str
    run_id: str
    rule: str
    action: str
    line_id: str | None
    to: str | None
    text: str | None
    normal_text: str | None
    payload_hash: str
    state: AttemptState
    started_at: datetime
    finished_at: datetime | None = None
    message_id: str | None = None
    looks: int = 0
    reason: str = ""
    segments: int = 0
    quo_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A write as people see it: its step, and its latest attempt. `id` is the step's.

    `delivery` is what Quo last said of the message: queued, sent, delivered, undelivered, failed; None while unread.
    """

    id: str
    run: str
    rule: str
    action: str
    to: str | None
    text: str | None
    state: OutboxState
    message_id: str | None
    attempts: int
    reason: str
    delivery: str | None = None


# -- moving


def take_intent(tx: Connection, attempt: Attempt, *, now: datetime) -> bool:
    """Take a write up: its step goes to `sending`, and the attempt is on record before the first byte is.

    Gives False, and changes nothing, unless the step is queued or held with exactly the bytes of the attempt's
    hash, and no other attempt at it happened or may have happened. Send only when the transaction is committed.
    """
    other = exists().where(_table.c.step_id == _steps.c.id, _table.c.state.in_(MAY_COUNT))
    taken = tx.execute(
        update(_steps)
        .where(
            _steps.c.id == attempt.step_id,
            _steps.c.is_write,
            _steps.c.state.in_([StepState.QUEUED, StepState.HELD]),
            _steps.c.hash == attempt.payload_hash,
            ~other,
        )
        .values(state=StepState.SENDING, reason="", due_at=None, tries=_steps.c.tries + 1, updated_at=now)
    )
    if taken.rowcount != 1:
        return False
    tx.execute(insert(_table), rows.to_row(_table, attempt) | {"state": "sending"})
    _record(tx, attempt, "intended", now=now, to=attempt.to, hash=attempt.payload_hash)
    return True


def settle(
    tx: Connection,
    attempt_id: str,
    *,
    state: Literal["sent", "failed", "unknown"],
    reason: str,
    now: datetime,
    message_id: str | None = None,
    outcome: Mapping[str, Any] | None = None,  # JSON
) -> bool:
    """Record what came of an attempt that is in `sending` or `unknown`, and move its step with it.

    Gives False, and changes nothing, when it is settled already, or when the message id belongs to another attempt:
    two identical texts are two messages, and each is claimed once.
    """
    finished_at = None if state == "unknown" else now
    changes = {"state": state, "reason": reason, "finished_at": finished_at, "message_id": message_id}
    try:
        with tx.begin_nested():
            moved = _move(tx, attempt_id, changes)
    except IntegrityError:  # UNIQUE (connection, message_id)
        return False
    if moved is not None:
        step = {"state": STEP_STATES[state], "reason": reason, "due_at": None, "outcome": outcome}
        runs.update_step(tx, moved.step_id, expected=ON_THEIR_WAY, now=now, **step)
        _record(tx, moved, state, now=now, message=message_id, reason=reason)
    return moved is not None


def release(tx: Connection, attempt_id: str, *, reason: str, now: datetime, due_at: datetime) -> bool:
    """Record that an attempt was provably not sent, or may safely be repeated, and queue its step again.

    When its run has ended meanwhile the step ends too: nothing sends for a run that was cancelled.
    Gives False, and changes nothing, when the attempt is settled already.
    """
    moved = _move(tx, attempt_id, {"state": "failed", "reason": reason, "finished_at": now})
    if moved is None:
        return False
    run = runs.find_run(tx, moved.run_id, with_steps=False)
    ended = run is None or run.state in FINISHED_RUNS
    state = StepState.CANCELLED if ended else StepState.QUEUED
    step = {"state": state, "reason": reason, "due_at": None if ended else due_at}
    runs.update_step(tx, moved.step_id, expected=ON_THEIR_WAY, now=now, **step)
    _record(tx, moved, "released", now=now, reason=reason)
    return True


def count_look(tx: Connection, attempt_id: str) -> None:
    """Count that an attempt was looked for at Quo."""
    tx.execute(update(_table).where(_table.c.id == attempt_id).values(looks=_table.c.looks + 1))


def _move(tx: Connection, attempt_id: str, changes: Mapping[str, object]) -> Attempt | None:
    here = (_table.c.id == attempt_id, _table.c.state.in_(OPEN))
    if tx.execute(update(_table).where(*here).values(changes)).rowcount != 1:
        return None
    return rows.read_one(tx, Attempt, _select().where(_table.c.id == attempt_id))


def _record(tx: Connection, attempt: Attempt, what: str, *, now: datetime, **more: object) -> None:
    """Put what became of an attempt into the audit, in the transaction that writes it."""
    data = {"run": attempt.run_id, "step": attempt.step_id, "rule": attempt.rule, "action": attempt.action, **more}
    audit.record(
        tx,
        at=now,
        actor=audit.PROGRAM,
        kind=f"write.{what}",
        connection=attempt.connection,
        subject=attempt.id,
        data=data,
    )


# -- asking


def list_unsettled(tx: Connection) -> tuple[Attempt, ...]:
    """List the attempts in `sending`, the oldest first: at a start, what a dead process left behind."""
    return _list(tx, "sending")


def list_attempts(tx: Connection, step_id: str) -> tuple[Attempt, ...]:
    """List every attempt at a step, the oldest first."""
    question = _select().where(_table.c.step_id == step_id).order_by(_table.c.started_at, _table.c.id)
    return rows.read_all(tx, Attempt, question)


def find_attempt(tx: Connection, attempt_id: str) -> Attempt | None:
    """Find an attempt by its id."""
    return rows.read_one(tx, Attempt, _select().where(_table.c.id == attempt_id))


def find_claim(tx: Connection, *, connection: str, message_id: str) -> Attempt | None:
    """Find the attempt that became a message."""
    here = (_table.c.connection == connection, _table.c.message_id == message_id)
    return rows.read_one(tx, Attempt, _select().where(*here))


def claimed_ids(tx: Connection, *, connection: str, ids: Iterable[str]) -> set[str]:
    """Give which of these messages are ours: an attempt became each of them."""
    claimed: set[str] = set()
    for some in rows.chunks(ids):
        here = (_table.c.connection == connection, _table.c.message_id.in_(some))
        claimed.update(tx.scalars(select(_table.c.message_id).where(*here)))
    return claimed


def pending_texts(tx: Connection, *, connection: str, line_id: str, to: str, at: datetime) -> tuple[str, ...]:
    """List the texts, in the form that is compared, that may be on their way from a line to a number.

    Args:
        tx: the transaction.
        connection: the connection's name.
        line_id: our line.
        to: the number.
        at: when the message was written that may be one of them, by Quo's clock: what began later, or more than a day
            before, cannot be it.
    """
    here = (_table.c.connection == connection, _table.c.line_id == line_id, _table.c.to == to)
    is_open = (_table.c.state.in_((*OPEN, *LOST)), _table.c.normal_text.is_not(None))
    began = case((_table.c.quo_at.is_not(None), _table.c.quo_at <= at + SLACK), else_=_table.c.started_at <= at + SKEW)
    is_recent = func.coalesce(_table.c.quo_at, _table.c.started_at) >= at - TURNS_UP_WITHIN
    question = select(_table.c.normal_text).where(*here, *is_open, began, is_recent)
    return tuple(tx.scalars(question.order_by(_table.c.started_at, _table.c.id)))


def sum_segments(tx: Connection, *, connection: str, since: datetime) -> int:
    """Add up the SMS segments that were charged at most, from a time on, for what went out or may have."""
    here = (_table.c.connection == connection, _table.c.started_at >= since, _table.c.state.in_(MAY_COUNT))
    return tx.scalar(select(func.sum(_table.c.segments)).where(*here)) or 0


def list_outbox(
    tx: Connection, *, states: Collection[str] | None = None, limit: int = 100, write_id: str | None = None
) -> tuple[OutboxRow, ...]:
    """List the writes whose bytes are known, the newest first; in some states only, if named, or one by its id."""
    wanted = [step for step, state in OUTBOX_STATES.items() if states is None or state in states]
    question = (
        select(_steps, tables.runs.c.rule)
        .join(tables.runs, tables.runs.c.id == _steps.c.run_id)
        .where(_steps.c.is_write, _steps.c.hash.is_not(None), _steps.c.state.in_(wanted))
        .order_by(_steps.c.created_at.desc(), _steps.c.position.desc(), _steps.c.id.desc())
        .limit(limit)
    )
    if write_id is not None:
        question = question.where(_steps.c.id == write_id)
    found = tx.execute(question).mappings().all()
    attempts = _group_attempts(tx, [row["id"] for row in found])
    messages = {step: tries[-1].message_id for step, tries in attempts.items()}
    deliveries = _read_deliveries(tx, filter(None, messages.values()))
    return tuple(
        OutboxRow(
            id=row["id"],
            run=row["run_id"],
            rule=row["rule"],
            action=row["action"],
            to=row["to"],
            text=row["text"],
            state=OUTBOX_STATES[row["state"]],
            message_id=messages.get(row["id"]),
            attempts=len(attempts.get(row["id"], ())),
            reason=row["reason"],
            delivery=deliveries.get((row["connection"], messages.get(row["id"]) or "")),
        )
        for row in found
    )


def _read_deliveries(tx: Connection, message_ids: Iterable[str]) -> dict[tuple[str, str], str]:
    table = tables.messages
    statuses: dict[tuple[str, str], str] = {}
    for some in rows.chunks(message_ids):
        question = select(table.c.connection, table.c.id, table.c.status).where(table.c.id.in_(some))
        statuses.update(((row.connection, row.id), row.status) for row in tx.execute(question))
    return statuses


def _group_attempts(tx: Connection, step_ids: Iterable[str]) -> dict[str, list[Attempt]]:
    grouped: dict[str, list[Attempt]] = {}
    for some in rows.chunks(step_ids):
        question = _select().where(_table.c.step_id.in_(some)).order_by(_table.c.started_at, _table.c.id)
        for attempt in rows.read_all(tx, Attempt, question):
            grouped.setdefault(attempt.step_id, []).append(attempt)
    return grouped


def _list(tx: Connection, state: AttemptState) -> tuple[Attempt, ...]:
    question = _select().where(_table.c.state == state).order_by(_table.c.started_at, _table.c.id)
    return rows.read_all(tx, Attempt, question)


def _select() -> Select[Any]:
    return rows.select_as(Attempt, _table)
