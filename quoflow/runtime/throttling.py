"""A rule's throttle at work: what was there before is fetched, the core decides, and what waits is a row."""

from __future__ import annotations

from quoflow.core import expressions, throttling, writes
from quoflow.core.events import Event
from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.core.rules import Rule
from quoflow.core.throttling import Turn, Waiting
from quoflow.runtime import doors, runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import entries, inbox, throttles
from quoflow.store import runs as store
from quoflow.store.database import Connection


def take_event(tx: Connection, engine: Engine, rule: Rule, event: Event, scene: writes.Scene) -> Turn:
    """Give what becomes of an event that matched, and keep what it changes: the last firing, or the run that waits.

    For `begin`, `wait` and `replace` the caller begins a run.
    """
    throttle = rule.throttle
    if throttle is None:
        return Turn("begin")
    try:
        key = expressions.render(throttle.key, scene.values, scene.functions)
    except expressions.ExpressionError as error:
        return Turn("skip", f"throttle key: {error}")
    connection = event.connection
    waiting = None if throttle.once_within else _find_waiting(tx, connection=connection, rule=rule.name, key=key)
    last = throttles.last_fired(tx, connection=connection, rule=rule.name, key=key) if throttle.once_within else None
    turn = throttling.take_turn(
        throttle, key, occurred_at=event.occurred_at, now=scene.now, last_fired=last, waiting=waiting
    )
    if turn.what == "begin":
        throttles.save_fired(tx, connection=connection, rule=rule.name, key=key, at=scene.now)
    elif turn.what == "join" and waiting is not None:
        _join(tx, event, waiting, turn, scene=scene)
    elif turn.what == "replace" and waiting is not None:
        _replace(tx, engine, rule, event, waiting)
    return turn


def begin_waiting(
    tx: Connection, engine: Engine, rule: Rule, event: Event, scene: writes.Scene, *, turn: Turn
) -> RunRecord | None:
    """Record a run that begins when the throttle's time is over; None when the rule has run for this event already."""
    assert rule.throttle is not None  # noqa: S101 - only a throttle says `wait`
    run = runs.record_run(tx, engine, rule, event, now=scene.now)
    if run is None:
        return None
    key = expressions.render(rule.throttle.key, scene.values, scene.functions)
    entries.add_entry(tx, entries.Entry(event.connection, run.id, rule.name, entries.THROTTLE, key))
    doors.wait_at_door(tx, engine, run, action=entries.THROTTLE, due_at=turn.due_at, reason=turn.reason)
    return run


def end_wait(engine: Engine, step: StepRecord) -> None:
    """Let a run begin whose throttle's time is over, for all that it has gathered: once."""
    with engine.database.write() as tx:
        run = store.find_run(tx, step.run_id)
        if run is not None and doors.open_door(tx, engine, run, action=entries.THROTTLE):
            runs.begin_recorded(tx, engine, run)


def _find_waiting(tx: Connection, *, connection: str, rule: str, key: str) -> Waiting | None:
    entry = entries.find_waiting(tx, connection=connection, rule=rule, kind=entries.THROTTLE, key=key)
    run = store.find_run(tx, entry.run_id) if entry else None
    event = inbox.find_event(tx, connection=connection, event_id=run.event_id) if run else None
    step = next((one for one in run.steps if one.action == entries.THROTTLE), None) if run else None
    if run is None or event is None or step is None or step.due_at is None:
        return None
    return Waiting(run.id, step.id, event.occurred_at, step.due_at, events=1 + entries.count_gathered(tx, run.id))


def _join(tx: Connection, event: Event, waiting: Waiting, turn: Turn, *, scene: writes.Scene) -> None:
    entries.gather(tx, connection=event.connection, run_id=waiting.run_id, event_id=event.id)
    if turn.due_at != waiting.due_at:
        store.update_step(tx, waiting.step_id, expected={StepState.WAITING}, now=scene.now, due_at=turn.due_at)


def _replace(tx: Connection, engine: Engine, rule: Rule, event: Event, waiting: Waiting) -> None:
    reason = f"throttle: {event.id} of the same key came before it began"
    store.cancel_run(tx, waiting.run_id, reason=reason, now=engine.clock(), state=RunState.SKIPPED)
    if engine.skips.add(event.connection, rule.name, reason):
        engine.tell(Notice("rule.skipped", f"{rule.name}: {reason}", event.connection))
