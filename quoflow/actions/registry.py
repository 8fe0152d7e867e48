"""Every action, by step kind: one explicit dictionary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from quoflow.actions import asking, changes, deleting, making, marking, notifying, tags, texts
from quoflow.actions.errands import Errand, Outside
from quoflow.actions.results import Done, Failure, Keep
from quoflow.quo.client import Quo

Payload = Mapping[str, Any]  # JSON, frozen at plan time


@dataclass(frozen=True, slots=True)
class WriteAction:
    """How one write kind is done, and found again.

    Attributes:
        perform: does it once; raises QuoError. What it is about to change it has kept first.
        look: gives what at Quo could be this write, oldest first, from a time on (UTC, Quo's clock).
        is_repeatable: whether doing it twice is the same as once, so that an uncertain one may be done again.
        is_on_contact: whether it changes a contact, so that it waits for its turn.
        settles_after: how long after an uncertain try a repeatable one is begun again.
    """

    perform: Callable[[Payload, Quo, Keep], Done]
    look: Callable[..., Iterator[Done]]
    is_repeatable: bool
    is_on_contact: bool = False
    settles_after: timedelta = timedelta(seconds=30)

    def find(self, payload: Payload, quo: Quo, since: datetime) -> Iterator[Done]:
        """Look for the write at Quo."""
        return self.look(payload, quo, since=since)


@dataclass(frozen=True, slots=True)
class OutsideAction:
    """How a write to somebody else than Quo is done. Nobody there can be asked afterwards whether it happened.

    Attributes:
        perform: does it once, and gives what came of it.
    """

    perform: Callable[[Errand, Outside], Done | Failure]
    is_repeatable: bool = False
    is_on_contact: bool = False
    settles_after: timedelta = timedelta(0)

    def find(self, payload: Payload, quo: Quo, since: datetime) -> Iterator[Done]:
        """Find nothing: it left no trace at Quo."""
        del payload, quo, since
        return iter(())


def _send_message(payload: Payload, quo: Quo, keep: Keep) -> Done:
    del keep  # a text changes nothing that was there before
    return texts.send_message(payload, quo)


LATE = timedelta(seconds=150)
"""After this time a request that a proxy has held up is taken not to come any more: what it would make is made anew."""


def _make(perform: Callable[[Payload, Quo, Keep], Done], look: Callable[..., Iterator[Done]]) -> WriteAction:
    return WriteAction(perform, look, is_repeatable=True, is_on_contact=True, settles_after=LATE)


WRITE_ACTIONS: Mapping[str, WriteAction | OutsideAction] = {
    "send_message": WriteAction(_send_message, texts.find_message, is_repeatable=False),
    "tag_contact": WriteAction(tags.tag_contact, tags.find_tags, is_repeatable=True, is_on_contact=True),
    "update_contact": WriteAction(changes.update_contact, changes.find_update, is_repeatable=True, is_on_contact=True),
    "create_contact": _make(making.create_contact, making.find_creation),
    "upsert_contact": _make(making.upsert_contact, making.find_upsert),
    "delete_contact": WriteAction(
        deleting.delete_contact, deleting.find_deletion, is_repeatable=True, is_on_contact=True
    ),
    "mark_conversation": WriteAction(marking.mark_conversation, marking.find_mark, is_repeatable=True),
    "notify": OutsideAction(notifying.notify),
    "http": OutsideAction(asking.send),
}
