"""Writes that nobody found: looked for again when it is time, and sent a second time where the rule asks for it.

Only `on_ambiguous: resend` does that, once, after two looks in vain and two minutes, and through the guards again.
"""

from __future__ import annotations

from dataclasses import replace

from quoflow.core import claims, lifecycle, outline
from quoflow.core.lifecycle import FINISHED_RUNS, RunRecord, StepRecord
from quoflow.core.rules import Rule
from quoflow.quo.client import Quo
from quoflow.runtime import breaking, gates, reconcile, runs, worker
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import outbox, resends
from quoflow.store import runs as store
from quoflow.store.database import Connection


def look_again(engine: Engine) -> None:
    """Take the looks at lost writes that are due; send again what may be, and is to be."""
    for attempt in reconcile.list_due(engine):
        if reconcile.look(engine, attempt) == "nothing" and attempt.state == "unknown":
            _send_again(engine, attempt)


def _send_again(engine: Engine, lost: outbox.Attempt) -> None:
    quo = engine.quos[lost.connection].lease(worker.LEASE.total_seconds())  # begun before the guards are asked
    with engine.database.write() as tx:
        fresh = outbox.find_attempt(tx, lost.id)
        run = store.find_run(tx, lost.run_id)
        step = store.find_step(tx, lost.step_id)
        if fresh is None or run is None or step is None or run.state in FINISHED_RUNS:
            return
        rule = runs.load_rule(tx, engine, run)
        if rule is None or not (_is_wanted(rule, step) and _is_settled(fresh, quo)):
            return
        if not gates.has_yes(tx, engine, rule, step):
            return
        attempt = _take_again(tx, engine, fresh, run=run, step=step, quo=quo, rule=rule)
    if attempt is not None:
        engine.tell(Notice("write.again", f"{lost.rule}: not found at Quo, sent a second time", lost.connection))
        worker.carry_out(engine, step, attempt, quo)


def _is_wanted(rule: Rule, step: StepRecord) -> bool:
    definition = outline.find_step(rule, step.path)
    return definition is not None and definition.on_ambiguous == "resend"


def _is_settled(lost: outbox.Attempt, quo: Quo) -> bool:
    return claims.may_send_again(looks=lost.looks, began_at=lost.quo_at, now=quo.read_time()) is None


def _take_again(
    tx: Connection, engine: Engine, lost: outbox.Attempt, *, run: RunRecord, step: StepRecord, quo: Quo, rule: Rule
) -> outbox.Attempt | None:
    """Ask the guards and take the second intent; what they do not let through stays unknown, with their reason."""
    now = engine.clock()
    write = lifecycle.thaw_write(step, rule_version=run.rule_version)
    gate = gates.check_guards(
        tx, engine, write, rule=rule, due_at=step.created_at, now=now, event_id=run.event_id, step_id=step.id
    )
    if gate.state in worker.STOPPED:
        reason = f"nobody knows whether it was sent, and it is not sent again: {gate.reason}"
        store.update_step(tx, step.id, expected={step.state}, now=now, reason=reason)
        return None
    if breaking.stop_write(tx, step, now):
        return None
    attempt = worker.make_attempt(engine, step, rule=run.rule, now=now, quo=quo)
    attempt = replace(attempt, payload_hash=write.hash)  # other bytes than those recorded are not taken
    return attempt if resends.take_again(tx, lost.id, attempt, now=now) else None
