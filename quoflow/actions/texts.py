"""Texts: send one, and find out afterwards whether one was sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from quoflow.actions.results import Done
from quoflow.core import likeness
from quoflow.quo.client import Quo

BOUND = timedelta(seconds=1)
"""How much earlier than the bound is asked for: whether `createdAfter` includes the bound itself is undocumented."""


def send_message(payload: Mapping[str, Any], quo: Quo) -> Done:
    """Send exactly these bytes, once. Raises QuoError; an ambiguous one means that it may have been sent."""
    message = quo.send_message(payload)
    return Done(
        outcome={"message_id": message.id, "text": message.text or payload["content"], "status": message.status or ""},
        message_id=message.id,
    )


def find_message(payload: Mapping[str, Any], quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Give the messages in that conversation that could be this one, oldest first.

    Args:
        payload: the body that was sent.
        quo: the client of the connection.
        since: the earliest time (UTC, Quo's clock) at which it can have been accepted.
    """
    wanted = likeness.fold_text(payload["content"])
    listed = quo.list_messages(payload["from"], payload["to"], created_after=since - BOUND)
    alike = [
        message
        for message in listed
        if message.direction == "outgoing"
        and message.created_at is not None
        and message.created_at >= since
        and likeness.fold_text(message.text or "") == wanted
        and (not message.user_id or payload.get("userId") in {None, message.user_id})
    ]
    for message in sorted(alike, key=lambda one: (one.created_at or since, one.id)):
        outcome = {"message_id": message.id, "text": message.text or "", "status": message.status or ""}
        yield Done(outcome=outcome, message_id=message.id, at=message.created_at)
