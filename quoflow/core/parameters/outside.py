"""Steps that tell somebody or something that is not a customer. Pure."""

from __future__ import annotations

from pydantic import Field

from quoflow.core.parameters.base import Parameters, Template


class Notify(Parameters):
    """Tell someone on our side: a named target of the configuration, or `log`."""

    to: str = Field("log", description="A target of `notify:` in quoflow.yaml; `log` writes to quoflow's own log.")
    text: Template = Field(min_length=1, description="What to tell them, 1 to 1,600 characters once rendered.")
    subject: Template | None = Field(
        None,
        min_length=1,
        description="The subject of the mail, or the first line in a chat; the rule's name unless said.",
    )
