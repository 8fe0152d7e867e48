"""Due steps, one at a time: pass the gate, write the intent, act, write the outcome, carry the run on."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from quoflow.actions import registry, results
from quoflow.core import lifecycle, likeness, plans, questions, segments, steps
from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.core.rules import Rule
from quoflow.errors import QuoflowError, StoreError
from quoflow.quo import errors
from quoflow.quo.client import Quo
from quoflow.runtime import (
    auditing,
    breaking,
    calling,
    freshness,
    gates,
    journaling,
    reaching,
    reading,
    reconcile,
    runs,
    throttling,
    waking,
)
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import journal, outbox, resends
from quoflow.store import runs as store
from quoflow.store.database import Connection

LEASE = timedelta(seconds=30)
"""How long after the guards were asked a write may still leave: far longer than a turn and a connection take."""

STOPPED = {"held": StepState.HELD, "refused": StepState.SKIPPED}
"""What becomes of a step whose write the gate does not let through."""


def work_once(engine: Engine) -> bool:
    """Carry out the step that is due first, if there is one; False when nothing is due.

    Raises:
        StoreError: when the disk does not take an intent (then nothing was sent) or an outcome (then it is kept).
    """
    save_outcomes(engine)
    with engine.database.read() as tx:
        step = store.next_due(tx, now=engine.clock(), connections=engine.quos.keys() - engine.blind.keys())
    if step is None:
        return False
    try:
        (_work_write if step.is_write else _WORKERS[step.action])(engine, step)
    except QuoflowError:
        raise
    except Exception as error:  # noqa: BLE001 - a step that trips over a bug of ours is set aside; the others go on
        _set_aside(engine, step, error)
    return True


def _set_aside(engine: Engine, step: StepRecord, error: Exception) -> None:
    """Take a step that a bug of ours broke out of the way: parked if it may have been sent, failed if not."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    reason = f"quoflow itself failed ({type(error).__name__} at {Path(place.filename).name}:{place.lineno})"
    engine.tell(Notice("bug", f"{step.action}: {reason}; please report it", step.connection))
    with engine.database.read() as tx:
        sending = [one for one in outbox.list_unsettled(tx) if one.step_id == step.id]
    for attempt in sending:
        reconcile.park(engine, attempt, reason=reason)
    if sending:
        return
    now = engine.clock()
    with engine.database.write() as tx:
        store.update_step(tx, step.id, expected=store.WORKABLE, now=now, state=StepState.FAILED, reason=reason)
        store.update_run(tx, step.run_id, state=RunState.FAILED, reason=reason, now=now)


def _work_wait(engine: Engine, step: StepRecord) -> None:
    runs.settle_step(engine, step, StepState.SUCCEEDED, reason="", outcome={}, due_at=None)


def _work_notify(engine: Engine, step: StepRecord) -> None:
    payload = step.payload or {}
    engine.tell(Notice("notify", str(payload.get("text", "")), step.connection, {"to": payload.get("to", "log")}))
    runs.settle_step(engine, step, StepState.SUCCEEDED, outcome={}, due_at=None)


def _work_log(engine: Engine, step: StepRecord) -> None:
    payload = step.payload or {}
    engine.tell(Notice(f"log.{payload.get('level', 'info')}", str(payload.get("text", "")), step.connection))
    runs.settle_step(engine, step, StepState.SUCCEEDED, outcome={}, due_at=None)


def _work_approve(engine: Engine, step: StepRecord) -> None:
    """Go on: a person has said yes, or the step would not be due."""
    outcome = {"approved": True, "by": step.reason.removeprefix("approved by ") or None}
    runs.settle_step(engine, step, StepState.SUCCEEDED, outcome=outcome, due_at=None)


# -- writes


def _work_write(engine: Engine, step: StepRecord) -> None:
    with journaling.take_turn(engine, step) as is_ours:
        if is_ours:
            _write(engine, step)
            return
    now = engine.clock()
    with engine.database.write() as tx:
        changes = {"due_at": now + journaling.TURN, "reason": journaling.BUSY}
        store.update_step(tx, step.id, expected={step.state}, now=now, **changes)


def _write(engine: Engine, step: StepRecord) -> None:
    if not freshness.look_first(engine, step):
        return
    quo = engine.quos[step.connection].lease(LEASE.total_seconds())  # begun before the guards are asked
    attempt = take_intent(engine, step, quo)
    if attempt is not None:
        carry_out(engine, step, attempt, quo)


def carry_out(engine: Engine, step: StepRecord, attempt: outbox.Attempt, quo: Quo) -> None:
    """Do what was intended, once, and record what came of it. The intent is committed; `quo` is under its lease."""
    engine.unsaved.append((attempt, _perform(engine, step, attempt, quo)))
    save_outcomes(engine)


def _perform(engine: Engine, step: StepRecord, attempt: outbox.Attempt, quo: Quo) -> results.Done | results.Failure:
    """Do what was intended, once, and give what came of it."""
    action = registry.WRITE_ACTIONS[step.action]
    if isinstance(action, registry.OutsideAction):
        return reaching.perform(engine, action, step, rule=attempt.rule, lease=quo.begun_lease)
    try:
        done = action.perform(step.payload or {}, quo, journaling.make_keep(engine, attempt))
    except errors.QuoError as error:
        tries, line_id = step.tries + 1, attempt.line_id
        return results.classify_failure(error, tries=tries, jitter=engine.jitter(), line_id=line_id)
    except StoreError as error:
        # Only the journal of a contact is written in there, before the request: nothing has left.
        return results.Failure("retry", error.message, lifecycle.LOOK_AGAIN)
    # The question to an owner bears a code that counts as their yes: it is for nobody who reads the log.
    what = "asked an owner" if attempt.rule == questions.NAME else runs.describe_write(step)
    engine.tell(Notice("write.done", f"{attempt.rule}: {what}", step.connection))
    return done


def save_outcomes(engine: Engine) -> None:
    """Record what came of the writes that were done. What the disk does not take is kept, and comes first next time.

    Raises:
        StoreError: when it does not; a process that ends then leaves an intent, which is reconciled at the next start.
    """
    while engine.unsaved:
        attempt, outcome = engine.unsaved.popleft()
        try:
            if isinstance(outcome, results.Done):
                breaking.close_for_write(engine, attempt)
                reconcile.record_done(engine, attempt, outcome)
            else:
                _take_failure(engine, attempt, outcome)
        except StoreError:
            engine.unsaved.appendleft((attempt, outcome))
            raise


def take_intent(engine: Engine, step: StepRecord, quo: Quo) -> outbox.Attempt | None:
    """Check the gate again and commit the intent in the same transaction; None when the write may not go now."""
    with engine.database.write() as tx:
        run = store.find_run(tx, step.run_id)
        fresh = store.find_step(tx, step.id)
        if run is None or fresh is None or fresh.state not in store.WORKABLE or _is_stopped(tx, engine, run, fresh):
            return None
        return _commit_intent(tx, engine, fresh, rule=run.rule, quo=quo)


def _is_stopped(tx: Connection, engine: Engine, run: RunRecord, step: StepRecord) -> bool:
    """Ask the whole gate about a write that is due, and settle, hold or put back what may not go now."""
    rule = runs.load_rule(tx, engine, run)
    now = engine.clock()
    write = lifecycle.thaw_write(step, rule_version=run.rule_version)
    if not _is_as_agreed(tx, engine, run, rule, step=step, write=write):
        return True
    # Lateness counts from the plan: neither a guard nor a person who took their time makes a text younger.
    gate = gates.check_guards(tx, engine, write, rule=rule, due_at=step.created_at, now=now, event_id=run.event_id)
    if gate.state in STOPPED:
        until = gate.until or now + lifecycle.LOOK_AGAIN
        due_at = until if gate.state == "held" else None
        changes = {"state": STOPPED[gate.state], "reason": gate.reason, "due_at": due_at, "guard": gate.guard}
        store.update_step(tx, step.id, expected=store.WORKABLE, now=now, **changes)
        held_by = step.reason if step.state is StepState.HELD else ""
        auditing.record_gate(tx, step, gate, rule=run.rule, now=now, held_by=held_by)
        runs.carry_on(tx, engine, run)
        gates.tell(engine, gate, rule=run.rule, connection=step.connection)
        return True
    return breaking.stop_write(tx, step, now)


def _is_as_agreed(
    tx: Connection, engine: Engine, run: RunRecord, rule: Rule | None, *, step: StepRecord, write: plans.Write
) -> bool:
    """Whether a write's bytes are those on record and somebody's yes covers them; if not, its step is moved."""
    if write.hash != step.hash:
        reason = "its bytes are not those that were recorded; the database was changed by something else"
        now = engine.clock()
        store.update_step(tx, step.id, expected=store.WORKABLE, now=now, state=StepState.FAILED, reason=reason)
        runs.carry_on(tx, engine, run)
        return False
    if not gates.has_yes(tx, engine, rule, step):
        runs.ask_again(tx, engine, run, step)
        return False
    return True


def _commit_intent(tx: Connection, engine: Engine, step: StepRecord, *, rule: str, quo: Quo) -> outbox.Attempt | None:
    now = engine.clock()
    attempt = make_attempt(engine, step, rule=rule, now=now, quo=quo)
    if outbox.take_intent(tx, attempt, now=now):
        return attempt
    reason = "an earlier attempt at it is not settled; `quoflow outbox list` shows it"
    changes = {"state": StepState.HELD, "reason": reason, "due_at": now + lifecycle.LOOK_AGAIN}
    store.update_step(tx, step.id, expected=store.WORKABLE, now=now, **changes)
    return None


def make_attempt(engine: Engine, step: StepRecord, *, rule: str, now: datetime, quo: Quo) -> outbox.Attempt:
    """Make the record of an attempt at a step, with the time by both clocks."""
    return outbox.Attempt(
        id=engine.new_id(),
        connection=step.connection,
        step_id=step.id,
        run_id=step.run_id,
        rule=rule,
        action=step.action,
        line_id=(step.payload or {}).get("from"),
        to=step.to,
        text=step.text,
        normal_text=likeness.fold_text(step.text) if step.text else None,
        payload_hash=step.hash or "",
        state="sending",
        started_at=now,
        finished_at=None,
        message_id=None,
        looks=0,
        reason="",
        segments=segments.count_at_most(step.text or ""),
        quo_at=quo.read_time(),
    )


def _take_failure(engine: Engine, attempt: outbox.Attempt, failure: results.Failure) -> None:
    now = engine.clock()
    if failure.what == "uncertain":
        reconcile.settle_uncertain(engine, attempt, reason=failure.reason)
        return
    due_at, tripped = now + failure.after, None
    with engine.database.write() as tx:
        journal.forget_entry(tx, attempt.id)
        if failure.scope is not None:
            tripped = breaking.trip(tx, engine, attempt.connection, scope=failure.scope, reason=failure.reason)
            due_at = tripped.breaker.probe_at
        if resends.put_back(tx, attempt.id, reason=failure.reason, now=now):
            pass  # the first attempt may still have gone out, so the step is no more settled than before
        elif failure.what == "fail":
            outbox.settle(tx, attempt.id, state="failed", reason=failure.reason, now=now)
            # It is provably not sent: what may have been is `uncertain`, and never comes here.
            store.update_step(tx, attempt.step_id, expected={StepState.FAILED}, now=now, may_retry=True)
        else:
            outbox.release(tx, attempt.id, reason=failure.reason, now=now, due_at=due_at)
        if failure.what == "hold":
            store.update_step(tx, attempt.step_id, expected={StepState.QUEUED}, now=now, state=StepState.HELD)
        run = store.find_run(tx, attempt.run_id)
        if run is not None:
            runs.carry_on(tx, engine, run)
    if tripped is None:
        engine.tell(Notice(f"write.{failure.what}", f"{attempt.rule}: {failure.reason}", attempt.connection))
    else:
        breaking.announce(engine, tripped)


_WORKERS: Mapping[str, Callable[[Engine, StepRecord], None]] = {
    **dict.fromkeys(steps.READS, reading.work_read),
    "wait": _work_wait,
    "throttle": throttling.end_wait,
    "wait_until": _work_wait,
    "wait_for": waking.work_wait_for,
    "notify": _work_notify,
    "http": reaching.work_look,
    "log": _work_log,
    "approve": _work_approve,
    "run_rule": calling.work_run_rule,
}
