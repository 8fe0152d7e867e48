"""How a scenario becomes a world: its history is made true, its timeline put on the agenda."""

from __future__ import annotations

from datetime import datetime, timedelta

from quoflow.sandbox.contacts import build_contact
from quoflow.sandbox.exchange import FieldProblem, Refused
from quoflow.sandbox.scenario import (
    CallEntry,
    ConversationEntry,
    LineEntry,
    MessageEntry,
    Options,
    Scenario,
)
from quoflow.sandbox.wire import to_milliseconds
from quoflow.sandbox.world import Call, Connection, Conversation, Line, Message, NewId, User, World, years_before

_LONG = timedelta(days=365)


def build_world(scenario: Scenario, *, start: datetime, new_id: NewId) -> World:
    """Make the world as it is at `start`, with the timeline on its agenda."""
    world = World(new_id)
    born = years_before(start)
    for each in scenario.users:
        user = User(each.id or new_id("US"), each.first_name, each.last_name, each.email, each.role, born)
        world.users[user.id] = user
    for line in (_build_line(world, each, born) for each in scenario.lines):
        world.lines[line.id] = line
    world.fields = {each.key: each for each in scenario.fields}
    for contact in (build_contact(world, each, start) for each in scenario.contacts):
        world.contacts[contact.id] = contact
    for link in scenario.connections:
        world.connections[link.id] = Connection(link.id, "quo", link.status, link.token, new_id("st"), born, born)
    for entry in scenario.conversations:
        _begin_conversation(world, entry, start)
    for past in scenario.history:
        _plan(world, past.message or past.call, at=start + past.at, options=scenario.options)
    for future in scenario.timeline:
        _plan(world, future.message or future.call, at=start + future.after, options=scenario.options)
    world.advance(start)
    return world


def happen_message(world: World, entry: MessageEntry, at: datetime, options: Options) -> Message:
    """Let a text arrive, or be written by a person of ours, at this moment.

    Raises:
        Refused: 400 when its line or user is not there.
    """
    line, user_id = _find_line(world, entry.line), _find_user(world, entry.user)
    conversation = world.open_conversation(line.id, entry.peer, at)
    incoming = entry.direction == "incoming"
    message = Message(
        id=entry.id or world.new_id("AC"),
        conversation_id=conversation.id,
        line_id=line.id,
        direction=entry.direction,
        from_=entry.peer[0] if incoming else line.number,
        to=(line.number, *entry.peer[1:]) if incoming else entry.peer,
        text=entry.text,
        user_id=user_id or world.owner_of(line),
        status=entry.status or ("delivered" if incoming else "queued"),
        created_at=at,
        updated_at=at,
    )
    world.add_message(message)
    if entry.status is None and not incoming:
        follow_delivery(world, message, options)
    return message


_PROGRESS = {"queued": 0, "sent": 1, "delivered": 2, "undelivered": 2, "failed": 2}
"""How far a text is: it never goes back, and what has ended stays as it ended."""


def follow_delivery(world: World, message: Message, options: Options) -> None:
    """Let a text on its way become sent, and then delivered or not, as time passes; its conversation is not touched."""
    final = "undelivered" if any(number in options.undeliverable for number in message.to) else "delivered"
    world.plan(message.created_at + options.sent_after, lambda at: move_on(message, "sent", at))
    ends = message.created_at + max(options.delivered_after, options.sent_after)
    world.plan(ends, lambda at: move_on(message, final, at))


def move_on(message: Message, status: str, at: datetime) -> bool:
    """Let a text on its way come further; tell whether it could."""
    if _PROGRESS[status] <= _PROGRESS.get(message.status, 2):
        return False
    message.status, message.updated_at = status, at
    return True


def happen_call(world: World, entry: CallEntry, at: datetime) -> Call:
    """Let a call begin to ring at this moment; the rest of it goes on the agenda.

    Raises:
        Refused: 400 when its line or user is not there.
    """
    line, user_id = _find_line(world, entry.line), _find_user(world, entry.user)
    conversation = world.open_conversation(line.id, (entry.peer,), at)
    call = Call(
        id=entry.id or world.new_id("AC"),
        conversation_id=conversation.id,
        line_id=line.id,
        peer=entry.peer,
        direction=entry.direction,
        status="ringing",
        user_id=user_id or world.owner_of(line),
        initiated_by=(user_id or world.owner_of(line)) if entry.direction == "outgoing" else None,
        created_at=at,
        updated_at=at,
        forwarded_from=entry.forwarded_from,
        artifacts=entry,
    )
    world.add_call(call)
    world.plan(at + entry.ring, lambda then: _stop_ringing(world, call, entry, then))
    return call


def _stop_ringing(world: World, call: Call, entry: CallEntry, at: datetime) -> None:
    if call.completed_at is not None:
        return
    if not entry.answered:
        finish_call(world, call, at, status=entry.status or _unanswered(call, entry))
        call.forwarded_to, call.ai_handled = entry.forwarded_to, entry.ai_handled
        return
    call.status, call.answered_at, call.answered_by = "in-progress", at, call.user_id
    world.change_call(call, at)
    world.plan(at + entry.duration, lambda then: finish_call(world, call, then, status=entry.status or "completed"))


def _unanswered(call: Call, entry: CallEntry) -> str:
    if entry.forwarded_to is not None:
        return "forwarded"
    if entry.ai_handled:
        return "completed"
    return "missed" if call.direction == "incoming" else "no-answer"


def finish_call(world: World, call: Call, at: datetime, *, status: str) -> None:
    """End a call, unless it has ended; its duration in seconds counts from the answer."""
    if call.completed_at is not None:
        return
    call.status, call.completed_at = status, at
    call.duration = round((at - call.answered_at).total_seconds()) if call.answered_at else 0
    world.change_call(call, at)


def _plan(world: World, entry: MessageEntry | CallEntry | None, *, at: datetime, options: Options) -> None:
    when = to_milliseconds(at)
    if isinstance(entry, MessageEntry):
        text = entry
        world.plan(when, lambda then: happen_message(world, text, then, options))
    elif isinstance(entry, CallEntry):
        call = entry
        world.plan(when, lambda then: happen_call(world, call, then))


def _build_line(world: World, entry: LineEntry, born: datetime) -> Line:
    names = entry.users or tuple(world.users)
    user_ids = tuple(user.id for name in names if (user := world.find_user(name)) is not None)
    return Line(entry.id or world.new_id("PN"), entry.number, entry.name, user_ids, entry.messaging, born)


def _begin_conversation(world: World, entry: ConversationEntry, start: datetime) -> Conversation:
    line = _find_line(world, entry.line)
    conversation = world.open_conversation(line.id, entry.peer, to_milliseconds(start + entry.at))
    conversation.name, conversation.assigned_to = entry.name, _find_user(world, entry.assigned_to)
    conversation.muted_until = start + _LONG if entry.muted else None
    conversation.snoozed_until = start + _LONG if entry.snoozed else None
    conversation.deleted_at = conversation.created_at if entry.deleted else None
    return conversation


def _find_line(world: World, name: str) -> Line:
    line = world.find_line(name)
    if line is None:
        raise Refused(400, "No such line", problems=[FieldProblem("/line", f"there is no line `{name}`")])
    return line


def _find_user(world: World, name: str | None) -> str | None:
    if not name:
        return None
    user = world.find_user(name)
    if user is None:
        raise Refused(400, "No such user", problems=[FieldProblem("/user", f"there is no user `{name}`")])
    return user.id
