"""What Quo makes after a call: watched with growing pauses until it is there, has failed, or is given up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from quoflow.actions import artifacts
from quoflow.core import awaiting, happenings
from quoflow.core.events import Event
from quoflow.core.facts import ERASED, Artifact, Call
from quoflow.quo import errors
from quoflow.runtime import runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import inbox, mirror, watches
from quoflow.store import runs as store
from quoflow.store.database import Connection

WATCH_FOR = timedelta(hours=24)
LONGEST_PAUSE = timedelta(hours=1)
MOST_A_CYCLE = 50
"""Looks at one connection in one cycle: what is left waits for the next, so that polling goes on."""


def begin(tx: Connection, engine: Engine, connection: str, call: Call) -> None:
    """Watch for what begins or cancels a run and the call can have."""
    now = engine.clock()
    wanted = list_wanted(tx, engine, connection, call.peer)
    for kind, event_kind in happenings.ARTIFACT_EVENTS.items():
        if event_kind in wanted and happenings.can_have(call, kind):
            watch = watches.Watch(
                connection=connection,
                call_id=call.id,
                kind=kind,
                tries=0,
                next_at=now,
                deadline=now + WATCH_FOR,
                started_at=now,
            )
            watches.add_watch(tx, watch)


def list_wanted(tx: Connection, engine: Engine, connection: str, peer: str | None) -> set[str]:
    """List the event kinds that rules wait for, also a rule as it was when a run of it began."""
    wanted = set(engine.index.kinds)
    if peer is not None:
        begun = (
            runs.load_rule(tx, engine, run) for run in store.list_unfinished_runs(tx, connection=connection, peer=peer)
        )
        wanted.update(*(awaiting.list_within(rule) for rule in begun if rule is not None))
    return wanted


def look_at_artifacts(engine: Engine, connection: str, *, find_number: Callable[[str], str]) -> list[Event]:
    """Take the looks that are due. Gives the new events."""
    with engine.database.read() as tx:
        due = watches.due_watches(
            tx, connection=connection, kinds=happenings.ARTIFACT_EVENTS, now=engine.clock(), limit=MOST_A_CYCLE
        )
    new: list[Event] = []
    for watch in due:
        try:
            artifact = artifacts.fetch_artifact(watch.kind, watch.call_id, engine.quos[connection])
        except errors.Unauthorized:
            raise  # the key is refused for all of them: the poll ends here
        except errors.QuoError as error:
            engine.tell(Notice("watch.failed", f"{watch.kind} of a call: {error}", connection))
            artifact = Artifact(kind=watch.kind, call_id=watch.call_id, state="pending")
        new += _take_look(engine, watch, artifact, find_number)
    return new


def _take_look(
    engine: Engine, watch: watches.Watch, artifact: Artifact, find_number: Callable[[str], str]
) -> list[Event]:
    now = engine.clock()
    with engine.database.write() as tx:
        call = mirror.find_call(tx, watch.connection, watch.call_id)
        if call is None or call.status == ERASED:
            watches.finish(tx, watch, state="given up", now=now)
            return []
        if artifact.state == "pending" and now >= watch.deadline:
            artifact = replace(artifact, state="missing")
        if artifact.state == "pending":
            pause = min(engine.settings.poll.every * 2 ** min(watch.tries, 12), LONGEST_PAUSE)
            watches.reschedule(tx, watch, next_at=min(now + pause, watch.deadline))
            return []
        number = find_number(call.line_id)
        event = happenings.derive_artifact_event(watch.connection, call, artifact, line_number=number, seen_at=now)
        watches.finish(tx, watch, state=artifact.state, now=now)
        return list(inbox.add_events(tx, [event] if event else [], now=now))
