"""What a rule says about itself beside its trigger, conditions and actions. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from quoflow.core.durations import Duration, Span
from quoflow.core.parameters.filters import OneOrMany
from quoflow.core.rules import DEFAULT_MAX_AGE, Audience, Concurrency, Purpose, Throttle


def _need_figure(value: object) -> object:
    """Refuse a limit without a figure: it would be none."""
    if value is None:
        raise ValueError("nothing is written here")
    return value


Silence = Annotated[Span | None, BeforeValidator(_need_figure)]
Limit = Annotated[Annotated[int, Field(ge=1)] | None, BeforeValidator(_need_figure)]


class Options(BaseModel):
    """The options of a rule; field descriptions are the reference."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="The rule's name: letters, digits, `-`, `_` and `.`; unique.")
    description: str = Field("", description="What it is for, in a sentence.")
    approval: Literal["required", "auto"] = Field(
        "required", description="required: a person approves each write; auto: only where the configuration allows it."
    )
    max_age: Duration = Field(DEFAULT_MAX_AGE, description="An event older than this is skipped, such as 15m.")
    throttle: Throttle | None = Field(None, description="Fire once where many events of a key come together.")
    concurrency: Concurrency | None = Field(
        None, description="What happens when runs of the same key would be on their way at the same time."
    )
    unless_human: Silence = Field(
        None,
        description="Hold a text while a person of ours talks to the contact: until none has texted or spoken with "
        "them for this long, such as 15m.",
    )
    cancel_on: OneOrMany = Field(
        (), description="Events of the same contact that cancel the run while it waits, such as message.received."
    )
    audience: Audience | None = Field(
        None, description="Whom a rule that a schedule or a person fires acts on: one run each, as one batch."
    )
    max_recipients: Limit = Field(
        None, description="How many numbers it may text at most; with more it stops before the first write."
    )
    max_actions: Limit = Field(
        None, description="How many writes it may make at most; with more it stops before the first."
    )
    purpose: Purpose = Field(
        "transactional",
        description="What the texts are for. marketing: the conversation is read once more before each, and none goes "
        "out in quiet hours. reply: they answer what the contact wrote, so that `reply_exempt` counts for them.",
    )
    enabled: bool = Field(True, description="false keeps the rule, but it does not run.")
    connection: OneOrMany = Field((), description="The connections it applies to; every one unless said.")
    vars: Mapping[str, Any] = Field({}, description="Values that this rule's expressions can use as `vars`.")
