"""Conversations: listing them by every filter there is, and marking them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from quoflow.sandbox.exchange import Refused, Reply, answer_data
from quoflow.sandbox.queries import LINE, USER_ID, Params, read_span
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.world import Conversation

_NULLABLE = ("assignedTo", "deletedAt", "mutedUntil", "name", "snoozedUntil", "lastActivityAt", "lastActivityId")
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_MARKS = ("mark-as-read", "mark-as-done", "mark-as-open")


def write_conversation(session: Session, conversation: Conversation) -> dict[str, Any]:  # JSON
    """Write a conversation as the API shows it."""
    stamp, salt = session.writer.stamp_or_none, conversation.id
    row = {
        "id": conversation.id,
        "phoneNumberId": conversation.line_id,
        "name": conversation.name,
        "participants": list(conversation.participants),
        "assignedTo": conversation.assigned_to,
        "lastActivityAt": stamp(conversation.last_activity_at, salt),
        "lastActivityId": conversation.last_activity_id,
        "mutedUntil": stamp(conversation.muted_until, salt),
        "snoozedUntil": stamp(conversation.snoozed_until, salt),
        "deletedAt": stamp(conversation.deleted_at, salt),
        "createdAt": stamp(conversation.created_at, salt),
        "updatedAt": stamp(conversation.updated_at, salt),
    }
    return session.writer.row(row, _NULLABLE)


def _list(session: Session) -> Reply:
    params = session.params
    holds = _read_filters(session, params)
    params.check()
    found = [conversation for conversation in session.world.conversations.values() if holds(conversation)]
    found.sort(key=lambda each: each.last_activity_at or _LONG_AGO, reverse=True)
    return session.page(found, params, most=100, write=write_conversation)


def _read_filters(session: Session, params: Params) -> Callable[[Conversation], bool]:
    inclusive = session.options.inclusive_bounds
    created = read_span(params, "created", inclusive=inclusive)
    updated = read_span(params, "updated", inclusive=inclusive)
    wanted = set(params.texts("phoneNumbers", LINE)) or {params.text("phoneNumber", LINE)} - {None}
    user_id, active_only = params.text("userId", USER_ID), params.flag("excludeInactive")
    lines = session.world.lines.values()
    line_ids = {
        line.id
        for line in lines
        if (not wanted or wanted & {line.id, line.number}) and (user_id is None or user_id in line.user_ids)
    }

    def holds(conversation: Conversation) -> bool:
        return (
            updated.holds(conversation.updated_at)
            and created.holds(conversation.created_at)
            and conversation.line_id in line_ids
            and not (active_only and _is_inactive(conversation))
        )

    return holds


def _is_inactive(conversation: Conversation) -> bool:
    return conversation.deleted_at is not None or conversation.last_activity_id is None


def _mark(session: Session) -> Reply:
    conversation_id, verb = session.words
    if not session.options.mark_endpoints or verb not in _MARKS:
        raise Refused(404, "Not found")
    conversation = session.world.conversations.get(conversation_id)
    if conversation is None:
        raise Refused(404, f"Conversation {conversation_id} not found")
    if verb == "mark-as-read":
        conversation.is_read = True
    else:
        conversation.is_done = verb == "mark-as-done"
    conversation.updated_at = session.now
    return answer_data(write_conversation(session, conversation))


ROUTES: Routes = {
    ("GET", "conversations", 0): _list,
    ("POST", "conversations", 2): _mark,
}
