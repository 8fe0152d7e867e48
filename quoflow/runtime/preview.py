"""What would be done, without doing it: the very same hops on a copy of the database that is thrown away.

Polling, matching, planning and recording run as they would; the clients refuse anything but GET, and the worker
does not run. What is listed is what was recorded, so a preview cannot differ from the real thing.
"""

from __future__ import annotations

from dataclasses import dataclass

from quoflow.core.lifecycle import RunRecord, StepRecord, StepState
from quoflow.quo import errors
from quoflow.runtime import asking, intake, polling, schedules
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import runs as store
from quoflow.store import verdicts

SHOWN = frozenset({StepState.QUEUED, StepState.HELD, StepState.NEEDS_APPROVAL})


_GATES = {StepState.QUEUED: "ready", StepState.HELD: "held", StepState.NEEDS_APPROVAL: "needs_approval"}


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """A write that stands in the plan: its run, its frozen bytes, what the gate says, and why."""

    run: RunRecord
    step: StepRecord
    gate: str
    why: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A match that leads to nothing, with its reason."""

    rule: str
    event: str
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that would be done, and what would not."""

    writes: tuple[PlannedWrite, ...]
    skipped: tuple[Skipped, ...]
    failed: dict[str, str]
    baselines: tuple[str, ...]


def preview(engine: Engine) -> Preview:
    """Look at every connection and list the writes that stand. The engine must work on a copy, read-only."""
    failed: dict[str, str] = {}
    baselines: list[str] = []
    started = engine.clock()
    for connection in engine.quos:
        try:
            polled = polling.poll_connection(engine, connection, is_once=True)
            if polled.is_baseline:
                baselines.append(connection)
        except errors.QuoError as error:
            failed[connection] = str(error)
            engine.tell(Notice("poll.failed", str(error), connection))
    schedules.fire_due(engine)
    intake.take_in_all(engine)
    asking.ask_owners(engine)
    with engine.database.read() as tx:
        unfinished = store.list_all_unfinished(tx)
        reasons = verdicts.list_verdicts(tx, since=started, limit=None)
        recent = store.list_runs(tx, since=started, limit=None)
    why = {(one.connection, one.rule, one.event_id): one.reason for one in reasons if one.matched}
    listed = [
        PlannedWrite(run, step, _GATES[step.state], why.get((run.connection, run.rule, run.event_id), ""))
        for run in unfinished
        for step in run.steps
        if step.is_write and step.state in SHOWN
    ]
    skipped = [Skipped(one.rule, one.event_id, one.reason) for one in reasons if not one.matched]
    skipped += [
        Skipped(run.rule, run.event_id, step.reason)
        for run in recent
        for step in run.steps
        if step.state in (StepState.SKIPPED, StepState.FAILED)
    ]
    listed += [
        PlannedWrite(run, step, "refused", why.get((run.connection, run.rule, run.event_id), ""))
        for run in recent
        for step in run.steps
        if step.is_write and step.hash and step.state is StepState.SKIPPED
    ]
    return Preview(tuple(listed), tuple(skipped), failed, tuple(baselines))
