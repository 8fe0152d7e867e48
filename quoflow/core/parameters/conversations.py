"""Steps that change conversations. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from quoflow.core.parameters.base import Parameters, Template

UNABLE = frozenset(
    {"unread", "closed", "archived", "deleted", "snoozed", "snooze", "muted", "mute", "assigned", "blocked", "pinned"}
)
"""What people do to conversations in the Quo app and no program can: the API has done, open and read only."""


class MarkConversation(Parameters):
    """Mark a conversation as done, open or read in Quo's inbox. More than that Quo's API cannot do."""

    as_: Literal["done", "open", "read"] = Field(alias="as", description="done, open or read.")
    conversation: Template | None = Field(None, description="Quo's id of the conversation; the event's unless said.")

    @field_validator("as_", mode="before")
    @classmethod
    def _can_be_done(cls, value: object) -> object:
        if value in UNABLE:
            raise ValueError(f"Quo's API cannot mark a conversation as `{value}`; it knows `done`, `open` and `read`")
        return value
