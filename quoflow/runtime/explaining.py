"""Why each rule did what it did: what is on record is fetched, what was not kept is judged again, nothing is written.

Only the database is read, so it works beside a running service, and without a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from quoflow.core import explaining, lifecycle, matching, phones, plans, questions, writes
from quoflow.core.events import Event
from quoflow.core.explaining import Finding
from quoflow.core.lifecycle import RunRecord, StepRecord, StepState
from quoflow.core.rules import Rule
from quoflow.errors import QuoflowError, UsageError
from quoflow.runtime import gates, runs, scenes
from quoflow.runtime.engine import Engine
from quoflow.store import histories, mirror, verdicts
from quoflow.store import runs as run_store
from quoflow.store.approvals import Approval
from quoflow.store.database import Connection
from quoflow.store.histories import Handled, Seen, Vote
from quoflow.store.outbox import Attempt

MOST_NAMED = 10
"""Ids that are listed when one stands for several events."""

PENDING = frozenset({StepState.QUEUED, StepState.HELD, StepState.NEEDS_APPROVAL})
"""Steps whose gate has not been passed: the guards can be asked what they say now."""


@dataclass(frozen=True, slots=True)
class StepStory:
    """One step of a run with all that happened to it.

    Attributes:
        gate: what the guards say of a write now, while it waits; None where it waits for them no more.
        approvals: what people were asked, with their votes.
    """

    step: StepRecord
    gate: plans.Gate | None
    approvals: tuple[tuple[Approval, tuple[Vote, ...]], ...]
    attempts: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True)
class RuleStory:
    """What one rule made of an event, what its conditions read, and its run, if one began.

    Attributes:
        operands: what each condition reads, by expression, as it is now.
        is_present: whether a rule of this name is in the present set, and `is_current`, in this very version.
    """

    finding: Finding
    operands: Mapping[str, Mapping[str, Any]]  # plain data
    is_present: bool
    is_current: bool
    run: RunRecord | None = None
    steps: tuple[StepStory, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one event, or of something at Quo that is none; every rule of the present set is in it once."""

    name: str
    handled: Handled | None
    seen: Seen | None
    rules: tuple[RuleStory, ...]


def explain(engine: Engine, name: str, *, limit: int) -> tuple[tuple[Story, ...], bool]:
    """Explain an event, a run's event, or the latest events of a contact, newest first.

    Args:
        engine: the parts; its clients are not used.
        name: a run's id; an event's id, the beginning of one or Quo's own id in it; a contact's id or number.
        limit: how many events of a contact at most.

    Returns:
        The stories, and whether a contact was meant, of which there may be any number.

    Raises:
        QuoflowError: when nothing is known under this name. UsageError: when it stands for several events.
    """
    with engine.database.read() as tx:
        connections = {*histories.list_connections(tx), *engine.settings.connections}
        run = run_store.find_run(tx, name)
        if run is not None:
            found = histories.find_event(tx, run.connection, run.event_id)
            return tuple(_tell(tx, engine, one) for one in (found,) if one is not None), False
        events = _find_events(tx, name, connections)
        if events:
            return tuple(_tell(tx, engine, one) for one in events), False
        seen = histories.find_seen(tx, name, connections=connections)
        if seen is not None:
            return (_tell_no_event(engine, seen),), False
        peers = _find_peers(tx, engine, name, connections)
        if peers is None:
            hint = "name an event, a run, or a contact by id or number; `quoflow runs list` shows runs and their events"
            raise QuoflowError(f"nothing is known under `{name}`", hint)
        latest = histories.list_events_of(tx, peers, connections=connections, limit=limit)
        return tuple(_tell(tx, engine, one) for one in latest), True


def _find_events(tx: Connection, name: str, connections: Iterable[str]) -> tuple[Handled, ...]:
    """Find the events that are meant: one, or all that one call of Quo's has fired."""
    found = histories.find_events(tx, name, connections=tuple(connections), limit=MOST_NAMED + 1)
    whole = {one.event.id for one in found}
    if len(found) > 1 and not all(one == name or one.endswith(f":{name}") for one in whole):
        listed = ", ".join(sorted(whole)[:MOST_NAMED])
        raise UsageError(f"several events begin with `{name}`: {listed}", "write more of the id")
    return found


def _find_peers(tx: Connection, engine: Engine, name: str, connections: Iterable[str]) -> tuple[str, ...] | None:
    """Give the numbers of a contact, or the number that is written; None when it is neither."""
    for connection in sorted(connections):
        contact = mirror.find_contact(tx, connection, name)
        if contact is not None:
            return contact.phones
    number = phones.normalize(name, engine.settings.region)
    return (number,) if number else None


# -- one event


def _tell(tx: Connection, engine: Engine, handled: Handled) -> Story:
    """Give every rule's reason. What was not kept is judged as of the time when the event was handled."""
    event = handled.event
    kept = {one.rule: one for one in verdicts.list_verdicts(tx, event_id=event.id, limit=None)
            if one.connection == event.connection}  # fmt: skip
    found = {run.rule: run for run in histories.list_runs(tx, event, {*kept, questions.NAME})}
    then = _turn_back(engine, handled.handled_at or engine.clock())
    handling = explaining.Handling(handled.state, handled.tries, handled.reason, is_blank=_is_blank(event))
    stories = []
    facts: writes.Scene | None = None
    for rule in engine.rules:
        facts = facts or scenes.read_scene(tx, then, rule, event, run_id=None, others=engine.rules)
        scene = scenes.turn_to(facts, then, rule, event)
        judged = _judge(rule, event, scene, is_asked=handling.state == "handled" and not handling.is_blank)
        finding = explaining.find_reason(handling, _read_kept(kept.get(rule.name)), judged)
        stories.append(_tell_rule(tx, engine, finding, scene.values, rule=rule, run=found.get(rule.name)))
    present = {rule.name for rule in engine.rules}
    for name in sorted(kept.keys() - present):
        gone = _read_kept(kept[name])
        if gone is not None:
            finding = explaining.find_kept_reason(gone)
            stories.append(_tell_rule(tx, engine, finding, {}, rule=None, run=found.get(name)))
    question = found.get(questions.NAME)
    if question is not None:
        finding = Finding(question.rule, question.rule_version, "matched", "quoflow itself asks an owner by text")
        stories.append(RuleStory(finding, {}, True, True, question, _tell_steps(tx, engine, question)))
    return Story(event.id, handled, None, tuple(stories))


def _turn_back(engine: Engine, at: datetime) -> Engine:
    """Give the engine with its clock at a time: `now`, `today` and `is_open` then say what they said."""
    return replace(engine, clock=lambda: at)


def _is_blank(event: Event) -> bool:
    return event.kind not in matching.ADDRESSED and not event.data


def _judge(rule: Rule, event: Event, scene: writes.Scene, *, is_asked: bool) -> matching.Verdict:
    if not is_asked:
        # What no rule has been asked about, or could be, is not asked again: its evaluation is what may break.
        return matching.Verdict(rule.name, rule.version, event.id, matched=False, reason="")
    return matching.match(rule, event, scene.values, scene.functions, lines=scene.lines, region=scene.region)


def _read_kept(found: verdicts.Verdict | None) -> explaining.Kept | None:
    if found is None:
        return None
    asked = None if found.conditions is None else tuple((str(one), value) for one, value in found.conditions)
    return explaining.Kept(found.rule, found.rule_version, found.matched, found.reason, asked)


def _tell_rule(
    tx: Connection,
    engine: Engine,
    finding: Finding,
    values: Mapping[str, Any],  # plain data
    *,
    rule: Rule | None,
    run: RunRecord | None,
) -> RuleStory:
    operands = {expression: explaining.list_operands(expression, values) for expression, _ in finding.conditions}
    steps = _tell_steps(tx, engine, run) if run else ()
    is_current = rule is not None and rule.version == finding.rule_version
    return RuleStory(finding, operands, rule is not None, is_current, run, steps)


# -- its run


def _tell_steps(tx: Connection, engine: Engine, run: RunRecord) -> tuple[StepStory, ...]:
    approvals = histories.list_approvals(tx, run.id)
    votes = histories.list_votes(tx, [one.id for one in approvals])
    attempts = histories.list_attempts(tx, [step.id for step in run.steps])
    rule = runs.load_rule(tx, engine, run)
    return tuple(
        StepStory(
            step,
            _ask_gate(tx, engine, run, rule, step) if step.is_write and step.state in PENDING else None,
            tuple(
                (one, tuple(vote for vote in votes if vote.approval_id == one.id))
                for one in approvals
                if one.step_id == step.id
            ),
            tuple(one for one in attempts if one.step_id == step.id),
        )
        for step in run.steps
    )


def _ask_gate(tx: Connection, engine: Engine, run: RunRecord, rule: Rule | None, step: StepRecord) -> plans.Gate:
    """Ask the guards about a write that waits, as the worker would at this moment."""
    write = lifecycle.thaw_write(step, rule_version=run.rule_version)
    now = engine.clock()
    return gates.check_guards(tx, engine, write, rule=rule, due_at=step.created_at, now=now, event_id=run.event_id)


# -- what is no event


def _tell_no_event(engine: Engine, seen: Seen) -> Story:
    reason = _say_why_no_event(seen)
    findings = (Finding(rule.name, rule.version, "no_event", reason) for rule in engine.rules)
    return Story(seen.id, None, seen, tuple(RuleStory(one, {}, True, True) for one in findings))


def _say_why_no_event(seen: Seen) -> str:
    if seen.is_ours:
        which = f" (run {seen.run_id})" if seen.run_id else ""
        return f"quoflow sent this itself{which}; its own texts are no events"
    if not seen.is_over:
        return "the call is not over yet; its events come with its end"
    return "it is history: it was there before the first look at the workspace, and history never triggers"
