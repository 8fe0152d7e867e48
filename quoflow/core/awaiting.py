"""What a run waits for in the middle of it: which events count, and what is kept of the one that came. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quoflow.core import fitting, outline
from quoflow.core.events import Event
from quoflow.core.parameters.flow import WaitFor
from quoflow.core.rules import Filters, Rule


def list_within(rule: Rule) -> frozenset[str]:
    """List the event kinds that mean something to a run of a rule once it has begun: they cancel it, or wake it."""
    found = (step.parameters.event for step in outline.flatten(rule.steps) if isinstance(step.parameters, WaitFor))
    return frozenset(kind for kinds in found for kind in kinds) | frozenset(rule.cancel_on)


def is_awaited(parameters: WaitFor, subject: fitting.Subject, began: Event) -> bool:
    """Whether an event of the same contact is what a step waits for.

    What began the run is not, and nothing that happened before it: both times are Quo's, so that clocks that differ
    from ours change nothing.

    Args:
        parameters: what the step says.
        subject: the event, with its line.
        began: the event that the run is for.
    """
    event = subject.event
    if event.id == began.id or event.occurred_at < began.occurred_at or event.kind not in parameters.event:
        return False
    filters = Filters(line=parameters.line, direction=parameters.direction, text=parameters.text)
    return fitting.object_to(filters, subject) is None


def describe(subject: fitting.Subject) -> Mapping[str, Any]:  # JSON
    """Give the outcome of a step whose event came."""
    event = subject.event
    time = event.occurred_at.isoformat()
    return {"found": True, "kind": event.kind, "id": event.id, "text": subject.text, "time": time}
