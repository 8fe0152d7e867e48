"""Quo's JSON as it comes: lenient models that survive new keys, nulls, missing keys and unknown statuses. Pure.

Lenient about what decides nothing; a value of the wrong kind still makes its item unreadable, for an `answeredAt` that
silently became None would turn an answered call into a missed one. `parse_page` then keeps the other items.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from quoflow.quo import errors


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a time outside the years 1 to 9999") from error


def _drop_nulls(value: object) -> object:
    if value is None:
        return ()
    if isinstance(value, str | Mapping):
        return (value,)  # some shapes give one where others give a list
    return tuple(item for item in value if item is not None) if isinstance(value, list) else value


def _blank_to_none(value: object) -> object:
    return None if value == "" else value


def _null_to_empty(value: object) -> object:
    return {} if value is None else value


Time = Annotated[datetime | None, BeforeValidator(_blank_to_none), AfterValidator(lambda t: t and _to_utc(t))]
Id = Annotated[str, Field(min_length=1)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_drop_nulls)]


class Model(BaseModel):
    """What all wire models share: camelCase on the wire, unknown keys ignored, numbers welcome where text is meant."""

    model_config = ConfigDict(
        extra="ignore", frozen=True, alias_generator=to_camel, populate_by_name=True, coerce_numbers_to_str=True
    )


class User(Model):
    """A member of the workspace."""

    id: Id
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    role: str | None = None


class PhoneNumber(Model):
    """One of our lines. `restrictions.messaging` maps US, CA and Intl to `restricted` or `unrestricted`."""

    id: Id
    number: str | None = None
    name: str | None = None
    users: Annotated[tuple[User, ...], BeforeValidator(_drop_nulls)] = ()
    restrictions: Any = None  # Quo's JSON; read leniently by `messaging`

    @property
    def messaging(self) -> dict[str, str]:
        """Give the messaging restrictions by region; empty when Quo does not say."""
        found = self.restrictions.get("messaging") if isinstance(self.restrictions, dict) else None
        return {str(k): v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


class Message(Model):
    """One text."""

    id: Id
    from_: Annotated[str | None, Field(alias="from")] = None
    to: Texts = ()
    text: str | None = None
    phone_number_id: str | None = None
    conversation_id: str | None = None
    direction: str | None = None
    user_id: str | None = None
    status: str | None = None
    created_at: Time = None
    updated_at: Time = None


class Call(Model):
    """One call."""

    id: Id
    phone_number_id: str | None = None
    conversation_id: str | None = None
    user_id: str | None = None
    direction: str | None = None
    status: str | None = None
    duration: float | None = None
    participants: Texts = ()
    answered_at: Time = None
    answered_by: str | None = None
    initiated_by: str | None = None
    completed_at: Time = None
    created_at: Time = None
    updated_at: Time = None
    forwarded_from: str | None = None
    forwarded_to: str | None = None
    ai_handled: Any = None  # a boolean, or the name of the agent


class Recording(Model):
    """One recording of a call; its URL expires."""

    id: str | None = None
    duration: float | None = None
    start_time: Time = None
    status: str | None = None
    type: str | None = None
    url: str | None = None


class Summary(Model):
    """What was said in a call, in points."""

    call_id: str | None = None
    status: str | None = None
    summary: Texts = ()
    next_steps: Texts = ()


class Dialogue(Model):
    """One turn of a transcript; times in seconds from the call's start."""

    content: str | None = None
    start: float | None = None
    end: float | None = None
    identifier: str | None = None
    user_id: str | None = None


class Transcript(Model):
    """A call in writing."""

    call_id: str | None = None
    status: str | None = None
    duration: float | None = None
    created_at: Time = None
    dialogue: Annotated[tuple[Dialogue, ...], BeforeValidator(_drop_nulls)] = ()


class Voicemail(Model):
    """A message left after a missed call; its URL expires."""

    id: str | None = None
    status: str | None = None
    transcript: str | None = None
    duration: float | None = None
    recording_url: str | None = None


class ContactField(Model):
    """One e-mail address or phone number of a contact."""

    id: str | None = None
    name: str | None = None
    value: str | None = None


class CustomField(Model):
    """One custom property of a contact, with its value."""

    id: str | None = None
    key: str | None = None
    name: str | None = None
    type: str | None = None
    value: Any = None  # JSON: text, number, boolean, list of text, or null


class DefaultFields(Model):
    """The properties that every contact has."""

    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    role: str | None = None
    emails: Annotated[tuple[ContactField, ...], BeforeValidator(_drop_nulls)] = ()
    phone_numbers: Annotated[tuple[ContactField, ...], BeforeValidator(_drop_nulls)] = ()


class Contact(Model):
    """One contact. `source` tells where it came from; integrations own theirs."""

    id: Id
    external_id: str | None = None
    source: str | None = None
    default_fields: Annotated[DefaultFields, BeforeValidator(_null_to_empty)] = DefaultFields()
    custom_fields: Annotated[tuple[CustomField, ...], BeforeValidator(_drop_nulls)] = ()
    created_at: Time = None
    updated_at: Time = None
    created_by_user_id: str | None = None


class CustomFieldDefinition(Model):
    """A custom contact property of the workspace; made in the Quo app only."""

    key: Id
    name: str | None = None
    type: str | None = None


class Conversation(Model):
    """A line's exchange with one or more numbers."""

    id: Id
    phone_number_id: str | None = None
    name: str | None = None
    participants: Texts = ()
    assigned_to: str | None = None
    last_activity_at: Time = None
    last_activity_id: str | None = None
    muted_until: Time = None
    snoozed_until: Time = None
    created_at: Time = None
    updated_at: Time = None
    deleted_at: Time = None


class Connection(BaseModel):
    """A Maton connection: one account that someone gave the gateway access to. `url` is for the browser."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    connection_id: Id
    status: str | None = None
    app: str | None = None
    url: str | None = None
    creation_time: Time = None
    last_updated_time: Time = None
    metadata: Annotated[dict[str, Any], BeforeValidator(_null_to_empty)] = {}  # JSON


M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that could not be read: what it should have been, its id if it has one, and why."""

    kind: str
    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of a list: the readable items, the others, and the token of the next page (None on the last)."""

    items: tuple[M, ...]
    skipped: tuple[Skipped, ...] = ()
    next_token: str | None = None


def parse_item(model: type[M], body: object) -> M:
    """Read one object, given as `{"data": {…}}` or flat.

    Raises:
        ValueError: when it is not readable; the message names the fields, never their values.
    """
    inner = body.get("data") if isinstance(body, dict) else None
    try:
        return model.model_validate(inner if isinstance(inner, dict) else body)
    except (ValidationError, RecursionError) as error:
        raise ValueError(f"no readable {model.__name__}: {_explain(error)}") from None


def parse_page(model: type[M], body: object) -> Page[M]:
    """Read a page item by item, so that a bad one loses none of the others. `totalItems` is wrong and never read.

    Raises:
        ValueError: when there is no `data` list.
    """
    listing = body if isinstance(body, dict) else {}
    data = listing.get("data")
    if not isinstance(data, list):
        raise ValueError("no list under `data`")  # noqa: TRY004 - the sender's fault, not a caller's type error
    items: list[M] = []
    skipped: list[Skipped] = []
    for item in data:
        try:
            items.append(model.model_validate(item))
        except (ValidationError, RecursionError) as error:
            found = item.get("id") if isinstance(item, dict) else None
            skipped.append(Skipped(model.__name__, found if isinstance(found, str) else None, _explain(error)))
    token = listing.get("nextPageToken")
    return Page(tuple(items), tuple(skipped), str(token) if token else None)


def _explain(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    # The values themselves stay out: they are customers'.
    parts = (f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in error.errors(include_input=False)[:3])
    return errors.clean_text("; ".join(parts))
