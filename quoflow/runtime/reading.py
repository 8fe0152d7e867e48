"""Steps that read: look at Quo once, keep what was found as the outcome, or look again later until the time-out."""

from __future__ import annotations

from datetime import datetime, timedelta

from quoflow.actions import artifacts
from quoflow.core import lifecycle, outline
from quoflow.core.facts import Artifact
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.core.parameters.fetches import FetchSummary, FetchTranscript
from quoflow.quo import errors
from quoflow.runtime import breaking, runs
from quoflow.runtime.engine import Engine
from quoflow.store import inbox
from quoflow.store import runs as store


def work_read(engine: Engine, step: StepRecord) -> None:
    """Look once for what the step fetches; when it is not there yet, look again later, until the time-out."""
    with engine.database.read() as tx:
        run = store.find_run(tx, step.run_id)
        event = inbox.find_event(tx, connection=step.connection, event_id=run.event_id) if run else None
        rule = runs.load_rule(tx, engine, run) if run else None
    definition = outline.find_step(rule, step.path) if rule else None
    call_id = ((event.data.get("call") or {}).get("id")) if event else None
    if definition is None or not isinstance(definition.parameters, FetchTranscript | FetchSummary):
        runs.settle_step(engine, step, StepState.FAILED, reason="the rule's version is no longer there", due_at=None)
        return
    if not call_id:
        runs.settle_step(engine, step, StepState.FAILED, reason="the event has no call to fetch from", due_at=None)
        return
    kind = step.action.removeprefix("fetch_")
    if refused := breaking.find_refused_key(engine, step.connection):
        _put_off(engine, step, until=engine.clock() + lifecycle.LOOK_AGAIN, reason=refused.reason)
        return
    try:
        artifact = artifacts.fetch_artifact(kind, call_id, engine.quos[step.connection])
    except errors.Unauthorized as error:
        breaking.refuse_key(engine, step.connection, error)
        _put_off(engine, step, until=engine.clock() + lifecycle.LOOK_AGAIN, reason=str(error))
        return
    except errors.QuoError as error:
        _look_again(engine, step, definition.parameters, found=None, reason=str(error))
        return
    _look_again(engine, step, definition.parameters, found=artifact, reason=f"the {kind} is not made yet")


def _look_again(
    engine: Engine,
    step: StepRecord,
    parameters: FetchTranscript | FetchSummary,
    *,
    found: Artifact | None,
    reason: str,
) -> None:
    if found is not None and found.state == "completed":
        outcome = {**found.data, "found": True, "status": "completed"}
        runs.settle_step(engine, step, StepState.SUCCEEDED, outcome=outcome, reason="", due_at=None)
        return
    now = engine.clock()
    failed = found is not None and found.state == "failed"
    if failed or now >= step.created_at + parameters.timeout:
        why = "Quo could not make it" if failed else f"{reason}, and the time-out has passed"
        outcome = {"found": False, "status": found.state if found else "unknown"}
        state = StepState.SUCCEEDED if parameters.on_timeout == "continue" else StepState.FAILED
        runs.settle_step(engine, step, state, outcome=outcome, reason=why, due_at=None)
        return
    pause = min(engine.settings.poll.every * 2**step.tries, timedelta(minutes=30))
    due_at = min(now + pause, step.created_at + parameters.timeout)
    _put_off(engine, step, until=due_at, reason=reason, tries=step.tries + 1)


def _put_off(engine: Engine, step: StepRecord, *, until: datetime, reason: str, **changes: int) -> None:
    with engine.database.write() as tx:
        changed = {"state": StepState.QUEUED, "reason": reason, "due_at": until, **changes}
        store.update_step(tx, step.id, expected=store.WORKABLE, now=engine.clock(), **changed)
