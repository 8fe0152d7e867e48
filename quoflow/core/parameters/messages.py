"""Steps that text people. Pure."""

from __future__ import annotations

from pydantic import Field

from quoflow.core.parameters.base import Parameters, Template


class SendMessage(Parameters):
    """Send one text to one person."""

    text: Template = Field(min_length=1, description="The text, 1 to 1,600 characters once rendered.")
    to: Template | None = Field(None, description="The recipient's number; the event's contact unless said.")
    from_: Template | None = Field(
        None,
        alias="from",
        description="One of our lines: its name, number or PN… id; the event's line unless said.",
    )
    user: Template | None = Field(
        None, description="The Quo user who sends it: id, e-mail or name; the line's owner unless said."
    )
    done: bool = Field(False, description="Mark the conversation as done once sent.")
