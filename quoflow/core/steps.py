"""The step kinds of the rule language, and a step as the engine holds it. Pure.

The models in `quoflow.core.parameters` are both what a rule may write and what the JSON Schema for editors is made
from: field descriptions are the reference. A string marked `Template` may hold `{{ }}`; one marked `Expression`
is a bare condition. A new step kind is a model there, a line here, and its doing in `quoflow.actions` or
`quoflow.core.planning`; a test names the place that was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from quoflow.core.parameters import contacts, conversations, fetches, flow, messages, outside
from quoflow.core.parameters.base import Marker, Parameters
from quoflow.core.parameters.retry import Retry

STEPS: Mapping[str, type[Parameters]] = {
    "send_message": messages.SendMessage,
    "tag_contact": contacts.TagContact,
    "update_contact": contacts.UpdateContact,
    "create_contact": contacts.CreateContact,
    "upsert_contact": contacts.UpsertContact,
    "delete_contact": contacts.DeleteContact,
    "mark_conversation": conversations.MarkConversation,
    "fetch_transcript": fetches.FetchTranscript,
    "fetch_summary": fetches.FetchSummary,
    "fetch_voicemail": fetches.FetchVoicemail,
    "fetch_recording": fetches.FetchRecording,
    "fetch_messages": fetches.FetchMessages,
    "fetch_calls": fetches.FetchCalls,
    "find_contact": fetches.FindContact,
    "notify": outside.Notify,
    "http": outside.Http,
    "wait": flow.Wait,
    "wait_until": flow.WaitUntil,
    "wait_for": flow.WaitFor,
    "approve": flow.Approve,
    "run_rule": flow.RunRule,
    "if": flow.If,
    "choose": flow.Choose,
    "for_each": flow.ForEach,
    "stop": flow.Stop,
    "fail": flow.Fail,
    "set": flow.Set,
    "log": flow.Log,
}
"""Every step kind this version runs. `wait: 30m` is short for `wait: {duration: 30m}`, `stop:` needs nothing."""

MAKES_CONTACTS = frozenset({"create_contact", "upsert_contact", "delete_contact"})
"""Writes behind which a contact may be there that was not, or be there no more."""

REWRITES = MAKES_CONTACTS | {"update_contact"}
"""Writes that may change any field of a contact."""

ON_CONTACTS = REWRITES | {"tag_contact"}

WRITES = ON_CONTACTS | {"send_message", "mark_conversation", "notify", "http"}
"""Step kinds that change something at Quo or outside: they pass the gate and go through the outbox."""

OUTSIDE = frozenset({"notify", "http"})
"""Writes to somebody else than Quo: what Quo refuses does not hold them, and what they meet does not hold Quo's."""

ALWAYS_ASKED = frozenset({"delete_contact"})
"""Writes for which `approval: auto` is not enough: `approvals.allow_delete` must name the rule."""

UNASKED = frozenset({"notify"})
"""Writes that need nobody's yes: the configuration names who is told, and it is one of us."""

RESENDABLE = frozenset({"send_message", "notify", "http"})
"""Writes of which `on_ambiguous` may say that they are done once more: those that are not safe to repeat anyway."""

READS = frozenset(
    {
        "fetch_transcript",
        "fetch_summary",
        "fetch_voicemail",
        "fetch_recording",
        "fetch_messages",
        "fetch_calls",
        "find_contact",
    }
)
"""Step kinds that only look: at Quo, or at what is known of it."""

FLOW = frozenset(
    {"if", "choose", "for_each", "set", "log", "stop", "fail", "wait", "wait_until", "wait_for", "approve", "run_rule"}
)
"""Step kinds that do nothing outside of their run: there is nothing about them to try again, or to be late."""


@dataclass(frozen=True, slots=True)
class Way:
    """One of the ways that `choose` may take: the condition that must hold, and its steps."""

    condition: str
    steps: tuple[Step, ...]


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
        then, otherwise: the two ways of `if`; `otherwise` is what `choose` does when nothing holds, too.
        ways: what `choose` chooses from.
        body: what `for_each` does for each item.
        late: what `wait_for` does when nothing came.
        rescue: what is done instead when it fails.
        retry: how often it is done again when it failed, or None.
        timeout: how long it may take from when its turn came, or None.
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
    ways: tuple[Way, ...] = ()
    body: tuple[Step, ...] = ()
    late: tuple[Step, ...] = ()
    rescue: tuple[Step, ...] = ()
    retry: Retry | None = None
    timeout: timedelta | None = None

    def list_blocks(self) -> tuple[tuple[str, tuple[Step, ...]], ...]:
        """List the sequences of steps that stand in this one, each with the key that leads to it, in their order."""
        ways = ((f"choose[{number}].then", way.steps) for number, way in enumerate(self.ways))
        given = (("then", self.then), *ways, ("else", self.otherwise), ("for_each.do", self.body))
        blocks = (*given, ("wait_for.on_timeout", self.late), ("on_error", self.rescue))
        return tuple((key, block) for key, block in blocks if block)


def list_templates(parameters: Parameters) -> tuple[tuple[tuple[str | int, ...], str], ...]:
    """List a step's templates as (path of keys below the step's mapping, source)."""
    found: list[tuple[tuple[str | int, ...], str]] = []
    for name, info in type(parameters).model_fields.items():
        if not _is_template(info.annotation, info.metadata):
            continue
        key = info.alias or name
        value = getattr(parameters, name)
        found.extend(_list_texts(value, (key,)))
    return tuple(found)


def _list_texts(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """List the texts in a parameter's plain data, however deep, with the keys that lead to them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _list_texts(inner, (*path, name))
    elif isinstance(value, list | tuple):
        for position, inner in enumerate(value):
            yield from _list_texts(inner, (*path, position))


def _is_template(annotation: Any, metadata: list[Any]) -> bool:  # pydantic's own view of a field's type
    if Marker("template") in metadata or Marker("template") in getattr(annotation, "__metadata__", ()):
        return True
    return any(_is_template(part, []) for part in getattr(annotation, "__args__", ()))
