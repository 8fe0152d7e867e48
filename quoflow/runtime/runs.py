"""Runs: begin one, and carry it on after each outcome. The core decides; here it is fetched and written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from quoflow.core import audiences, calls, describing, lifecycle, outline, planning, progress, questions, writes
from quoflow.core.events import Event
from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.core.rules import Rule
from quoflow.errors import QuoflowError
from quoflow.runtime import auditing, gates, lanes, scenes
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import approvals, inbox, rule_versions
from quoflow.store import runs as store
from quoflow.store.database import Connection

CUT_OFF = "the run has ended"
"""Why a step was cancelled that had only been planned when its run came to its end."""


def begin_run(tx: Connection, engine: Engine, rule: Rule, event: Event, scene: writes.Scene) -> RunRecord | None:
    """Record a run of a rule for an event with its first steps; None when it has run already."""
    run = record_run(tx, engine, rule, event, now=scene.now)
    if run is not None:
        _begin(tx, engine, run, scenes.turn_to(scene, engine, rule, event, run_id=run.id))
    return run


def begin_recorded(tx: Connection, engine: Engine, run: RunRecord) -> None:
    """Let a run begin that was recorded before its time."""
    scene = _read_scene(tx, engine, run)
    if scene is not None:
        _begin(tx, engine, run, scene)


def _begin(tx: Connection, engine: Engine, run: RunRecord, scene: writes.Scene) -> None:
    if lanes.enter(tx, engine, run, scene):
        _advance(tx, engine, run, scene)


def record_run(tx: Connection, engine: Engine, rule: Rule, event: Event, *, now: datetime) -> RunRecord | None:
    """Record a run of a rule for an event without any step; None when it has run already."""
    keep_version(tx, rule, now=now)
    run = _make_run(engine, rule, event, state=RunState.QUEUED, now=now)
    return run if store.add_run(tx, run) else None


def keep_version(tx: Connection, rule: Rule, *, now: datetime) -> None:
    """Keep a rule as it is now, so that what begins with this version goes on with it."""
    rule_versions.save_version(
        tx, rule=rule.name, version=rule.version, document=rule.document, file=rule.file, now=now
    )


def record_stopped(tx: Connection, engine: Engine, rule: Rule, event: Event, *, reason: str) -> None:
    """Record a run that failed before its first step, because its batch was stopped."""
    now = engine.clock()
    keep_version(tx, rule, now=now)
    run = replace(_make_run(engine, rule, event, state=RunState.FAILED, now=now), reason=reason)
    if store.add_run(tx, run):
        engine.tell(Notice("run.ended", f"{rule.name}: {run.state} ({reason})", event.connection))


def _make_run(engine: Engine, rule: Rule, event: Event, *, state: RunState, now: datetime) -> RunRecord:
    return RunRecord(
        id=engine.new_id(),
        connection=event.connection,
        rule=rule.name,
        rule_version=rule.version,
        event_id=event.id,
        state=state,
        started_at=now,
        updated_at=now,
        peer=event.peer,
        batch=audiences.find_batch(event),
        called_by=calls.find_caller(event),
    )


def carry_on(tx: Connection, engine: Engine, run: RunRecord) -> None:
    """Add the steps that have become known, and end the run or say what it waits for. One transaction."""
    scene = _read_scene(tx, engine, run)
    if scene is not None:
        _advance(tx, engine, run, scene)


def _read_scene(tx: Connection, engine: Engine, run: RunRecord) -> writes.Scene | None:
    """Fetch what a run decides by; where that can no longer be read, the run ends."""
    rule = load_rule(tx, engine, run)
    event = inbox.find_event(tx, connection=run.connection, event_id=run.event_id)
    if rule is None or event is None:
        missing = "its rule's version" if rule is None else "its event"
        store.update_run(
            tx, run.id, state=RunState.FAILED, reason=f"{missing} can no longer be read", now=engine.clock()
        )
        return None
    return scenes.read_scene(tx, engine, rule, event, run_id=run.id)


def settle_step(engine: Engine, step: StepRecord, state: StepState, **changes: object) -> None:
    """Write a step's outcome and carry its run on, in one transaction."""
    with engine.database.write() as tx:
        changes = {"may_retry": True} | changes if state is StepState.FAILED else changes
        if store.update_step(tx, step.id, expected=store.WORKABLE, now=engine.clock(), state=state, **changes):
            run = store.find_run(tx, step.run_id)
            if run is not None:
                carry_on(tx, engine, run)


def _do_again(tx: Connection, records: Iterable[StepRecord], again: Iterable[progress.Again], now: datetime) -> None:
    """Queue steps again that failed, with the bytes that they have: a yes that covers them still does."""
    by_path = {record.path: record for record in records}
    for one in again:
        failed = by_path[one.path]
        changes = {"state": StepState.QUEUED, "due_at": one.due_at, "reason": one.reason}
        more = {"retries": (failed.retries or 0) + 1, "may_retry": None}
        store.update_step(tx, failed.id, expected={StepState.FAILED}, now=now, **changes, **more)


def _advance(tx: Connection, engine: Engine, run: RunRecord, scene: writes.Scene) -> None:
    rule, now = scene.rule, scene.now
    records = store.list_steps(tx, run.id)
    if lifecycle.is_at_the_door(records):
        return
    advance = planning.advance(rule, records, scene)
    if advance.failure is not None and not any(record.path.startswith(outline.ON_ERROR) for record in records):
        _cancel_the_rest(tx, records, now)
        approvals.withdraw(tx, run.id, now=now)
    path = next((planned.path for planned in advance.steps if planned.write is not None), "")
    wave = audiences.name_wave(run.batch, is_first=not records, path=path)
    _do_again(tx, records, advance.again, now)
    for planned in advance.steps:
        _record_step(tx, engine, replace(run, batch=wave), rule=rule, planned=planned, now=now)
    steps = store.list_steps(tx, run.id)
    if advance.end is None:
        state, reason = lifecycle.fold_run_state(steps)
    else:
        state, reason = advance.end.state, advance.end.reason
        _cancel_the_rest(tx, steps, now)
        approvals.withdraw(tx, run.id, now=now)
        engine.tell(Notice("run.ended", f"{run.rule}: {state}{f' ({reason})' if reason else ''}", run.connection))
    store.update_run(tx, run.id, state=state, reason=reason, now=now)


def load_rule(tx: Connection, engine: Engine, run: RunRecord) -> Rule | None:
    """Give the version of the rule that a run began with, from the present set or from the store."""
    if run.rule == questions.NAME:
        sms = engine.settings.approvals.sms
        return questions.make_rule(sms.code_expires) if sms else None
    return load_version(tx, engine, name=run.rule, version=run.rule_version, connection=run.connection)


def load_version(tx: Connection, engine: Engine, *, name: str, version: str, connection: str) -> Rule | None:
    """Give one version of a rule, from the present set or from the store; None when it cannot be read any more."""
    rule = engine.find_rule(name)
    if rule is not None and rule.version == version:
        return rule
    document = rule_versions.find_document(tx, version)
    if document is None:
        return None
    try:
        return engine.restore(version, document)
    except QuoflowError as error:
        engine.tell(Notice("run.unreadable", str(error), connection))
        return None


def _record_step(
    tx: Connection, engine: Engine, run: RunRecord, *, rule: Rule, planned: progress.PlannedStep, now: datetime
) -> None:
    write = planned.write
    step = StepRecord(
        id=engine.new_id(),
        run_id=run.id,
        connection=run.connection,
        path=planned.path,
        position=planned.position,
        action=planned.action,
        state=planned.state,
        created_at=now,
        updated_at=now,
        name=planned.name,
        due_at=planned.due_at,
        payload=planned.payload,
        outcome=planned.outcome,
        reason=planned.reason,
        deadline_at=planned.deadline_at,
    )
    if write is not None:
        step = _pass_first_gate(tx, engine, rule, event_id=run.event_id, step=step, planned=planned)
    question = planned.question
    if question is not None:
        asked = question.asked
        step = replace(step, hash=asked.hash, to=asked.to or None, text=asked.text)
    store.add_steps(tx, [step])
    if step.state is StepState.NEEDS_APPROVAL:
        # A yes that comes when the write would be too late to go is no yes: the shorter time counts.
        patience = min(engine.settings.approvals.expire_after, rule.max_age)
        if question is not None:
            patience = question.patience or engine.settings.approvals.expire_after
        _ask(tx, engine, run, step, now=now, patience=patience)


def _pass_first_gate(
    tx: Connection, engine: Engine, rule: Rule, *, event_id: str, step: StepRecord, planned: progress.PlannedStep
) -> StepRecord:
    """Ask the gate at plan time: refused ends it here; what needs a person asks; what is held waits."""
    write = planned.write
    assert write is not None  # noqa: S101 - the caller has looked
    now = step.created_at
    gate = gates.check_guards(tx, engine, write, rule=rule, due_at=now, now=now, event_id=event_id)
    state, due_at, reason = StepState.QUEUED, planned.due_at, gate.reason
    if gate.state == "refused":
        state, due_at, reason = StepState.SKIPPED, None, gate.reason
        gates.tell(engine, gate, rule=rule.name, connection=step.connection)
    elif gates.needs_approval(engine, rule, action=planned.action):
        state, due_at, reason = StepState.NEEDS_APPROVAL, None, gate.reason or "needs approval"
    elif gate.state == "held":
        state, due_at, reason = StepState.HELD, gate.until or now + lifecycle.LOOK_AGAIN, gate.reason
        gates.tell(engine, gate, rule=rule.name, connection=step.connection)
    frozen = lifecycle.freeze_write(step, write, state=state, due_at=due_at, reason=reason)
    auditing.record_gate(tx, frozen, gate, rule=rule.name, now=now)
    return replace(frozen, guard=gate.guard)


def ask_again(tx: Connection, engine: Engine, run: RunRecord, step: StepRecord) -> None:
    """Ask people about a write that was on its way without a yes that covers it: something has changed."""
    now = engine.clock()
    reason = "needs approval: no yes stands for these bytes"
    changes = {"state": StepState.NEEDS_APPROVAL, "reason": reason, "due_at": None}
    if store.update_step(tx, step.id, expected={step.state}, now=now, **changes):
        alone = replace(run, batch=None)  # it is not what was planned, and approved, with the others
        _ask(tx, engine, alone, step, now=now, patience=engine.settings.approvals.expire_after)
        carry_on(tx, engine, run)


def _ask(
    tx: Connection, engine: Engine, run: RunRecord, step: StepRecord, *, now: datetime, patience: timedelta
) -> None:
    event = inbox.find_event(tx, connection=run.connection, event_id=run.event_id)
    asked_by = event.data.get("by") if event is not None and event.kind == "manual" else None
    approval = approvals.Approval(
        id=engine.new_id(),
        connection=run.connection,
        step_id=step.id,
        run_id=run.id,
        rule=run.rule,
        action=step.action,
        to=step.to,
        from_=step.from_,
        text=step.text,
        payload=step.payload or {},
        segments=step.segments,
        hash=step.hash or "",
        state="pending",
        requested_at=now,
        expires_at=now + patience,
        asked_by=str(asked_by) if asked_by else None,
        batch=run.batch,
    )
    approvals.request_approval(tx, approval)
    if run.batch is None:  # of a batch one line tells for all
        engine.tell(Notice("approval.requested", f"{run.rule} asks to {describe_write(step)}", run.connection))


def _cancel_the_rest(tx: Connection, steps: tuple[StepRecord, ...], now: datetime) -> None:
    """An ended run leaves nothing behind that could still act."""
    for step in steps:
        if step.state not in lifecycle.FINISHED_STEPS and step.state not in lifecycle.ON_THEIR_WAY:
            store.update_step(tx, step.id, expected={step.state}, now=now, state=StepState.CANCELLED, reason=CUT_OFF)


def describe_write(step: StepRecord) -> str:
    """Say in a few words what a write does."""
    return describing.describe_write(step.action, step.to, step.text, step.payload or {})
