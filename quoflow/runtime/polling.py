"""One look at Quo: what changed since the cursor becomes mirror, events and a new cursor.

A cycle asks once for the conversations that changed, and for the messages and calls of each of those. What is
read of one conversation is saved with its events and its own mark in one transaction; the connection's cursor
moves when all are saved. A crash anywhere reads the same again, and the ids keep it from counting twice. All
marks are Quo's own times, so that the two clocks need not agree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from quoflow.core import facts, happenings
from quoflow.core.events import Event
from quoflow.quo import errors, translate, wire
from quoflow.runtime import awaiting, contact_sweep, delivery, desks, learning, meeting, watching
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import cursors, exchanges, mirror

_Wire = TypeVar("_Wire", wire.Message, wire.Call)
_Value = TypeVar("_Value")

SWEEP_EVERY = timedelta(hours=24)
SWEEP_BACK = timedelta(hours=48)
"""A sweep reads the last two days once more, for what became visible late."""

OPEN_CALLS_FOR = timedelta(hours=6)
"""How long a call that is not over is read again."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one look at a connection found."""

    connection: str
    conversations: int = 0
    events: int = 0
    is_baseline: bool = False


def poll_connection(engine: Engine, connection: str, *, is_once: bool = False) -> Polled:
    """Look at one connection once. Raises QuoError when it cannot be read; what was saved until then stays.

    Args:
        engine: the parts.
        connection: its name.
        is_once: whether this is `run --once`, which has no later cycle to learn of new contacts in.
    """
    desk = _open_desk(engine, connection)
    polled = _set_baseline(desk) if desk.state.baseline_done_at is None else _read_changes(desk, is_once=is_once)
    engine.blind.pop(connection, None)
    return polled


def look_at_exchange(engine: Engine, connection: str, *, line_id: str, peer: str) -> list[Event]:
    """Read what a line and a number wrote since that was last read; it counts like all that a look finds.

    No mark is moved: the next look reads the same, and the ids keep it from counting twice. Raises QuoError.
    """
    desk = _open_desk(engine, connection)
    with engine.database.read() as tx:
        last = exchanges.find_last_message(tx, connection=connection, line_id=line_id, peer=peer)
    since = last.created_at - engine.settings.poll.overlap if last else desk.earliest
    known = {"line_id": line_id, "conversation_id": last.conversation_id if last else None}
    messages = _read_all(
        desk,
        desk.quo.list_messages(line_id, [peer], created_after=since),
        lambda one: translate.read_message(one, own_numbers=desk.own_numbers, **known),
    )
    with engine.database.write() as tx:
        return learning.add_events(tx, desk, learning.save_messages(tx, desk, messages), [])


def _open_desk(engine: Engine, connection: str) -> desks.Desk:
    with engine.database.read() as tx:
        state = cursors.read_state(tx, connection)
        lines = mirror.list_lines(tx, connection)
    return desks.Desk(engine, connection, engine.quos[connection], state, lines)


# -- the first look


def _set_baseline(desk: desks.Desk) -> Polled:
    """Read the workspace as it is: contacts, conversations, history with its opt-outs. Nothing is an event."""
    engine, quo, connection = desk.engine, desk.quo, desk.connection
    engine.tell(Notice("poll.baseline", "first look: reading the workspace; nothing in it is an event", connection))
    desk = _read_lines(desk)
    now = engine.clock()
    begun = desk.state.baseline_at or now + (quo.clock_skew or timedelta(0))
    desk = _save_state(desk, baseline_at=begun)
    contact_sweep.refresh_contacts(engine, connection)
    cursor = begun - engine.settings.poll.overlap
    count = 0
    for conversation in _list_conversations(desk, None):
        _read_history(desk, conversation, begun)
        cursor = max(cursor, conversation.updated_at or cursor)
        count += 1
    _save_state(desk, cursor=cursor, baseline_done_at=engine.clock(), swept_at=engine.clock())
    text = f"first look done: {count} conversations; from now on, what happens is an event"
    engine.tell(Notice("poll.baseline", text, connection))
    return Polled(connection, conversations=count, is_baseline=True)


def _read_history(desk: desks.Desk, conversation: facts.Conversation, begun: datetime) -> None:
    """Save a conversation as it stood when the list was made.

    What came while we read is left for the next look, which finds the conversation changed: an event is neither
    lost in a long first look nor made of history. Both clocks must agree that it is new.
    """
    known = [at for at in (begun, conversation.updated_at, conversation.last_activity_at) if at is not None]
    day_before = begun - timedelta(hours=24)
    _read_safely(desk, conversation, since=None, calls_since=day_before, until=max(known))


def _read_lines(desk: desks.Desk) -> desks.Desk:
    lines = tuple(translate.read_line(one) for one in desk.quo.list_phone_numbers())
    users = tuple(translate.read_user(one) for one in desk.quo.list_users())
    properties = tuple(translate.read_property(one) for one in desk.quo.list_custom_fields())
    with desk.engine.database.write() as tx:
        mirror.save_lines(tx, desk.connection, lines)
        mirror.save_users(tx, desk.connection, users)
        mirror.save_properties(tx, desk.connection, properties)
    return desks.Desk(desk.engine, desk.connection, desk.quo, desk.state, lines)


# -- every look after it


def _read_changes(desk: desks.Desk, *, is_once: bool) -> Polled:
    engine, state, now = desk.engine, desk.state, desk.engine.clock()
    cursor = state.cursor or now
    is_sweep = state.swept_at is None or now - state.swept_at >= SWEEP_EVERY
    since = cursor - (SWEEP_BACK if is_sweep else engine.settings.poll.overlap)
    if _is_contact_refresh_due(desk, now):
        desk = _read_lines(desk)
        contact_sweep.refresh_contacts(engine, desk.connection)
    listed = _list_conversations(desk, since)
    if any(one.line_id not in {line.id for line in desk.lines} for one in listed):
        desk = _read_lines(desk)
    changed = [one for one in listed if is_sweep or _has_changed(desk, one)]
    new: list[Event] = []
    for conversation in sorted(changed, key=lambda one: one.updated_at or cursor):
        new += _read_changed(desk, conversation, is_sweep=is_sweep)
    new += _read_open_calls(desk, {one.id for one in changed})
    new += watching.look_at_artifacts(engine, desk.connection, find_number=desk.find_number)
    new += delivery.look(engine, desk.connection)
    new += awaiting.fire_due(engine, desk.connection)
    swept = {"swept_at": now} if is_sweep else {}
    _save_state(desk, cursor=max([cursor, *(one.updated_at for one in listed if one.updated_at)]), **swept)
    if new and _wants_contacts(desk, new, is_once=is_once):
        contact_sweep.refresh_contacts(engine, desk.connection)
    return Polled(desk.connection, conversations=len(changed), events=len(new))


def _list_conversations(desk: desks.Desk, since: datetime | None) -> list[facts.Conversation]:
    listed = desk.quo.list_conversations(updated_after=since)
    read = (translate.read_conversation(one, own_numbers=desk.own_numbers) for one in listed)
    return [one for one in read if one is not None and one.participants]


def _has_changed(desk: desks.Desk, conversation: facts.Conversation) -> bool:
    with desk.engine.database.read() as tx:
        known = mirror.find_conversation(tx, desk.connection, conversation.id)
    if known is None:
        return True
    return _read_activity(known.conversation) != _read_activity(conversation)


def _read_activity(conversation: facts.Conversation) -> tuple[object, ...]:
    return (conversation.updated_at, conversation.last_activity_at, conversation.last_activity_id)


def _read_changed(desk: desks.Desk, conversation: facts.Conversation, *, is_sweep: bool) -> list[Event]:
    with desk.engine.database.read() as tx:
        known = mirror.find_conversation(tx, desk.connection, conversation.id)
    since = desk.earliest
    if known is not None:
        back = SWEEP_BACK if is_sweep else desk.engine.settings.poll.overlap
        since = known.synced_until - back
    return _read_safely(desk, conversation, since=since, calls_since=since, until=None)


def _read_safely(
    desk: desks.Desk,
    conversation: facts.Conversation,
    *,
    since: datetime | None,
    calls_since: datetime,
    until: datetime | None,
) -> list[Event]:
    """Read a conversation; one that Quo refuses to show is told, and does not hold up the others.

    It is not saved, so that the next looks find it changed still, and read it if they may.
    """
    try:
        return _read_conversation(desk, conversation, since=since, calls_since=calls_since, until=until)
    except (errors.Refused, errors.NotFound, errors.Forbidden) as error:
        desk.engine.tell(Notice("poll.unusable", f"a conversation cannot be read: {error}", desk.connection))
        return []


def _read_conversation(
    desk: desks.Desk,
    conversation: facts.Conversation,
    *,
    since: datetime | None,
    calls_since: datetime,
    until: datetime | None,
) -> list[Event]:
    """Read a conversation's messages and calls, and save them with their events in one transaction.

    With `until` it is history: what is newer is left out, and nothing is an event.
    """
    quo, line_id, people = desk.quo, conversation.line_id, conversation.participants
    messages = _read_all(
        desk,
        quo.list_messages(line_id, people, created_after=since),
        lambda one: translate.read_message(one, own_numbers=desk.own_numbers, conversation_id=conversation.id),
    )
    calls: list[facts.Call] = []
    if len(people) == 1:  # The API lists calls of one participant only (error 0101400).
        calls = _read_all(
            desk,
            quo.list_calls(line_id, people[0], created_after=calls_since),
            lambda one: translate.read_call(one, own_numbers=desk.own_numbers, conversation_id=conversation.id),
        )
    if until is not None:
        messages = [one for one in messages if one.created_at <= until]
        calls = [one for one in calls if not one.is_over or happenings.find_end(one) <= until]
    times = [one.created_at for one in messages] + [one.created_at for one in calls]
    with desk.engine.database.write() as tx:
        known = mirror.find_conversation(tx, desk.connection, conversation.id)
        floor = known.synced_until if known else desk.earliest
        mirror.save_conversation(tx, desk.connection, conversation, synced_until=max([floor, *times]))
        read = learning.save_messages(tx, desk, messages)
        rang = mirror.find_known_calls(tx, desk.connection, [one.id for one in calls])
        given = mirror.save_calls(tx, desk.connection, calls)
        begun = conversation.created_at or desk.earliest
        if until is not None or begun < desk.earliest:
            meeting.note_known(tx, desk.connection, people, at=begun)
        return learning.add_events(tx, desk, read, given, rang=rang) if until is None else []


def _read_all(desk: desks.Desk, wires: Iterable[_Wire], read: Callable[[_Wire], _Value | None]) -> list[_Value]:
    """Read every item; one that cannot be used is told, and does not hold up the others."""
    values: list[_Value] = []
    for item in wires:
        value = read(item)
        if value is None:
            desk.engine.tell(Notice("poll.unusable", f"left out: {translate.find_gap(item)}", desk.connection))
        else:
            values.append(value)
    return values


def _read_open_calls(desk: desks.Desk, done: set[str]) -> list[Event]:
    """Read again the calls that were not over: a conversation need not change when its call ends."""
    now = desk.engine.clock()
    with desk.engine.database.read() as tx:
        pending = mirror.list_open_calls(tx, desk.connection, since=now - OPEN_CALLS_FOR)
    new: list[Event] = []
    for call in pending:
        if call.conversation_id in done:
            continue
        fetched = desk.quo.get_call(call.id)
        read = translate.read_call(fetched, own_numbers=desk.own_numbers, conversation_id=call.conversation_id)
        if read is None:
            continue
        with desk.engine.database.write() as tx:
            given = mirror.save_calls(tx, desk.connection, [read])
            new += learning.add_events(tx, desk, learning.Read(), given, rang=[read.id])
    return new


# -- contacts and state


def _is_contact_refresh_due(desk: desks.Desk, now: datetime) -> bool:
    synced = desk.state.contacts_synced_at
    return synced is None or now - synced >= desk.engine.settings.poll.contacts_every


def _wants_contacts(desk: desks.Desk, events: list[Event], *, is_once: bool) -> bool:
    """Whether the contacts should be read before these events are matched."""
    with desk.engine.database.read() as tx:
        synced = cursors.read_state(tx, desk.connection).contacts_synced_at
        if is_once or synced is None:
            return synced is None or synced < desk.engine.clock()
        peers = {event.peer for event in events if event.peer}
        unknown = any(mirror.find_contact_by_phone(tx, desk.connection, peer) is None for peer in peers)
    return unknown and desk.engine.clock() - synced >= contact_sweep.UNKNOWN_CONTACT_PAUSE


def _save_state(desk: desks.Desk, **changes: Any) -> desks.Desk:  # ConnectionState's own fields
    with desk.engine.database.write() as tx:
        state = replace(cursors.read_state(tx, desk.connection), **changes)
        cursors.save_state(tx, state)
    return desks.Desk(desk.engine, desk.connection, desk.quo, state, desk.lines)
