"""What became of texts after Quo took them: read again with growing pauses for a day, a few in each cycle.

A text is accepted long before it arrives, if it does. Those of quoflow are always followed, those of people while some
rule waits for what becomes of them. Most looks cost nothing: the conversation was read anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from quoflow.core import happenings
from quoflow.core.events import DELIVERY_KINDS, Event
from quoflow.core.facts import ERASED, Message
from quoflow.quo import errors, wire
from quoflow.runtime import watching
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import audit, inbox, mirror, outbox, runs, watches
from quoflow.store.database import Connection
from quoflow.store.watches import Watch

KIND = "delivery"
"""How a text that is followed is filed among what is awaited."""

FOLLOW_FOR = timedelta(hours=24)
LONGEST_PAUSE = timedelta(hours=1)
MOST_A_CYCLE = 20
"""Requests for single texts of a connection in one cycle, so that polling and sending go on beside them."""


def take_note(
    tx: Connection, engine: Engine, connection: str, messages: Iterable[Message], *, fresh: Collection[str]
) -> list[Event]:
    """Take note of how far texts are that were just read, and begin to follow the new ones. Gives the new events.

    Args:
        tx: the transaction in which they were saved.
        engine: the parts.
        connection: the connection's name.
        messages: what was read; those that came in are passed over.
        fresh: ids of those that were not known before and are no history.
    """
    texts = [one for one in messages if one.direction == "outgoing" and one.status != ERASED]
    strangers = mirror.list_strangers(tx, connection, [one.id for one in texts])
    for text in texts:
        if text.id in fresh and (text.id not in strangers or _is_waited_for(tx, engine, connection, text)):
            _begin(tx, engine, connection, text)
    followed = watches.find_open(tx, connection=connection, kind=KIND, ids=[one.id for one in texts])
    return [
        event
        for text in texts
        if text.id in followed and happenings.find_delivery(text.status) is not None
        for event in _judge(tx, engine, followed[text.id], text)
    ]


def look(engine: Engine, connection: str) -> list[Event]:
    """Ask for the texts whose turn it is, the longest due first. Gives the new events.

    Raises Unauthorized; any other failure is told, and ends the looks of this cycle.
    """
    with engine.database.read() as tx:
        due = watches.due_watches(tx, connection=connection, kinds=[KIND], now=engine.clock(), limit=MOST_A_CYCLE)
    new: list[Event] = []
    for watch in due:
        try:
            read = engine.quos[connection].get_message(watch.call_id)
        except errors.NotFound:
            with engine.database.write() as tx:
                watches.finish(tx, watch, state="gone", now=engine.clock())
            continue
        except errors.Unauthorized:
            raise
        except errors.QuoError as error:
            engine.tell(Notice("watch.failed", f"what became of a text: {error}", connection))
            with engine.database.write() as tx:
                _wait(tx, engine, watch)
            break
        with engine.database.write() as tx:
            new += _take_look(tx, engine, watch, read)
    return new


def _is_waited_for(tx: Connection, engine: Engine, connection: str, text: Message) -> bool:
    return not watching.list_wanted(tx, engine, connection, text.peer).isdisjoint(DELIVERY_KINDS)


def _begin(tx: Connection, engine: Engine, connection: str, text: Message) -> None:
    now = engine.clock()
    if text.created_at < now - FOLLOW_FOR:
        return
    watch = Watch(
        connection=connection,
        call_id=text.id,
        kind=KIND,
        tries=0,
        next_at=now + engine.settings.poll.every,
        deadline=now + FOLLOW_FOR,
        started_at=now,
    )
    watches.add_watch(tx, watch)


def _take_look(tx: Connection, engine: Engine, watch: Watch, read: wire.Message) -> list[Event]:
    known = mirror.find_message(tx, watch.connection, watch.call_id)
    if known is None or known.status == ERASED:
        watches.finish(tx, watch, state="gone", now=engine.clock())
        return []
    text = replace(known, status=read.status or known.status, updated_at=read.updated_at)
    mirror.save_messages(tx, watch.connection, [text])
    return _judge(tx, engine, watch, text)


def _judge(tx: Connection, engine: Engine, watch: Watch, text: Message) -> list[Event]:
    """Say what became of a text, once that is known; until then wait on."""
    kind = happenings.find_delivery(text.status)
    is_ours = not mirror.list_strangers(tx, watch.connection, [text.id])
    attempt = outbox.find_claim(tx, connection=watch.connection, message_id=text.id) if is_ours else None
    if kind is None or (is_ours and attempt is None):  # not known yet: how it ends, or whose it is
        _wait(tx, engine, watch)
        return []
    now = engine.clock()
    watches.finish(tx, watch, state=text.status, now=now)
    if attempt is not None and kind == "message.failed":
        _tell_failure(tx, engine, attempt, text, now)
    if attempt is not None and _is_about_delivery(tx, attempt):
        return []  # what was sent because of a delivery fires nothing by its own, or it would never end
    if kind not in watching.list_wanted(tx, engine, watch.connection, text.peer):
        return []
    event = happenings.derive_delivery_event(
        watch.connection, text, kind=kind, rule=attempt.rule if attempt else None, seen_at=now
    )
    return list(inbox.add_events(tx, [event], now=now))


def _wait(tx: Connection, engine: Engine, watch: Watch) -> None:
    now = engine.clock()
    if now >= watch.deadline:
        watches.finish(tx, watch, state="given up", now=now)
        return
    pause = min(engine.settings.poll.every * 2 ** min(watch.tries, 12), LONGEST_PAUSE)
    watches.reschedule(tx, watch, next_at=min(now + pause, watch.deadline))


def _is_about_delivery(tx: Connection, attempt: outbox.Attempt) -> bool:
    """Whether a text was sent by a run that itself began with what became of a text."""
    run = runs.find_run(tx, attempt.run_id, with_steps=False)
    return run is not None and run.event_id.startswith(tuple(f"{kind}:" for kind in DELIVERY_KINDS))


def _tell_failure(tx: Connection, engine: Engine, attempt: outbox.Attempt, text: Message, now: datetime) -> None:
    audit.record(
        tx,
        at=now,
        actor=audit.PROGRAM,
        kind="write.undelivered",
        connection=attempt.connection,
        subject=attempt.id,
        data={"run": attempt.run_id, "step": attempt.step_id, "rule": attempt.rule, "message": text.id,
              "status": text.status},
    )  # fmt: skip
    what = f"{attempt.rule}: a text to {text.peer} did not arrive ({text.status})"
    engine.tell(Notice("write.undelivered", f"{what}: quoflow outbox show {attempt.step_id}", attempt.connection))
