"""Steps whose `timeout` is over: they have failed, unless they may have happened."""

from __future__ import annotations

from quoflow.core.durations import format_duration
from quoflow.core.lifecycle import StepState
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import approvals
from quoflow.store import runs as store


def end_overdue(engine: Engine) -> int:
    """Fail every step that was not done in the time that its rule gives it. Gives how many there were.

    A write that is on its way, or of which nobody knows, is left alone: it may have happened.
    """
    now = engine.clock()
    with engine.database.read() as tx:
        overdue = store.list_overdue(tx, now=now)
    for step in overdue:
        with engine.database.write() as tx:
            took = format_duration(now - step.created_at)
            reason = f"not done in time: its `timeout` was over after {took}"
            changes = {"state": StepState.FAILED, "reason": reason, "due_at": None}
            run = store.find_run(tx, step.run_id)
            if run is None or not store.update_step(tx, step.id, expected=store.ENDABLE, now=now, **changes):
                continue
            approvals.withdraw(tx, run.id, step_id=step.id, now=now)
            engine.tell(Notice("step.overdue", f"{run.rule}: {step.action}: {reason}", run.connection))
            runs.carry_on(tx, engine, run)
    return len(overdue)
