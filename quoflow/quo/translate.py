"""From Quo's shapes to the core's facts. Pure.

A function gives None for an item that nothing can be decided about; `find_gap` says what it lacks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from quoflow.core import facts
from quoflow.quo import wire

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")

ArtifactState = Literal["pending", "completed", "failed"]


def tidy_number(text: str) -> str:
    """Take spaces, brackets, dots and dashes out of an E.164 number; leave anything else as Quo gives it."""
    bare = re.sub(r"[\s().\u00a0-]", "", text)
    return bare if _E164.fullmatch(bare) else text.strip()


def find_gap(item: wire.Message | wire.Call | wire.Conversation) -> str | None:
    """Say what keeps an item from being used, or None when nothing does."""
    if isinstance(item, wire.Conversation):
        lacking = "phoneNumberId" if not item.phone_number_id else None
        return f"{lacking} is missing" if lacking else None
    if item.direction not in ("incoming", "outgoing"):
        return "direction is missing" if item.direction is None else f"direction `{item.direction[:20]}` is unknown"
    if item.created_at is None:
        return "createdAt is missing"
    if isinstance(item, wire.Call):
        return None if item.participants else "participants are missing"
    if item.direction == "incoming":
        return None if item.from_ else "from is missing"
    return None if item.to else "to is missing"


def read_line(number: wire.PhoneNumber) -> facts.Line:
    """Read a line; one without a name is called by its number."""
    tidy = tidy_number(number.number or "")
    users = tuple(user.id for user in number.users)
    return facts.Line(id=number.id, number=tidy, name=number.name or tidy, user_ids=users, messaging=number.messaging)


def read_user(user: wire.User) -> facts.User:
    """Read a user."""
    return facts.User(
        id=user.id, first_name=user.first_name, last_name=user.last_name, email=user.email, role=user.role
    )


def read_contact(contact: wire.Contact) -> facts.Contact:
    """Read a contact; `fields` has each custom field by key and by name, a multi-select always as a list of text."""
    known = contact.default_fields
    return facts.Contact(
        id=contact.id,
        first_name=known.first_name,
        last_name=known.last_name,
        company=known.company,
        role=known.role,
        emails=tuple(item.value for item in known.emails if item.value),
        phones=tuple(tidy_number(item.value) for item in known.phone_numbers if item.value),
        fields=_read_fields(contact.custom_fields),
        source=contact.source,
        external_id=contact.external_id,
        created_at=contact.created_at,
        updated_at=contact.updated_at,
    )


def read_property(definition: wire.CustomFieldDefinition) -> facts.Property:
    """Read a contact property; one without a name is called by its key, one without a type holds any text."""
    return facts.Property(key=definition.key, name=definition.name or definition.key, type=definition.type or "string")


def _read_fields(fields: Sequence[wire.CustomField]) -> dict[str, object]:
    """Give custom fields under their keys, and under their names too: people know the names."""
    named = {field.name: _read_value(field) for field in fields if field.name}
    return {**named, **{field.key: _read_value(field) for field in fields if field.key}}


def read_conversation(conversation: wire.Conversation, own_numbers: Collection[str]) -> facts.Conversation | None:
    """Read a conversation, our own lines taken out of its participants; None when `find_gap` says why."""
    if find_gap(conversation) is not None or conversation.phone_number_id is None:
        return None
    return facts.Conversation(
        id=conversation.id,
        line_id=conversation.phone_number_id,
        participants=_find_others(conversation.participants, own_numbers),
        name=conversation.name,
        assigned_to=conversation.assigned_to,
        created_at=conversation.created_at,
        updated_at=conversation.updated_at,
        last_activity_at=conversation.last_activity_at,
        last_activity_id=conversation.last_activity_id,
    )


def read_message(
    message: wire.Message,
    own_numbers: Collection[str],
    *,
    line_id: str | None = None,
    conversation_id: str | None = None,
) -> facts.Message | None:
    """Read a message; None when `find_gap` says why, or when neither it nor `line_id` names our line.

    Args:
        message: as Quo gives it.
        own_numbers: our lines' numbers, E.164.
        line_id: the line that was asked for; Quo may leave `phoneNumberId` null.
        conversation_id: the conversation that was asked for; v1 does not name it.
    """
    line = message.phone_number_id or line_id
    created_at = message.created_at
    if find_gap(message) is not None or line is None or created_at is None:
        return None
    sender = tidy_number(message.from_ or "")
    to = tuple(tidy_number(number) for number in message.to)
    direction: Literal["incoming", "outgoing"] = "incoming" if message.direction == "incoming" else "outgoing"
    return facts.Message(
        id=message.id,
        line_id=line,
        peer=sender if direction == "incoming" else _find_others(to, own_numbers)[0],
        direction=direction,
        text=message.text or "",
        status=message.status or "unknown",
        created_at=created_at,
        from_=sender,
        to=to,
        user_id=message.user_id,
        conversation_id=message.conversation_id or conversation_id,
        updated_at=message.updated_at,
    )


def read_call(
    call: wire.Call,
    own_numbers: Collection[str],
    *,
    line_id: str | None = None,
    conversation_id: str | None = None,
) -> facts.Call | None:
    """Read a call; None when `find_gap` says why, or when neither it nor `line_id` names our line."""
    line = call.phone_number_id or line_id
    created_at = call.created_at
    if find_gap(call) is not None or line is None or created_at is None:
        return None
    return facts.Call(
        id=call.id,
        line_id=line,
        peer=_find_others(call.participants, own_numbers)[0],
        direction="incoming" if call.direction == "incoming" else "outgoing",
        status=call.status or "unknown",
        created_at=created_at,
        answered_at=call.answered_at,
        completed_at=call.completed_at,
        duration=round(call.duration or 0),
        answered_by=call.answered_by,
        initiated_by=call.initiated_by,
        user_id=call.user_id,
        ai_handled=_is_yes(call.ai_handled),
        forwarded_from=call.forwarded_from,
        forwarded_to=call.forwarded_to,
        conversation_id=call.conversation_id or conversation_id,
    )


def read_voicemail(call_id: str, voicemail: wire.Voicemail | None) -> facts.Artifact:
    """Read a voicemail artifact; None (a 404) is pending, for it is made minutes after the call."""
    if voicemail is None:
        return facts.Artifact("voicemail", call_id, "pending")
    state = _read_state(voicemail.status, has_body=voicemail.recording_url is not None)
    data = {"text": voicemail.transcript or "", "duration": voicemail.duration, "url": voicemail.recording_url}
    return facts.Artifact("voicemail", call_id, state, data if state == "completed" else {})


def read_transcript(
    call_id: str, transcript: wire.Transcript | None, speakers: Mapping[str, str] | None = None
) -> facts.Artifact:
    """Read a transcript artifact, its text one line a turn: `Speaker: words`.

    Args:
        call_id: the call's id.
        transcript: as Quo gives it; None (a 404) is pending.
        speakers: names by user id or number; who is not in it is called by the id or number.
    """
    if transcript is None:
        return facts.Artifact("transcript", call_id, "pending")
    state = _read_state(transcript.status, has_body=bool(transcript.dialogue))
    if state != "completed":
        return facts.Artifact("transcript", call_id, state)
    names = speakers or {}
    lines = []
    for turn in transcript.dialogue:
        who = turn.user_id or turn.identifier or "Unknown"
        speaker = names.get(who) or names.get(turn.identifier or "") or who
        times = {"start": turn.start, "end": turn.end, "user_id": turn.user_id}
        lines.append({"speaker": speaker, "text": turn.content or "", **times})
    text = "\n".join(f"{line['speaker']}: {line['text']}" for line in lines)
    return facts.Artifact("transcript", call_id, state, {"text": text, "lines": lines})


def read_summary(call_id: str, summary: wire.Summary | None) -> facts.Artifact:
    """Read a summary artifact, its text one line a point; None (a 404) is pending."""
    if summary is None:
        return facts.Artifact("summary", call_id, "pending")
    state = _read_state(summary.status, has_body=bool(summary.summary))
    data = {"text": "\n".join(summary.summary), "points": [*summary.summary], "next_steps": [*summary.next_steps]}
    return facts.Artifact("summary", call_id, state, data if state == "completed" else {})


def read_recording(call_id: str, recordings: Sequence[wire.Recording]) -> facts.Artifact:
    """Read a recording artifact of the first that is complete; pending while one may come, else failed."""
    states = [_read_state(recording.status, has_body=recording.url is not None) for recording in recordings]
    for recording, state in zip(recordings, states, strict=True):
        if state == "completed":
            data = {"url": recording.url, "duration": recording.duration, "type": recording.type}
            return facts.Artifact("recording", call_id, "completed", data)
    has_failed = bool(states) and all(state == "failed" for state in states)
    return facts.Artifact("recording", call_id, "failed" if has_failed else "pending")


def _read_state(status: str | None, *, has_body: bool) -> ArtifactState:
    """Read a status; unknown ones stay pending until the watch's deadline, a missing one goes by the body."""
    known = (status or ("completed" if has_body else "")).lower().replace("_", "-")
    if known == "completed":
        return "completed"
    return "failed" if known in ("failed", "deleted") else "pending"


def _read_value(field: wire.CustomField) -> object:
    if field.type == "multi-select" or isinstance(field.value, list):
        items = field.value if isinstance(field.value, list) else [field.value]
        return [str(item) for item in items if item is not None]
    return field.value


def _find_others(participants: Sequence[str], own_numbers: Collection[str]) -> tuple[str, ...]:
    tidy = tuple(tidy_number(number) for number in participants)
    others = tuple(number for number in tidy if number not in own_numbers)
    # A call between two of our lines leaves nobody; Quo lists the calling line first, so the last is the other.
    return others or tidy[-1:]


def _is_yes(value: object) -> bool:
    return bool(value) and str(value).lower() not in ("false", "no", "none", "0")
