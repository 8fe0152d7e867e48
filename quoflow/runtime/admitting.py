"""Who waits for others of the same rule and key to end: the next one begins as soon as there is room."""

from __future__ import annotations

from quoflow.core import concurrency
from quoflow.runtime import doors, runs
from quoflow.runtime.engine import Engine
from quoflow.store import entries
from quoflow.store import runs as store
from quoflow.store.database import Connection


def admit_waiting(engine: Engine) -> int:
    """Let every run begin whose turn has come, in their order. Gives how many did."""
    with engine.database.read() as tx:
        heads = entries.list_heads(tx, kind=entries.CONCURRENCY)
    admitted = 0
    for head in heads:
        with engine.database.write() as tx:
            admitted += _admit(tx, engine, head)
    return admitted


def _admit(tx: Connection, engine: Engine, head: entries.Entry) -> bool:
    run = store.find_run(tx, head.run_id)
    rule = runs.load_rule(tx, engine, run) if run else None
    begun = sum(not one.is_waiting for one in entries.list_lane(tx, head))
    said = rule.concurrency if rule else None
    if run is None or (begun and (said is None or not concurrency.has_room(said, begun))):
        return False
    if not doors.open_door(tx, engine, run, action=entries.CONCURRENCY):
        return False
    runs.carry_on(tx, engine, run)
    return True
