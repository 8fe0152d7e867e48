"""Decisions asked of people: each binds the exact bytes that were shown, and ends as *no* unless one is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, exists, insert, update

from quoflow.core.lifecycle import StepState
from quoflow.errors import StoreError, UsageError
from quoflow.store import rows, runs, tables

ApprovalState = Literal["pending", "approved", "rejected", "expired", "cancelled"]

SHORTEST_PREFIX = 4

_table = tables.approvals


@dataclass(frozen=True, slots=True)
class Approval:
    """One write that waits, or waited, for a person's yes or no. `hash` is the step's; times are UTC."""

    id: str
    connection: str
    step_id: str
    run_id: str
    rule: str
    action: str
    to: str | None
    from_: str | None
    text: str | None
    payload: Mapping[str, Any]  # JSON
    segments: int
    hash: str
    state: ApprovalState
    requested_at: datetime
    expires_at: datetime
    decided_at: datetime | None = None
    decided_by: str | None = None


def request_approval(tx: Connection, approval: Approval) -> None:
    """Ask for a decision on a step; the caller puts the step in `needs_approval` in the same transaction."""
    tx.execute(insert(_table), rows.to_row(_table, approval))


def list_pending(tx: Connection) -> tuple[Approval, ...]:
    """List what waits for a decision, asked for longest first, whether or not it has expired meanwhile."""
    question = rows.select_as(Approval, _table).where(_table.c.state == "pending")
    return rows.read_all(tx, Approval, question.order_by(_table.c.requested_at, _table.c.id))


def find_approval(tx: Connection, approval_id: str) -> Approval | None:
    """Find an approval by its id, or by the beginning of it from 4 characters on.

    Raises:
        UsageError: when several ids begin like this.
    """
    question = rows.select_as(Approval, _table)
    exact = rows.read_one(tx, Approval, question.where(_table.c.id == approval_id))
    if exact is not None or len(approval_id) < SHORTEST_PREFIX:
        return exact
    alike = _table.c.id.startswith(approval_id, autoescape=True)
    found = rows.read_all(tx, Approval, question.where(alike).order_by(_table.c.id).limit(2))
    if len(found) > 1:
        raise UsageError(f"several approvals begin with `{approval_id}`", "write more of the id")
    return found[0] if found else None


def decide(tx: Connection, approval_id: str, *, hash: str, approve: bool, actor: str, now: datetime) -> str:  # noqa: A002 - the design's word
    """Take a person's decision, once, and move the step with it: to the queue, due now, or to its end.

    Args:
        tx: the write transaction.
        approval_id: the whole id.
        hash: of the bytes that the person was shown.
        approve: yes or no.
        actor: who decided.
        now: the time, UTC.

    Returns:
        `decided`; or, when nothing was changed: `already <state>`; `expired`, when its time is over; `changed`, when
        the bytes are not those that were shown, or the step no longer waits for a decision on them.

    Raises:
        StoreError: when there is no such approval.
    """
    steps = tables.steps
    waits = exists().where(
        steps.c.id == _table.c.step_id, steps.c.hash == _table.c.hash, steps.c.state == StepState.NEEDS_APPROVAL
    )
    conditions = (_table.c.state == "pending", _table.c.hash == hash, _table.c.expires_at > now, waits)
    state = "approved" if approve else "rejected"
    decision = {"state": state, "decided_at": now, "decided_by": actor}
    decided = tx.execute(update(_table).where(_table.c.id == approval_id, *conditions).values(decision)).rowcount
    found = rows.read_one(tx, Approval, rows.select_as(Approval, _table).where(_table.c.id == approval_id))
    if found is None:
        raise StoreError(f"there is no approval `{approval_id}`", "list them with `quoflow approvals list`")
    if not decided:
        return _explain(found, now)
    if approve:
        _move_step(tx, found, now, state=StepState.QUEUED, due_at=now, reason=f"approved by {actor}")
    else:
        _move_step(tx, found, now, state=StepState.CANCELLED, reason=f"rejected by {actor}")
    return "decided"


def expire_due(tx: Connection, *, now: datetime) -> int:
    """End the approvals whose time is over as *no*, their steps with them. Gives how many there were."""
    question = rows.select_as(Approval, _table).where(_table.c.state == "pending", _table.c.expires_at <= now)
    due = rows.read_all(tx, Approval, question)
    for approval in due:
        tx.execute(update(_table).where(_table.c.id == approval.id).values(state="expired", decided_at=now))
        reason = f"the approval expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC without a decision"
        _move_step(tx, approval, now, state=StepState.CANCELLED, reason=reason)
    return len(due)


def withdraw(tx: Connection, run_id: str, *, now: datetime) -> int:
    """Take back what a run still asks, because it has ended. Gives how many there were."""
    here = (_table.c.run_id == run_id, _table.c.state == "pending")
    return tx.execute(update(_table).where(*here).values(state="cancelled", decided_at=now)).rowcount


def _explain(approval: Approval, now: datetime) -> str:
    if approval.state != "pending":
        return f"already {approval.state}"
    return "expired" if approval.expires_at <= now else "changed"


def _move_step(tx: Connection, approval: Approval, now: datetime, **changes: object) -> None:
    runs.update_step(tx, approval.step_id, expected={StepState.NEEDS_APPROVAL}, now=now, **changes)
