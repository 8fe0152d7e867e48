"""What the simulated Quo holds: its rows, who is who, and the agenda of things to come. No clock of its own."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from quoflow.sandbox.scenario import Artifacts, FieldEntry, Messaging

NewId = Callable[[str], str]
Change = Callable[[datetime], object]


@dataclass(slots=True)
class User:
    """A member of the workspace."""

    id: str
    first_name: str | None
    last_name: str | None
    email: str
    role: str
    created_at: datetime


@dataclass(slots=True)
class Line:
    """One of our numbers."""

    id: str
    number: str
    name: str
    user_ids: tuple[str, ...]
    messaging: Messaging
    created_at: datetime


@dataclass(slots=True)
class Contact:
    """A contact, its parts in the API's own shape."""

    id: str
    default_fields: dict[str, Any]  # JSON, as the API writes it
    custom_fields: list[dict[str, Any]]  # JSON: {id, key, value}
    source: str | None
    source_url: str | None
    external_id: str | None
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Message:
    """A text."""

    id: str
    conversation_id: str
    line_id: str
    direction: str
    from_: str
    to: tuple[str, ...]
    text: str
    user_id: str
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Call:
    """A call and what is made after it."""

    id: str
    conversation_id: str
    line_id: str
    peer: str
    direction: str
    status: str
    user_id: str
    created_at: datetime
    updated_at: datetime
    initiated_by: str | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    completed_at: datetime | None = None
    duration: int = 0
    forwarded_from: str | None = None
    forwarded_to: str | None = None
    ai_handled: bool = False
    artifacts: Artifacts = field(default_factory=Artifacts)


@dataclass(slots=True)
class Conversation:
    """A line's exchange with one or more numbers; messages and calls are kept oldest first."""

    id: str
    line_id: str
    participants: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    name: str | None = None
    assigned_to: str | None = None
    last_activity_at: datetime | None = None
    last_activity_id: str | None = None
    muted_until: datetime | None = None
    snoozed_until: datetime | None = None
    deleted_at: datetime | None = None
    is_read: bool = True
    is_done: bool = False
    messages: list[Message] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)


@dataclass(slots=True)
class Webhook:
    """A webhook that was asked for; it is stored and never called."""

    id: str
    family: str
    row: dict[str, Any]  # JSON, as the API writes it
    created_at: datetime


@dataclass(slots=True)
class Connection:
    """A connection of the gateway."""

    id: str
    app: str
    status: str
    token: str
    session: str
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class World:
    """All rows, and the agenda of changes that are due later. Times are aware UTC datetimes."""

    new_id: NewId
    fields: dict[str, FieldEntry] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    conversations: dict[str, Conversation] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)
    sent: list[dict[str, Any]] = field(default_factory=list)  # what the API accepted to send, as the log shows it
    _between: dict[tuple[str, frozenset[str]], Conversation] = field(default_factory=dict)
    _agenda: list[tuple[datetime, int, Change]] = field(default_factory=list)
    _turn: count[int] = field(default_factory=count)

    @property
    def owner(self) -> User:
        """Give the workspace's owner: the first with that role, else the first user."""
        return next((user for user in self.users.values() if user.role == "owner"), next(iter(self.users.values())))

    @property
    def to_come(self) -> int:
        """Count the changes that are still due."""
        return len(self._agenda)

    def plan(self, at: datetime, change: Change) -> None:
        """Put a change on the agenda; it is called with the time it was due at, not that of the call."""
        heapq.heappush(self._agenda, (at, next(self._turn), change))

    def advance(self, now: datetime) -> None:
        """Make every change that is due by `now`, in order of time."""
        while self._agenda and self._agenda[0][0] <= now:
            at, _, change = heapq.heappop(self._agenda)
            change(at)

    def find_line(self, name: str) -> Line | None:
        """Find a line by id, number or name; the empty name is the first line."""
        if not name:
            return next(iter(self.lines.values()))
        if name in self.lines:
            return self.lines[name]
        return next((line for line in self.lines.values() if name in {line.number, line.name}), None)

    def find_user(self, name: str) -> User | None:
        """Find a user by id, e-mail or first name."""
        if name in self.users:
            return self.users[name]
        return next((user for user in self.users.values() if name in {user.email, user.first_name}), None)

    def find_conversation(self, line_id: str, participants: Iterable[str]) -> Conversation | None:
        """Find the conversation of a line with exactly these numbers."""
        return self._between.get((line_id, frozenset(participants)))

    def open_conversation(self, line_id: str, participants: tuple[str, ...], now: datetime) -> Conversation:
        """Find or begin a line's conversation with exactly these numbers."""
        known = self.find_conversation(line_id, participants)
        if known is not None:
            known.created_at = min(known.created_at, now)
            return known
        begun = Conversation(
            id=self.new_id("CN"), line_id=line_id, participants=participants, created_at=now, updated_at=now
        )
        self.conversations[begun.id] = begun
        self._between[line_id, frozenset(participants)] = begun
        return begun

    def add_message(self, message: Message) -> None:
        """Keep a message where it belongs in time, and move its conversation up."""
        conversation = self.conversations[message.conversation_id]
        self.messages[message.id] = message
        insort(conversation.messages, message, key=_created)
        _touch(conversation, message.id, message.created_at)
        conversation.is_done = False
        if message.direction == "incoming":
            conversation.is_read = False

    def add_call(self, call: Call) -> None:
        """Keep a call where it belongs in time, and move its conversation up."""
        conversation = self.conversations[call.conversation_id]
        self.calls[call.id] = call
        insort(conversation.calls, call, key=_created)
        _touch(conversation, call.id, call.created_at)

    def change_call(self, call: Call, now: datetime) -> None:
        """Note that a call has changed: it and its conversation were updated."""
        call.updated_at = now
        _touch(self.conversations[call.conversation_id], call.id, now)

    def owner_of(self, line: Line) -> str:
        """Give the id of who answers for a line: its first user, else the workspace's owner."""
        return line.user_ids[0] if line.user_ids else self.owner.id


def _created(row: Message | Call) -> datetime:
    return row.created_at


def _touch(conversation: Conversation, activity_id: str, at: datetime) -> None:
    conversation.updated_at = max(conversation.updated_at, at)
    conversation.last_activity_at, conversation.last_activity_id = at, activity_id


def number_ids() -> NewId:
    """Give a maker of ids that count up: the same scenario always has the same ids."""
    turn = count(1)
    return lambda prefix: f"{prefix}{next(turn):08d}"


def years_before(start: datetime) -> datetime:
    """Give the day on which lines and people came to be: two years before the start."""
    return start - timedelta(days=730)
