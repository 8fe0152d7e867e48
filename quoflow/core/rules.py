"""A rule as the engine sees it: triggers, conditions, options and steps, frozen. Pure.

Models (pydantic) are what YAML may write; dataclasses are what the engine holds. `quoflow.loader`
translates, and keeps file, line and column beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from quoflow.core import events
from quoflow.core.durations import Duration, Span
from quoflow.core.lists import as_tuple
from quoflow.core.moments import Moment
from quoflow.core.parameters.base import Expression, Template
from quoflow.core.parameters.filters import OneOrMany, TextFilter
from quoflow.core.steps import Step

DEFAULT_MAX_AGE = timedelta(hours=24)


MOST_MOMENTS = 366
"""How many moments one schedule may list."""

Purpose = Literal["transactional", "marketing", "reply"]

Moments = Annotated[tuple[Moment, ...], BeforeValidator(as_tuple)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Filters(_Model):
    """Narrows a trigger; each may be one value or a list of which one must fit."""

    line: OneOrMany = Field((), description="Our line: its name, number or PN… id.")
    direction: Literal["incoming", "outgoing"] | None = Field(None, description="incoming or outgoing.")
    from_: OneOrMany = Field((), alias="from", description="The number that called or wrote.")
    to: OneOrMany = Field((), description="The number that was called or written to.")
    status: OneOrMany = Field((), description="The call's or message's status, as Quo names it.")
    text: TextFilter | None = Field(None, description="What the text must contain or match.")
    on: Annotated[tuple[Literal["completed", "failed"], ...], BeforeValidator(as_tuple)] = Field(
        ("completed",),
        description="For what is made after a call: completed when it is there (unless said), failed when Quo says "
        "that it never will be, or it is not there after 24 hours.",
    )

    changed: OneOrMany = Field(
        (),
        description="Fields of the contact, one of which somebody has changed: first_name, last_name, company, role, "
        "emails, phones, tags, fields (any custom field), or fields.KEY.",
    )

    for_: Duration | None = Field(None, alias="for", description="How long nobody has answered, such as 30m.")
    within: str | None = Field(
        None, description="A calendar of the configuration's `hours`: only its open time counts. All time unless said."
    )

    @field_validator("for_")
    @classmethod
    def _takes_time(cls, wait: timedelta | None) -> timedelta | None:
        if wait is not None and not wait:
            raise ValueError("nobody can answer in no time; write such as 30m")
        return wait

    @field_validator("on")
    @classmethod
    def _says_when(cls, on: tuple[str, ...]) -> tuple[str, ...]:
        if not on:
            raise ValueError("nothing is listed here; write `completed`, `failed`, or both")
        return on


_EXCHANGE = ("line", "direction", "from", "to", "status", "text")


def list_filters(kind: str) -> tuple[str, ...]:
    """List the filters that a trigger takes, as rules write them."""
    if kind in events.ARTIFACT_KINDS:
        return (*_EXCHANGE, "on")
    if kind in events.CONTACT_KINDS:
        return ("changed",) if kind == "contact.updated" else ()
    if kind == "conversation.unanswered":
        return ("for", "within", "line", "from", "text")
    if kind == "conversation.started":
        return ("line", "direction", "from", "to", "text")
    return () if kind in ("schedule", "manual") else _EXCHANGE


class Schedule(_Model):
    """When a schedule fires: at wall-clock times that a cron expression names, every so often, or at given moments."""

    cron: str | None = Field(None, description="Five fields: minute hour day-of-month month day-of-week.")
    every: Duration | None = Field(None, description="An interval by elapsed time, such as 4h.")
    at: Moments = Field(
        (),
        max_length=MOST_MOMENTS,
        description="A date with a time of day, or a list of such, each of which fires once: 2026-12-24T09:00.",
    )
    timezone: str | None = Field(
        None, description="An IANA name such as America/New_York; the configuration's unless said."
    )
    catchup: Literal["skip", "latest", "all"] = Field(
        "skip",
        description="After a pause: skip what was missed (over 15 minutes late), fire the latest one, or all, none of "
        "them older than the rule's `max_age`.",
    )

    @model_validator(mode="after")
    def _says_one(self) -> Schedule:
        if sum((self.cron is not None, self.every is not None, bool(self.at))) != 1:
            raise ValueError("say one of `cron`, `every` and `at`")
        return self


class Throttle(_Model):
    """Fire once where many events of a key come together: exactly one of the three ways."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": [way]} for way in ("once_within", "once_after", "accumulate")]}
    )

    once_within: Span | None = Field(None, description="How long a firing keeps the same key quiet, such as 4h.")
    once_after: Span | None = Field(
        None, description="Fire once, for the last event of a key, when no other has come for this long, such as 10m."
    )
    accumulate: Span | None = Field(
        None, description="Gather the events of a key for this long after the first, then fire once for all of them."
    )
    key: Template = Field("{{ contact.phone }}", description="What counts as the same; the contact unless said.")

    @model_validator(mode="after")
    def _says_one(self) -> Throttle:
        if sum(way is not None for way in (self.once_within, self.once_after, self.accumulate)) != 1:
            raise ValueError("say one of `once_within`, `once_after` and `accumulate`; write such as `once_within: 4h`")
        return self


class Audience(BaseModel):
    """Whom a scheduled or manual rule acts on: one run for each member, planned and approved as one batch."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    contacts: Expression | None = Field(
        None, description="An expression that holds for each contact who is meant, such as `'vip' in contact.tags`."
    )
    conversations: Expression | None = Field(
        None, description="An expression that holds for each conversation that is meant."
    )
    numbers: Expression | None = Field(
        None, alias="list", description="An expression that gives a list of phone numbers, such as `vars.numbers`."
    )
    where: Expression | None = Field(
        None, description="Of a list: an expression that holds for each number that is meant; all unless said."
    )

    @model_validator(mode="after")
    def _says_one(self) -> Audience:
        said = [one for one in (self.contacts, self.conversations, self.numbers) if one is not None]
        if not all(one.strip() for one in (*said, self.where or "-")):
            raise ValueError("an expression is missing; write `true` where all are meant")
        if len(said) != 1:
            raise ValueError("say one of `contacts`, `conversations` and `list`; each takes an expression")
        if self.where is not None and self.numbers is None:
            raise ValueError("`where` belongs to `list`; write the condition behind `contacts` or `conversations`")
        return self

    @property
    def source(self) -> Literal["contacts", "conversations", "list"]:
        """Name what is looked through."""
        if self.contacts is not None:
            return "contacts"
        return "list" if self.conversations is None else "conversations"

    @property
    def condition(self) -> str | None:
        """Give what must hold for each member; None where all are meant."""
        return next((one for one in (self.contacts, self.conversations, self.where) if one is not None), None)


class Concurrency(_Model):
    """What happens when a run of the rule would begin while others of the same key have not ended."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"required": ["max"]},
            "then": {"required": ["mode"], "properties": {"mode": {"const": "parallel"}}},
        }
    )

    key: Template = Field("{{ contact.phone }}", description="What counts as the same; the contact unless said.")
    mode: Literal["queued", "single", "restart", "parallel"] = Field(
        "queued",
        description="queued: one after the other; single: the new one is skipped; restart: the older ones are "
        "cancelled; parallel: at the same time.",
    )
    max: int | None = Field(
        None, ge=1, description="For parallel: how many at the same time; further ones wait for their turn."
    )

    @model_validator(mode="after")
    def _has_max_where_it_counts(self) -> Concurrency:
        if self.max is not None and self.mode != "parallel":
            raise ValueError("`max` is for `mode: parallel`; write that, or take `max` out")
        return self


@dataclass(frozen=True, slots=True)
class Trigger:
    """One thing that a rule waits for. `schedule` is set for kind `schedule` only."""

    kind: str
    id: str | None = None
    filters: Filters = field(default_factory=Filters)
    schedule: Schedule | None = None


@dataclass(frozen=True, slots=True)
class Holds:
    """A leaf of a condition: an expression that must hold."""

    expression: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part must hold; none is true."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part must hold."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part must not hold."""

    part: Condition


Condition = Holds | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Call:
    """A step that runs another rule: the rule's name, and where in the file it stands."""

    rule: str
    line: int
    column: int
    path: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: unique over all files.
        version: 12 hexadecimal digits of the SHA-256 of the document's canonical JSON.
        document: the plain data it was read from (dict, list, str, bool, None): enough to build it again,
            so that a run keeps the version it began with.
        file: the file it stands in, and `line`, where its document begins.
        approval: `required`, or `auto`, which counts only where the configuration allows this rule.
        max_age: an event older than this is skipped, and a write that is later than this is not sent.
        unless_human: a text waits until no person of ours has talked to them for this long, or None.
        cancel_on: event kinds of the same contact that cancel this rule's unfinished runs.
        audience: whom it acts on, one run each; None where it acts once for each event.
        max_recipients: how many numbers it may text at most, and `max_actions`, how many writes it may make; None is
            no limit. With more, nothing is written at all.
        on_error: the steps that are done when a run fails, before it ends as failed.
        connections: names of the connections it applies to; none means every one.
        vars: plain data reachable as `vars`.
        calls: the rules that it runs.
    """

    name: str
    version: str
    document: Mapping[str, Any]  # JSON
    triggers: tuple[Trigger, ...]
    steps: tuple[Step, ...]
    when: AllOf = AllOf()
    description: str = ""
    approval: Literal["required", "auto"] = "required"
    max_age: timedelta = DEFAULT_MAX_AGE
    throttle: Throttle | None = None
    concurrency: Concurrency | None = None
    unless_human: timedelta | None = None
    cancel_on: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    audience: Audience | None = None
    max_recipients: int | None = None
    max_actions: int | None = None
    purpose: Purpose = "transactional"
    enabled: bool = True
    on_error: tuple[Step, ...] = ()
    vars: Mapping[str, Any] = field(default_factory=dict)  # JSON
    calls: tuple[Call, ...] = ()
    file: str = ""
    line: int = 1
