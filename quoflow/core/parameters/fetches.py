"""Steps that wait for what Quo makes of a call, and read it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from quoflow.core.durations import Duration
from quoflow.core.parameters.base import Parameters


class _Fetch(Parameters):
    timeout: Duration = Field(timedelta(hours=1), description="How long to wait for it to be made, such as 1h.")
    on_timeout: Literal["fail", "continue"] = Field("fail", description="What to do when it was not made in time.")


class FetchTranscript(_Fetch):
    """Wait for the transcript of the event's call, then read it: `steps.<id>.text`."""


class FetchSummary(_Fetch):
    """Wait for the summary of the event's call, then read it: `steps.<id>.text`, `.next_steps`."""
