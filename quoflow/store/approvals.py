"""Decisions asked of people: each binds the exact bytes that were shown, and ends as *no* unless one is made.

The bytes of an approval never change. Who edits a text makes another approval, and the first is superseded by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, exists, insert, select, update

from quoflow.core.lifecycle import StepState
from quoflow.core.plans import Write
from quoflow.errors import StoreError, UsageError
from quoflow.store import rows, runs, tables

ApprovalState = Literal["pending", "approved", "rejected", "expired", "cancelled", "superseded"]
Channel = Literal["command", "text"]

SHORTEST_PREFIX = 4
NO_CODE = ""

_table, _votes = tables.approvals, tables.approval_votes


@dataclass(frozen=True, slots=True)
class Approval:
    """One write that waits, or waited, for a person's yes or no.

    Attributes:
        hash: the step's, over the bytes and the rule's version.
        decided_by: who decided; several names, where it took several.
        edited_by: who wrote this text in place of the rule's, or None.
        asked_by: who fired the rule by hand, or None.
        code: what an owner's answer by text must bear; None before anyone was asked by text, NO_CODE where nobody
            can be.
        batch: the batch that its run belongs to, or None.
    """

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
    edited_by: str | None = None
    asked_by: str | None = None
    code: str | None = None
    batch: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """How many different people must say yes, and whether it may be who edited the text or fired the rule."""

    approvers: int = 1
    self_approval: bool = True


def request_approval(tx: Connection, approval: Approval) -> None:
    """Ask for a decision on a step; the caller puts the step in `needs_approval` in the same transaction."""
    tx.execute(insert(_table), rows.to_row(_table, approval))


def list_pending(tx: Connection) -> tuple[Approval, ...]:
    """List what waits for a decision, asked for longest first, whether or not it has expired meanwhile.

    What a run asks for at one moment comes in the order in which the rule does it.
    """
    question = rows.select_as(Approval, _table).where(_table.c.state == "pending")
    position = select(tables.steps.c.position).where(tables.steps.c.id == _table.c.step_id).scalar_subquery()
    ordered = question.order_by(_table.c.requested_at, _table.c.run_id, position, _table.c.id)
    return rows.read_all(tx, Approval, ordered)


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


def decide(
    tx: Connection,
    approval_id: str,
    *,
    hash: str,  # noqa: A002 - the design's word
    approve: bool,
    actor: str,
    now: datetime,
    channel: Channel = "command",
    terms: Terms = Terms(),
) -> str:
    """Take a person's yes or no; with the last yes that is needed, or the first no, move the step with it.

    Args:
        tx: the write transaction.
        approval_id: the whole id.
        hash: of the bytes that the person was shown.
        approve: yes or no.
        actor: who decides; two votes of one name are one.
        now: the time, UTC.
        channel: how they said it.
        terms: whose yes counts, and how many it takes.

    Returns:
        `decided`; `voted`, when a yes was counted and more are needed; `repeated`, when this person has said the same
        before. Or, when nothing was changed: `already <state>`; `expired`, when its time is over; `changed`, when
        the bytes are not those that were shown, or the step no longer waits for a decision on them; `own`, when
        the terms want somebody else's yes.

    Raises:
        StoreError: when there is no such approval.
    """
    is_open = _lock_open(tx, approval_id, hash=hash, now=now)
    found = rows.read_one(tx, Approval, rows.select_as(Approval, _table).where(_table.c.id == approval_id))
    if found is None:
        raise StoreError(f"there is no approval `{approval_id}`", "list them with `quoflow approvals list`")
    if not is_open:
        return "repeated" if _has_said(tx, found, hash=hash, approve=approve, actor=actor) else _explain(found, now)
    if not approve:
        _close(tx, found, state="rejected", actor=actor, now=now)
        _move_step(tx, found, now, state=StepState.CANCELLED, reason=f"rejected by {actor}")
        return "decided"
    own = frozenset() if terms.self_approval else _list_own(tx, found)
    if actor in own:
        return "own"
    is_new = _add_vote(tx, found, actor=actor, channel=channel, now=now)
    counted = [name for name in list_voters(tx, [found.id]).get(found.id, ()) if name not in own]
    if len(counted) < terms.approvers:
        return "voted" if is_new else "repeated"
    names = ", ".join(counted)
    _close(tx, found, state="approved", actor=names, now=now)
    _move_step(tx, found, now, state=StepState.QUEUED, due_at=now, reason=f"approved by {names}")
    return "decided"


def list_voters(tx: Connection, ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Give who has said yes to each of these approvals, first come first."""
    voters: dict[str, tuple[str, ...]] = {}
    for some in rows.chunks(ids):
        question = select(_votes.c.approval_id, _votes.c.actor).where(_votes.c.approval_id.in_(some))
        for approval_id, actor in tx.execute(question.order_by(_votes.c.at, _votes.c.actor)):
            voters[approval_id] = (*voters.get(approval_id, ()), actor)
    return voters


def is_covered(tx: Connection, step_id: str, *, hash: str) -> bool:  # noqa: A002 - the design's word
    """Whether a yes stands for exactly these bytes of a step."""
    here = (_table.c.step_id == step_id, _table.c.state == "approved", _table.c.hash == hash)
    return tx.scalar(select(_table.c.id).where(*here).limit(1)) is not None


def give_code(tx: Connection, approval_id: str, *, code: str) -> bool:
    """Give an approval that waits its code, once; False when it has one or waits no longer."""
    here = (_table.c.id == approval_id, _table.c.state == "pending", _table.c.code.is_(None))
    return tx.execute(update(_table).where(*here).values(code=code)).rowcount == 1


def list_codes(tx: Connection, *, connection: str) -> frozenset[str]:
    """List the codes of what waits at a connection: a new one must differ."""
    here = (_table.c.connection == connection, _table.c.state == "pending", _table.c.code.is_not(None))
    return frozenset(tx.scalars(select(_table.c.code).where(*here)))


def find_by_code(tx: Connection, *, connection: str, code: str) -> Approval | None:
    """Find the approval that bore a code last, whatever has become of it."""
    here = (_table.c.connection == connection, _table.c.code == code, _table.c.code != NO_CODE)
    question = rows.select_as(Approval, _table).where(*here)
    return rows.read_one(tx, Approval, question.order_by(_table.c.requested_at.desc(), _table.c.id))


def supersede(tx: Connection, old: Approval, new: Approval, *, write: Write, now: datetime) -> str:
    """Put other bytes in the place of those that wait, with an approval of their own; the old one decides nothing more.

    Args:
        tx: the write transaction.
        old: as it was shown.
        new: what is asked instead, with the hash of `write`.
        write: the new bytes; the step takes them over.
        now: the time, UTC.

    Returns:
        `decided`, or, when nothing was changed, why, as `decide` has it.
    """
    if not _lock_open(tx, old.id, hash=old.hash, now=now):
        found = find_approval(tx, old.id)
        return _explain(found or old, now)
    _close(tx, old, state="superseded", actor=new.edited_by or "", now=now)
    tx.execute(insert(_table), rows.to_row(_table, new))
    reason = f"needs approval, edited by {new.edited_by}"
    bytes_ = {"payload": write.payload, "text": write.text, "segments": write.segments, "hash": write.hash}
    _move_step(tx, old, now, reason=reason, **bytes_)
    return "decided"


def expire_due(tx: Connection, *, now: datetime) -> int:
    """End the approvals whose time is over as *no*, their steps with them. Gives how many there were."""
    question = rows.select_as(Approval, _table).where(_table.c.state == "pending", _table.c.expires_at <= now)
    due = rows.read_all(tx, Approval, question)
    for approval in due:
        _close(tx, approval, state="expired", actor=None, now=now)
        reason = f"the approval expired at {approval.expires_at:%Y-%m-%d %H:%M} UTC without a decision"
        _move_step(tx, approval, now, state=StepState.CANCELLED, reason=reason)
    return len(due)


def withdraw(tx: Connection, run_id: str, *, now: datetime, step_id: str | None = None) -> int:
    """Take back what a run, or one step of it, still asks, because it has ended. Gives how many there were."""
    here = [_table.c.run_id == run_id, _table.c.state == "pending"]
    if step_id is not None:
        here.append(_table.c.step_id == step_id)
    return tx.execute(update(_table).where(*here).values(state="cancelled", decided_at=now)).rowcount


def _lock_open(tx: Connection, approval_id: str, *, hash: str, now: datetime) -> bool:  # noqa: A002 - the design's word
    """Whether a decision on these bytes can be taken now; the row is held until the transaction ends."""
    steps = tables.steps
    waits = exists().where(
        steps.c.id == _table.c.step_id, steps.c.hash == _table.c.hash, steps.c.state == StepState.NEEDS_APPROVAL
    )
    here = (_table.c.id == approval_id, _table.c.state == "pending", _table.c.hash == hash, _table.c.expires_at > now)
    return tx.execute(update(_table).where(*here, waits).values(state="pending")).rowcount == 1


def _close(tx: Connection, approval: Approval, *, state: ApprovalState, actor: str | None, now: datetime) -> None:
    here = (_table.c.id == approval.id, _table.c.state == "pending")
    tx.execute(update(_table).where(*here).values(state=state, decided_at=now, decided_by=actor))


def _add_vote(tx: Connection, approval: Approval, *, actor: str, channel: Channel, now: datetime) -> bool:
    """Count a person's yes; False when it is counted already."""
    if actor in list_voters(tx, [approval.id]).get(approval.id, ()):
        return False
    vote = {"approval_id": approval.id, "actor": actor, "channel": channel, "at": now}
    tx.execute(insert(_votes), vote | {"connection": approval.connection, "hash": approval.hash})
    return True


def _list_own(tx: Connection, approval: Approval) -> frozenset[str]:
    """List those whose own wish this is: who fired the rule by hand, and everyone who has edited the text."""
    editors = tx.scalars(select(_table.c.edited_by).where(_table.c.step_id == approval.step_id))
    return frozenset(name for name in (approval.asked_by, *editors) if name)


def _has_said(tx: Connection, approval: Approval, *, hash: str, approve: bool, actor: str) -> bool:  # noqa: A002 - the design's word
    """Whether this person has said the same of these bytes, and it was decided so."""
    if approval.hash != hash or approval.state != ("approved" if approve else "rejected"):
        return False
    voters = list_voters(tx, [approval.id]).get(approval.id, ())
    return actor in voters if approve else approval.decided_by == actor


def _explain(approval: Approval, now: datetime) -> str:
    if approval.state != "pending":
        return f"already {approval.state}"
    return "expired" if approval.expires_at <= now else "changed"


def _move_step(tx: Connection, approval: Approval, now: datetime, **changes: object) -> None:
    runs.update_step(tx, approval.step_id, expected={StepState.NEEDS_APPROVAL}, now=now, **changes)
