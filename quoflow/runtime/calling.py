"""A rule that runs another: the event that begins it, with the step that asks for it settled in one transaction."""

from __future__ import annotations

from quoflow.core import calls
from quoflow.core.events import Event
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine
from quoflow.store import inbox
from quoflow.store import runs as store


def work_run_rule(engine: Engine, step: StepRecord) -> None:
    """Put the event of the other rule into the inbox; it is handled like one that a person fired by hand."""
    payload = step.payload or {}
    name = str(payload.get("rule", ""))
    objection = calls.object_to(engine.find_rule(name), name)
    if objection is not None:
        runs.settle_step(engine, step, StepState.FAILED, reason=objection, may_retry=None, due_at=None)
        return
    now = engine.clock()
    with engine.database.write() as tx:
        run = store.find_run(tx, step.run_id)
        began = inbox.find_event(tx, connection=run.connection, event_id=run.event_id) if run else None
        if run is None or began is None:
            return
        data = calls.make_data(began, run_id=run.id, rule=name, values=payload.get("vars") or {})
        event = Event(f"manual:{name}:{step.id}", "manual", step.connection, now, data=data)
        too_deep = calls.is_too_deep(data)
        state = StepState.FAILED if too_deep else StepState.SUCCEEDED
        changes = {"state": state, "reason": calls.TOO_DEEP if too_deep else f"runs `{name}`", "due_at": None}
        if not store.update_step(tx, step.id, expected=store.WORKABLE, now=now, outcome={"event": event.id}, **changes):
            return
        if not too_deep:
            inbox.add_events(tx, [event], now=now)
        runs.carry_on(tx, engine, run)
