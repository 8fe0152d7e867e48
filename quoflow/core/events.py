"""Something that happened on the phone, on a schedule or by hand: one frozen value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

DELIVERY_KINDS = ("message.delivered", "message.failed")
MESSAGE_KINDS = ("message.received", "message.sent", *DELIVERY_KINDS)
CALL_KINDS = ("call.started", "call.completed", "call.answered", "call.missed", "call.forwarded")
ARTIFACT_KINDS = ("voicemail.received", "recording.completed", "summary.completed", "transcript.completed")
CONVERSATION_KINDS = ("conversation.started", "conversation.unanswered")
CONTACT_KINDS = ("contact.created", "contact.updated", "contact.deleted")
KINDS = (*MESSAGE_KINDS, *CALL_KINDS, *ARTIFACT_KINDS, *CONVERSATION_KINDS, *CONTACT_KINDS, "schedule", "manual")
ABOUT_SOMEBODY = tuple(kind for kind in KINDS if kind not in ("schedule", "manual"))
"""Kinds of events that are with a contact."""

OF_OURS = ("schedule", "manual", "message.sent", "message.delivered", "message.failed", *CONTACT_KINDS)
"""Kinds of events that are nothing the contact did: what follows from them answers nobody."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event. Its id is made from Quo's id, so that reading it twice gives the same event.

    Attributes:
        id: `<kind>:<Quo's id>`, `schedule:<rule>:<local time>@<zone>` or `manual:<random>`.
        kind: the trigger that it fires, such as `message.received`.
        connection: the connection's name in the configuration.
        occurred_at: when it happened, UTC; for artifacts that arrive late, when they were first seen complete.
        line_id: our line (PN…), or None for schedule and manual.
        peer: the other party's number in E.164 (or as Quo gives it), or None.
        direction: `incoming`, `outgoing` or None.
        conversation_id: Quo's conversation, or None.
        data: plain data (JSON types only): `message`, `call`, `voicemail`, `transcript`, `set`… by kind.
    """

    id: str
    kind: str
    connection: str
    occurred_at: datetime
    line_id: str | None = None
    peer: str | None = None
    direction: str | None = None
    conversation_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)  # JSON

    @property
    def quo_id(self) -> str:
        """What Quo calls the thing that it is of: a message, a call or a contact; not for schedule and manual."""
        return self.id.partition(":")[2]

    @property
    def has_failed(self) -> bool:
        """Whether it tells that something which is made after a call never came: only `on: failed` asks for that."""
        made = self.data.get(self.kind.partition(".")[0]) if self.kind in ARTIFACT_KINDS else None
        return isinstance(made, Mapping) and made.get("status") in ("failed", "missing")
