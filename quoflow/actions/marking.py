"""Marks of conversations: done, open or read. Marking twice is marking once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from quoflow.actions.results import Done, Keep
from quoflow.quo import errors
from quoflow.quo.client import Quo

Payload = Mapping[str, Any]  # JSON, frozen at plan time


def mark_conversation(payload: Payload, quo: Quo, keep: Keep) -> Done:
    """Mark a conversation.

    Raises:
        errors.NotFound: it is gone, or the workspace or gateway does not know how to mark yet: both answer 404.
        errors.QuoError: Quo refused, or could not be reached.
    """
    del keep  # no contact is changed
    try:
        quo.mark_conversation(payload["conversation_id"], payload["as"])
    except errors.NotFound as error:
        raise errors.NotFound(
            f"the conversation is gone, or marking is not there yet in this workspace or gateway: {error.message}",
            "Take the step out where marking is not there; it is newer than the rest of Quo's API",
            status=error.status,
            code=error.code,
            trace=error.trace,
        ) from error
    return Done(outcome={"as": payload["as"]})


def find_mark(payload: Payload, quo: Quo, *, since: datetime) -> Iterator[Done]:
    """Find nothing: Quo does not show how a conversation is marked, so it is marked once more."""
    del payload, quo, since
    return iter(())
