"""Schedules: which firings are due, put into the inbox once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from quoflow.core import schedule
from quoflow.core.events import Event
from quoflow.core.rules import Rule
from quoflow.runtime import clockwatch
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import firings, inbox
from quoflow.store.database import Connection


@dataclass(frozen=True, slots=True)
class _Post:
    """A schedule at its post: one part of a rule's trigger on one connection, and what it owes now."""

    rule: str
    connection: str
    last: firings.LastFiring
    due: schedule.Due
    is_new: bool = False


def fire_due(engine: Engine) -> int:
    """Put the events of every schedule that is due into the inbox; none while the clock stands before a time that was.

    A schedule that is seen for the first time only has the time noted, and one that is no more is forgotten.
    What is due, and that it was dealt with, is on the disk together. Gives how many events there were.
    """
    if clockwatch.is_behind(engine):
        return 0
    now = engine.clock()
    with engine.database.read() as tx:
        known = firings.list_last_firings(tx)
    posts = dict(_list_posts(engine, known, now))
    gone = [key for key in known if key not in posts and key[0] in engine.quos]
    moved = {key: post for key, post in posts.items() if post.is_new or post.due.fire or post.due.missed}
    if not gone and not moved:
        return 0
    with engine.database.write() as tx:
        firings.forget_firings(tx, gone)
        return sum(_move(tx, engine, key, post, now) for key, post in moved.items())


def _list_posts(
    engine: Engine, known: Mapping[firings.Key, firings.LastFiring], now: datetime
) -> Iterator[tuple[firings.Key, _Post]]:
    for rule in engine.rules:
        if not rule.enabled:
            continue
        for part in _list_parts(rule, engine.settings.timezone):
            for connection in engine.quos:
                if not rule.connections or connection in rule.connections:
                    key = (connection, rule.name, part.name)
                    yield key, _look(rule, part, connection, known.get(key), engine=engine, now=now)


def _list_parts(rule: Rule, timezone: str) -> Iterator[schedule.Part]:
    for trigger in rule.triggers:
        if trigger.schedule is not None:
            yield from schedule.list_parts(trigger.schedule, timezone=timezone)


def _look(
    rule: Rule, part: schedule.Part, connection: str, last: firings.LastFiring | None, *, engine: Engine, now: datetime
) -> _Post:
    if last is None:
        first = firings.LastFiring(key="", at=now, anchor=now)
        return _Post(rule.name, connection, first, schedule.Due(), is_new=True)
    due = schedule.due_firings(
        part.spec,
        last=last.at,
        now=now,
        timezone=engine.settings.timezone,
        anchor=last.anchor,
        max_age=rule.max_age,
    )
    return _Post(rule.name, connection, last, due)


def _move(tx: Connection, engine: Engine, key: firings.Key, post: _Post, now: datetime) -> int:
    """Take in what a schedule owes and note that it was dealt with; give how many events are new."""
    fire, missed = post.due.fire, post.due.missed
    if missed:
        text = f"{post.rule}: {missed} firing{'s were' if missed > 1 else ' was'} missed while quoflow was not running"
        engine.tell(Notice("schedule.missed", text, post.connection))
    added = inbox.add_events(tx, [_make_event(post, firing) for firing in fire], now=now)
    moved = firings.LastFiring(fire[-1].key if fire else post.last.key, max(now, post.last.at), post.last.anchor)
    firings.save_firing(tx, key, moved)
    return len(added)


def _make_event(post: _Post, firing: schedule.Firing) -> Event:
    return Event(
        id=f"schedule:{post.rule}:{firing.key}", kind="schedule", connection=post.connection, occurred_at=firing.at
    )
