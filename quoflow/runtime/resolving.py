"""What a person has found out about a write of which nobody knew: it was sent, or it was not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from quoflow.core.lifecycle import FINISHED_RUNS, RunRecord, StepRecord, StepState
from quoflow.core.steps import OUTSIDE
from quoflow.errors import QuoflowError
from quoflow.quo import wire
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine
from quoflow.store import audit, outbox, resends
from quoflow.store import runs as store
from quoflow.store.database import Connection

SLACK = timedelta(minutes=5)
"""How much earlier than the attempt a message may be by Quo's clock, and still be it."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A write of which nobody knows whether it was sent: its step, its run, and the latest attempt."""

    step: StepRecord
    run: RunRecord
    attempt: outbox.Attempt


def find_lost(engine: Engine, write_id: str) -> Lost:
    """Find an unknown write by the id that the outbox lists it under. Raises QuoflowError when it is none."""
    with engine.database.read() as tx:
        return _find(tx, write_id)


def object_to(lost: Lost, message: wire.Message) -> str | None:
    """Say why a message at Quo cannot be this write; None when it can. Its words a person judges."""
    payload = lost.step.payload or {}
    if message.direction not in (None, "outgoing"):
        return "it was written to us, not by us"
    if lost.step.to not in message.to:
        return f"it went to somebody else than {lost.step.to}"
    if message.phone_number_id not in (None, payload.get("from")):
        return "it went out from another line"
    began, at = lost.attempt.quo_at or lost.attempt.started_at, message.created_at
    return "it is older than the attempt" if at is not None and at < began - SLACK else None


def resolve_sent(engine: Engine, write_id: str, *, message_id: str, actor: str, is_checked: bool) -> None:
    """Record that an unknown write was sent, and became this message (where it is a text); carry its run on.

    Raises:
        QuoflowError: when it is not unknown (any more), or another text has claimed the message.
    """
    now = engine.clock()
    with engine.database.write() as tx:
        lost = _find(tx, write_id)
        is_text = lost.step.action not in OUTSIDE
        outcome = {"message_id": message_id, "text": lost.step.text or "", "status": ""} if is_text else {}
        reason = f"{actor} says that it was sent"
        claimed = message_id if is_text else None
        settled = outbox.settle(
            tx, lost.attempt.id, state="sent", reason=reason, now=now, message_id=claimed, outcome=outcome
        )
        if not settled:
            hint = "`quoflow outbox list --json` shows which text each message is"
            raise QuoflowError(f"message {message_id} is known as another text already", hint)
        data = {"outcome": "sent", "message_id": message_id, "checked": is_checked}
        _close(tx, engine, lost, actor=actor, data=data)


def resolve_not_sent(engine: Engine, write_id: str, *, reason: str, send_again: bool, actor: str) -> None:
    """Record that an unknown write was not sent: it has failed, or passes the gate once more; carry its run on.

    Raises:
        QuoflowError: when it is not unknown (any more), or is to be sent again for a run that has ended.
    """
    now = engine.clock()
    said = f"{actor} says that it was not sent{f': {reason}' if reason else ''}"
    with engine.database.write() as tx:
        lost = _find(tx, write_id)
        if send_again and lost.run.state in FINISHED_RUNS:
            hint = "resolve it without --resend"
            raise QuoflowError(f"the run of {write_id} has ended ({lost.run.state}): nothing is sent for it", hint)
        if send_again:
            outbox.release(tx, lost.attempt.id, reason=said, now=now, due_at=now)
        else:
            outbox.settle(tx, lost.attempt.id, state="failed", reason=said, now=now)
        resends.give_up(tx, lost.step.id, reason=said, now=now)
        data = {"outcome": "not sent", "reason": reason, "resend": send_again}
        _close(tx, engine, lost, actor=actor, data=data)


def _find(tx: Connection, write_id: str) -> Lost:
    step = store.find_step(tx, write_id)
    run = store.find_run(tx, step.run_id) if step else None
    if step is None or run is None or not step.is_write:
        raise QuoflowError(f"there is no write {write_id}", "`quoflow outbox list` shows them")
    attempt = next((one for one in outbox.list_attempts(tx, write_id) if one.state == "unknown"), None)
    if step.state is not StepState.UNKNOWN or attempt is None:
        state = outbox.OUTBOX_STATES[step.state]
        hint = "`quoflow outbox list --state unknown` shows those of which nobody knows"
        raise QuoflowError(f"the write {write_id} is {state}, and there is nothing to resolve", hint)
    return Lost(step, run, attempt)


def _close(tx: Connection, engine: Engine, lost: Lost, *, actor: str, data: Mapping[str, Any]) -> None:  # JSON
    kind, connection = "outbox.resolved", lost.step.connection
    entry = {"rule": lost.run.rule, "attempt": lost.attempt.id, **data}
    audit.record(tx, at=engine.clock(), actor=actor, kind=kind, connection=connection, subject=lost.step.id, data=entry)
    run = store.find_run(tx, lost.run.id)
    if run is not None:
        runs.carry_on(tx, engine, run)
