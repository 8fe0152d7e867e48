"""Texts: sending, listing and reading them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from quoflow.core import phones
from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, answer, answer_data
from quoflow.sandbox.happenings import follow_delivery
from quoflow.sandbox.queries import E164, LINE, NUMBER_ID, USER_ID, Body, read_body, read_span
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.world import Line, Message

_Recipient = Annotated[str, StringConstraints(pattern=E164)]


class SendBody(Body):
    """The body of `POST /v1/messages`."""

    content: str = Field(min_length=1, max_length=1600, pattern=r"\S")
    from_: str = Field(alias="from", pattern=LINE)
    to: list[_Recipient] = Field(min_length=1, max_length=1)
    user_id: str | None = Field(None, pattern=USER_ID)
    set_inbox_status: Literal["done"] | None = None


def write_message(session: Session, message: Message) -> dict[str, Any]:  # JSON
    """Write a message as the API shows it."""
    return session.writer.row(
        {
            "id": message.id,
            "to": list(message.to),
            "from": message.from_,
            "text": message.text,
            "phoneNumberId": message.line_id,
            "conversationId": message.conversation_id,
            "direction": message.direction,
            "userId": message.user_id,
            "status": message.status,
            "createdAt": session.writer.stamp(message.created_at, message.id),
            "updatedAt": session.writer.stamp(message.updated_at, message.id),
        }
    )


def _send(session: Session) -> Reply:
    body = read_body(SendBody, session.request.body)
    world, now = session.world, session.now
    line = _find_sender(session, body.from_)
    _check_region(line, body.to[0])
    user_id = _find_writer(session, line, body.user_id)
    conversation = world.open_conversation(line.id, tuple(body.to), now)
    message = Message(
        id=world.new_id("AC"),
        conversation_id=conversation.id,
        line_id=line.id,
        direction="outgoing",
        from_=line.number,
        to=tuple(body.to),
        text=body.content,
        user_id=user_id,
        status="queued",
        created_at=now,
        updated_at=now,
    )
    world.add_message(message)
    follow_delivery(world, message, session.options)
    conversation.is_done = body.set_inbox_status == "done"
    world.sent.append(_note_sent(session, message))
    row = write_message(session, message)
    return answer(202, row) if session.by_gateway and session.options.flat_bodies else answer_data(row, 202)


def _note_sent(session: Session, message: Message) -> dict[str, Any]:  # JSON
    return {
        "id": message.id,
        "at": message.created_at.isoformat(),
        "from": message.from_,
        "to": message.to[0],
        "text": message.text,
        "phoneNumberId": message.line_id,
        "conversationId": message.conversation_id,
        "userId": message.user_id,
        "body": session.request.body.decode("utf-8", "replace"),
    }


def _find_sender(session: Session, name: str) -> Line:
    line = session.world.find_line(name)
    if line is not None and name in {line.id, line.number}:
        return line
    if name.startswith("PN"):
        raise Refused(404, f"Phone number {name} not found")
    raise Refused(403, f"{name} is not a number of this workspace", code="0202403", title="Not Phone Number User")


def _find_writer(session: Session, line: Line, user_id: str | None) -> str:
    if user_id is None:
        return session.world.owner_of(line)
    if user_id not in session.world.users:
        raise Refused(404, f"User {user_id} not found")
    if user_id not in line.user_ids:
        message = f"User {user_id} does not belong to phone number {line.id}"
        raise Refused(403, message, code="0202403", title="Not Phone Number User")
    return user_id


def _check_region(line: Line, number: str) -> None:
    here = phones.country(number)
    if here == "US" and line.messaging.US == "restricted":
        raise Refused(400, "A2P Registration Not Approved", code="0206400", title="A2P Registration Not Approved")
    if here == "CA" and line.messaging.CA == "restricted":
        raise Refused(403, f"{line.number} may not text Canada")
    if here not in {"US", "CA"} and line.messaging.Intl == "restricted":
        raise Refused(403, f"{line.number} may not text abroad: international messaging is off")


def _list(session: Session) -> Reply:
    params = session.params
    line_id = params.text("phoneNumberId", NUMBER_ID, required=True)
    participants = params.texts("participants", E164, required=True)
    user_id = params.text("userId", USER_ID)
    span = read_span(params, "created", inclusive=session.options.inclusive_bounds)
    params.check()
    if line_id not in session.world.lines:
        raise Refused(404, f"Phone number {line_id} not found")
    conversation = session.world.find_conversation(line_id, participants)
    rows = [
        message
        for message in reversed(conversation.messages if conversation else [])
        if span.holds(message.created_at) and user_id in {None, message.user_id}
    ]
    return session.page(rows, params, most=100, write=write_message)


def _get(session: Session) -> Reply:
    message_id = session.words[0]
    if not message_id.startswith("AC"):
        raise Refused(400, "The id is not valid", problems=[FieldProblem("/id", "Expected string to match '^AC(.*)$'")])
    message = session.world.messages.get(message_id)
    if message is None:
        raise Refused(404, f"Message {message_id} not found")
    return answer_data(write_message(session, message))


ROUTES: Routes = {
    ("POST", "messages", 0): _send,
    ("GET", "messages", 0): _list,
    ("GET", "messages", 1): _get,
}
