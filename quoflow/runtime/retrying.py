"""A failed run, tried again by a person: only what provably was not sent, and through the gate."""

from __future__ import annotations

from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.errors import QuoflowError
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine
from quoflow.store import audit, outbox
from quoflow.store import runs as store
from quoflow.store.database import Connection


def retry(engine: Engine, run_id: str, *, actor: str) -> tuple[StepRecord, ...]:
    """Queue the failed writes of a failed run again, and what its end cut off behind them. Gives the failed writes.

    They pass approval and guards again, with the age that they have: what has become too old is not sent.

    Raises:
        QuoflowError: when there is no such run, it has not failed, or none of its writes provably was not sent.
    """
    now = engine.clock()
    with engine.database.write() as tx:
        run = store.find_run(tx, run_id)
        if run is None:
            raise QuoflowError(f"there is no run {run_id}", "`quoflow runs list` shows them")
        if run.state is not RunState.FAILED:
            raise QuoflowError(f"the run {run_id} is {run.state}: only a failed one can be tried again")
        failed = tuple(step for step in run.steps if _is_not_sent(tx, step))
        if not failed:
            hint = "`quoflow runs show` tells what it failed at; mend that, and let a new event begin a new run"
            raise QuoflowError(f"no write of the run {run_id} failed without being sent: {run.reason}", hint)
        if not store.reopen_run(tx, run_id, now=now):
            raise QuoflowError(f"the run {run_id} is being tried again by somebody else")
        reason = f"tried again by {actor}"
        for step in (*failed, *_list_cut_off(tx, run)):
            changes = {"state": StepState.QUEUED, "reason": reason, "due_at": now}
            store.update_step(tx, step.id, expected={step.state}, now=now, **changes)
        data = {"rule": run.rule, "steps": [step.id for step in failed]}
        audit.record(tx, at=now, actor=actor, kind="run.retried", connection=run.connection, subject=run_id, data=data)
    return failed


def _is_not_sent(tx: Connection, step: StepRecord) -> bool:
    """Whether a write failed, its bytes are known, and no attempt at it happened or may have happened."""
    if not step.is_write or step.hash is None or step.state is not StepState.FAILED:
        return False
    return all(attempt.state == "failed" for attempt in outbox.list_attempts(tx, step.id))


def _list_cut_off(tx: Connection, run: RunRecord) -> tuple[StepRecord, ...]:
    """List the steps that were cancelled only because the run had failed: they were planned, and nothing was done."""
    cancelled = (step for step in run.steps if step.state is StepState.CANCELLED)
    return tuple(step for step in cancelled if step.reason == runs.CUT_OFF and not outbox.list_attempts(tx, step.id))
