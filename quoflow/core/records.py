"""The shapes of what events hold: a text, a call, and what is made after a call. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from quoflow.core import shapes
from quoflow.core.shapes import BOOLEAN, MAP, NUMBER, TEXT, TIME, Shape, list_of, maybe, record

DIRECTION = shapes.choice("incoming", "outgoing")
LINES = list_of(
    record(
        {
            "speaker": maybe(TEXT),
            "text": TEXT,
            "start": maybe(NUMBER),
            "end": maybe(NUMBER),
            "user_id": maybe(TEXT),
        }
    )
)
TEXTS = list_of(TEXT)

MESSAGE: Mapping[str, Shape] = {
    "id": TEXT,
    "text": TEXT,
    "from": TEXT,
    "to": TEXTS,
    "direction": DIRECTION,
    "status": TEXT,
    "time": TIME,
    "user_id": maybe(TEXT),
}
CALL: Mapping[str, Shape] = {
    "id": TEXT,
    "direction": DIRECTION,
    "status": TEXT,
    "from": TEXT,
    "to": TEXT,
    "duration": NUMBER,
    "time": TIME,
    "answered_at": maybe(TIME),
    "completed_at": maybe(TIME),
    "answered_by": maybe(TEXT),
    "missed": BOOLEAN,
    "forwarded_from": maybe(TEXT),
    "forwarded_to": maybe(TEXT),
    "ai_handled": BOOLEAN,
}
_STATE: Mapping[str, Shape] = {
    **dict.fromkeys(("first_name", "last_name", "company", "role"), maybe(TEXT)),
    **dict.fromkeys(("emails", "phones", "tags"), TEXTS),
    "fields": MAP,
}
CHANGE: Mapping[str, Shape] = {
    "names": TEXTS,
    "before": record(_STATE),
    "after": record(_STATE),
    "tags_added": TEXTS,
    "tags_removed": TEXTS,
}
MADE = shapes.choice("completed", "failed", "missing")

VOICEMAIL: Mapping[str, Shape] = {"status": MADE, "text": maybe(TEXT), "duration": NUMBER, "url": maybe(TEXT)}
TRANSCRIPT: Mapping[str, Shape] = {"status": MADE, "text": TEXT, "lines": LINES}
SUMMARY: Mapping[str, Shape] = {"status": MADE, "text": TEXT, "points": TEXTS, "next_steps": TEXTS}
RECORDING: Mapping[str, Shape] = {"status": MADE, "url": maybe(TEXT), "duration": NUMBER, "type": maybe(TEXT)}
