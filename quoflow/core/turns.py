"""What becomes of a step when its turn comes, by its kind: bytes, a due time, a choice, a value. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from quoflow.core import (
    expressions,
    fitting,
    hours,
    keeping,
    plans,
    preparing,
    reads,
    requests,
    shapes,
    steps,
    times_of_day,
    writes,
)
from quoflow.core.lifecycle import StepState
from quoflow.core.parameters.base import Parameters
from quoflow.core.parameters.flow import (
    Approve,
    Fail,
    ForEach,
    Log,
    RunRule,
    Set,
    Stop,
    Wait,
    WaitFor,
    WaitUntil,
)
from quoflow.core.parameters.outside import Http, Notify
from quoflow.core.progress import Question, Turn
from quoflow.core.writes import Pen

LARGEST_VALUE = 20_000
"""Characters of JSON that a step may keep of values: those of one `set`, the items of one `for_each`."""


def take_turn(step: steps.Step, pen: Pen) -> Turn:
    """Decide what becomes of a step now.

    Args:
        step: its `if:` holds, or is what it chooses by.
        pen: writes with the scene's values and the outcomes so far.

    Raises:
        Impossible: it cannot be done; says why.
        NothingToDo: there is nothing to do.
        ExpressionError: an expression or a template cannot be evaluated.
    """
    if isinstance(step.parameters, Http) and step.parameters.method == "GET":
        return Turn(StepState.QUEUED, due_at=pen.scene.now, payload=requests.render(step.parameters, pen))
    if step.kind in steps.WRITES and not is_for_log(step.parameters, pen):
        write = preparing.prepare_write(step.kind, step.parameters, pen)
        return Turn(StepState.QUEUED, due_at=pen.scene.now, write=write, payload=write.payload)
    if step.kind in steps.READS:
        sought = reads.prepare_read(step.kind, step.parameters, pen)
        return Turn(StepState.QUEUED, due_at=pen.scene.now, payload=sought)
    if step.kind in _CHOOSING:
        return _CHOOSING[step.kind](step, pen)
    return _TURNS[type(step.parameters)](step.parameters, pen)


def is_for_log(parameters: Parameters, pen: Pen) -> bool:
    """Whether a step only tells quoflow's own log something: nobody of that name can be reached."""
    return isinstance(parameters, Notify) and parameters.to not in pen.scene.targets


def _branch(step: steps.Step, pen: Pen) -> Turn:
    way = "then" if step.condition is not None and pen.holds(step.condition) else "else"
    return Turn(StepState.SUCCEEDED, outcome={"branch": way}, reason=f"`{step.condition}`: {way}")


def _choose(step: steps.Step, pen: Pen) -> Turn:
    for number, way in enumerate(step.ways):
        if pen.holds(way.condition):
            outcome = {"branch": f"choose[{number}].then"}
            return Turn(StepState.SUCCEEDED, outcome=outcome, reason=f"`{way.condition}` holds")
    return Turn(StepState.SUCCEEDED, outcome={"branch": "else"}, reason="none of its conditions holds")


_CHOOSING: Mapping[str, Callable[[steps.Step, Pen], Turn]] = {"if": _branch, "choose": _choose}


def _for_each(parameters: ForEach, pen: Pen) -> Turn:
    found = pen.evaluate(parameters.in_)
    items = [] if found is None else found
    if not isinstance(items, list | tuple):
        raise writes.Impossible(f"`{parameters.in_}` gives no list")
    if len(items) > parameters.max:
        raise writes.Impossible(f"`{parameters.in_}` has {len(items)} items, and `max` is {parameters.max}")
    kept = keeping.to_json(shapes.make_plain(items))
    _refuse_large(kept)
    reason = f"{len(items)} item{'' if len(items) == 1 else 's'}"
    return Turn(StepState.SUCCEEDED, outcome={"count": len(items), "items": kept}, reason=reason)


def _notify(parameters: Notify, pen: Pen) -> Turn:
    payload = {"to": parameters.to, "text": writes.write_notice(parameters, pen)}
    return Turn(StepState.QUEUED, due_at=pen.scene.now, payload=payload)


def _log(parameters: Log, pen: Pen) -> Turn:
    payload = {"level": parameters.level, "text": pen.write(parameters.text)}
    return Turn(StepState.QUEUED, due_at=pen.scene.now, payload=payload)


def _wait(parameters: Wait, pen: Pen) -> Turn:
    return Turn(StepState.WAITING, due_at=pen.scene.now + parameters.duration, reason="waiting")


def _wait_until(parameters: WaitUntil, pen: Pen) -> Turn:
    functions = pen.scene.functions
    if parameters.open is None:
        clock = time.fromisoformat((parameters.time or "").zfill(len("00:00")))
        zone = ZoneInfo(parameters.timezone or functions.timezone)
        due_at = times_of_day.find_next(clock, after=pen.scene.now, zone=zone)
        return Turn(StepState.WAITING, due_at=due_at, reason=f"waits until {parameters.time}")
    calendar = functions.hours.get(parameters.open)
    if calendar is None:
        raise writes.Impossible(f"there is no calendar `{parameters.open}` under `hours` in the configuration")
    opening = hours.find_opening(calendar, pen.scene.now, timezone=functions.timezone)
    if opening is None:
        raise writes.Impossible(f"`{parameters.open}` does not open within a year")
    return Turn(StepState.WAITING, due_at=opening, reason=f"waits until `{parameters.open}` is open")


def _wait_for(parameters: WaitFor, pen: Pen) -> Turn:
    reason = f"waits for {fitting.list_names(parameters.event)}"
    return Turn(StepState.WAITING, due_at=pen.scene.now + parameters.timeout, reason=reason)


def _approve(parameters: Approve, pen: Pen) -> Turn:
    message, contact = pen.write(parameters.message).strip(), pen.values.get("contact") or {}
    if not message:
        raise writes.Impossible("the question came out empty")
    asked = plans.Write(
        connection=pen.scene.connection,
        action="approve",
        to=str(contact.get("phone") or ""),
        from_=None,
        text=message,
        payload={"message": message},
        segments=0,
        rule_version=pen.scene.rule.version,
    )
    question = Question(asked, parameters.expire_after)
    return Turn(StepState.NEEDS_APPROVAL, payload=asked.payload, question=question, reason="asks whether to go on")


def _run_rule(parameters: RunRule, pen: Pen) -> Turn:
    values = {name: keeping.to_text(_find_value(written, pen)) for name, written in parameters.vars.items()}
    _refuse_large(values)
    return Turn(StepState.QUEUED, due_at=pen.scene.now, payload={"rule": parameters.rule, "vars": values})


def _set(parameters: Set, pen: Pen) -> Turn:
    values = {name: keeping.to_json(_find_value(written, pen)) for name, written in parameters.values.items()}
    _refuse_large(values)
    return Turn(StepState.SUCCEEDED, outcome=values)


def _refuse_large(values: object) -> None:
    size = len(json.dumps(values))
    if size > LARGEST_VALUE:
        raise writes.Impossible(f"what would be kept has {size:,} characters; {LARGEST_VALUE:,} is the most")


def _find_value(written: Any, pen: Pen) -> Any:  # plain data, as the rule has it and as it becomes
    """Give a value: what one `{{ }}` alone holds as it is, any other text filled in, anything else as it stands."""
    if not isinstance(written, str):
        return written
    bare = expressions.find_bare(written)
    return pen.write(written) if bare is None else shapes.make_plain(pen.evaluate(bare))


def _stop(parameters: Stop, pen: Pen) -> Turn:
    return Turn(StepState.SUCCEEDED, reason=pen.write(parameters.reason) or "stopped by the rule")


def _fail(parameters: Fail, pen: Pen) -> Turn:
    return Turn(StepState.FAILED, reason=pen.write(parameters.reason) or "failed by the rule")


_TURNS: Mapping[type[Parameters], Callable[[Any, Pen], Turn]] = {  # each takes its own model
    Notify: _notify,
    Log: _log,
    Wait: _wait,
    WaitUntil: _wait_until,
    WaitFor: _wait_for,
    ForEach: _for_each,
    Approve: _approve,
    RunRule: _run_rule,
    Set: _set,
    Stop: _stop,
    Fail: _fail,
}
