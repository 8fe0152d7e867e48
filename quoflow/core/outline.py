"""The outline of a rule's steps: which steps stand in which, in what order, and where each is found. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from quoflow.core.rules import Rule
from quoflow.core.steps import Step


def number_steps(sequence: tuple[Step, ...]) -> dict[str, int]:
    """Give every step its position: the order in which the file has them, branches included."""
    return {step.path: position for position, step in enumerate(flatten(sequence))}


def find_step(rule: Rule, path: str) -> Step | None:
    """Find a step by its path."""
    return next((step for step in flatten(rule.steps) if step.path == path), None)


def flatten(sequence: tuple[Step, ...]) -> Iterator[Step]:
    """List steps with those that stand in them, in the order of the file."""
    for step in sequence:
        yield step
        for _, block in step.list_blocks():
            yield from flatten(block)
