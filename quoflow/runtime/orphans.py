"""Runs whose rule was disabled or deleted: what still waits is cancelled, what is on its way ends as it will."""

from __future__ import annotations

from quoflow.core import questions
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import runs as store


def cancel_orphans(engine: Engine) -> int:
    """Cancel every run that has not ended and whose rule is not at work any more. Gives how many there were.

    It is asked at each start and after each change of the rules, so that it does not matter when a rule went.
    """
    cancelled = 0
    with engine.database.read() as tx:
        names = store.list_unfinished_rules(tx)
    for connection, name in names:
        reason = _find_reason(engine, name)
        if reason is None:
            continue
        with engine.database.write() as tx:
            for run_id in store.list_unfinished_ids(tx, connection=connection, rule=name):
                cancelled += store.cancel_run(tx, run_id, reason=reason, now=engine.clock())
        engine.tell(Notice("run.cancelled", f"{name}: {reason}; its runs that had not ended are cancelled", connection))
    return cancelled


def _find_reason(engine: Engine, name: str) -> str | None:
    if name == questions.NAME:
        return None
    rule = engine.find_rule(name)
    if rule is None:
        return "its rule was deleted"
    return None if rule.enabled else "its rule was disabled"
