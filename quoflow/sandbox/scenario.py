"""What a sandbox starts with and what happens in it by and by: the models of a scenario. Pure.

Plain data in: every scalar may be text, as a YAML file read without types gives it. Times in the history
are `at: -2h` (before the start), those of the timeline `after: 5s`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from quoflow.core.durations import Duration, parse_duration
from quoflow.errors import QuoflowError

FOLDER = Path(__file__).parent / "scenarios"
INTEGRATIONS = frozenset({"google-people", "hubspot", "salesforce", "pipedrive", "zoho", "jobber"})
"""Sources whose contacts are synced from elsewhere, and so are read-only through the API."""

FieldType = Literal["address", "boolean", "date", "multi-select", "number", "string", "url"]
Direction = Literal["incoming", "outgoing"]
Restriction = Literal["restricted", "unrestricted"]


def _read_null(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() in {"", "~", "null", "off"} else value


def _read_offset(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip()
    return -parse_duration(text[1:]) if text.startswith("-") else parse_duration(text.removeprefix("+"))


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_T = TypeVar("_T")
Maybe = Annotated[_T | None, BeforeValidator(_read_null)]
Offset = Annotated[timedelta, BeforeValidator(_read_offset)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
Peers = Annotated[tuple[str, ...], BeforeValidator(_as_list), Field(min_length=1)]


class Entry(BaseModel):
    """A part of a scenario; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Options(Entry):
    """How nasty this Quo is.

    Attributes:
        rate_limit: requests per key and second before 429; null for no limit.
        keys: the API keys that are accepted; none means any.
        flat_bodies: the gateway answers a sent message flat, without `data`.
        mark_endpoints: whether `mark-as-read`, `-done` and `-open` exist.
        inclusive_bounds: whether `createdAfter` and its kin include the bound itself.
        oddities: whether time stamps, nullable fields and unknown fields vary.
        undeliverable: numbers that no text ever reaches.
        sent_after: time until a text is sent, once accepted.
        delivered_after: time until it is delivered (or not), once accepted.
        page_token_life: how long a page token can be used.
        media_life: how long the address of a recording can be used.
    """

    rate_limit: Maybe[int] = Field(10, ge=1)
    keys: Texts = ()
    flat_bodies: bool = False
    mark_endpoints: bool = True
    inclusive_bounds: bool = False
    oddities: bool = True
    undeliverable: Texts = ()
    sent_after: Duration = timedelta(seconds=1)
    delivered_after: Duration = timedelta(seconds=3)
    page_token_life: Duration = timedelta(minutes=2)
    media_life: Duration = timedelta(minutes=5)


class UserEntry(Entry):
    """A member of the workspace."""

    id: str = ""
    first_name: Maybe[str] = None
    last_name: Maybe[str] = None
    email: str = ""
    role: Literal["owner", "admin", "member"] = "member"


class Messaging(Entry):
    """Where a line may text, by region."""

    US: Restriction = "unrestricted"
    CA: Restriction = "unrestricted"
    Intl: Restriction = "unrestricted"


class LineEntry(Entry):
    """One of our phone numbers. `users` name members by id, e-mail or first name; none means all."""

    id: str = ""
    number: str = Field(pattern=r"^\+[1-9]\d{6,14}$")
    name: str = ""
    users: Texts = ()
    messaging: Messaging = Messaging()


class FieldEntry(Entry):
    """A contact custom field."""

    name: str
    key: str
    type: FieldType = "string"


class ContactEntry(Entry):
    """A contact. `fields` maps a custom field's key to its value."""

    id: str = ""
    first_name: Maybe[str] = None
    last_name: Maybe[str] = None
    company: Maybe[str] = None
    role: Maybe[str] = None
    phones: Texts = ()
    emails: Texts = ()
    fields: dict[str, Any] = {}  # plain data; checked against the field's type
    source: Maybe[str] = None
    external_id: Maybe[str] = None
    created: Offset = -timedelta(days=30)


class ConnectionEntry(Entry):
    """A connection of the gateway. One whose `token` is expired answers everything with 500."""

    id: str
    status: Literal["ACTIVE", "PENDING", "FAILED"] = "ACTIVE"
    token: Literal["valid", "expired"] = "valid"


class ConversationEntry(Entry):
    """What a conversation has beside its messages and calls."""

    line: str = ""
    peer: Peers
    name: Maybe[str] = None
    assigned_to: Maybe[str] = None
    muted: bool = False
    snoozed: bool = False
    deleted: bool = False
    at: Offset = -timedelta(days=1)


class MessageEntry(Entry):
    """A text: from `peer` to `line`, or the other way by a person of ours. The first line unless said."""

    id: str = ""
    line: str = ""
    peer: Peers
    direction: Direction = "incoming"
    text: str = ""
    user: Maybe[str] = None
    status: Maybe[Literal["queued", "sent", "delivered", "undelivered", "failed"]] = None


class Late(Entry):
    """Something made after a call has ended: `after` how long, and what comes of it."""

    after: Duration = timedelta(0)
    status: Literal["completed", "failed", "absent"] = "completed"


class VoicemailEntry(Late):
    """What the caller left."""

    text: Maybe[str] = None
    duration: Duration = timedelta(seconds=12)


class RecordingEntry(Late):
    """The audio of a call; `served_as` is the type that its storage says, where that is another."""

    type: str = "audio/mpeg"
    served_as: str = ""


class TranscriptLine(Entry):
    """What one side said."""

    speaker: Literal["us", "them"] = "them"
    text: str


class TranscriptEntry(Late):
    """What was said."""

    lines: tuple[TranscriptLine, ...] = ()


class SummaryEntry(Late):
    """What it came to."""

    points: Texts = ()
    next_steps: Texts = ()


class Artifacts(Entry):
    """What is made after a call; what is not named never comes."""

    voicemail: VoicemailEntry | None = None
    recording: RecordingEntry | None = None
    transcript: TranscriptEntry | None = None
    summary: SummaryEntry | None = None


class CallEntry(Artifacts):
    """A call: it rings for `ring`, is then taken for `duration` (if `answered`) or is over.

    `status` is the final one; unless said `completed` for an answered call, `missed` for an incoming and
    `no-answer` for an outgoing one that was not.
    """

    id: str = ""
    line: str = ""
    peer: str
    direction: Direction = "incoming"
    ring: Duration = timedelta(seconds=10)
    answered: bool = False
    duration: Duration = timedelta(seconds=60)
    status: Maybe[str] = None
    user: Maybe[str] = None
    ai_handled: bool = False
    forwarded_from: Maybe[str] = None
    forwarded_to: Maybe[str] = None


class Happening(Entry):
    """A message or a call: exactly one of the two."""

    message: MessageEntry | None = None
    call: CallEntry | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Happening:
        if (self.message is None) == (self.call is None):
            raise ValueError("name either a `message` or a `call`")
        return self


class Past(Happening):
    """Something that happened before the start."""

    at: Offset = Field(le=timedelta(0), description="When, such as -2h: before the start.")


class Future(Happening):
    """Something that will happen."""

    after: Offset = Field(ge=timedelta(0), description="When, such as 5s: after the start.")


class Scenario(Entry):
    """A workspace, its history, and what is to come."""

    name: str = "unnamed"
    description: str = ""
    options: Options = Options()
    connections: tuple[ConnectionEntry, ...] = (ConnectionEntry(id="sandbox-connection"),)
    users: tuple[UserEntry, ...] = Field(min_length=1)
    lines: tuple[LineEntry, ...] = Field(min_length=1)
    fields: tuple[FieldEntry, ...] = ()
    contacts: tuple[ContactEntry, ...] = ()
    conversations: tuple[ConversationEntry, ...] = ()
    history: tuple[Past, ...] = ()
    timeline: tuple[Future, ...] = ()

    @model_validator(mode="after")
    def _names_are_known(self) -> Scenario:
        lines = {name for line in self.lines for name in (line.id, line.number, line.name)} | {""}
        users = {name for user in self.users for name in (user.id, user.email, user.first_name)} | {"", None}
        keys = {field.key for field in self.fields}
        problems = [
            *_unknown("line", (entry.line for entry in self._entries()), lines),
            *_unknown("user", (name for line in self.lines for name in line.users), users),
            *_unknown("user", (entry.user for entry in self._happened()), users),
            *_unknown("custom field", (key for contact in self.contacts for key in contact.fields), keys),
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _happened(self) -> list[MessageEntry | CallEntry]:
        both = (*self.history, *self.timeline)
        return [entry for each in both if (entry := each.message or each.call) is not None]

    def _entries(self) -> list[MessageEntry | CallEntry | ConversationEntry]:
        return [*self._happened(), *self.conversations]


def _unknown(kind: str, names: Iterable[str | None], known: Iterable[str | None]) -> list[str]:
    missing = {name for name in names if name is not None} - set(known)
    return [f"there is no {kind} `{name}`" for name in sorted(missing)]


def build_scenario(data: object) -> Scenario:
    """Make a scenario from plain data whose scalars may all be text.

    Raises:
        QuoflowError: when it is not a scenario; the message names each key and what is wrong with it.
    """
    try:
        return Scenario.model_validate(data)
    except ValidationError as error:
        found = [(".".join(map(str, each["loc"])) or "scenario", each["msg"]) for each in error.errors()]
        problems = "; ".join(f"{where}: {what}" for where, what in found)
        raise QuoflowError(f"The scenario cannot be used: {problems}", "Mend the file and start again") from None


def find_scenario(name: str) -> Path:
    """Give the file of a bundled scenario (`demo`, `empty`) or of a path.

    Raises:
        QuoflowError: when there is neither; the hint lists the bundled ones.
    """
    bundled = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    path = bundled.get(name, Path(name))
    if not path.is_file():
        raise QuoflowError(f"There is no scenario `{name}`", f"Name a file, or one of: {', '.join(bundled)}")
    return path
