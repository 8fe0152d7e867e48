"""Notifications by webhook: the body that Slack, Teams or any other address takes, and what its answer means.

What customers wrote is shown as they wrote it: it mentions nobody, formats nothing, and no link in it is opened.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from quoflow.actions.errands import Errand, NoAddress, Outside
from quoflow.actions.outgoing import Answer, Broken, Request, Unreached
from quoflow.actions.results import HOLD, Done, Failure
from quoflow.core.outside_settings import SlackTarget, TeamsTarget, WebhookTarget

Hook = SlackTarget | TeamsTarget | WebhookTarget

_MENDABLE = frozenset({301, 307, 308, 401, 403, 404, 405, 410, 429})
"""Answers that speak of the address and not of this notification: the next one would get the same."""


def deliver(errand: Errand, target: Hook, outside: Outside) -> Done | Failure:
    """POST a notification once, and say what came of it."""
    try:
        request = build_request(errand, target, outside)
        answer = outside.way.exchange(request)
    except (NoAddress, Unreached) as error:
        return Failure("hold", str(error), HOLD, errand.scope)
    except Broken as error:
        return Failure("uncertain", str(error))
    return judge(answer, errand)


def probe(target: Hook, outside: Outside) -> None:
    """Connect to a webhook's host, and ask for nothing. Raises NoAddress or Unreached."""
    if isinstance(target, WebhookTarget):
        outside.read_token(target)
    outside.way.probe(outside.find_address(target), private=target.private)


def build_request(errand: Errand, target: Hook, outside: Outside) -> Request:
    """Build the request of a notification. Raises NoAddress when its address or token is not there."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": errand.key}
    token = outside.read_token(target) if isinstance(target, WebhookTarget) else None
    if token:
        headers["Authorization"] = f"Bearer {token}"
    body = json.dumps(_BODIES[type(target)](errand), ensure_ascii=True).encode()
    return Request("POST", outside.find_address(target), headers, body, private=target.private, lease=errand.lease)


def judge(answer: Answer, errand: Errand) -> Done | Failure:
    """Decide what an answer means for a notification."""
    status = answer.status
    if 200 <= status < 300:
        return Done()
    reason = f"{errand.to} answered {status}"
    if status in _MENDABLE:
        return Failure("hold", f"{reason}; {_ADVICE.get(status, 'check its address')}", HOLD, errand.scope)
    if status >= 500 or status < 400 or status == 408:
        return Failure("uncertain", f"{reason}; nobody knows whether it took the notification")
    return Failure("fail", f"{reason}: it does not take this notification")


_ADVICE = {
    301: "its address has moved: write the new one",
    307: "its address has moved: write the new one",
    308: "its address has moved: write the new one",
    401: "check its token",
    429: "it takes no more for now",
}


def _write_slack(errand: Errand) -> Mapping[str, Any]:
    """Write for Slack: `&`, `<` and `>` are what mentions and links are made of; the rest is switched off."""
    text = errand.words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    plain = {"mrkdwn": False, "parse": "none", "link_names": False, "unfurl_links": False, "unfurl_media": False}
    return {"text": text, **plain}


def _write_teams(errand: Errand) -> Mapping[str, Any]:
    """Write for Teams: the runs of a rich text block know no Markdown, and a mention would have to be declared."""
    lines = [{"type": "TextRun", "text": errand.words}]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": lines}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _write_webhook(errand: Errand) -> Mapping[str, Any]:
    return {
        "id": errand.key,
        "at": errand.now.isoformat(),
        "rule": errand.rule,
        "to": errand.to,
        "subject": errand.subject,
        "text": errand.text,
    }


_BODIES: Mapping[type[Hook], Callable[[Errand], Mapping[str, Any]]] = {
    SlackTarget: _write_slack,
    TeamsTarget: _write_teams,
    WebhookTarget: _write_webhook,
}
