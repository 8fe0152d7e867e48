"""Schedules: which firings are due, put into the inbox once each."""

from __future__ import annotations

from datetime import datetime

from quoflow.core import schedule
from quoflow.core.events import Event
from quoflow.core.rules import Rule, Trigger
from quoflow.runtime import clockwatch
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import firings, inbox
from quoflow.store.database import Connection


def fire_due(engine: Engine) -> int:
    """Put the events of every schedule that is due into the inbox; none while the clock stands before a time that was.

    Gives how many there were.
    """
    if clockwatch.is_behind(engine):
        return 0
    count = 0
    for rule in engine.rules:
        triggers = [(number, one) for number, one in enumerate(rule.triggers) if one.schedule is not None]
        if not rule.enabled or not triggers:
            continue
        for connection in engine.quos:
            if rule.connections and connection not in rule.connections:
                continue
            for number, trigger in triggers:
                count += _fire_trigger(engine, rule, trigger, number=number, connection=connection)
    return count


def _fire_trigger(engine: Engine, rule: Rule, trigger: Trigger, *, number: int, connection: str) -> int:
    """Fire one trigger of one rule; the first time that it is seen only notes the time."""
    now = engine.clock()
    spec = trigger.schedule
    assert spec is not None  # noqa: S101 - the caller has looked
    timezone = spec.timezone or engine.settings.timezone
    with engine.database.write() as tx:
        last = firings.last_firing(tx, connection=connection, rule=rule.name, trigger=number)
        if last is None:
            first = firings.LastFiring(key="", at=now, anchor=now)
            firings.save_firing(tx, connection=connection, rule=rule.name, trigger=number, firing=first)
            return 0
        due = schedule.due_firings(spec, last=last.at, now=now, timezone=timezone, anchor=last.anchor)
        if due.missed:
            text = f"{rule.name}: {due.missed} firings were missed while quoflow was not running"
            engine.tell(Notice("schedule.missed", text, connection))
        events = [_make_event(rule, number, firing, connection) for firing in due.fire]
        added = inbox.add_events(tx, events, now=now)
        _save_last(tx, last, due, rule=rule.name, number=number, connection=connection, now=now)
        return len(added)


def _make_event(rule: Rule, number: int, firing: schedule.Firing, connection: str) -> Event:
    return Event(
        id=f"schedule:{rule.name}:{number}:{firing.key}", kind="schedule", connection=connection, occurred_at=firing.at
    )


def _save_last(
    tx: Connection,
    last: firings.LastFiring,
    due: schedule.Due,
    *,
    rule: str,
    number: int,
    connection: str,
    now: datetime,
) -> None:
    """Move on to now once something was due, so that nothing is looked at twice."""
    if not due.fire and not due.missed:
        return
    key = due.fire[-1].key if due.fire else last.key
    at = max(now, last.at)
    moved = firings.LastFiring(key=key, at=at, anchor=last.anchor)
    firings.save_firing(tx, connection=connection, rule=rule, trigger=number, firing=moved)
