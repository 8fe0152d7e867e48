"""Steps that choose, wait and end. Pure."""

from __future__ import annotations

from pydantic import Field

from quoflow.core.durations import Duration
from quoflow.core.parameters.base import Parameters


class Wait(Parameters):
    """Wait for a duration; it survives any number of restarts."""

    duration: Duration = Field(description="How long, such as 30m.")


class If(Parameters):
    """Take one of two ways."""


class Stop(Parameters):
    """End this run here, as a success."""

    reason: str = Field("", description="Why, shown in the run.")
