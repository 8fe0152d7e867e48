"""What goes outside, carried out: writes with their frozen bytes, under the lease, once; and looks, a few times."""

from __future__ import annotations

from datetime import timedelta

from quoflow.actions import asking, registry, results
from quoflow.actions.errands import Errand
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.quo.lease import Lease
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import runs as store

PAUSES = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2))
"""How long after each look in vain the next one is taken; then the step has failed."""


def perform(
    engine: Engine, action: registry.OutsideAction, step: StepRecord, *, rule: str, lease: Lease | None
) -> results.Done | results.Failure:
    """Do what was intended, once, and give what came of it. The step's id is the key that a receiver may know it by."""
    errand = Errand(payload=step.payload or {}, key=step.id, now=engine.clock(), lease=lease)
    outcome = action.perform(errand, engine.outside)
    if isinstance(outcome, results.Done):
        engine.tell(Notice("write.done", f"{rule}: {runs.describe_write(step)}", step.connection))
    return outcome


def work_look(engine: Engine, step: StepRecord) -> None:
    """Look once at a host outside; where the same may succeed later, look again a few times."""
    errand = Errand(payload=step.payload or {}, key=step.id, now=engine.clock())
    looked = asking.look(errand, engine.outside)
    if not looked.reason:
        runs.settle_step(engine, step, StepState.SUCCEEDED, outcome=looked.outcome, reason="", due_at=None)
    elif looked.may_pass and step.tries < len(PAUSES):
        now = engine.clock()
        changes = {"reason": looked.reason, "due_at": now + PAUSES[step.tries], "tries": step.tries + 1}
        with engine.database.write() as tx:
            store.update_step(tx, step.id, expected=store.WORKABLE, now=now, state=StepState.QUEUED, **changes)
    else:
        runs.settle_step(engine, step, StepState.FAILED, outcome=looked.outcome, reason=looked.reason, due_at=None)
