"""From what the mirror learns to events: which triggers a message, a call or an artifact fires. Pure.

Each function gives every event that a thing fires, whoever reads it and however often: the inbox drops the
ones that it has. Quo's own id is in the event's id.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from quoflow.core.events import Event
from quoflow.core.facts import Artifact, Call, Message

ARTIFACT_EVENTS = {
    "voicemail": "voicemail.received",
    "recording": "recording.completed",
    "summary": "summary.completed",
    "transcript": "transcript.completed",
}
"""The trigger that each thing which is made after a call fires, once: when it is there, or known not to come."""


def derive_message_events(connection: str, message: Message) -> tuple[Event, ...]:
    """Give the event of a message: received or sent. A message that quoflow sent is for the caller to leave out."""
    kind = "message.received" if message.direction == "incoming" else "message.sent"
    event = Event(
        id=f"{kind}:{message.id}",
        kind=kind,
        connection=connection,
        occurred_at=message.created_at,
        line_id=message.line_id,
        peer=message.peer or None,
        direction=message.direction,
        conversation_id=message.conversation_id,
        data={"message": describe_message(message)},
    )
    return (event,)


def find_delivery(status: str) -> str | None:
    """Give the trigger that a text's status fires, or None while it is on its way."""
    return {"delivered": "message.delivered", "undelivered": "message.failed", "failed": "message.failed"}.get(status)


def derive_delivery_event(
    connection: str, message: Message, *, kind: str, rule: str | None, seen_at: datetime
) -> Event:
    """Give the event of what became of a text that went out; it happened when Quo last changed the text, if it says.

    Args:
        connection: the connection's name.
        message: the text, with the status that says it.
        kind: the trigger, as `find_delivery` gives it.
        rule: the rule that sent the text; None for a person's.
        seen_at: when the status was first seen, UTC.
    """
    return Event(
        id=f"{kind}:{message.id}",
        kind=kind,
        connection=connection,
        occurred_at=max(message.created_at, message.updated_at or seen_at),
        line_id=message.line_id,
        peer=message.peer or None,
        direction=message.direction,
        conversation_id=message.conversation_id,
        data={"message": {**describe_message(message), "rule": rule}},
    )


def derive_call_events(connection: str, call: Call, *, line_number: str) -> tuple[Event, ...]:
    """Give the events of a call: started; and once it is over completed, and how it went: answered, missed, forwarded.

    A call that is first seen when it is over has started all the same, and says so with the rest.
    """
    data = {"call": describe_call(call, line_number=line_number)}
    started = _make_call_event(connection, call, "call.started", call.created_at, data)
    if not call.is_over:
        return (started,)
    kinds = ["call.completed"]
    if call.answered_at is not None:
        kinds.append("call.answered")
    if call.is_missed:
        kinds.append("call.missed")
    if call.is_forwarded:
        kinds.append("call.forwarded")
    return (started, *(_make_call_event(connection, call, kind, find_end(call), data) for kind in kinds))


def derive_artifact_event(
    connection: str, call: Call, artifact: Artifact, *, line_number: str, seen_at: datetime
) -> Event | None:
    """Give the event of an artifact that is complete, or never will be; None while it may still come.

    It happens when that is first seen, since artifacts are made after the call. `status` in its data is `completed`,
    `failed` where Quo says so, or `missing` where it was awaited in vain.
    """
    if artifact.state == "pending":
        return None
    data = {
        "call": describe_call(call, line_number=line_number),
        artifact.kind: {**artifact.data, "status": artifact.state},
    }
    return _make_call_event(connection, call, ARTIFACT_EVENTS[artifact.kind], seen_at, data)


def can_have(call: Call, kind: str) -> bool:
    """Whether an artifact can be made of a call: a voicemail if it was missed, the others if somebody talked."""
    return call.is_missed if kind == "voicemail" else call.answered_at is not None or call.ai_handled


def derive_started_event(first: Event) -> Event:
    """Give the event of a conversation that begins with a text or a call, made from the event of that."""
    kind = "conversation.started"
    return replace(first, id=f"{kind}:{first.quo_id}", kind=kind)


def find_end(call: Call) -> datetime:
    """Give when a call that is over ended, as well as Quo says it (UTC)."""
    return call.completed_at or call.answered_at or call.created_at


def _make_call_event(connection: str, call: Call, kind: str, occurred_at: datetime, data: Mapping[str, Any]) -> Event:
    return Event(
        id=f"{kind}:{call.id}",
        kind=kind,
        connection=connection,
        occurred_at=occurred_at,
        line_id=call.line_id,
        peer=call.peer or None,
        direction=call.direction,
        conversation_id=call.conversation_id,
        data=data,
    )


def describe_message(message: Message) -> dict[str, Any]:
    """Give a message as plain data for contexts."""
    return {
        "id": message.id,
        "text": message.text,
        "from": message.from_,
        "to": message.to[0] if message.to else "",
        "direction": message.direction,
        "status": message.status,
        "time": message.created_at.isoformat(),
        "user_id": message.user_id,
    }


def describe_call(call: Call, *, line_number: str) -> dict[str, Any]:
    """Give a call as plain data for contexts; `duration` is in seconds."""
    parties = (call.peer, line_number) if call.direction == "incoming" else (line_number, call.peer)
    return {
        "id": call.id,
        "direction": call.direction,
        "status": call.status,
        "from": parties[0],
        "to": parties[1],
        "duration": call.duration,
        "time": call.created_at.isoformat(),
        "answered_at": call.answered_at.isoformat() if call.answered_at else None,
        "completed_at": call.completed_at.isoformat() if call.completed_at else None,
        "answered_by": call.answered_by,
        "missed": call.is_missed,
        "forwarded_from": call.forwarded_from,
        "forwarded_to": call.forwarded_to,
        "ai_handled": call.ai_handled,
    }
