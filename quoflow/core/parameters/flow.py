"""Steps that choose, wait and end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from quoflow.core import zones
from quoflow.core.durations import Duration, Span
from quoflow.core.parameters.base import Expression, Marker, Parameters, Template
from quoflow.core.parameters.filters import OneOrMany, TextFilter


class Wait(Parameters):
    """Wait for a duration; it survives any number of restarts."""

    duration: Duration = Field(description="How long, such as 30m.")


class WaitUntil(Parameters):
    """Wait until a time of day, or until a calendar is open; it survives any number of restarts."""

    time: str | None = Field(
        None,
        pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$",
        description="A time of day such as 08:30: the next one there is.",
    )
    timezone: Annotated[str, AfterValidator(zones.check_zone)] | None = Field(
        None, description="Whose clock, such as America/New_York; the configuration's unless said."
    )
    open: str | None = Field(
        None, description="A calendar of the configuration, such as office: goes on at once while it is open."
    )

    @model_validator(mode="after")
    def _says_one(self) -> WaitUntil:
        if (self.time is None) == (self.open is None):
            raise ValueError("say either a `time`, such as 08:30, or which calendar is to be `open`")
        if self.timezone is not None and self.open is not None:
            raise ValueError("a calendar has a time zone of its own; leave `timezone` out")
        return self


class WaitFor(Parameters):
    """Wait for an event of this contact: an answer, a call."""

    event: OneOrMany = Field(min_length=1, description="The event, or several of which one will do.")
    text: TextFilter | None = Field(None, description="What its text must contain or match.")
    line: OneOrMany = Field((), description="Our line: its name, number or PN… id.")
    direction: Literal["incoming", "outgoing"] | None = Field(None, description="incoming or outgoing.")
    timeout: Duration = Field(timedelta(hours=24), description="How long to wait, such as 2h.")
    on_timeout: Literal["fail", "continue"] = Field(
        "fail", description="What to do when it did not come in time; or the steps to take then."
    )


class Approve(Parameters):
    """Ask a person whether to go on; nothing behind it is planned before their yes."""

    message: Template = Field(min_length=1, description="What they are asked.")
    expire_after: Span | None = Field(
        None, description="How long the question stands; then it means no. As the configuration says unless said."
    )


class RunRule(Parameters):
    """Run another rule, one that has the trigger `manual`, as a run of its own; this one goes on at once."""

    rule: str = Field(min_length=1, description="The rule's name.")
    vars: Annotated[Mapping[str, Any], Marker("template")] = Field(
        {}, description="Values that it reads as `vars`, put over its own. One `{{ }}` alone gives its value as it is."
    )


class If(Parameters):
    """Take one of two ways."""


class Choose(Parameters):
    """Take the first way whose condition holds, or the way `else`."""


class ForEach(Parameters):
    """Do steps for each item of a list, one after the other."""

    in_: Expression = Field(alias="in", min_length=1, description="An expression that gives the list.")
    as_: str = Field("item", alias="as", description="The name that the steps read each item by.")
    max: int = Field(25, ge=1, le=100, description="How many items there may be; with more, nothing is done. 1 to 100.")


class Stop(Parameters):
    """End this run here, as a success."""

    reason: Template = Field("", description="Why, shown in the run.")


class Fail(Parameters):
    """End this run here, as a failure."""

    reason: Template = Field("", description="Why, shown in the run.")


class Set(Parameters):
    """Give values names: `vars.<name>` from here on, with the type that the value has."""

    values: Annotated[Mapping[str, Any], Marker("template")] = Field(
        min_length=1,
        description="Names and values. One `{{ }}` alone gives its value as it is, anything else around it makes text.",
    )


class Log(Parameters):
    """Write a line to quoflow's own log."""

    text: Template = Field(min_length=1, description="What to write.")
    level: Literal["info", "warning", "error"] = Field("info", description="How much it matters.")
