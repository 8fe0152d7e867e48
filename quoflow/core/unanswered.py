"""Who waits for an answer, for how long a rule lets them, and the event when it was too long. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from quoflow.core import happenings, hours, optouts
from quoflow.core.durations import format_duration
from quoflow.core.events import Event
from quoflow.core.facts import Call, Message
from quoflow.core.hours import OfficeHours
from quoflow.core.rules import Rule

KIND = "conversation.unanswered"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a trigger lets somebody wait; with a calendar only its open time counts, otherwise all."""

    wait: timedelta
    calendar: str = ""

    def __str__(self) -> str:
        """Write it as the event's id has it."""
        return ":".join(filter(None, (format_duration(self.wait), self.calendar)))


def list_patiences(rules: Iterable[Rule], connection: str) -> tuple[Patience, ...]:
    """List what the rules of a connection wait for, each once."""
    wanted = (
        Patience(trigger.filters.for_, trigger.filters.within or "")
        for rule in rules
        if rule.enabled and (not rule.connections or connection in rule.connections)
        for trigger in rule.triggers
        if trigger.kind == KIND and trigger.filters.for_ is not None
    )
    return tuple(dict.fromkeys(wanted))


def find_due(
    began_at: datetime, patience: Patience, calendars: Mapping[str, OfficeHours], *, timezone: str
) -> datetime | None:
    """Find when somebody has waited too long, UTC; None where the calendar is unknown, or never open for so long."""
    if not patience.calendar:
        return began_at + patience.wait
    calendar = calendars.get(patience.calendar)
    return None if calendar is None else hours.add_open_time(calendar, began_at, patience.wait, timezone=timezone)


def find_question(messages: Iterable[Message], calls: Iterable[Call], *, after: datetime | None) -> Event | None:
    """Give the event of the earliest text or lost call that waits for an answer since the last one was given.

    Somebody who says STOP, or that they want to hear from us again, asks for nothing.

    Args:
        messages: texts that are new.
        calls: calls that have come to their end.
        after: when a person of ours last wrote or talked to them.
    """
    asked = [
        event
        for message in messages
        if message.direction == "incoming" and optouts.classify(message.text) is None
        for event in happenings.derive_message_events("", message)
    ]
    asked += [
        event
        for call in calls
        for event in happenings.derive_call_events("", call, line_number="")
        if event.kind == "call.missed"
    ]
    waiting = [event for event in asked if after is None or event.occurred_at > after]
    return min(waiting, key=lambda event: (event.occurred_at, event.id), default=None)


def derive_unanswered_event(question: Event, patience: Patience, *, due_at: datetime) -> Event:
    """Give the event of a text or lost call, which `question` is of, that waited too long."""
    data = {**question.data, "wait": {"for": format_duration(patience.wait), "within": patience.calendar}}
    return replace(question, id=f"{KIND}:{question.quo_id}:{patience}", kind=KIND, occurred_at=due_at, data=data)
