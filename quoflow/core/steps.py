"""The parameters of every step kind, as the rule language has them. Pure.

Each model is both what a rule may write and what the JSON Schema for editors is made from: field
descriptions are the reference. A string marked `Template` may hold `{{ }}`; one marked `Expression`
is a bare condition. A new step kind is a model here, its doing in `quoflow.actions` and a line in the
registry there; a test names the place that was forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quoflow.core.durations import Duration
from quoflow.core.lists import as_tuple


@dataclass(frozen=True, slots=True)
class Marker:
    """Says how a string in a rule is read: as a template or as an expression."""

    kind: Literal["template", "expression"]


Template = Annotated[str, Marker("template")]
Templates = Annotated[tuple[Template, ...], BeforeValidator(as_tuple)]


class Parameters(BaseModel):
    """What a step says about itself; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class SendMessage(Parameters):
    """Send one text to one person."""

    text: Template = Field(min_length=1, description="The text, 1 to 1,600 characters once rendered.")
    to: Template | None = Field(None, description="The recipient's number; the event's contact unless said.")
    from_: Template | None = Field(
        None,
        alias="from",
        description="One of our lines: its name, number or PN… id; the event's line unless said.",
    )
    user: Template | None = Field(None, description="The Quo user (US… id) who sends it; the line's owner unless said.")
    done: bool = Field(False, description="Mark the conversation as done once sent.")


class TagContact(Parameters):
    """Add or remove tags: options of the multi-select custom field named in the configuration."""

    add: Templates = Field((), description="A tag or a list of tags to add.")
    remove: Templates = Field((), description="A tag or a list of tags to remove.")

    @model_validator(mode="after")
    def _says_something(self) -> TagContact:
        if not self.add and not self.remove:
            raise ValueError("say which tags to `add` or to `remove`")
        return self


class _Fetch(Parameters):
    timeout: Duration = Field(timedelta(hours=1), description="How long to wait for it to be made, such as 1h.")
    on_timeout: Literal["fail", "continue"] = Field("fail", description="What to do when it was not made in time.")


class FetchTranscript(_Fetch):
    """Wait for the transcript of the event's call, then read it: `steps.<id>.text`."""


class FetchSummary(_Fetch):
    """Wait for the summary of the event's call, then read it: `steps.<id>.text`, `.next_steps`."""


class Notify(Parameters):
    """Tell someone on our side: a named target of the configuration, or `log`."""

    to: str = Field("log", description="A target; `log` writes it to quoflow's own log.")
    text: Template = Field(min_length=1, description="What to tell them.")


class Wait(Parameters):
    """Wait for a duration; it survives any number of restarts."""

    duration: Duration = Field(description="How long, such as 30m.")


class If(Parameters):
    """Take one of two ways."""


class Stop(Parameters):
    """End this run here, as a success."""

    reason: str = Field("", description="Why, shown in the run.")


STEPS: Mapping[str, type[Parameters]] = {
    "send_message": SendMessage,
    "tag_contact": TagContact,
    "fetch_transcript": FetchTranscript,
    "fetch_summary": FetchSummary,
    "notify": Notify,
    "wait": Wait,
    "if": If,
    "stop": Stop,
}
"""Every step kind this version runs. `wait: 30m` is short for `wait: {duration: 30m}`, `stop:` needs nothing."""

WRITES = frozenset({"send_message", "tag_contact"})
"""Step kinds that change something at Quo: they pass the gate and go through the outbox."""

RESENDABLE = frozenset({"send_message"})
"""Writes of which `on_ambiguous` may say that they are done once more: those that are not safe to repeat anyway."""

READS = frozenset({"fetch_transcript", "fetch_summary"})

LATER_STEPS = (
    "create_contact", "update_contact", "upsert_contact", "delete_contact", "find_contact", "fetch_voicemail",
    "fetch_recording", "fetch_messages", "fetch_calls", "mark_conversation", "http", "set", "log", "fail", "choose",
    "for_each", "wait_until", "wait_for", "approve", "run_rule",
)  # fmt: skip
"""Step kinds of the language that this version reads and refuses by name: it cannot run them yet."""


@dataclass(frozen=True, slots=True)
class Step:
    """One action of a rule.

    Attributes:
        path: where it stands, unique in its rule: `actions[0]`, `actions[3].then[0]`.
        kind: a key of STEPS.
        parameters: the validated model of that kind.
        id: the name under which its outcome is reachable as `steps.<id>`, or None.
        condition: an expression that must hold for the step to be carried out, or None. For kind `if` it
            chooses between `then` and `otherwise`.
        on_error: whether a failure ends the run.
        on_ambiguous: what becomes of a write that nobody found at Quo: left to a person, or sent once more.
    """

    path: str
    kind: str
    parameters: Parameters
    id: str | None = None
    condition: str | None = None
    on_error: Literal["fail", "continue"] = "fail"
    on_ambiguous: Literal["park", "resend"] = "park"
    then: tuple[Step, ...] = ()
    otherwise: tuple[Step, ...] = ()


def list_templates(parameters: Parameters) -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """List a step's templates as (path of keys below the step's mapping, source)."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for name, info in type(parameters).model_fields.items():
        if not _is_template(info.annotation, info.metadata):
            continue
        key = info.alias or name
        value = getattr(parameters, name)
        if isinstance(value, str):
            found.append(((key,), value))
        elif value is not None:
            found.extend(((key, position), item) for position, item in enumerate(value))
    return tuple(found)


def _is_template(annotation: Any, metadata: list[Any]) -> bool:  # pydantic's own view of a field's type
    if Marker("template") in metadata or Marker("template") in getattr(annotation, "__metadata__", ()):
        return True
    return any(_is_template(part, []) for part in getattr(annotation, "__args__", ()))
