"""The door before a run's first step: a row that waits for a time, or until somebody opens."""

from __future__ import annotations

from datetime import datetime

from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.runtime.engine import Engine
from quoflow.store import entries
from quoflow.store import runs as store
from quoflow.store.database import Connection

BEFORE_ALL = -1
"""The position of what a run waits for before its first step."""


def wait_at_door(
    tx: Connection, engine: Engine, run: RunRecord, *, action: str, due_at: datetime | None, reason: str
) -> None:
    """Let a run wait before its first step: a step of its own, due at a time, or never where others open the door."""
    now = engine.clock()
    step = StepRecord(
        id=engine.new_id(),
        run_id=run.id,
        connection=run.connection,
        path=action,
        position=BEFORE_ALL,
        action=action,
        state=StepState.WAITING,
        created_at=now,
        updated_at=now,
        due_at=due_at,
        reason=reason,
    )
    store.add_steps(tx, [step])
    store.update_run(tx, run.id, state=RunState.WAITING, reason=reason, now=now)


def open_door(tx: Connection, engine: Engine, run: RunRecord, *, action: str) -> bool:
    """Let a run pass that waits there. Gives False when it does not: it passes once."""
    now = engine.clock()
    step = next((one for one in run.steps if one.action == action), None)
    changes = {"state": StepState.SUCCEEDED, "reason": "", "outcome": {}}
    if step is None or not store.update_step(tx, step.id, expected={StepState.WAITING}, now=now, **changes):
        return False
    entries.leave(tx, run_id=run.id, kind=action)
    return True
