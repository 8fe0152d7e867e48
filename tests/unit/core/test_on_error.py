"""A rule's `on_error`: what is done when a run fails, in place of everything else, and how the run ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from quoflow.core import contexts, planning, writes
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.lifecycle import RunState, StepRecord, StepState
from quoflow.core.progress import End
from quoflow.loader.rules import restore_rule

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LINE = Line("PNmain", "+15555550100", "Main")
EVENT = Event("call.missed:1", "call.missed", "main", NOW, line_id="PNmain", peer="+12125550123", data={"call": {}})
BROKEN = {"send_message": {"to": "{{ 'nobody' }}", "text": "a"}}
TELL = {"notify": "{{ rule.name }}: {{ run.error }}"}


def advance(*actions, on_error, records=()):
    rule = restore_rule("v", {"name": "r", "trigger": "call.missed", "actions": [*actions], "on_error": on_error})
    values = contexts.build_values(EVENT, line=LINE, rule="r", run_id="run1")
    functions = Functions(now=NOW, timezone="UTC", region="US", hours={})
    return planning.advance(rule, records, writes.Scene(rule, "main", values, functions, (LINE,), "US", None, NOW))


def record(step, state=None, **more):
    """Give what is on record of a planned step."""
    kept = StepRecord(step.path, "run1", "main", step.path, step.position, step.action, step.state, NOW, NOW)
    return replace(kept, reason=step.reason, state=state or step.state, **more)


def test_a_run_that_fails_does_what_is_for_that_and_then_ends_as_failed():
    """The steps see why it failed; nothing behind the failure is planned; the end has the run's own reason."""
    first = advance(BROKEN, {"wait": "1h"}, on_error=[TELL])
    failed, told = first.steps
    done = advance(BROKEN, on_error=[TELL], records=[record(failed), record(told, StepState.SUCCEEDED)])

    assert (failed.state, told.path, told.state) == (StepState.FAILED, "on_error[0]", StepState.QUEUED)
    assert told.payload["text"].startswith("r: actions[0]: ")
    assert told.position > failed.position
    assert (first.end, first.failure.state, first.later) == (None, RunState.FAILED, ())
    assert (done.steps, done.end, done.failure) == ((), first.failure, None)


def test_what_was_planned_beside_the_failure_is_dropped():
    """A text whose bytes were known early is not written down when a step before it fails."""
    planned = advance({"send_message": {"text": "a"}}, {"send_message": {"text": "b"}}, on_error=[TELL])
    first = record(planned.steps[0], StepState.FAILED)
    then = advance({"send_message": {"text": "a"}}, {"send_message": {"text": "b"}}, on_error=[TELL], records=[first])

    assert [step.path for step in planned.steps] == ["actions[0]", "actions[1]"]
    assert [step.path for step in then.steps] == ["on_error[0]"]


def test_a_failure_in_it_changes_nothing():
    """The run ends as failed for the first reason, and what stands behind is not done."""
    told = advance(BROKEN, on_error=[BROKEN, TELL])

    assert [step.path for step in told.steps] == ["actions[0]", "on_error[0]"]
    assert told.end is not None
    assert told.end.reason.startswith("actions[0]: ")


def test_its_steps_may_wait_and_choose():
    """They are steps like all others."""
    waits = advance(BROKEN, on_error=[{"wait": "1h"}, TELL])
    stops = advance(BROKEN, on_error=[{"if": "run.error", "then": ["stop"]}, TELL])

    assert [(step.path, step.state) for step in waits.steps][1:] == [("on_error[0]", StepState.WAITING)]
    assert waits.end is None
    assert (stops.end.state, len(stops.steps)) == (RunState.FAILED, 3)


def test_a_run_that_does_not_fail_knows_nothing_of_it():
    """Neither as later steps nor at its end."""
    planned = advance({"wait": "1h"}, {"notify": "a"}, on_error=[TELL])
    stopped = advance("stop", on_error=[TELL])

    assert planned.later == ("actions[1]",)
    assert stopped.end == End(RunState.SUCCEEDED, "stopped by the rule")
    assert [step.path for step in stopped.steps] == ["actions[0]"]
