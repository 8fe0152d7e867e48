"""Who may be in an audience, and the event that each member has of their own. Pure.

A firing of a rule with an audience becomes a batch: one event for each member, made from the firing's own. So a batch
that is planned again has the same events, and each member has one run, whatever died in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from quoflow.core import phones, plans, printing
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError
from quoflow.core.facts import Contact, Conversation
from quoflow.core.rules import Rule

_ID_DIGITS = 12
_NOUNS = {"contacts": "contacts", "conversations": "conversations", "list": "numbers of the list"}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may be a member.

    Attributes:
        event: what their run would be for; without a number where they have none.
        objection: why they cannot be a member even if they are meant, or None.
    """

    event: Event
    contact: Contact | None = None
    conversation: Conversation | None = None
    objection: str | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a rule that has an audience; candidates are made from it."""

    event: Event
    rule: Rule

    @property
    def batch(self) -> str:
        """Give the batch's id: the same however often it is asked."""
        return plans.hash_canonical([self.event.connection, self.event.id])[:_ID_DIGITS]

    def consider_contact(self, contact: Contact) -> Candidate:
        """Make a candidate of a contact: its first number that can be texted counts."""
        number = next(filter(phones.is_textable, contact.phones), None)
        objection = None if number else f"no number: the contact {contact.id} has none that can be texted"
        event = self._make_event(contact.id, peer=number, contact_id=contact.id)
        return Candidate(event, contact, objection=objection)

    def consider_conversation(self, conversation: Conversation, contact: Contact | None) -> Candidate:
        """Make a candidate of a conversation with one number; a group is none."""
        others = conversation.participants
        objection = None
        if len(others) != 1:
            objection = f"no number: the conversation {conversation.id} is one of {len(others)} numbers"
        elif not phones.is_textable(others[0]):
            objection = f"no number: the other side of the conversation {conversation.id} cannot be texted"
        event = replace(
            self._make_event(conversation.id, peer=None if objection else others[0]),
            line_id=conversation.line_id,
            conversation_id=conversation.id,
        )
        return Candidate(event, contact, conversation, objection)

    def consider_number(self, position: int, number: str | None, contact: Contact | None) -> Candidate:
        """Make a candidate of an item of a list, counted from 1; None stands for what cannot be read as a number."""
        objection = None if number else f"no number: item {position} of the list cannot be read as one"
        return Candidate(self._make_event(str(position), peer=number), contact, objection=objection)

    def _make_event(self, key: str, *, peer: str | None, **data: str) -> Event:
        audience = self.rule.audience
        source = audience.source if audience else ""
        mark = {"audience": source, "batch": self.batch, "rule_version": self.rule.version}
        return replace(self.event, id=f"{self.event.id}/{key}", peer=peer, data={**self.event.data, **mark, **data})


def name_source(source: str) -> str:
    """Name what an audience is chosen from, in the plural."""
    return _NOUNS.get(source, source)


def read_numbers(value: object, source: str) -> Iterable[str]:
    """Give the items of a list of numbers; a text may hold several, between commas or line ends.

    Raises:
        ExpressionError: it is neither; says what the source gave.
    """
    if isinstance(value, str):
        return [one for one in (part.strip() for part in value.replace("\n", ",").split(",")) if one]
    if isinstance(value, list | tuple):
        return [str(one).strip() for one in value]
    raise ExpressionError(f"`{source}` gave {printing.describe(value)}, and a list of numbers is expected")


def find_batch(event: Event) -> str | None:
    """Give the batch whose member an event is of; None where it is of none."""
    return _read(event.data, "batch")


def name_wave(batch: str | None, *, is_first: bool, path: str) -> str | None:
    """Name what of a batch is planned together, and so approved together: the first writes bear the batch's own id.

    What follows a wait or a result is another decision; it is named by the step with which it begins.
    """
    if batch is None or is_first:
        return batch
    return plans.hash_canonical([batch, path])[:_ID_DIGITS]


def find_version(event: Event) -> str | None:
    """Give the version of the rule that a member's batch began with."""
    return _read(event.data, "rule_version")


def find_contact_id(event: Event) -> str | None:
    """Give the contact that was chosen as a member; None where it was not a contact that was."""
    return _read(event.data, "contact_id")


def name_member(event: Event) -> str:
    """Name a member as their event's id does: by the contact, the conversation or the place in the list."""
    return event.id.rpartition("/")[2]


def find_rule_name(event: Event) -> str:
    """Give the rule that an event of a schedule or a hand is meant for."""
    return event.id.split(":")[1]


def _read(data: Mapping[str, Any], key: str) -> str | None:  # JSON
    found = data.get(key)
    return found if isinstance(found, str) and found and data.get("audience") else None
