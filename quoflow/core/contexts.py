"""What expressions and templates can see: the types for the check, and the values of one event. Pure.

One table, TABLE, holds each name once, with its shape and where its value comes from; the check and the
values are both made from it, so that neither can promise what the other does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from quoflow.core import events, occurrences, records, shapes
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Conversation, Line, User
from quoflow.core.occurrences import join_names
from quoflow.core.records import DIRECTION, TEXTS
from quoflow.core.shapes import BOOLEAN, MAP, NUMBER, TEXT, TIME, UNSURE, Shape, list_of, maybe, record
from quoflow.core.values import Values

MESSAGES = frozenset(events.MESSAGE_KINDS)
CALLS = frozenset({*events.CALL_KINDS, *events.ARTIFACT_KINDS})
EITHER = frozenset(events.CONVERSATION_KINDS)
EVERY = frozenset(events.KINDS)
PHONE = EVERY - {"schedule", "manual"}
EXCHANGE = PHONE - frozenset(events.CONTACT_KINDS)


AUDIENCES: Mapping[str, frozenset[str]] = {
    "contacts": frozenset({"contact"}),
    "conversations": frozenset({"contact", "conversation", "line"}),
    "list": frozenset({"contact"}),
}
"""What each member of an audience gives beside what the trigger does, by where its members come from."""


@dataclass(frozen=True, slots=True)
class Moment:
    """Everything that an event's values are read from; `raw` is a part of the event's data."""

    event: Event
    contact: Contact | None
    line: Line | None
    conversation: Conversation | None
    user: User | None
    tags_field: str | None
    region: str

    def data(self, part: str) -> Mapping[str, Any]:  # JSON
        """Give one part of the event's data; nothing where it is missing."""
        found = self.event.data.get(part)
        return found if isinstance(found, Mapping) else {}


Reader = Callable[[Moment], object]


@dataclass(frozen=True, slots=True)
class Part:
    """One name of the context: for which triggers it is there, and its fields with where each comes from.

    `is_there` says whether this event has it; where not, the value is None, and `optional` must be set, or the event's
    kind must be among those that have it `sometimes`.
    """

    kinds: frozenset[str]
    fields: Mapping[str, tuple[Shape, Reader]]
    is_there: Callable[[Moment], bool] = lambda _moment: True
    optional: bool = False
    sometimes: frozenset[str] = frozenset()

    @property
    def shape(self) -> Shape:
        """Give the shape that the check knows."""
        shape = record({name: shape for name, (shape, _) in self.fields.items()})
        return maybe(shape) if self.optional else shape

    def read(self, moment: Moment) -> dict[str, Any] | None:  # plain data of `shape`
        """Give the value for one event."""
        if not self.is_there(moment):
            return None
        at = moment.event.occurred_at
        return {name: shapes.conform(shape, read(moment), otherwise=at) for name, (shape, read) in self.fields.items()}


def _from_data(part: str, fields: Mapping[str, Shape]) -> Mapping[str, tuple[Shape, Reader]]:
    def read(key: str) -> Reader:
        return lambda moment: moment.data(part).get(key)

    return {name: (shape, read(name)) for name, shape in fields.items()}


def _either(part: str, kinds: frozenset[str], fields: Mapping[str, Shape]) -> Part:
    """Give a part of what is about a text or a call, whichever it was."""

    def is_there(moment: Moment) -> bool:
        return moment.event.kind not in EITHER or part in moment.event.data

    return Part(kinds | EITHER, _from_data(part, fields), is_there, sometimes=EITHER)


def _of_contact(read: Callable[[Contact], object]) -> Reader:
    return lambda moment: None if moment.contact is None else read(moment.contact)


def _of_line(read: Callable[[Line], object]) -> Reader:
    return lambda moment: None if moment.line is None else read(moment.line)


def _of_conversation(read: Callable[[Conversation], object]) -> Reader:
    return lambda moment: None if moment.conversation is None else read(moment.conversation)


def _of_user(read: Callable[[User], object]) -> Reader:
    return lambda moment: None if moment.user is None else read(moment.user)


def _name_contact(moment: Moment) -> str:
    return occurrences.name_person(moment.contact, moment.event.peer or "", moment.region)


def _read_tags(moment: Moment) -> object:
    if moment.contact is None or moment.tags_field is None:
        return []
    tags = moment.contact.fields.get(moment.tags_field)
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list | tuple) else tags


TABLE: Mapping[str, Part] = {
    "event": Part(
        EVERY,
        {
            "id": (TEXT, lambda moment: moment.event.id),
            "kind": (shapes.choice(*events.KINDS), lambda moment: moment.event.kind),
            "time": (TIME, lambda moment: moment.event.occurred_at),
            "direction": (maybe(DIRECTION), lambda moment: moment.event.direction),
        },
    ),
    "connection": Part(EVERY, {"name": (TEXT, lambda moment: moment.event.connection)}),
    "message": _either("message", MESSAGES, {**records.MESSAGE, "rule": maybe(TEXT)}),
    "call": _either("call", CALLS, records.CALL),
    "change": Part(frozenset({"contact.updated"}), _from_data("change", records.CHANGE)),
    "voicemail": Part(frozenset({"voicemail.received"}), _from_data("voicemail", records.VOICEMAIL)),
    "transcript": Part(frozenset({"transcript.completed"}), _from_data("transcript", records.TRANSCRIPT)),
    "summary": Part(frozenset({"summary.completed"}), _from_data("summary", records.SUMMARY)),
    "recording": Part(frozenset({"recording.completed"}), _from_data("recording", records.RECORDING)),
    "contact": Part(
        PHONE,
        {
            "id": (maybe(TEXT), _of_contact(lambda contact: contact.id)),
            "known": (BOOLEAN, lambda moment: moment.contact is not None),
            "first_name": (maybe(TEXT), _of_contact(lambda contact: contact.first_name or None)),
            "last_name": (maybe(TEXT), _of_contact(lambda contact: contact.last_name or None)),
            "name": (TEXT, _name_contact),
            "company": (maybe(TEXT), _of_contact(lambda contact: contact.company or None)),
            "role": (maybe(TEXT), _of_contact(lambda contact: contact.role or None)),
            "phone": (TEXT, lambda moment: moment.event.peer),
            "emails": (TEXTS, _of_contact(lambda contact: contact.emails)),
            "phones": (TEXTS, _of_contact(lambda contact: contact.phones)),
            "tags": (TEXTS, _read_tags),
            "fields": (MAP, _of_contact(lambda contact: contact.fields)),
        },
    ),
    "conversation": Part(
        EXCHANGE,
        {
            "id": (maybe(TEXT), lambda moment: moment.event.conversation_id),
            "name": (maybe(TEXT), _of_conversation(lambda conversation: conversation.name or None)),
            "assigned_to": (maybe(TEXT), _of_conversation(lambda conversation: conversation.assigned_to)),
            "last_activity": (maybe(TIME), _of_conversation(lambda conversation: conversation.last_activity_at)),
        },
    ),
    "line": Part(
        EXCHANGE,
        {
            "id": (TEXT, lambda moment: moment.event.line_id),
            "number": (TEXT, _of_line(lambda line: line.number)),
            "name": (TEXT, _of_line(lambda line: line.name)),
        },
    ),
    "user": Part(
        EXCHANGE,
        {
            "id": (TEXT, _of_user(lambda user: user.id)),
            "name": (maybe(TEXT), _of_user(lambda user: join_names(user.first_name, user.last_name) or None)),
            "email": (maybe(TEXT), _of_user(lambda user: user.email)),
        },
        is_there=lambda moment: moment.user is not None,
        optional=True,
    ),
}
"""Every name that an event gives. `rule`, `run`, `steps` and `vars` come from the rule: see `add_rule`."""

RULE = record({"name": TEXT})
RUN = record({"id": TEXT, "error": TEXT})
ERROR = record({"message": TEXT, "step": TEXT})
"""What the steps under `on_error` know of what went wrong."""

CONTACT = record({name: shape for name, (shape, _) in TABLE["contact"].fields.items()})
"""What an expression sees of one contact among others, as `contact`."""

_FOUND = {**CONTACT.fields, "phone": maybe(TEXT), "external_id": maybe(TEXT), "source": maybe(TEXT)}
_FETCHED = {"status": TEXT, "found": BOOLEAN}

OUTCOMES: Mapping[str, Shape] = {
    "send_message": record({"message_id": TEXT, "text": TEXT, "status": TEXT}),
    "tag_contact": record({"tags": TEXTS, "changed": BOOLEAN, "conflict": TEXTS}),
    "update_contact": record({"id": TEXT, "changed": BOOLEAN, "conflict": TEXTS}),
    "delete_contact": record({"id": TEXT, "deleted": BOOLEAN}),
    "mark_conversation": record({"as": TEXT}),
    "create_contact": record({"id": TEXT, "created": BOOLEAN, "changed": BOOLEAN, "conflict": TEXTS}),
    "upsert_contact": record({"id": TEXT, "created": BOOLEAN, "changed": BOOLEAN, "conflict": TEXTS}),
    "fetch_transcript": record({"text": maybe(TEXT), "lines": records.LINES, **_FETCHED}),
    "fetch_summary": record({"text": maybe(TEXT), "points": TEXTS, "next_steps": TEXTS, **_FETCHED}),
    "fetch_voicemail": record({"text": maybe(TEXT), "duration": maybe(NUMBER), "url": maybe(TEXT), **_FETCHED}),
    "fetch_recording": record(
        {"path": maybe(TEXT), "type": maybe(TEXT), "size": maybe(NUMBER), "duration": maybe(NUMBER), **_FETCHED}
    ),
    "fetch_messages": record({"messages": list_of(record(records.MESSAGE)), "count": NUMBER}),
    "fetch_calls": record({"calls": list_of(record(records.CALL)), "count": NUMBER}),
    "find_contact": record({"found": BOOLEAN, **_FOUND}),
    "notify": record({}),
    "http": record({"status": NUMBER, "ok": BOOLEAN, "text": TEXT, "json": UNSURE}),
    "log": record({}),
    "set": record({}),
    "for_each": record({"count": NUMBER}),
    "wait_until": record({}),
    "approve": record({"approved": BOOLEAN, "by": maybe(TEXT)}),
    "run_rule": record({"event": TEXT}),
    "wait_for": record(
        {"found": BOOLEAN, "kind": maybe(TEXT), "id": maybe(TEXT), "text": maybe(TEXT), "time": maybe(TIME)}
    ),
    "wait": record({}),
}
"""What `steps.<id>` holds, by step kind."""

NAMES = dict.fromkeys((*TABLE, "events", "rule", "run", "steps", "vars")).keys()
"""Every top-level name of the language."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which names there are for an expression, and their shapes.

    Attributes:
        names: top-level names and their shapes.
        kinds: the rule's triggers, for messages.
        hours: calendars that `is_open` knows; None when they are not known here.
    """

    names: Mapping[str, Shape]
    kinds: tuple[str, ...] = ()
    hours: frozenset[str] | None = field(default=None)


def build_scope(
    kinds: Sequence[str],
    *,
    variables: Mapping[str, Any],  # JSON
    steps: Mapping[str, str],
    hours: Iterable[str] | None,
    given: Mapping[str, Shape] | None = None,
    audience: str | None = None,
) -> Scope:
    """Tell which names a rule's expressions have.

    A name that only some of the rule's triggers have is there, but may be None.

    Args:
        kinds: the rule's trigger kinds.
        variables: the rule's and the configuration's `vars`.
        steps: the kind of each step with an id that has run before, by id.
        hours: names of the configuration's calendars; None when it is not known.
        given: the shapes of the values that steps before have put under `vars`.
        audience: where the members of its audience come from, if it has one: a key of AUDIENCES.
    """
    names: dict[str, Shape] = {"events": occurrences.EVENTS, "rule": RULE, "run": RUN}
    of_members = AUDIENCES.get(audience or "", frozenset())
    for name, part in TABLE.items():
        having = [kind for kind in kinds if kind in part.kinds or name in of_members]
        if having:
            is_sure = len(having) == len(kinds) and not part.sometimes & set(having)
            shape = _lack_number(part.shape) if name == "contact" and {*kinds} & {*events.CONTACT_KINDS} else part.shape
            names[name] = shape if is_sure else maybe(shape)
    names["steps"] = record({name: maybe(OUTCOMES.get(kind, record({}))) for name, kind in steps.items()})
    known = {**shapes.shape_of(variables).fields, **(given or {})}
    names["vars"] = replace(record(known), is_open="manual" in kinds)  # `trigger --set` may add more
    return Scope(names=names, kinds=tuple(kinds), hours=None if hours is None else frozenset(hours))


def _lack_number(contact: Shape) -> Shape:
    """Give a contact's shape where it may have no number at all."""
    return replace(contact, fields={**contact.fields, "phone": maybe(contact.fields["phone"])})


def list_kinds(name: str) -> tuple[str, ...]:
    """List the triggers for which a top-level name is there; none when it is no name at all."""
    if name not in NAMES:
        return ()
    kinds = TABLE[name].kinds if name in TABLE else EVERY
    return tuple(kind for kind in events.KINDS if kind in kinds)


def build_values(  # noqa: PLR0913 - a context is made of this many facts; all but the event are named
    event: Event,
    *,
    contact: Contact | None = None,
    line: Line | None = None,
    conversation: Conversation | None = None,
    user: User | None = None,
    rule: str = "",
    variables: Mapping[str, Any] | None = None,  # JSON
    steps: Mapping[str, Mapping[str, Any]] | None = None,  # JSON
    tags_field: str | None = None,
    run_id: str | None = None,
    region: str = "US",
    gathered: Sequence[Mapping[str, Any]] = (),
) -> Values:
    """Build what a rule's expressions see of one event: plain data, times as aware datetimes.

    Names that the event's kind does not have are None.

    Args:
        event: the event.
        contact: who the event's peer is, if known.
        line: our line, if known.
        conversation: Quo's conversation, if known.
        user: the member of the workspace who wrote or answered, if known.
        rule: the rule's name.
        variables: the rule's and the configuration's `vars`; what a manual trigger sets is put over them.
        steps: outcomes so far, by step id.
        tags_field: key of the custom field that holds tags.
        run_id: the run's id once there is a run.
        region: how numbers are written for people (ISO, such as US).
        gathered: the items of `events` behind this event's own.
    """
    moment = Moment(event, contact, line, conversation, user, tags_field, region)
    of_member = AUDIENCES.get(str(event.data.get("audience")), frozenset())

    def read(name: str) -> object:
        if name == "events":
            return [occurrences.describe_event(event, contact, region), *gathered]
        is_there = event.kind in TABLE[name].kinds or name in of_member
        return TABLE[name].read(moment) if is_there else None

    values = Values((*TABLE, "events"), read)
    return add_rule(values, event=event, rule=rule, variables=variables or {}, steps=steps or {}, run_id=run_id)


def describe_contact(contact: Contact, *, tags_field: str | None, region: str, now: datetime) -> dict[str, Any]:
    """Give what expressions see of a contact that no event is about: plain data of CONTACT, with its first number."""
    peer = contact.phones[0] if contact.phones else ""
    event = Event("", "manual", "", now, peer=peer)
    moment = Moment(event, contact, line=None, conversation=None, user=None, tags_field=tags_field, region=region)
    found = TABLE["contact"].read(moment)
    assert found is not None  # noqa: S101 - a part that is always there is never nothing
    return found


def add_rule(
    values: Mapping[str, Any],
    *,
    event: Event,
    rule: str,
    variables: Mapping[str, Any],
    steps: Mapping[str, Mapping[str, Any]],
    run_id: str | None = None,
) -> Values:
    """Give an event's values as another rule or a later step sees them, without reading the facts again."""
    given = event.data.get("set") if event.kind == "manual" else None
    own: Mapping[str, Callable[[], object]] = {
        "rule": lambda: {"name": rule},
        "run": lambda: {"id": run_id or "", "error": ""},
        "steps": lambda: shapes.make_plain(steps),
        "vars": lambda: shapes.make_plain({**variables, **(given if isinstance(given, Mapping) else {})}),
    }
    return Values(NAMES, lambda name: own[name]() if name in own else values[name])
