"""What to do next in a run: the rule's steps against what has been done. Pure.

`advance` is the only place that decides it, for a run's first plan and after every outcome alike. It walks
the steps from the first one. What is settled is passed over, what is pending blocks; a write whose bytes are
already known may be planned behind pending writes, so that a person is asked for all of them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quoflow.core import expressions, keeping, lifecycle, limits, outcomes, outline, steps, turns, writes
from quoflow.core.lifecycle import RunState, StepState
from quoflow.core.parameters.flow import ForEach
from quoflow.core.progress import Advance, Again, End, PlannedStep, Turn
from quoflow.core.rules import Rule

EFFECTS = steps.WRITES
"""Step kinds that do something for somebody: what they came to is what a run came to."""

EARLY = EFFECTS | {"log"}
"""Step kinds that may be planned behind pending ones: nothing later hangs on their outcome unless it says so."""

ENDINGS = frozenset({"stop", "fail"})
"""Step kinds that end a run: they wait for notifications on their way, which nothing else waits for."""

CHANGEABLE = ("contact.tags", "contact.fields")
"""What a pending write may still change, so that bytes made from it are not known yet."""

REWRITTEN = tuple(
    f"contact.{name}"
    for name in ("id", "known", "first_name", "last_name", "name", "company", "role", "emails", "phones")
)
"""What a pending change of the contact itself may still change, too."""


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
    walk = _begin_walk(rule, records, scene)
    went_through = walk.visit_all(rule.steps)
    failure = walk.end if rule.on_error and walk.end and walk.end.state is RunState.FAILED else None
    end = walk.mend(rule.on_error, failure) if failure else walk.end
    if end is None and failure is None and went_through and not (walk.blocked or walk.aside):
        end = _summarize_end(walk)
    seen = walk.known.keys() | {step.path for step in walk.planned}
    paths = sorted(walk.positions, key=walk.positions.__getitem__)
    is_over = end is not None or failure is not None
    later = () if is_over else tuple(path for path in paths if path not in seen and walk.may_come(path))
    planned = [step.write for step in walk.planned if step.write is not None]
    reach = limits.measure(rule, walk.known.values(), planned, later)
    given = Advance(
        steps=tuple(walk.planned),
        end=end,
        later=later,
        failure=None if end else failure,
        again=tuple(walk.again),
    )
    return given, reach


def read_values(rule: Rule, records: Iterable[lifecycle.StepRecord], scene: writes.Scene) -> Mapping[str, Any]:
    """Give what the expressions of the step that is next see: the scene's values, and all that has come of the run."""
    walk = _begin_walk(rule, records, scene)
    walk.visit_all(rule.steps)
    if rule.on_error and walk.end and walk.end.state is RunState.FAILED:
        walk.mend(rule.on_error, walk.end)
    return walk.values


def _begin_walk(rule: Rule, records: Iterable[lifecycle.StepRecord], scene: writes.Scene) -> _Walk:
    known = {record.path: record for record in records}
    return _Walk(scene=scene, known=known, positions=outline.number_steps((*rule.steps, *rule.on_error)))


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
    """One walk over a rule's steps; `values` grow with each step that is settled."""

    scene: writes.Scene
    known: Mapping[str, lifecycle.StepRecord]
    positions: dict[str, int]
    planned: list[PlannedStep] = field(default_factory=list)
    again: list[Again] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    aside: bool = False
    end: End | None = None
    closed: set[str] = field(default_factory=set)
    values: dict[str, Any] = field(init=False)  # plain data

    def __post_init__(self) -> None:
        self.values = {**self.scene.values, "steps": {}}

    @property
    def blocked(self) -> bool:
        """Whether a step before is not at its end yet."""
        return bool(self.pending)

    def may_come(self, path: str) -> bool:
        """Whether a step may still come: it is not in a branch that was not taken, and not for a failure."""
        return not any(path.startswith(prefix) for prefix in (*self.closed, outline.ON_ERROR))

    def mend(self, sequence: tuple[steps.Step, ...], failure: End) -> End | None:
        """Visit the steps that are for a failure, in place of all that has not ended; None until they are done."""
        self.planned = [step for step in self.planned if step.state in lifecycle.FINISHED_STEPS]
        self.pending, self.aside, self.end = set(), False, None
        self.values["run"] = {**(self.values.get("run") or {}), "error": failure.reason}
        went_through = self.visit_all(sequence)
        return failure if self.end or (went_through and not (self.blocked or self.aside)) else None

    def visit_all(self, sequence: tuple[steps.Step, ...]) -> bool:
        """Visit a sequence; False when nothing behind it can be planned now."""
        return all(self.visit(step) for step in sequence)

    def visit(self, step: steps.Step) -> bool:
        record = self.known.get(step.path)
        if record is None:
            return self.plan(step)
        if record.state is StepState.FAILED and self.tries_again(step, record):
            return self.follow(step, Turn(StepState.QUEUED))
        return self.follow(step, Turn(record.state, outcome=record.outcome, reason=record.reason))

    def tries_again(self, step: steps.Step, record: lifecycle.StepRecord) -> bool:
        """Have a step done again that failed where nothing of it can have happened, as often as its rule says."""
        done = record.retries or 0
        if step.retry is None or not record.may_retry or done >= step.retry.times:
            return False
        due_at = self.scene.now + step.retry.choose_pause(done)
        if record.deadline_at is not None and due_at >= record.deadline_at:
            return False
        reason = f"tried again, {done + 1} of {step.retry.times}, because it failed: {record.reason}"
        self.again.append(Again(step.path, due_at, reason))
        return True

    def plan(self, step: steps.Step) -> bool:
        """Plan a step that has no record yet; False when it cannot be known before something pending is settled."""
        if self.blocked and not self.is_known_early(step):
            return False
        try:
            turn = self.take_turn(step)
        except writes.NothingToDo as nothing:
            turn = Turn(StepState.SKIPPED, reason=str(nothing))
        except (writes.Impossible, expressions.ExpressionError) as error:
            if self.blocked or self.aside:
                return False  # What is pending is not undone by it: its turn will come, and then it may be possible.
            turn = Turn(StepState.FAILED, reason=str(error))
        if self.aside and step.kind in ENDINGS and turn.state is not StepState.SKIPPED:
            self.pending.add(step.kind)
            return False
        self.add(step, turn)
        return self.follow(step, turn)

    def take_turn(self, step: steps.Step) -> Turn:
        pen = writes.Pen(self.scene, self.values, step.path)
        if step.condition is not None and step.kind != "if" and not pen.holds(step.condition):
            return Turn(StepState.SKIPPED, reason=f"`{step.condition}` does not hold")
        return turns.take_turn(step, pen)

    def is_known_early(self, step: steps.Step) -> bool:
        """Whether a step's bytes are known although something before it is pending."""
        if step.kind not in EARLY or step.condition is not None:
            return False
        sources = [source for _, source in steps.list_templates(step.parameters)]
        references = {name for source in sources for name in expressions.find_references(source, "template")}
        if step.kind in steps.ON_CONTACTS and self.pending & steps.MAKES_CONTACTS:
            return False
        changing = (*CHANGEABLE, *(REWRITTEN if self.pending & steps.REWRITES else ()))
        return not any(name.startswith(("steps.", *changing)) or name == "steps" for name in references)

    def add(self, step: steps.Step, turn: Turn) -> None:
        planned = PlannedStep(
            path=step.path,
            position=self.positions[step.path],
            action=step.kind,
            name=step.id,
            state=turn.state,
            due_at=turn.due_at,
            write=turn.write,
            payload=turn.payload,
            outcome=turn.outcome,
            reason=turn.reason,
            question=turn.question,
            deadline_at=self.scene.now + step.timeout if step.timeout else None,
        )
        self.planned.append(planned)

    def follow(self, step: steps.Step, turn: Turn) -> bool:
        """Go on behind a step that has come this far; False when nothing behind it can be planned now."""
        if turn.state not in lifecycle.FINISHED_STEPS:
            # Nothing waits for telling one of us but the run's end.
            if step.kind in steps.UNASKED:
                self.aside = True
            else:
                self.pending.add(step.kind)
            return step.kind in EARLY
        outcome = outcomes.read_outcome(step.kind, turn.outcome or {}, now=self.scene.now)
        if step.id:
            self.values["steps"] = {**self.values["steps"], step.id: outcome}
        if turn.state is StepState.FAILED:
            return self.fail(step, turn.reason)
        if turn.state is StepState.CANCELLED and step.kind == "approve":
            return self.refuse(step, turn.reason)
        if turn.state is StepState.SUCCEEDED and step.kind in _FOLLOW:
            return _FOLLOW[step.kind](self, step, outcome, turn.reason)
        return self.enter(step, None)

    def fail(self, step: steps.Step, reason: str) -> bool:
        if step.rescue:
            before = self.values
            self.values = {**before, "error": {"message": reason, "step": step.path}}
            goes_on = self.enter(step, "on_error")
            if goes_on:
                self.values = {**self.values, "error": before.get("error")}
            return goes_on
        if step.on_error == "continue":
            return self.enter(step, None)
        if self.aside:
            return False  # whom we are about to tell is told first; the end comes then
        self.end = End(RunState.FAILED, reason if step.kind == "fail" else f"{step.path}: {reason}")
        return False

    def refuse(self, step: steps.Step, reason: str) -> bool:
        """Take a person's no, or none in time: the run is cancelled, unless its rule says what to do then."""
        if step.rescue or step.on_error == "continue":
            return self.fail(step, reason)
        self.end = End(RunState.CANCELLED, reason)
        return False

    def enter(self, step: steps.Step, wanted: str | None) -> bool:
        """Visit one of the sequences that stand in a step, or none, and close the others."""
        goes_on = True
        for key, block in step.list_blocks():
            if key == wanted:
                goes_on = self.visit_all(block)
            else:
                self.closed.add(f"{step.path}.{key}")
        return goes_on

    def branch(self, step: steps.Step, outcome: Mapping[str, Any], _reason: str) -> bool:
        return self.enter(step, outcome.get("branch"))

    def repeat(self, step: steps.Step, outcome: Mapping[str, Any], _reason: str) -> bool:
        """Visit the steps once for each item; what they gave by name is nobody's business behind them."""
        assert isinstance(step.parameters, ForEach)  # noqa: S101 - the table below pairs kind and model
        items = keeping.from_json(outcome.get("items") or [])
        outer = {"steps": self.values["steps"]}
        self.enter(step, None)
        bodies = [self.place(step, number) for number in range(len(items))]
        for number, (item, body) in enumerate(zip(items, bodies, strict=True)):
            around = {"index": number + 1, "index0": number, "first": not number, "last": number == len(items) - 1}
            self.values = {
                **self.values, **outer, step.parameters.as_: item, "each": {**around, "length": len(items)}
            }  # fmt: skip
            if not self.visit_all(body):
                return False
        self.values = {key: value for key, value in self.values.items() if key not in (step.parameters.as_, "each")}
        self.values |= outer
        return True

    def place(self, step: steps.Step, number: int) -> tuple[steps.Step, ...]:
        """Give the steps of a `for_each` for one item, with their positions."""
        body = outline.repeat_body(step, number)
        for inner, moved in zip(outline.flatten(step.body), outline.flatten(body), strict=True):
            self.positions[moved.path] = self.positions[inner.path] + number * outline.count_body(step)
        return body

    def go_on(self, step: steps.Step, outcome: Mapping[str, Any], _reason: str) -> bool:
        """Go on behind a wait for an event; where it did not come, by way of what is done then."""
        return self.enter(step, None if outcome.get("found") else "wait_for.on_timeout")

    def set(self, _step: steps.Step, outcome: Mapping[str, Any], _reason: str) -> bool:
        self.values["vars"] = {**(self.values.get("vars") or {}), **keeping.from_json(outcome)}
        return True

    def stop(self, _step: steps.Step, _outcome: Mapping[str, Any], reason: str) -> bool:
        self.end = End(RunState.SUCCEEDED, reason)
        return False


_FOLLOW: Mapping[str, Callable[[_Walk, steps.Step, Mapping[str, Any], str], bool]] = {
    "if": _Walk.branch,
    "choose": _Walk.branch,
    "for_each": _Walk.repeat,
    "wait_for": _Walk.go_on,
    "set": _Walk.set,
    "stop": _Walk.stop,
}
"""What follows a step that succeeded, where it is more than the next one."""
