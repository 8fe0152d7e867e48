"""Webhooks: they are kept and shown, and never called."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, answer_data
from quoflow.sandbox.queries import USER_ID, Body, read_body
from quoflow.sandbox.session import Routes, Session
from quoflow.sandbox.world import Webhook

EVENTS = {
    "messages": frozenset({"message.received", "message.delivered"}),
    "calls": frozenset({"call.completed", "call.ringing", "call.recording.completed"}),
    "call-summaries": frozenset({"call.summary.completed"}),
    "call-transcripts": frozenset({"call.transcript.completed"}),
}

_Resource = Annotated[str, StringConstraints(pattern=r"^(PN.*|\*)$")]


class WebhookBody(Body):
    """The body of `POST /v1/webhooks/{family}`."""

    events: list[str] = Field(min_length=1)
    url: str = Field(pattern=r"^https?://\S+$")
    label: str | None = None
    resource_ids: tuple[_Resource, ...] = ("*",)
    status: Literal["enabled", "disabled"] = "enabled"
    user_id: str | None = Field(None, pattern=USER_ID)


def _create(session: Session) -> Reply:
    family = session.words[0]
    known = EVENTS.get(family)
    if known is None:
        raise Refused(404, "Not found")
    body = read_body(WebhookBody, session.request.body)
    strange = [event for event in body.events if event not in known]
    if strange:
        problem = FieldProblem("/events", f"Expected one of {', '.join(sorted(known))}; got {', '.join(strange)}")
        raise Refused(400, "The events are not valid", problems=[problem])
    world, now = session.world, session.now
    webhook_id = world.new_id("WH")
    row = {
        "id": webhook_id,
        "userId": body.user_id or world.owner.id,
        "orgId": "ORsandbox",
        "label": body.label,
        "status": body.status,
        "url": body.url,
        "key": f"c2FuZGJveC0{webhook_id}",
        "createdAt": session.writer.stamp(now, webhook_id),
        "updatedAt": session.writer.stamp(now, webhook_id),
        "deletedAt": None,
        "events": body.events,
        "resourceIds": body.resource_ids,
    }
    world.webhooks[webhook_id] = Webhook(webhook_id, family, row, now)
    return answer_data(row, 201)


def _find(session: Session) -> Webhook:
    webhook_id = session.words[0]
    if not webhook_id.startswith("WH"):
        problem = FieldProblem("/id", "Expected string to match '^WH(.*)$'")
        raise Refused(400, "The id is not valid", problems=[problem])
    webhook = session.world.webhooks.get(webhook_id)
    if webhook is None:
        raise Refused(404, f"Webhook {webhook_id} not found")
    return webhook


def _list(session: Session) -> Reply:
    return answer_data([webhook.row for webhook in session.world.webhooks.values()])


def _get(session: Session) -> Reply:
    return answer_data(_find(session).row)


def _delete(session: Session) -> Reply:
    del session.world.webhooks[_find(session).id]
    return Reply(204, {})


ROUTES: Routes = {
    ("GET", "webhooks", 0): _list,
    ("POST", "webhooks", 1): _create,
    ("GET", "webhooks", 1): _get,
    ("DELETE", "webhooks", 1): _delete,
}
