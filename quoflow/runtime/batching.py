"""Audiences: a firing becomes a batch, counted and capped before the first write, and each member an event.

The batch and its members' events are one transaction: after a crash there is all of it, or it is gathered anew under
the same ids. Each member is then planned like any event, once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from quoflow.core import audiences, contexts, expressions, phones, writes
from quoflow.core.audiences import Candidate, Firing
from quoflow.core.events import Event
from quoflow.core.gathering import Gathering, gather
from quoflow.core.rules import Audience, Rule
from quoflow.runtime import gates, recalling, runs
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import batches, directory, inbox, mirror, verdicts
from quoflow.store.database import Connection

GONE = "its rule was disabled or deleted before it was this member's turn"


def open_batch(tx: Connection, engine: Engine, firing: Firing, scene: writes.Scene) -> str:
    """Find who is meant and put one event each into the inbox, or none where that is too many. Gives it in words."""
    rule, audience = firing.rule, firing.rule.audience
    assert audience is not None  # noqa: S101 - the caller has looked
    candidates = _list_candidates(tx, firing, audience, scene)
    gathering, objection = gather(rule, audience, candidates, partial(_turn_to_member, tx, engine, scene))
    _keep(tx, firing, gathering, objection, now=scene.now)
    said = f"batch {firing.batch}: {gathering.describe()}"
    asks = gathering.members and objection is None and gates.needs_approval(engine, rule, action="send_message")
    told = f"{rule.name}: {said}{'; `quoflow approvals list` will show what needs a yes' if asks else ''}"
    engine.tell(Notice("batch.opened", told, firing.event.connection))
    if objection is not None:
        runs.record_stopped(tx, engine, rule, firing.event, reason=objection)
    else:
        inbox.add_events(tx, gathering.members, now=scene.now)
        _leave_out(tx, engine, firing, gathering, now=scene.now)
    return said


def find_rule(tx: Connection, engine: Engine, event: Event) -> Rule | None:
    """Give the version of the rule that a member's batch began with; None when the rule is not to run any more."""
    name, version = audiences.find_rule_name(event), audiences.find_version(event)
    present = engine.find_rule(name)
    if present is None or not present.enabled or version is None:
        return None
    return runs.load_version(tx, engine, name=name, version=version, connection=event.connection)


def _list_candidates(tx: Connection, firing: Firing, audience: Audience, scene: writes.Scene) -> Iterator[Candidate]:
    connection = firing.event.connection
    if audience.source == "contacts":
        for contact in directory.walk_contacts(tx, connection):
            yield firing.consider_contact(contact)
    elif audience.source == "conversations":
        for conversation in directory.walk_conversations(tx, connection):
            peer = conversation.participants[0] if conversation.participants else ""
            yield firing.consider_conversation(conversation, mirror.find_contact_by_phone(tx, connection, peer))
    else:
        source = audience.numbers or ""
        listed = expressions.evaluate(source, scene.values, scene.functions)
        for position, written in enumerate(audiences.read_numbers(listed, source), start=1):
            number = phones.normalize(written, scene.region)
            known = mirror.find_contact_by_phone(tx, connection, number) if number else None
            yield firing.consider_number(position, number, known)


def _turn_to_member(tx: Connection, engine: Engine, scene: writes.Scene, candidate: Candidate) -> writes.Scene:
    """Give the facts as the run of one member will see them."""
    rule, event = scene.rule, candidate.event
    line = next((line for line in scene.lines if line.id == event.line_id), None)
    past = recalling.recall(tx, (rule,), event, candidate.contact, now=scene.now)
    values = contexts.build_values(
        event,
        contact=candidate.contact,
        line=line,
        conversation=candidate.conversation,
        rule=rule.name,
        variables={**engine.settings.vars, **rule.vars},
        tags_field=scene.tags_field,
        region=scene.region,
    )
    return replace(scene, values=values, functions=engine.make_functions(scene.now, line, past))


def _keep(tx: Connection, firing: Firing, gathering: Gathering, objection: str | None, *, now: datetime) -> None:
    rule = firing.rule
    runs.keep_version(tx, rule, now=now)
    batch = batches.Batch(
        connection=firing.event.connection,
        id=firing.batch,
        rule=rule.name,
        rule_version=rule.version,
        event_id=firing.event.id,
        source=gathering.source,
        looked_at=gathering.looked_at,
        members=len(gathering.members),
        left_out=len(gathering.left_out),
        reason=objection or "",
        at=now,
    )
    batches.add_batch(tx, batch)


def _leave_out(tx: Connection, engine: Engine, firing: Firing, gathering: Gathering, *, now: datetime) -> None:
    """Put those who are left out on record, with their reasons, as events that were handled."""
    rule, connection = firing.rule, firing.event.connection
    inbox.add_events(tx, [event for event, _ in gathering.left_out], now=now)
    for event, reason in gathering.left_out:
        inbox.mark_handled(tx, event, now=now)
        verdict = verdicts.Verdict(connection, event.id, rule.name, rule.version, False, reason, now, [])
        verdicts.add_verdict(tx, verdict)
        if engine.skips.add(connection, rule.name, reason):
            engine.tell(Notice("rule.skipped", f"{rule.name}: {reason}", connection))
