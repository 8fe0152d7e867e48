"""The `/_sandbox` surface: make things happen, queue faults, move time, read the log. It asks for no key."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json

from quoflow.core.durations import Duration
from quoflow.sandbox.contacts import build_contact, change_contact
from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, Request, answer, answer_html, refuse_flat
from quoflow.sandbox.faults import Fault
from quoflow.sandbox.happenings import finish_call, happen_call, happen_message, move_on
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.queries import read_body
from quoflow.sandbox.scenario import Artifacts, CallEntry, ContactEntry, MessageEntry
from quoflow.sandbox.world import Call

PREFIX = "/_sandbox"


class Advance(BaseModel):
    """How far to move time on."""

    model_config = ConfigDict(extra="forbid")

    advance: Duration


class CallChange(Artifacts):
    """What to change of a call: `status` and `completed` end it, `answered` picks it up, late things are added."""

    status: str | None = None
    answered: bool = False
    completed: bool = False
    ai_handled: bool | None = None
    forwarded_to: str | None = None


class MessageChange(BaseModel):
    """How far a text is now."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["sent", "delivered", "undelivered", "failed"]


def control(sandbox: Sandbox, request: Request) -> Reply:
    """Answer one request to the control surface."""
    try:
        return sandbox.run_locked(lambda now: _route(sandbox, request, now))
    except Refused as refused:
        return refuse_flat(refused, family="", trace="sandbox")


def _route(sandbox: Sandbox, request: Request, now: datetime) -> Reply:
    words = tuple(request.path.removeprefix(PREFIX).strip("/").split("/"))
    change = _CHANGES.get((request.method, words[0])) if len(words) == 2 else None
    if change is not None:
        return change(sandbox, request, now, words[1])
    work = _WORK.get((request.method, words))
    if work is None:
        routes = [*_WORK, *((method, (name, "{id}")) for method, name in _CHANGES)]
        known = ", ".join(f"{method} {PREFIX}/{'/'.join(path)}" for method, path in routes)
        raise Refused(404, f"There is no {request.method} {request.path} here; there are: {known}")
    return work(sandbox, request, now)


def _add_message(sandbox: Sandbox, request: Request, now: datetime) -> Reply:
    message = happen_message(sandbox.world, read_body(MessageEntry, request.body), now, sandbox.options)
    return answer(201, {"id": message.id, "conversation_id": message.conversation_id})


def _add_call(sandbox: Sandbox, request: Request, now: datetime) -> Reply:
    call = happen_call(sandbox.world, read_body(CallEntry, request.body), now)
    sandbox.world.advance(now)
    return answer(201, {"id": call.id, "conversation_id": call.conversation_id})


def _change_message(sandbox: Sandbox, request: Request, now: datetime, message_id: str) -> Reply:
    message = sandbox.world.messages.get(message_id)
    if message is None:
        raise Refused(404, f"Message {message_id} not found")
    change = read_body(MessageChange, request.body)
    if not move_on(message, change.status, now):
        raise Refused(409, f"Message {message_id} is {message.status} and cannot become {change.status}")
    return answer(200, {"id": message.id, "status": message.status})


def _change_call(sandbox: Sandbox, request: Request, now: datetime, call_id: str) -> Reply:
    call = sandbox.world.calls.get(call_id)
    if call is None:
        raise Refused(404, f"Call {call_id} not found")
    change = read_body(CallChange, request.body)
    _apply(sandbox, call, change, now)
    return answer(200, {"id": call.id, "status": call.status})


def _apply(sandbox: Sandbox, call: Call, change: CallChange, now: datetime) -> None:
    late = {name: value for name in Artifacts.model_fields if (value := getattr(change, name)) is not None}
    call.artifacts = call.artifacts.model_copy(update=late)
    if change.ai_handled is not None:
        call.ai_handled = change.ai_handled
    call.forwarded_to = change.forwarded_to or call.forwarded_to
    if change.answered and call.answered_at is None:
        call.status, call.answered_at, call.answered_by = "in-progress", now, call.user_id
    if change.completed:
        finish_call(sandbox.world, call, now, status=change.status or ("completed" if call.answered_at else "missed"))
    call.status = change.status or call.status
    sandbox.world.change_call(call, now)


def _add_contact(sandbox: Sandbox, request: Request, now: datetime) -> Reply:
    entry = read_body(ContactEntry, request.body)
    if "created" not in entry.model_fields_set:
        entry = entry.model_copy(update={"created": now - now})
    contact = build_contact(sandbox.world, entry, now)
    sandbox.world.contacts[contact.id] = contact
    return answer(201, {"id": contact.id})


def _change_contact(sandbox: Sandbox, request: Request, now: datetime, contact_id: str) -> Reply:
    change_contact(sandbox.world, contact_id, read_body(ContactEntry, request.body), now)
    return answer(200, {"id": contact_id})


def _delete_contact(sandbox: Sandbox, _: Request, __: datetime, contact_id: str) -> Reply:
    if sandbox.world.contacts.pop(contact_id, None) is None:
        raise Refused(404, f"Contact {contact_id} not found")
    return Reply(204, {})


def _add_faults(sandbox: Sandbox, request: Request, _: datetime) -> Reply:
    try:
        body = from_json(request.body)
        faults = [Fault.model_validate(each) for each in (body if isinstance(body, list) else [body])]
    except ValidationError as error:
        problems = [FieldProblem("/" + "/".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        raise Refused(400, "Not a fault", problems=problems) from None
    except ValueError:
        raise Refused(400, "Not JSON") from None
    for fault in faults:
        sandbox.faults.add(fault)
    return answer(201, {"data": sandbox.faults.show()})


def _clear_faults(sandbox: Sandbox, _: Request, __: datetime) -> Reply:
    sandbox.faults.clear()
    return Reply(204, {})


def _show_log(sandbox: Sandbox, _: Request, __: datetime) -> Reply:
    return answer(200, {"data": list(sandbox.log)})


def _show_sent(sandbox: Sandbox, _: Request, __: datetime) -> Reply:
    messages = sandbox.world.messages
    return answer(200, {"data": [{**sent, "status": messages[sent["id"]].status} for sent in sandbox.world.sent]})


def _show_state(sandbox: Sandbox, _: Request, now: datetime) -> Reply:
    world = sandbox.world
    conversations = [asdict(each) for each in world.conversations.values()]
    for row in conversations:
        del row["messages"], row["calls"]
    state = {
        "scenario": sandbox.scenario.name,
        "now": now,
        "to_come": world.to_come,
        "faults": sandbox.faults.show(),
        "lines": [asdict(each) for each in world.lines.values()],
        "users": [asdict(each) for each in world.users.values()],
        "contacts": [asdict(each) for each in world.contacts.values()],
        "conversations": conversations,
        "messages": [asdict(each) for each in world.messages.values()],
        "calls": [asdict(each) for each in world.calls.values()],
        "connections": [asdict(each) for each in world.connections.values()],
        "webhooks": [each.row for each in world.webhooks.values()],
    }
    return answer(200, json.loads(json.dumps(state, default=_to_json)))


def _to_json(value: object) -> Any:  # whatever json makes of it
    if isinstance(value, datetime):
        return value.isoformat()
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _move_clock(sandbox: Sandbox, request: Request, _: datetime) -> Reply:
    moved = sandbox.advance(read_body(Advance, request.body).advance)
    return answer(200, {"now": moved.isoformat(), "to_come": sandbox.world.to_come})


def _reset(sandbox: Sandbox, _: Request, __: datetime) -> Reply:
    sandbox.reset()
    return answer(200, {"now": sandbox.now().isoformat()})


def _connect(sandbox: Sandbox, request: Request, now: datetime) -> Reply:
    session = dict(request.query).get("session_token", "")
    for connection in sandbox.world.connections.values():
        if connection.session == session:
            connection.status, connection.token, connection.updated_at = "ACTIVE", "valid", now
            return answer_html(200, f"Connection {connection.id} is active now.")
    raise Refused(404, "No connection waits for this")


_CHANGES: dict[tuple[str, str], Callable[[Sandbox, Request, datetime, str], Reply]] = {
    ("PATCH", "calls"): _change_call,
    ("PATCH", "messages"): _change_message,
    ("PATCH", "contacts"): _change_contact,
    ("DELETE", "contacts"): _delete_contact,
}

_WORK: dict[tuple[str, tuple[str, ...]], Callable[[Sandbox, Request, datetime], Reply]] = {
    ("POST", ("messages",)): _add_message,
    ("POST", ("calls",)): _add_call,
    ("POST", ("contacts",)): _add_contact,
    ("POST", ("faults",)): _add_faults,
    ("DELETE", ("faults",)): _clear_faults,
    ("GET", ("log",)): _show_log,
    ("GET", ("sent",)): _show_sent,
    ("GET", ("state",)): _show_state,
    ("POST", ("clock",)): _move_clock,
    ("POST", ("reset",)): _reset,
    ("GET", ("connect",)): _connect,
}
