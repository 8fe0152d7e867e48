"""Every action, by step kind: one explicit dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quoflow.actions import tags, texts
from quoflow.actions.results import Done
from quoflow.quo.client import Quo

Payload = Mapping[str, Any]  # JSON, frozen at plan time


@dataclass(frozen=True, slots=True)
class WriteAction:
    """How one write kind is done, and found again.

    Attributes:
        perform: does it once; raises QuoError.
        look: gives what at Quo could be this write, oldest first, from a time on (UTC, Quo's clock).
        is_repeatable: whether doing it twice is the same as once, so that an uncertain one may be done again.
    """

    perform: Callable[[Payload, Quo], Done]
    look: Callable[..., Iterator[Done]]
    is_repeatable: bool

    def find(self, payload: Payload, quo: Quo, since: datetime) -> Iterator[Done]:
        """Look for the write at Quo."""
        return self.look(payload, quo, since=since)


WRITE_ACTIONS: Mapping[str, WriteAction] = {
    "send_message": WriteAction(texts.send_message, texts.find_message, is_repeatable=False),
    "tag_contact": WriteAction(tags.tag_contact, tags.find_tags, is_repeatable=True),
}
