"""A last look at a conversation, just before a text that minds what was said a moment ago.

Such is one to somebody we do not know, one for marketing, and one of a rule that keeps quiet while a person talks.

Polling may be a cycle behind: a STOP or an answer that is at Quo already must count. What is found goes the way of
everything that is read, so opt-outs, guards and `cancel_on` decide. It costs one GET for each such text.
"""

from __future__ import annotations

from quoflow.core import lifecycle
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.quo import errors
from quoflow.runtime import gates, intake, polling, runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import exchanges
from quoflow.store import runs as store
from quoflow.store.database import Connection


def look_first(engine: Engine, step: StepRecord) -> bool:
    """Look at the conversation of a write that asks for it; False when that failed, and the write is held for it."""
    with engine.database.read() as tx:
        if not _is_wanted(tx, engine, step):
            return True
    line_id = _find_line(step)
    try:
        found = polling.look_at_exchange(engine, step.connection, line_id=line_id, peer=step.to or "")
    except errors.QuoError as error:
        _hold(engine, step, error)
        return False
    if found:
        intake.take_in_all(engine)
    return True


def _is_wanted(tx: Connection, engine: Engine, step: StepRecord) -> bool:
    """Whether a write is a first contact, marketing, or waits for people, and nothing else stands in its way."""
    run = store.find_run(tx, step.run_id, with_steps=False)
    if step.action != "send_message" or run is None:
        return False
    rule = runs.load_rule(tx, engine, run)
    is_known = exchanges.has_exchanged(tx, connection=step.connection, line_id=_find_line(step), peer=step.to or "")
    if is_known and (rule is None or (rule.purpose != "marketing" and rule.unless_human is None)):
        return False
    write = lifecycle.thaw_write(step, rule_version=run.rule_version)
    now = engine.clock()
    gate = gates.check_guards(tx, engine, write, rule=rule, due_at=step.created_at, now=now, event_id=run.event_id)
    return gate.state == "ready"


def _hold(engine: Engine, step: StepRecord, error: errors.QuoError) -> None:
    now = engine.clock()
    until = now + lifecycle.LOOK_AGAIN
    reason = f"freshness: the conversation could not be looked at once more ({error}); tried again in a minute"
    with engine.database.write() as tx:
        changes = {"state": StepState.HELD, "reason": reason, "due_at": until, "guard": "freshness"}
        store.update_step(tx, step.id, expected={step.state}, now=now, **changes)
        run = store.find_run(tx, step.run_id)
        if run is not None:
            runs.carry_on(tx, engine, run)
    engine.tell(Notice("write.held", reason, step.connection, {"guard": "freshness"}))


def _find_line(step: StepRecord) -> str:
    return str((step.payload or {}).get("from", ""))
