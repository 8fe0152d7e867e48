"""Steps that wait for an event: woken in the transaction that handles it, or told that it did not come in time."""

from __future__ import annotations

from collections.abc import Sequence

from quoflow.core import awaiting, fitting, outline
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.lifecycle import RunRecord, StepRecord, StepState
from quoflow.core.parameters.flow import WaitFor
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import inbox
from quoflow.store import runs as store
from quoflow.store.database import Connection


def wake(tx: Connection, engine: Engine, event: Event, lines: Sequence[Line]) -> None:
    """Let every run of this contact go on that waits for such an event."""
    if event.peer is None:
        return
    subject = fitting.Subject(event, fitting.find_line(event, lines), engine.settings.region)
    for step in store.list_awaiting(tx, connection=event.connection, peer=event.peer):
        run = store.find_run(tx, step.run_id)
        began = inbox.find_event(tx, connection=run.connection, event_id=run.event_id) if run else None
        if run is None or began is None:
            continue
        parameters = _find_parameters(tx, engine, run, step)
        if parameters is not None and awaiting.is_awaited(parameters, subject, began):
            _settle(tx, engine, run, step, event=event, outcome=awaiting.describe(subject))


def _settle(tx: Connection, engine: Engine, run: RunRecord, step: StepRecord, *, event: Event, outcome: object) -> None:
    reason = f"{event.kind} came"
    changes = {"state": StepState.SUCCEEDED, "outcome": outcome, "reason": reason}
    if store.update_step(tx, step.id, expected={StepState.WAITING}, now=engine.clock(), **changes):
        engine.tell(Notice("run.woken", f"{run.rule}: {event.kind} came, which it waited for", run.connection))
        runs.carry_on(tx, engine, run)


def work_wait_for(engine: Engine, step: StepRecord) -> None:
    """End the wait for an event that did not come in time, as the step says."""
    with engine.database.read() as tx:
        run = store.find_run(tx, step.run_id)
        parameters = _find_parameters(tx, engine, run, step) if run else None
    goes_on = parameters is not None and parameters.on_timeout == "continue"
    reason = "it did not come in time"
    state = StepState.SUCCEEDED if goes_on else StepState.FAILED
    runs.settle_step(engine, step, state, outcome={"found": False}, reason=reason, due_at=None)


def _find_parameters(tx: Connection, engine: Engine, run: RunRecord, step: StepRecord) -> WaitFor | None:
    rule = runs.load_rule(tx, engine, run)
    definition = outline.find_step(rule, step.path) if rule else None
    found = definition.parameters if definition else None
    return found if isinstance(found, WaitFor) else None
