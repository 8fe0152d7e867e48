"""What we know of a Quo workspace: lines, people, conversations, messages, calls. Frozen values. Pure.

The client translates Quo's JSON into these, the store mirrors them, contexts are built from them. Times are
aware datetimes in UTC; numbers are as Quo gives them (E.164 but for short codes and hidden callers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

OVER = frozenset({"completed", "busy", "failed", "no-answer", "canceled", "missed", "abandoned", "forwarded"})
"""Call statuses that end a call; `answered` and unknown ones count once `completed_at` is set."""

ERASED = "erased"
"""The status of a message or a call whose person was erased: nothing that Quo still shows of it is taken in again."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of our phone numbers."""

    id: str
    number: str
    name: str
    user_ids: tuple[str, ...] = ()
    messaging: Mapping[str, str] = field(default_factory=dict)  # region (US, CA, Intl) -> restricted | unrestricted

    @property
    def names(self) -> tuple[str, str, str]:
        """Give what a configuration may call it: its id, its number and its name."""
        return self.id, self.number, self.name


@dataclass(frozen=True, slots=True)
class User:
    """A member of the workspace."""

    id: str
    first_name: str | None
    last_name: str | None
    email: str | None
    role: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact of the workspace. `fields` maps a custom field's key to its value (JSON)."""

    id: str
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    role: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)  # JSON
    source: str | None = None
    external_id: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """A contact property of the workspace: a custom field, made in the Quo app. `name` is what people call it.

    Its type is address, boolean, date, multi-select, number, string or url, or one that is newer than this.
    """

    key: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """A line's exchange with one or more numbers."""

    id: str
    line_id: str
    participants: tuple[str, ...]
    name: str | None = None
    assigned_to: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    last_activity_at: datetime | None = None
    last_activity_id: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One text. `peer` is the other party (the first one in a group).

    `updated_at` is when Quo last changed it, where that is known; it is not kept, and two readings are one text.
    """

    id: str
    line_id: str
    peer: str
    direction: Literal["incoming", "outgoing"]
    text: str
    status: str
    created_at: datetime
    from_: str = ""
    to: tuple[str, ...] = ()
    user_id: str | None = None
    conversation_id: str | None = None
    updated_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call. `duration` is in seconds. `peer` is the other party, our own lines taken out."""

    id: str
    line_id: str
    peer: str
    direction: Literal["incoming", "outgoing"]
    status: str
    created_at: datetime
    answered_at: datetime | None = None
    completed_at: datetime | None = None
    duration: int = 0
    answered_by: str | None = None
    initiated_by: str | None = None
    user_id: str | None = None
    ai_handled: bool = False
    forwarded_from: str | None = None
    forwarded_to: str | None = None
    conversation_id: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the call has ended: a visible call may still be ringing."""
        return self.completed_at is not None or self.status in OVER

    @property
    def is_forwarded(self) -> bool:
        """Whether it went on to somebody else; where it came from does not matter."""
        return self.status == "forwarded" or self.forwarded_to is not None

    @property
    def is_missed(self) -> bool:
        """Whether it is an incoming call that nobody took: not one status but the absence of an answer.

        Over, incoming, no `answered_at`, not handled by the AI agent, not forwarded, whatever its status says.
        """
        taken = self.answered_at is not None or self.ai_handled or self.is_forwarded
        return self.direction == "incoming" and self.is_over and not taken


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something made after a call: a voicemail, transcript, summary or recording.

    Attributes:
        kind: `voicemail`, `transcript`, `summary` or `recording`.
        state: `pending` (not made yet), `completed`, `failed` (Quo says that it never will be), or `missing` (it was
            awaited in vain).
        data: plain data for the context: voicemail `{text, duration, url}`, transcript `{text, lines: [{speaker,
            text, start, end, user_id}]}`, summary `{text, points, next_steps}`, recording `{url, duration, type}`.
    """

    kind: str
    call_id: str
    state: Literal["pending", "completed", "failed", "missing"]
    data: Mapping[str, Any] = field(default_factory=dict)  # JSON
