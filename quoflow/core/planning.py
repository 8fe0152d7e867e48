"""What to do next in a run: the rule's steps against what has been done. Pure.

`advance` is the only place that decides it, for a run's first plan and after every outcome alike. It walks
the steps from the first one. What is settled is passed over, what is pending blocks; a write whose bytes are
already known may be planned behind pending writes, so that a person is asked for all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from quoflow.core import expressions, lifecycle, limits, plans, steps, writes
from quoflow.core.lifecycle import RunState, StepState
from quoflow.core.parameters.flow import Stop, Wait
from quoflow.core.parameters.outside import Notify
from quoflow.core.rules import Rule

EFFECTS = steps.WRITES | {"notify"}
"""Step kinds that may be planned behind pending ones: nothing later hangs on their outcome unless it says so."""

CHANGEABLE = ("contact.tags", "contact.fields")
"""What a pending write may still change, so that bytes made from it are not known yet."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step that becomes a record: its state as planning sees it, before the gate."""

    path: str
    position: int
    action: str
    name: str | None
    state: StepState
    due_at: datetime | None = None
    write: plans.Write | None = None
    payload: Mapping[str, Any] | None = None  # JSON
    outcome: Mapping[str, Any] | None = None  # JSON
    reason: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How a run ends, and why."""

    state: RunState
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Advance:
    """The steps to add to a run now, its end if it has come, and what stands behind (paths, in order)."""

    steps: tuple[PlannedStep, ...]
    end: End | None
    later: tuple[str, ...] = ()


def advance(rule: Rule, records: Iterable[lifecycle.StepRecord], scene: writes.Scene) -> Advance:
    """Decide what a run does next. Where that is more than the rule's limits allow, it ends, and nothing is added.

    Args:
        rule: the version of the rule that the run began with.
        records: the run's steps so far, in any order.
        scene: the facts of now.
    """
    decided, reach = foresee(rule, records, scene)
    objection = limits.object_to(rule, reach)
    return decided if objection is None else Advance(steps=(), end=End(RunState.FAILED, objection))


def foresee(rule: Rule, records: Iterable[lifecycle.StepRecord], scene: writes.Scene) -> tuple[Advance, limits.Reach]:
    """Give what a run would do next if its rule had no limits, and how far that reaches."""
    known = {record.path: record for record in records}
    walk = _Walk(scene=scene, known=known, positions=number_steps(rule.steps))
    went_through = walk.visit_all(rule.steps)
    end = walk.end
    if end is None and went_through and not walk.blocked:
        end = _summarize_end(walk)
    seen = known.keys() | {step.path for step in walk.planned}
    later = () if end else tuple(path for path in walk.positions if path not in seen and walk.is_open(path))
    planned = [step.write for step in walk.planned if step.write is not None]
    reach = limits.measure(rule, known.values(), planned, later)
    return Advance(steps=tuple(walk.planned), end=end, later=later), reach


def number_steps(sequence: tuple[steps.Step, ...]) -> dict[str, int]:
    """Give every step its position: the order in which the file has them, branches included."""
    return {step.path: position for position, step in enumerate(_flatten(sequence))}


def find_step(rule: Rule, path: str) -> steps.Step | None:
    """Find a step by its path."""
    return next((step for step in _flatten(rule.steps) if step.path == path), None)


def _flatten(sequence: tuple[steps.Step, ...]) -> Iterable[steps.Step]:
    for step in sequence:
        yield step
        yield from _flatten(step.then)
        yield from _flatten(step.otherwise)


def _summarize_end(walk: _Walk) -> End:
    """A run whose steps are all settled: what its writes came to."""
    settled = [(record.state, record.action, record.reason) for record in walk.known.values()]
    settled += [(step.state, step.action, step.reason) for step in walk.planned]
    effects = [(state, reason) for state, action, reason in settled if action in EFFECTS]
    states = {state for state, _ in effects}
    reasons = dict(reversed(effects))
    if StepState.SUCCEEDED not in states:
        if StepState.CANCELLED in states:
            return End(RunState.CANCELLED, reasons[StepState.CANCELLED])
        if StepState.SKIPPED in states:
            return End(RunState.SKIPPED, reasons[StepState.SKIPPED])
    return End(RunState.SUCCEEDED)


@dataclass(slots=True)
class _Walk:
    """One walk over a rule's steps."""

    scene: writes.Scene
    known: Mapping[str, lifecycle.StepRecord]
    positions: Mapping[str, int]
    planned: list[PlannedStep] = field(default_factory=list)
    blocked: bool = False
    end: End | None = None
    closed: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(init=False)  # plain data

    def __post_init__(self) -> None:
        outcomes = {
            record.name: dict(record.outcome or {})
            for record in self.known.values()
            if record.name and record.state in lifecycle.FINISHED_STEPS
        }
        self.values = {**self.scene.values, "steps": outcomes}

    def is_open(self, path: str) -> bool:
        """Whether a step may still come: it is not in a branch that was not taken."""
        return not any(path.startswith(prefix) for prefix in self.closed)

    def visit_all(self, sequence: tuple[steps.Step, ...]) -> bool:
        """Visit a sequence; False when nothing behind it can be planned now."""
        return all(self.visit(step) for step in sequence)

    def visit(self, step: steps.Step) -> bool:
        record = self.known.get(step.path)
        if record is None:
            return self.plan(step)
        if record.state not in lifecycle.FINISHED_STEPS:
            self.blocked = True
            return step.kind in EFFECTS
        if record.state is StepState.FAILED:
            return self.fail(step, record.reason)
        if step.kind == "stop" and record.state is StepState.SUCCEEDED:
            self.end = End(RunState.SUCCEEDED, record.reason)
            return False
        if step.kind == "if" and record.state is StepState.SUCCEEDED:
            return self.branch(step, taken=(record.outcome or {}).get("branch") == "then")
        return True

    def fail(self, step: steps.Step, reason: str) -> bool:
        if step.on_error == "continue":
            return True
        self.end = End(RunState.FAILED, f"{step.path}: {reason}")
        return False

    def branch(self, step: steps.Step, *, taken: bool) -> bool:
        self.closed.add(f"{step.path}.{'else' if taken else 'then'}")
        return self.visit_all(step.then if taken else step.otherwise)

    def plan(self, step: steps.Step) -> bool:
        """Plan a step that has no record yet; False when it cannot be known before something pending is settled."""
        if self.blocked and not self.is_known_early(step):
            return False
        try:
            if step.condition is not None and step.kind != "if" and not self.holds(step.condition):
                self.add(step, StepState.SKIPPED, reason=f"`{step.condition}` does not hold")
                return True
            return _PLANNERS.get(step.kind, _Walk.plan_read)(self, step)
        except writes.NothingToDo as nothing:
            self.add(step, StepState.SKIPPED, reason=str(nothing))
            return True
        except (writes.Impossible, expressions.ExpressionError) as error:
            if self.blocked:
                return False  # What is pending is not undone by it: its turn will come, and then it may be possible.
            reason = str(error)
            self.add(step, StepState.FAILED, reason=reason)
            return self.fail(step, reason)

    def is_known_early(self, step: steps.Step) -> bool:
        """Whether a step's bytes are known although something before it is pending."""
        if step.kind not in EFFECTS or step.condition is not None:
            return False
        sources = [source for _, source in steps.list_templates(step.parameters)]
        references = {name for source in sources for name in expressions.find_references(source, "template")}
        return not any(name.startswith(("steps.", *CHANGEABLE)) or name == "steps" for name in references)

    def holds(self, expression: str) -> bool:
        return expressions.holds(expression, self.values, self.scene.functions)

    def add(self, step: steps.Step, state: StepState, **details: Any) -> None:  # PlannedStep's own fields
        position = self.positions[step.path]
        self.planned.append(
            PlannedStep(path=step.path, position=position, action=step.kind, name=step.id, state=state, **details)
        )
        if step.id and state in lifecycle.FINISHED_STEPS:
            self.values["steps"][step.id] = dict(details.get("outcome") or {})
        if state not in lifecycle.FINISHED_STEPS:
            self.blocked = True

    def plan_write(self, step: steps.Step) -> bool:
        write = writes.prepare_write(step.kind, step.parameters, writes.Pen(self.scene, self.values))
        self.add(step, StepState.QUEUED, due_at=self.scene.now, write=write, payload=write.payload)
        return True

    def plan_notify(self, step: steps.Step) -> bool:
        assert isinstance(step.parameters, Notify)  # noqa: S101 - the table below pairs kind and planner
        text = writes.Pen(self.scene, self.values).write(step.parameters.text)
        self.add(step, StepState.QUEUED, due_at=self.scene.now, payload={"to": step.parameters.to, "text": text})
        return True

    def plan_read(self, step: steps.Step) -> bool:
        self.add(step, StepState.QUEUED, due_at=self.scene.now)
        return False

    def plan_wait(self, step: steps.Step) -> bool:
        assert isinstance(step.parameters, Wait)  # noqa: S101 - the table below pairs kind and planner
        self.add(step, StepState.WAITING, due_at=self.scene.now + step.parameters.duration, reason="waiting")
        return False

    def plan_if(self, step: steps.Step) -> bool:
        taken = step.condition is not None and self.holds(step.condition)
        way = "then" if taken else "else"
        self.add(step, StepState.SUCCEEDED, outcome={"branch": way}, reason=f"`{step.condition}`: {way}")
        return self.branch(step, taken=taken)

    def plan_stop(self, step: steps.Step) -> bool:
        assert isinstance(step.parameters, Stop)  # noqa: S101 - the table below pairs kind and planner
        reason = step.parameters.reason or "stopped by the rule"
        self.add(step, StepState.SUCCEEDED, reason=reason)
        self.end = End(RunState.SUCCEEDED, reason)
        return False


_PLANNERS: Mapping[str, Callable[[_Walk, steps.Step], bool]] = {
    **dict.fromkeys(steps.WRITES, _Walk.plan_write),
    "notify": _Walk.plan_notify,
    "wait": _Walk.plan_wait,
    "if": _Walk.plan_if,
    "stop": _Walk.plan_stop,
}
