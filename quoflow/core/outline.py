"""The outline of a rule's steps: which steps stand in which, in what order, and where each is found. Pure.

The steps of a `for_each` stand once in the rule and many times in a run: `actions[1].for_each.do[0]` in the one,
`actions[1].for_each[4].do[0]` for the fifth item in the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from quoflow.core.parameters.flow import ForEach
from quoflow.core.rules import Rule
from quoflow.core.steps import Step

ON_ERROR = "on_error["
"""How the paths of the steps begin that are done when a run fails."""

_TURN = re.compile(r"\.for_each\[\d+\]")


def number_steps(sequence: tuple[Step, ...]) -> dict[str, int]:
    """Give every step its position: the order in which a run has them, branches included.

    The steps of a `for_each` have that of the first item, with room behind them for as many items as there may be.
    """
    positions: dict[str, int] = {}
    _number(sequence, 0, positions)
    return positions


def _number(sequence: tuple[Step, ...], first: int, positions: dict[str, int]) -> int:
    for step in sequence:
        positions[step.path] = first
        first += 1
        for _, block in step.list_blocks():
            behind = _number(block, first, positions)
            first += (behind - first) * (step.parameters.max if isinstance(step.parameters, ForEach) else 1)
    return first


def repeat_body(step: Step, number: int) -> tuple[Step, ...]:
    """Give the steps of a `for_each` as a run has them for one item, counted from 0."""
    return tuple(_move(inner, step.path, f"{step.path}.for_each[{number}]") for inner in step.body)


def count_body(step: Step) -> int:
    """Count the steps that one item of a `for_each` takes, branches included."""
    return sum(1 for _ in flatten(step.body))


def _move(step: Step, path: str, to: str) -> Step:
    """Give a step of a `for_each`, and those in it, its path for one item."""
    return replace(
        step,
        path=step.path.replace(f"{path}.for_each", to, 1),
        late=tuple(_move(one, path, to) for one in step.late),
        rescue=tuple(_move(one, path, to) for one in step.rescue),
        then=tuple(_move(one, path, to) for one in step.then),
        otherwise=tuple(_move(one, path, to) for one in step.otherwise),
        ways=tuple(replace(way, steps=tuple(_move(one, path, to) for one in way.steps)) for way in step.ways),
    )


def find_step(rule: Rule, path: str) -> Step | None:
    """Find a step by its path in the rule or in a run."""
    wanted = _TURN.sub(".for_each", path)
    return next((step for step in flatten((*rule.steps, *rule.on_error)) if step.path == wanted), None)


def flatten(sequence: tuple[Step, ...]) -> Iterator[Step]:
    """List steps with those that stand in them, in the order of the file."""
    for step in sequence:
        yield step
        for _, block in step.list_blocks():
            yield from flatten(block)
