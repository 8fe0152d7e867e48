"""How far a rule may reach: `max_recipients` and `max_actions`, counted before anything is written. Pure.

What is counted is what is known to be written, and of what lies behind a wait or an open branch the most that may come.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from quoflow.core import lifecycle, outline, plans, steps
from quoflow.core.lifecycle import StepState
from quoflow.core.parameters.flow import ForEach
from quoflow.core.parameters.outside import Http
from quoflow.core.rules import Rule

_NOT_MADE = frozenset({StepState.SKIPPED, StepState.FAILED, StepState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Reach:
    """How far something reaches: a run, or all the runs of a batch.

    Attributes:
        made: writes that are on record already.
        now: writes that would be added.
        later: writes that may follow at most, as far as the rule's steps tell.
        recipients: the numbers that are texted, those on record included.
    """

    made: int = 0
    now: int = 0
    later: int = 0
    recipients: frozenset[str] = frozenset()

    def __add__(self, other: Reach) -> Reach:
        """Give the reach of both together."""
        return Reach(
            self.made + other.made,
            self.now + other.now,
            self.later + other.later,
            self.recipients | other.recipients,
        )


def measure(
    rule: Rule, records: Iterable[lifecycle.StepRecord], planned: Iterable[plans.Write], later: Collection[str]
) -> Reach:
    """Measure a run at the moment when writes would be added to it.

    Args:
        rule: the version of the rule that the run began with.
        records: the run's steps so far.
        planned: the writes that would be added.
        later: paths of the steps that may still come.
    """
    done = [record for record in records if record.is_write and record.state not in _NOT_MADE]
    made = [record for record in done if is_counted(record.action)]
    new = [write for write in planned if is_counted(write.action)]
    texted = [record.to for record in made if record.action == "send_message"]
    texted += [write.to for write in new if write.action == "send_message"]
    recipients = frozenset(number for number in texted if number)
    return Reach(len(made), len(new), _count_most(rule.steps, later), recipients)


def is_counted(action: str) -> bool:
    """Whether a step kind counts as an action: all writes do but for telling one of us something."""
    return action in steps.WRITES - steps.UNASKED


def is_look(step: steps.Step) -> bool:
    """Whether a step of a kind that writes only looks: a GET."""
    return isinstance(step.parameters, Http) and step.parameters.method == "GET"


def object_to(rule: Rule, reach: Reach) -> str | None:
    """Give why a reach is beyond what its rule allows, with the figures; None where it is not."""
    objections = []
    recipients, total = len(reach.recipients), reach.made + reach.now + reach.later
    if rule.max_recipients is not None and recipients > rule.max_recipients:
        objections.append(f"max_recipients: it would text {recipients} numbers, and {rule.max_recipients} is the most")
    if rule.max_actions is not None and total > rule.max_actions:
        objections.append(f"max_actions: {_count_writes(reach)}, and {rule.max_actions} is the most")
    if not objections:
        return None
    end = f"stopped after {reach.made}" if reach.made else "stopped before the first write"
    return f"{'; '.join(objections)}; {end}"


def _count_writes(reach: Reach) -> str:
    parts = [f"it has made {_count(reach.made)}"] if reach.made else []
    parts.append(
        f"it would make {_count(reach.now)} now" if reach.made or reach.later else f"{_count(reach.now)} to make"
    )
    if reach.later:
        parts.append(f"up to {reach.later} more may follow")
    return ", ".join(parts)


def _count(number: int) -> str:
    return f"{number} write{'' if number == 1 else 's'}"


def _count_most(sequence: Sequence[steps.Step], later: Collection[str]) -> int:
    """Count the writes among steps that may still come; of two ways of which one is taken, those of the longer."""
    total = 0
    for step in sequence:
        total += is_counted(step.kind) and not is_look(step) and step.path in later
        if isinstance(step.parameters, ForEach):
            total += _count_repeated(step, step.parameters.max, later)
            continue
        ways = [_count_most(block, later) for _, block in step.list_blocks()]
        total += max(ways, default=0) if step.path in later else sum(ways)
    return total


def _count_repeated(step: steps.Step, most: int, later: Collection[str]) -> int:
    """Count the writes of a `for_each`: of one that has not begun, as many items as there may be."""
    if step.path in later:
        return most * _count_most(step.body, later)
    begun = range(most) if any(path.startswith(f"{step.path}.for_each[") for path in later) else ()
    return sum(_count_most(outline.repeat_body(step, number), later) for number in begun)
