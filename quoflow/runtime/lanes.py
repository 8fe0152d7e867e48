"""Runs of one rule and key at the same time: whether a new one begins, waits, is skipped, or ends the others."""

from __future__ import annotations

from quoflow.core import concurrency, expressions, writes
from quoflow.core.lifecycle import RunRecord, RunState
from quoflow.runtime import doors
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import entries
from quoflow.store import runs as store
from quoflow.store.database import Connection


def enter(tx: Connection, engine: Engine, run: RunRecord, scene: writes.Scene) -> bool:
    """Whether a run may begin now; if not, it waits for its turn, or has ended with the reason."""
    said = scene.rule.concurrency
    if said is None:
        return True
    try:
        key = expressions.render(said.key, scene.values, scene.functions)
    except expressions.ExpressionError as error:
        _end(tx, engine, run, RunState.FAILED, f"concurrency key: {error}")
        return False
    entry = entries.Entry(run.connection, run.id, run.rule, entries.CONCURRENCY, key)
    others = [concurrency.Standing(one.run_id, one.is_waiting) for one in entries.list_lane(tx, entry)]
    turn = concurrency.take_turn(said, key, run.id, others)
    entries.add_entry(tx, entry)
    if turn.what == "skip":
        _end(tx, engine, run, RunState.SKIPPED, turn.reason)
    elif turn.what == "wait":
        doors.wait_at_door(tx, engine, run, action=entries.CONCURRENCY, due_at=None, reason=turn.reason)
    else:
        entries.leave(tx, run_id=run.id, kind=entries.CONCURRENCY)
        for other in others if turn.what == "restart" else ():
            # A write of it that is on its way, or of which nobody knows, ends as it will; nothing comes after it.
            store.cancel_run(tx, other.run_id, reason=turn.reason, now=engine.clock())
            engine.tell(Notice("run.cancelled", f"{run.rule}: {turn.reason}", run.connection))
    return turn.what in ("begin", "restart")


def _end(tx: Connection, engine: Engine, run: RunRecord, state: RunState, reason: str) -> None:
    store.update_run(tx, run.id, state=state, reason=reason, now=engine.clock())
    engine.tell(Notice("run.ended", f"{run.rule}: {state} ({reason})", run.connection))
