"""What would be done, without doing it: the very same hops on a copy of the database that is thrown away.

Polling, matching, planning and recording run as they would; the clients refuse anything but GET. Of the worker only the
gate runs, with its intent, in the order in which it would: a write that passes counts against the caps, the budget and
the loop guard of what comes behind it. What is listed is what was recorded, so a preview does not differ from the real
thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from quoflow.core import lifecycle
from quoflow.core.events import Event
from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.quo import errors
from quoflow.runtime import admitting, asking, intake, orphans, polling, schedules, worker
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import batches, inbox, verdicts
from quoflow.store import runs as store
from quoflow.store.database import Connection

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
class PlannedBatch:
    """What was decided together about an audience: how many are in, and how many writes of theirs stand."""

    batch: batches.Batch
    writes: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Everything that would be done, and what would not."""

    writes: tuple[PlannedWrite, ...]
    skipped: tuple[Skipped, ...]
    batches: tuple[PlannedBatch, ...]
    failed: dict[str, str]
    baselines: tuple[str, ...]


def preview(engine: Engine, fired: Iterable[Event] = ()) -> Preview:
    """Look at every connection and list the writes that stand, also if these events had happened now.

    The engine must work on a copy, read-only.
    """
    failed: dict[str, str] = {}
    baselines: list[str] = []
    started = engine.clock()
    orphans.cancel_orphans(engine)
    for connection in engine.quos:
        try:
            polled = polling.poll_connection(engine, connection, is_once=True)
            if polled.is_baseline:
                baselines.append(connection)
        except errors.QuoError as error:
            failed[connection] = str(error)
            engine.tell(Notice("poll.failed", str(error), connection))
    schedules.fire_due(engine)
    with engine.database.write() as tx:
        inbox.add_events(tx, fired, now=started)
    intake.take_in_all(engine)
    asking.ask_owners(engine)
    admitting.admit_waiting(engine)
    passed = _pass_gates(engine)
    with engine.database.read() as tx:
        unfinished = store.list_all_unfinished(tx)
        reasons = verdicts.list_verdicts(tx, since=started, limit=None)
        recent = store.list_runs(tx, since=started, limit=None)
        opened = _list_batches(tx, (*unfinished, *recent), since=started)
    why = {(one.connection, one.rule, one.event_id): one.reason for one in reasons if one.matched}
    listed = [
        PlannedWrite(run, step, gate, why.get((run.connection, run.rule, run.event_id), ""))
        for run, step, gate in (*_list_standing(unfinished, passed), *_list_refused(recent))
    ]
    skipped = [Skipped(one.rule, one.event_id, one.reason) for one in reasons if not one.matched]
    skipped += [
        Skipped(run.rule, run.event_id, step.reason) for run in recent for step in run.steps if _leads_to_nothing(step)
    ]
    skipped += [Skipped(run.rule, run.event_id, run.reason) for run in recent if _is_stopped(run)]
    planned = [
        PlannedBatch(one, sum(one.id == each.run.batch and each.gate != "refused" for each in listed)) for one in opened
    ]
    return Preview(tuple(listed), tuple(skipped), tuple(planned), failed, tuple(baselines))


def _list_batches(tx: Connection, runs: Iterable[RunRecord], *, since: datetime) -> tuple[batches.Batch, ...]:
    """List the batches that were opened now, and before them those that some of these runs are of."""
    opened = batches.list_batches(tx, since=since)
    known = {one.id for one in opened}
    earlier = dict.fromkeys(run.batch for run in runs if run.batch and run.batch not in known)
    found = (batches.find_batch(tx, batch_id) for batch_id in reversed(earlier))
    return (*(one for one in found if one is not None), *opened)


def _is_stopped(run: RunRecord) -> bool:
    """Whether a run failed as a whole, and not by one of its steps."""
    return run.state is RunState.FAILED and not any(step.state is StepState.FAILED for step in run.steps)


def _leads_to_nothing(step: StepRecord) -> bool:
    """Whether a step is over without having done anything, or its run has yet to begin."""
    if step.action in lifecycle.ENTRIES:
        return step.state is not StepState.SUCCEEDED
    return step.state in (StepState.SKIPPED, StepState.FAILED)


def _list_standing(
    unfinished: Iterable[RunRecord], passed: frozenset[str]
) -> Iterator[tuple[RunRecord, StepRecord, str]]:
    """List the writes that stand, with what the gate says: those that passed it have an intent in the copy."""
    for run in unfinished:
        for step in run.steps:
            if step.is_write and (step.state in SHOWN or step.id in passed):
                yield run, step, "ready" if step.id in passed else _GATES[step.state]


def _list_refused(recent: Iterable[RunRecord]) -> Iterator[tuple[RunRecord, StepRecord, str]]:
    for run in recent:
        for step in run.steps:
            if step.is_write and step.hash and step.state is StepState.SKIPPED:
                yield run, step, "refused"


def _pass_gates(engine: Engine) -> frozenset[str]:
    """Take the intent of each write that is due, the longest due first; give the steps that passed. Nothing is sent."""
    with engine.database.read() as tx:
        due = store.list_due_writes(tx, now=engine.clock(), connections=engine.quos)
    return frozenset(step.id for step in due if worker.take_intent(engine, step, engine.quos[step.connection]))
