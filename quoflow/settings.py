"""What `quoflow.yaml` says: the models of the configuration, where the file is found, and where keys are read from.

Field descriptions are the reference and what editors show. Secrets are never values here: only the name of the
environment variable or the file that holds them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from quoflow.core import phones, zones
from quoflow.core.durations import Age, Duration, format_duration
from quoflow.core.guard_settings import GuardSettings
from quoflow.core.hours import OfficeHours
from quoflow.core.lists import as_tuple
from quoflow.core.outside_settings import LOG, HttpSettings, RecordingSettings, Target
from quoflow.errors import QuoflowError

FILE = "quoflow.yaml"
PREFIX = "QUOFLOW_"
BASE_URLS = {"maton": "https://api.maton.ai", "direct": "https://api.openphone.com"}
KEY_HINTS = {
    "maton": "get a key at https://maton.ai/settings",
    "direct": "make a key in the Quo app under Settings > API",
}
LARGEST_KEY = 4_096

_PLURALS = {"notify": "targets of notify"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _as_section(value: object) -> object:
    """Let a key with nothing behind it ask for the section's defaults."""
    return {} if value is None else value


def _at_least(shortest: timedelta, longest: timedelta) -> AfterValidator:
    def check(value: timedelta) -> timedelta:
        if not shortest <= value <= longest:
            raise ValueError(f"it must be between {format_duration(shortest)} and {format_duration(longest)}")
        return value

    return AfterValidator(check)


Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])]
Timezone = Annotated[str, AfterValidator(zones.check_zone)]


class ConnectionSettings(_Model):
    """One Quo workspace and how to reach it."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["api_key_env"]}, {"required": ["api_key_file"]}]}
    )

    gateway: Literal["maton", "direct"] = Field(
        "maton", description="maton: through the Maton gateway; direct: Quo's own API."
    )
    base_url: str = Field(
        "", description="The part of the address before /quo/v1 (maton) or /v1 (direct); the vendor's unless said."
    )
    api_key_env: str | None = Field(
        None, description="The NAME of the environment variable that holds the key, such as MATON_API_KEY."
    )
    api_key_file: str | None = Field(
        None, description="A file that holds the key and nothing else; relative to this file's folder."
    )
    connection_id: str | None = Field(None, description="Sent as the Maton-Connection header, where there are several.")
    requests_per_second: float = Field(
        8, ge=0.1, le=10, description="How many requests a second at most; Quo allows 10 per key."
    )

    @model_validator(mode="before")
    @classmethod
    def _holds_no_secret(cls, data: Any) -> Any:  # as it is written
        if isinstance(data, dict):
            for key in ("api_key", "key", "token", "secret"):
                if key in data:
                    raise ValueError(
                        f"a secret must not stand in this file; in place of `{key}` write `api_key_env: MATON_API_KEY`"
                        " (the name of an environment variable that holds it) or `api_key_file:`"
                    )
        return data

    @field_validator("base_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if value and not re.match(r"https?://[^/\s?#@]+", value):
            raise ValueError(f"`{value}` is not an address; write one such as https://api.maton.ai")
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _is_name(cls, value: str | None) -> str | None:
        if value is not None and not _VARIABLE.fullmatch(value):
            raise ValueError(
                "this is not the name of an environment variable; write the name, such as MATON_API_KEY, not the key"
            )
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> ConnectionSettings:
        if (self.api_key_env is None) == (self.api_key_file is None):
            raise ValueError("say where the key is; write either `api_key_env` or `api_key_file`")
        if not self.base_url:
            object.__setattr__(self, "base_url", BASE_URLS[self.gateway])  # frozen for everyone else
        return self

    @property
    def key_source(self) -> str:
        """Say where the key comes from: `environment variable MATON_API_KEY`."""
        return f"environment variable {self.api_key_env}" if self.api_key_env else f"file {self.api_key_file}"

    def read_key(self, environ: Mapping[str, str], base: Path) -> str:
        """Read the key from the environment, or from a file relative to `base`; blanks around it are left out.

        Raises:
            QuoflowError: when there is none, or the file cannot be read: what to set and where to get a key.
        """
        where = KEY_HINTS[self.gateway]
        if self.api_key_env:
            key = environ.get(self.api_key_env, "").strip()
            if not key:
                raise QuoflowError(
                    f"The environment variable {self.api_key_env} is not set",
                    f"Set it: `export {self.api_key_env}=…`; {where}",
                )
            return key
        return self._read_file(base / str(self.api_key_file), where)

    def _read_file(self, file: Path, where: str) -> str:
        try:
            with file.open(encoding="utf-8") as stream:
                key = stream.read(LARGEST_KEY).strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise QuoflowError(
                f"The key's file {file} cannot be read ({reason})", f"Write the key into it; {where}"
            ) from None
        if not key:
            raise QuoflowError(f"The key's file {file} is empty", f"Write the key into it; {where}")
        return key


class PollSettings(_Model):
    """How often Quo is asked for news."""

    every: Annotated[Duration, _at_least(timedelta(seconds=1), timedelta(days=1))] = Field(
        timedelta(seconds=15), description="The pause between two looks, 1s or longer."
    )
    overlap: Annotated[Duration, _at_least(timedelta(seconds=0), timedelta(days=2))] = Field(
        timedelta(minutes=10), description="How far each look goes back behind the last, for what shows up late."
    )
    contacts_every: Annotated[Duration, _at_least(timedelta(seconds=1), timedelta(days=7))] = Field(
        timedelta(minutes=10), description="The pause between two looks at the contacts."
    )


class TagSettings(_Model):
    """Where tags are kept: Quo's API has no tags, so a multi-select contact property holds them."""

    field: str = Field(
        "tags", min_length=1, description="Key or name of the multi-select contact property that holds tags."
    )


class SmsApproval(_Model):
    """Approval by text: owners are asked by text, and answer with a code. Quo cannot prove who wrote a text."""

    owners: Mapping[str, str] = Field(
        min_length=1,
        description='Who is asked, by the name of their login on this machine: `{maria: "+15555550101"}`.',
    )
    line: str = Field(min_length=1, description="The line that asks and that they answer to: name, number or PN… id.")
    code_expires: Annotated[Duration, _at_least(timedelta(minutes=1), timedelta(days=1))] = Field(
        timedelta(minutes=30), description="How long an answer with the code counts."
    )

    @field_validator("owners")
    @classmethod
    def _are_people(cls, owners: Mapping[str, str]) -> Mapping[str, str]:
        for name, number in owners.items():
            if not phones.is_textable(number):
                raise ValueError(f"`{number}` of {name} is not a full number; write one such as +15555550101")
        if len(set(owners.values())) < len(owners):
            raise ValueError("two owners have the same number; each needs their own")
        return owners


class ApprovalSettings(_Model):
    """Which writes a person must say yes to, and whose yes counts."""

    expire_after: Annotated[Duration, _at_least(timedelta(seconds=1), timedelta(days=30))] = Field(
        timedelta(hours=24), description="No answer within this time means no."
    )
    allow_auto: Texts = Field(
        (), description="Names of rules whose `approval: auto` counts, or `*` for all; none unless said."
    )
    allow_delete: Texts = Field(
        (), description="Names of rules that may delete contacts without asking, where `allow_auto` names them, too."
    )
    approvers: int = Field(1, ge=1, le=2, description="How many different people must say yes to a write: 1 or 2.")
    self_approval: bool = Field(
        True, description="false: who edited a text, or fired its rule by hand, may not be the one who says yes to it."
    )
    sms: SmsApproval | None = Field(None, description="Approval by text; none unless said.")


class LineSettings(_Model):
    """What is special about one of our lines."""

    timezone: Timezone = Field(
        description="The IANA time zone of what happens on this line: calendars, today and printed times."
    )


class RecoverySettings(_Model):
    """When a database must not write before a person has looked at it."""

    idle: Annotated[Age, _at_least(timedelta(hours=1), timedelta(days=3650))] = Field(
        timedelta(days=7), description="Out of work for longer than this, a database is too old to go on by itself."
    )
    place: bool = Field(
        True, description="Whether a file that was copied, or is on another machine, counts; false where inodes change."
    )
    other_senders: bool = Field(
        False, description="Whether other programs text from the same lines: their texts then prove nothing."
    )


class RetentionSettings(_Model):
    """How long people's words are kept."""

    texts: Annotated[Age, _at_least(timedelta(days=30), timedelta(days=3650))] | None = Field(
        None, description="Age at which texts, transcripts and other words are removed, 30d or more; kept unless said."
    )


class WebSettings(_Model):
    """Where the web console listens."""

    host: str = Field("127.0.0.1", min_length=1, description="The address to listen on.")
    port: int = Field(8642, ge=1, le=65535, description="The port to listen on.")


class LogSettings(_Model):
    """What is written to stderr while it runs."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least severe that is written.")
    format: Literal["text", "json"] = Field("text", description="text for people, json for machines.")


class Settings(_Model):
    """The configuration of quoflow."""

    connections: Mapping[str, ConnectionSettings] = Field(
        min_length=1, description="The Quo workspaces, each under a name of your choice."
    )
    lines: Mapping[str, LineSettings] = Field(
        {}, description="Lines that are not like the others, by name, number or PN… id."
    )
    timezone: Timezone = Field("UTC", description="The IANA time zone of schedules and days, such as America/New_York.")
    region: str = Field(
        "US", pattern=r"^[A-Z]{2}$", description="The ISO country in which a number without a country code is read."
    )
    rules: Texts = Field(("rules/",), min_length=1, description="A folder or file of rules, or a list of them.")
    database: str = Field("quoflow.db", min_length=1, description="Where the state is kept: a path, or a URL.")
    poll: PollSettings = Field(PollSettings(), description="How often Quo is asked for news.")
    tags: TagSettings = Field(TagSettings(), description="Where tags are kept.")
    approvals: ApprovalSettings = Field(
        ApprovalSettings(), description="Which writes a person must say yes to, and whose yes counts."
    )
    recovery: RecoverySettings = Field(
        RecoverySettings(), description="When a database must not write before a person has looked at it."
    )
    retention: RetentionSettings = Field(RetentionSettings(), description="How long people's words are kept.")
    guards: GuardSettings = Field(GuardSettings(), description="What stands before every text.")
    notify: Mapping[str, Target] = Field(
        {}, description="Whom `notify` tells, each under a name of your choice; `log` is always there."
    )
    http: HttpSettings = Field(HttpSettings(), description="Which hosts the step `http` may reach; none unless said.")
    recordings: RecordingSettings = Field(
        RecordingSettings(), description="Where the audio of calls goes that `fetch_recording` saves."
    )
    hours: Mapping[str, OfficeHours] = Field(
        {}, description="Calendars of opening hours by name, for is_open('office')."
    )
    vars: Mapping[str, Any] = Field({}, description="Values that every rule can use as `vars`.")
    web: Annotated[WebSettings | None, BeforeValidator(_as_section)] = Field(
        None, description="Where the web console listens; none unless said."
    )
    log: LogSettings = Field(LogSettings(), description="What is written to stderr while it runs.")

    @field_validator("notify")
    @classmethod
    def _is_not_the_log(cls, value: Mapping[str, object]) -> Mapping[str, object]:
        if LOG in value:
            raise ValueError(f"`{LOG}` is quoflow's own log, and always there; choose another name")
        return value

    @field_validator("connections", "hours", "vars", "notify")
    @classmethod
    def _are_names(cls, value: Mapping[str, object], info: ValidationInfo) -> Mapping[str, object]:
        for name in value:
            if not _NAME.fullmatch(name):
                raise ValueError(
                    f"`{name}` is not a name for one of the {_PLURALS.get(str(info.field_name), info.field_name)};"
                    " use letters, digits, `-` and `_`, 50 at most"
                )
        return value

    def find_timezone(self, names: Iterable[str]) -> str:
        """Give the time zone of a line by its id, number and name, in any case; the configuration's unless said."""
        known = {name.casefold() for name in names}
        own = (line.timezone for name, line in self.lines.items() if name.strip().casefold() in known)
        return next(own, self.timezone)


def find_file(start: Path) -> Path | None:
    """Find quoflow.yaml in a folder or the nearest one above it; None when there is none."""
    folder = start.resolve()
    return next((found for place in (folder, *folder.parents) if (found := place / FILE).is_file()), None)


def read_overrides(environ: Mapping[str, str]) -> dict[str, Any]:  # nested, texts at the ends
    """Read `QUOFLOW_POLL__EVERY=5s` as {"poll": {"every": "5s"}}; a double underscore parts the levels.

    Values stay text; the configuration reads lists of them, with commas or as JSON, where its models have lists.
    Variables without levels that name no key of the configuration are left alone: they may have other uses.
    """
    overrides: dict[str, Any] = {}
    for variable in sorted(environ):
        if not variable.startswith(PREFIX):
            continue
        path = variable.removeprefix(PREFIX).lower().split("__")
        is_meant = path[0] in Settings.model_fields or len(path) > 1  # a slip in the first word is told of, then
        if not is_meant or not all(path):
            continue
        place = overrides
        for key in path[:-1]:
            inner = place.get(key)
            place[key] = place = inner if isinstance(inner, dict) else {}
        place[path[-1]] = environ[variable]
    return overrides
