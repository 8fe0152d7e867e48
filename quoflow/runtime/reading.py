"""Steps that read: look once, keep what was found as the outcome, or look again later until the time-out.

What is looked for was frozen when the step was planned. An error of Quo's is the step's: the run fails or goes on as
its rule says, and other runs are not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from quoflow.actions import artifacts, media, talks
from quoflow.core import lifecycle, outcomes, outline, planning, writes
from quoflow.core.expressions import ExpressionError
from quoflow.core.lifecycle import StepRecord, StepState
from quoflow.core.parameters.fetches import Artifact, FindContact, Listing
from quoflow.quo import errors
from quoflow.runtime import breaking, lookup, runs, scenes
from quoflow.runtime.engine import Engine
from quoflow.store import inbox
from quoflow.store import runs as store

Parameters = Artifact | Listing | FindContact
_DONE = {"found": True, "status": "completed"}
NO_RULE = "the rule's version is no longer there"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look came to: `outcome` is the step's if it is there, `reason` says why it is not."""

    state: str
    outcome: Mapping[str, Any] | None = None  # JSON
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What a look works with: its step, what the rule says of it, and what expressions see."""

    engine: Engine
    step: StepRecord
    parameters: Parameters
    pen: writes.Pen

    @property
    def sought(self) -> Mapping[str, Any]:  # JSON
        """Give what is looked for, as it was frozen."""
        return self.step.payload or {}


def work_read(engine: Engine, step: StepRecord) -> None:
    """Look once for what the step reads; when it is not there yet, look again later, until the time-out."""
    look = _prepare(engine, step)
    if look is None:
        runs.settle_step(engine, step, StepState.FAILED, reason=NO_RULE, due_at=None)
        return
    if refused := breaking.find_refused_key(engine, step.connection):
        _put_off(engine, step, until=engine.clock() + lifecycle.LOOK_AGAIN, reason=refused.reason)
        return
    try:
        seen = _LOOKS[step.action](look)
    except errors.Unauthorized as error:
        breaking.refuse_key(engine, step.connection, error)
        _put_off(engine, step, until=engine.clock() + lifecycle.LOOK_AGAIN, reason=str(error))
        return
    except errors.QuoError as error:
        seen = Seen("pending" if _may_pass(error, look.parameters) else "refused", reason=str(error))
    except (writes.Impossible, ExpressionError) as error:
        seen = Seen("refused", reason=str(error))
    _settle(look, seen)


def _prepare(engine: Engine, step: StepRecord) -> Look | None:
    with engine.database.read() as tx:
        run = store.find_run(tx, step.run_id)
        rule = runs.load_rule(tx, engine, run) if run else None
        event = inbox.find_event(tx, connection=step.connection, event_id=run.event_id) if run else None
        if run is None or rule is None or event is None:
            return None
        scene = scenes.read_scene(tx, engine, rule, event, run_id=run.id)
    definition = outline.find_step(rule, step.path)
    if definition is None or definition.kind != step.action or not isinstance(definition.parameters, Parameters):
        return None
    values = planning.read_values(rule, run.steps, scene)
    return Look(engine, step, definition.parameters, writes.Pen(scene, values))


def _may_pass(error: errors.QuoError, parameters: Parameters) -> bool:
    """Whether the same look may succeed later. What is made of a call is waited for through errors of any kind."""
    return isinstance(parameters, Artifact) or error.is_retryable


def _settle(look: Look, seen: Seen) -> None:
    engine, step, parameters = look.engine, look.step, look.parameters
    if seen.state == "completed":
        runs.settle_step(engine, step, StepState.SUCCEEDED, outcome=seen.outcome, reason="", due_at=None)
        return
    now, last = engine.clock(), step.created_at + parameters.timeout
    if seen.state == "refused":
        runs.settle_step(engine, step, StepState.FAILED, outcome=seen.outcome, reason=seen.reason, due_at=None)
    elif seen.state == "failed" or now >= last:
        why = seen.reason if seen.state == "failed" else f"{seen.reason}, and the time-out has passed"
        state = StepState.SUCCEEDED if parameters.on_timeout == "continue" else StepState.FAILED
        runs.settle_step(engine, step, state, outcome=seen.outcome or _describe_nothing(look), reason=why, due_at=None)
    else:
        pause = min(engine.settings.poll.every * 2**step.tries, timedelta(minutes=30))
        _put_off(engine, step, until=min(now + pause, last), reason=seen.reason, tries=step.tries + 1)


def _describe_nothing(look: Look) -> Mapping[str, Any]:  # JSON
    return outcomes.describe_nothing(look.step.action, now=look.pen.scene.now)


def _put_off(engine: Engine, step: StepRecord, *, until: datetime, reason: str, **changes: int) -> None:
    with engine.database.write() as tx:
        changed = {"state": StepState.QUEUED, "reason": reason, "due_at": until, **changes}
        store.update_step(tx, step.id, expected=store.WORKABLE, now=engine.clock(), **changed)


# -- looks


def _look_for_artifact(look: Look) -> Seen:
    kind = look.step.action.removeprefix("fetch_")
    found = artifacts.fetch_artifact(kind, look.sought["call_id"], look.engine.quos[look.step.connection])
    reasons = {"pending": f"the {kind} is not made yet", "failed": "Quo could not make it"}
    data = found.data if found.state == "completed" else {}
    outcome = {**data, "found": found.state == "completed", "status": found.state}
    return Seen(found.state, outcome, reasons.get(found.state, ""))


def _look_for_recording(look: Look) -> Seen:
    """Look for a recording and save it; where its address has expired by then, Quo is asked for a fresh one, once."""
    seen, saved = _save_recording(look)
    if isinstance(saved, media.Missed) and saved.why == "expired":
        seen, saved = _save_recording(look)
    if isinstance(saved, media.Saved):
        told = {"path": saved.path, "type": saved.type, "size": saved.size}
        return replace(seen, outcome={**told, "duration": (seen.outcome or {}).get("duration"), **_DONE})
    if isinstance(saved, media.Missed):
        return Seen("refused" if saved.why == "never" else "pending", reason=saved.reason)
    return replace(seen, outcome={**_describe_nothing(look), "status": seen.state})


def _save_recording(look: Look) -> tuple[Seen, media.Saved | media.Missed | None]:
    """Look whether a recording is made, and save it if so."""
    seen = _look_for_artifact(look)
    found = seen.outcome or {}
    if seen.state != "completed":
        return seen, None
    saved = media.save_recording(
        str(found["url"]),
        call_id=look.sought["call_id"],
        declared=str(found.get("type") or ""),
        outside=look.engine.outside,
        token=look.engine.new_id(),
    )
    return seen, saved


def _look_for_messages(look: Look) -> Seen:
    found = talks.fetch_messages(look.sought, look.pen.scene.lines, look.engine.quos[look.step.connection])
    return Seen("completed", outcomes.describe_messages(found))


def _look_for_calls(look: Look) -> Seen:
    lines = look.pen.scene.lines
    found = talks.fetch_calls(look.sought, lines, look.engine.quos[look.step.connection])
    number = next((line.number for line in lines if line.id == look.sought["line_id"]), "")
    return Seen("completed", outcomes.describe_calls(found, line_number=number))


def _look_for_contact(look: Look) -> Seen:
    scene, parameters = look.pen.scene, look.parameters
    found = lookup.find_contacts(look.engine, look.step.connection, look.sought, look.pen)
    if len(found) > 1 and isinstance(parameters, FindContact) and parameters.on_many == "fail":
        reason = f"{len(found)} contacts fit; narrow it down, or say `on_many: first`"
        return Seen("refused", reason=reason)
    contact = found[0] if found else None
    told = outcomes.describe_found(contact, tags_field=scene.tags_field, region=scene.region, now=scene.now)
    return Seen("completed", told)


_LOOKS: Mapping[str, Callable[[Look], Seen]] = {
    "fetch_transcript": _look_for_artifact,
    "fetch_summary": _look_for_artifact,
    "fetch_voicemail": _look_for_artifact,
    "fetch_recording": _look_for_recording,
    "fetch_messages": _look_for_messages,
    "fetch_calls": _look_for_calls,
    "find_contact": _look_for_contact,
}
