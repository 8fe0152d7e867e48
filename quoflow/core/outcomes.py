"""What steps returned, as later steps see it: plain data of the shapes that the check knows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from quoflow.core import contexts, happenings, shapes
from quoflow.core.facts import Call, Contact, Message


def read_outcome(kind: str, outcome: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:  # JSON to plain data
    """Give the outcome of a step as expressions see it: times as times. What it has not got is left out."""
    shape = contexts.OUTCOMES.get(kind)
    fields = shape.fields if shape else {}
    return {
        name: shapes.conform(fields[name], value, otherwise=now) if name in fields else value
        for name, value in outcome.items()
    }


def describe_messages(messages: Iterable[Message]) -> dict[str, Any]:  # JSON
    """Give the outcome of a look at texts: the oldest first, whichever way they came."""
    told = [happenings.describe_message(one) for one in sorted(messages, key=lambda one: (one.created_at, one.id))]
    return {"messages": told, "count": len(told)}


def describe_calls(calls: Iterable[Call], *, line_number: str) -> dict[str, Any]:  # JSON
    """Give the outcome of a look at calls on a line of ours: the oldest first, whichever way they came."""
    in_order = sorted(calls, key=lambda one: (one.created_at, one.id))
    told = [happenings.describe_call(one, line_number=line_number) for one in in_order]
    return {"calls": told, "count": len(told)}


def describe_found(contact: Contact | None, *, tags_field: str | None, region: str, now: datetime) -> dict[str, Any]:
    """Give the outcome of a look for a contact (JSON): all that is known of them, or `found` false and nothing else."""
    if contact is None:
        return describe_nothing("find_contact", now=now)
    known = contexts.describe_contact(contact, tags_field=tags_field, region=region, now=now)
    more = {"phone": known["phone"] or None, "external_id": contact.external_id, "source": contact.source}
    return {"found": True, **known, **more}


def describe_nothing(kind: str, *, now: datetime) -> dict[str, Any]:  # JSON
    """Give the outcome of a read that found nothing: every field is there, and empty."""
    return dict(shapes.conform(contexts.OUTCOMES[kind], {}, otherwise=now))
