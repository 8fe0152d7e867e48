"""The facts that a decision needs, fetched from the mirror before the core is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from quoflow.core import audiences, contexts, differences, occurrences, writes
from quoflow.core.events import Event
from quoflow.core.facts import Contact
from quoflow.core.rules import Rule
from quoflow.runtime import recalling
from quoflow.runtime.engine import Engine
from quoflow.store import entries, mirror
from quoflow.store.database import Connection


def read_scene(
    tx: Connection, engine: Engine, rule: Rule, event: Event, *, run_id: str | None, others: Iterable[Rule] = ()
) -> writes.Scene:
    """Fetch what is known about an event now, as the context of one rule, and what the others ask about it, too."""
    connection = event.connection
    lines = mirror.list_lines(tx, connection)
    line = next((one for one in lines if one.id == event.line_id), None)
    contact = _find_contact(tx, event)
    synced = mirror.find_conversation(tx, connection, event.conversation_id) if event.conversation_id else None
    user_id = read_user_id(event)
    users = mirror.list_users(tx, connection)
    user = next((one for one in users if one.id == user_id), None)
    now = engine.clock()
    values = contexts.build_values(
        event,
        contact=contact,
        line=line,
        conversation=synced.conversation if synced else None,
        user=user,
        rule=rule.name,
        variables={**engine.settings.vars, **rule.vars},
        steps={},
        tags_field=engine.settings.tags.field,
        run_id=run_id,
        region=engine.settings.region,
        gathered=_describe_gathered(tx, engine, rule, run_id),
    )
    return writes.Scene(
        rule=rule,
        connection=connection,
        values=values,
        functions=engine.make_functions(now, line, recalling.recall(tx, (rule, *others), event, contact, now=now)),
        lines=lines,
        region=engine.settings.region,
        tags_field=engine.settings.tags.field,
        now=now,
        workspace=writes.Workspace(
            users=users,
            properties=mirror.list_properties(tx, connection),
            find_contact=lambda who: mirror.find_anyone(tx, connection, who),
        ),
        targets=frozenset(engine.settings.notify),
    )


def _find_contact(tx: Connection, event: Event) -> Contact | None:
    """Give who an event is about: of a contact's own event that contact, as it is now or else as it was then.

    Of a member of an audience it is the one that was chosen, else whose number it is.
    """
    own = differences.read_contact(event)
    if own is not None:
        return mirror.find_contact(tx, event.connection, own.id) or own
    chosen = audiences.find_contact_id(event)
    contact = mirror.find_contact(tx, event.connection, chosen) if chosen else None
    if contact is None and event.peer:
        contact = mirror.find_contact_by_phone(tx, event.connection, event.peer)
    return contact


def _describe_gathered(
    tx: Connection, engine: Engine, rule: Rule, run_id: str | None
) -> list[dict[str, Any]]:  # plain data
    """Give what a run has gathered beside its own event."""
    if run_id is None or rule.throttle is None or rule.throttle.accumulate is None:
        return []
    known: dict[str, Contact | None] = {}
    described = []
    for event in entries.list_gathered(tx, run_id):
        if event.peer and event.peer not in known:
            known[event.peer] = mirror.find_contact_by_phone(tx, event.connection, event.peer)
        contact = known.get(event.peer or "")
        described.append(occurrences.describe_event(event, contact, engine.settings.region))
    return described


def turn_to(
    scene: writes.Scene, engine: Engine, rule: Rule, event: Event, *, run_id: str | None = None
) -> writes.Scene:
    """Give the same facts as another rule or run sees them, without reading them again."""
    variables = {**engine.settings.vars, **rule.vars}
    values = contexts.add_rule(scene.values, event=event, rule=rule.name, variables=variables, steps={}, run_id=run_id)
    return replace(scene, rule=rule, values=values)


def read_user_id(event: Event) -> str | None:
    """Give the id of the teammate in an event: who wrote the message, or answered the call."""
    message, call = event.data.get("message") or {}, event.data.get("call") or {}
    found = message.get("user_id") or call.get("answered_by")
    return str(found) if found else None
