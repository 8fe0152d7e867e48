"""Steps that choose, wait and end. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from quoflow.core.durations import Duration
from quoflow.core.parameters.base import Expression, Marker, Parameters, Template


class Wait(Parameters):
    """Wait for a duration; it survives any number of restarts."""

    duration: Duration = Field(description="How long, such as 30m.")


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
