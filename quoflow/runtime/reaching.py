"""Writes to somebody outside, carried out: the frozen bytes, under the lease, once."""

from __future__ import annotations

from quoflow.actions import registry, results
from quoflow.actions.errands import Errand
from quoflow.core.lifecycle import StepRecord
from quoflow.quo.lease import Lease
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice


def perform(
    engine: Engine, action: registry.OutsideAction, step: StepRecord, *, lease: Lease | None
) -> results.Done | results.Failure:
    """Do what was intended, once, and give what came of it. The step's id is the key that a receiver may know it by."""
    errand = Errand(payload=step.payload or {}, key=step.id, now=engine.clock(), lease=lease)
    outcome = action.perform(errand, engine.outside)
    if isinstance(outcome, results.Done):
        engine.tell(Notice("write.done", f"{errand.rule}: {runs.describe_write(step)}", step.connection))
    return outcome
