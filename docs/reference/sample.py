"""One Monday morning at a plumber's: the event, contact and line that the reference's examples are planned for."""
# ruff: noqa: INP001 - scripts, not a package

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from quoflow.core import (
    audiences,
    contexts,
    differences,
    events,
    facts,
    functions,
    history,
    hours,
    matching,
    planning,
    writes,
)
from quoflow.core.events import Event
from quoflow.core.outside_settings import HttpSettings
from quoflow.core.rules import Rule
from quoflow.loader.known import Known

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)  # a Monday, ten o'clock in New York
SEEN = NOW - timedelta(minutes=1)
ANNA = "+12125550123"
LINE = facts.Line("PNmain", "+12125550100", "Main Line")
CONTACT = facts.Contact(
    "CT1",
    first_name="Anna",
    last_name="Berg",
    company="Berg Bakery",
    emails=("anna@bergbakery.example",),
    phones=(ANNA,),
    fields={"tags": ["customer", "vip"]},
    external_id="crm-17",
)
WORKSPACE = writes.Workspace(
    properties=(facts.Property("tags", "Tags", "multi-select"), facts.Property("note", "Note", "string")),
    find_contact=lambda who: CONTACT if who in ("CT1", "crm-17", ANNA) else None,
)
PAST = history.History(
    counts={("call.missed", timedelta(hours=1)): 2},
    latest={"message.sent": history.Happened(datetime(2026, 11, 20, 15, tzinfo=UTC), "outgoing", "We open at nine.")},
    replied_at=datetime(2026, 11, 20, 15, tzinfo=UTC),
    is_first=True,
)
"""She has rung twice within the hour; on Friday somebody wrote to her. Where an example asks, it is her first text."""
OFFICE = {"office": hours.OfficeHours(open={"mon-fri": ("09:00-17:00",)})}
HTTP = HttpSettings(allow=("api.example.com",), secrets=("CRM_KEY",))
KNOWN = Known(hours=("office",), connections=("main",), allow_auto=("*",), targets=("owner", "team"), http=HTTP)

_TEXT = "Hello, how much is a new tap?"
_CALL = {
    "id": "AC2",
    "direction": "incoming",
    "status": "completed",
    "from": ANNA,
    "to": LINE.number,
    "duration": 42,
    "time": SEEN.isoformat(),
    "answered_at": None,
    "completed_at": SEEN.isoformat(),
    "answered_by": None,
    "missed": True,
}
_CALLS: Mapping[str, Mapping[str, Any]] = {
    "call.started": {"status": "ringing", "duration": 0, "completed_at": None},
    "call.forwarded": {"status": "forwarded", "forwarded_to": "+12125550144"},
}
_TEXTS: Mapping[str, Mapping[str, Any]] = {
    "message.sent": {"status": "sent", "user_id": "US1"},
    "message.delivered": {"text": "Here is your quote.", "status": "delivered", "user_id": "US1"},
    "message.failed": {"text": "Sorry we missed your call.", "status": "undelivered", "rule": "text-back"},
}
_STATE = {
    "first_name": "Anna",
    "last_name": "Berg",
    "company": "Berg Bakery",
    "role": None,
    "emails": ["anna@bergbakery.example"],
    "phones": [ANNA],
    "tags": ["customer", "vip"],
    "fields": {"tags": ["customer", "vip"]},
}
DATA: Mapping[str, Any] = {
    "message": {
        "id": "AC1",
        "text": _TEXT,
        "from": ANNA,
        "to": [LINE.number],
        "direction": "incoming",
        "status": "received",
        "time": SEEN.isoformat(),
        "user_id": None,
    },
    "call": _CALL,
    "voicemail": {"text": "My tap drips, please call me back.", "duration": 9, "url": None},
    "recording": {"url": "https://media.example/AC2.mp3", "duration": 42, "type": "audio/mpeg"},
    "transcript": {"text": "I would like a refund, please.", "lines": []},
    "summary": {"text": "Anna asks for a quote for a tap.", "points": ["A new tap"], "next_steps": ["Send a quote"]},
    "change": {
        "names": ["company", "tags"],
        "before": {**_STATE, "company": None, "tags": ["customer"]},
        "after": _STATE,
        "tags_added": ["vip"],
        "tags_removed": [],
    },
    "wait": {"for": "30m", "within": "office"},
    "set": {},
}
"""What each part of an event may hold; a trigger reads the parts that it has."""


def make_event(kind: str, rule: str) -> Event:
    """Make an event of a kind: Anna wrote or called a minute ago, the clock struck, or somebody asked for a rule."""
    if kind in ("schedule", "manual"):
        return Event(f"{kind}:{rule}:0:1", kind, "main", NOW, data={"set": {}, "rule": rule})
    data = {
        part: value for part, value in DATA.items() if part not in contexts.TABLE or kind in contexts.TABLE[part].kinds
    }
    if "call" in data:
        data["call"] = {**_CALL, "missed": kind in ("call.missed", "voicemail.received"), **_CALLS.get(kind, {})}
    if kind in contexts.EITHER:
        del data["call"]
    if kind in _TEXTS:
        data["message"] = {
            **DATA["message"],
            "from": LINE.number,
            "to": [ANNA],
            "direction": "outgoing",
            **_TEXTS[kind],
        }
    if kind in events.CONTACT_KINDS:
        data["contact"] = differences.describe_contact(CONTACT)
        return Event(f"{kind}:CT1", kind, "main", SEEN, peer=ANNA, data=data)
    direction = "outgoing" if kind in _TEXTS else "incoming"
    return Event(f"{kind}:AC1", kind, "main", SEEN, "PNmain", ANNA, direction, "CN1", data)


def plan_example(rule: Rule) -> Iterator[str]:
    """Plan a rule for the event of its first trigger. Gives lines of text: each step, its state, and its bytes."""
    event = make_event(rule.triggers[0].kind, rule.name)
    if rule.audience is not None:  # one member of it
        event = audiences.Firing(event, rule).consider_contact(CONTACT).event
    phone = event.peer is not None
    values = contexts.build_values(
        event,
        contact=CONTACT if phone else None,
        line=LINE if event.line_id else None,
        rule=rule.name,
        variables=rule.vars,
        tags_field="tags",
    )
    language = functions.Functions(now=NOW, timezone="America/New_York", region="US", hours=OFFICE, history=PAST)
    verdict = matching.match(rule, event, values, language, lines=(LINE,), region="US")
    yield f"{verdict.reason}{'' if verdict.matched else ': nothing is done'}"
    if verdict.matched:
        targets = frozenset({"owner", "team"})
        scene = writes.Scene(rule, "main", values, language, (LINE,), "US", "tags", NOW, WORKSPACE, targets)
        yield from _list_steps(planning.advance(rule, [], scene))


def _list_steps(advance: planning.Advance) -> Iterator[str]:
    for step in advance.steps:
        due = f" at {step.due_at:%Y-%m-%d %H:%M} UTC" if step.due_at is not None and step.due_at != NOW else ""
        reason = f" ({step.reason})" if step.reason not in ("", step.state) else ""
        yield f"{step.path} {step.action}: {step.state}{due}{reason}"
        payload = step.write.payload if step.write is not None else step.payload or {}
        yield from (
            f"    {key}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
            for key, value in payload.items()
        )
    yield from (f"{path}: later" for path in advance.later)
    if advance.end is not None:
        yield f"the run ends: {advance.end.state}{f' ({advance.end.reason})' if advance.end.reason else ''}"
