"""Events as a rule's templates list them: `events`, what a run has gathered, oldest first. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quoflow.core import phones, shapes
from quoflow.core.events import KINDS, Event
from quoflow.core.facts import Contact
from quoflow.core.shapes import TEXT, TIME, Shape, list_of, maybe, record

SPOKEN = ("message", "voicemail", "transcript", "summary")
"""The parts of an event's data that have a text."""

EVENTS: Shape = list_of(
    record(
        {
            "id": TEXT,
            "kind": shapes.choice(*KINDS),
            "time": TIME,
            "phone": maybe(TEXT),
            "name": maybe(TEXT),
            "text": maybe(TEXT),
        }
    )
)
"""What `events` holds."""


def describe_event(event: Event, contact: Contact | None, region: str) -> dict[str, Any]:  # plain data
    """Give one item of `events`; `contact` is who its number belongs to, if known."""
    return {
        "id": event.id,
        "kind": event.kind,
        "time": event.occurred_at,
        "phone": event.peer,
        "name": name_person(contact, event.peer, region) if event.peer else None,
        "text": _find_text(event),
    }


def _find_text(event: Event) -> str | None:
    parts = (event.data.get(name) for name in SPOKEN)
    texts = (part.get("text") for part in parts if isinstance(part, Mapping))
    return next((text for text in texts if text and isinstance(text, str)), None)


def name_person(contact: Contact | None, phone: str, region: str) -> str:
    """Give what people would call somebody: their name, else the company, else the number."""
    if contact is None:
        return phones.format_phone(phone, region)
    return join_names(contact.first_name, contact.last_name) or contact.company or phones.format_phone(phone, region)


def join_names(*names: str | None) -> str:
    """Join the names that there are."""
    return " ".join(name.strip() for name in names if name and name.strip())
