"""Steps that tell somebody or something that is not a customer. Pure."""

from __future__ import annotations

from pydantic import Field

from quoflow.core.parameters.base import Parameters, Template


class Notify(Parameters):
    """Tell someone on our side: a named target of the configuration, or `log`."""

    to: str = Field("log", description="A target; `log` writes it to quoflow's own log.")
    text: Template = Field(min_length=1, description="What to tell them.")
