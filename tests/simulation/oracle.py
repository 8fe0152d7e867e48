"""The truth: what Quo accepted, what people said and decided, and whether each text was right to go.

Nothing here asks the engine: figures are counted from what the sandbox accepted, and what is in the database is read
by a connection that sees only what is committed.
"""

from __future__ import annotations

import copy
import json
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from quoflow.sandbox.exchange import Reply, Request
from quoflow.sandbox.model import Sandbox

from . import firm
from .clock import Clock

AMBIGUOUS = {"timeout_before", "timeout_after", "reset_before", "reset_after", "garbage_2xx", "500", "503", "502_html"}
"""Faults after which nobody can say from the answer whether a text was accepted."""

_INTENTS = """
SELECT a.id, a.step_id, a.action, a.payload_hash, s.payload, s.hash, s.state AS step_state, s.created_at, r.rule_version
FROM attempts a JOIN steps s ON s.id = a.step_id JOIN runs r ON r.id = a.run_id WHERE a.state = 'sending'
"""


class Broken(BaseException):
    """A promise was broken. Not an Exception, so that no handler of the engine's takes it for a failure of a step."""


@dataclass(frozen=True)
class Saying:
    """What a customer wrote about being texted: `stop` or `start`."""

    message_id: str
    peer: str
    says: str
    at: datetime


@dataclass(frozen=True)
class Decision:
    """What a person said to an approval, and what they were shown."""

    yes: bool
    actor: str
    payload: dict[str, Any]
    hash: str


@dataclass
class Intent:
    """An intent that was seen committed, and what came of its request."""

    attempt_id: str
    step_id: str
    action: str
    payload: dict[str, Any]
    at: datetime
    requests: int = 0
    fault: str | None = None
    message_id: str | None = None


@dataclass
class Oracle:
    """Watches one life.

    Attributes:
        sayings: every STOP and START, whether or not quoflow has read it.
        decisions: what people were shown and said, by the approval's id, whether or not it came to count.
        edited: contacts that somebody changed since quoflow last read them: the documented window.
    """

    clock: Clock
    sandbox: Sandbox
    profile: firm.Profile
    database: sqlite3.Connection
    sayings: list[Saying] = field(default_factory=list)
    decisions: dict[str, list[Decision]] = field(default_factory=dict)
    is_paused: bool = False
    edited: set[str] = field(default_factory=set)
    intents: dict[str, Intent] = field(default_factory=dict)
    _before: dict[str, Any] | None = None
    _sent: int = 0

    # -- intents

    def take_commit(self, purpose: str) -> None:
        """Judge the intents that were just committed."""
        if purpose != "an intent":
            return
        for row in self.database.execute(_INTENTS):
            if row["id"] not in self.intents:
                self._judge(row)

    def _judge(self, row: sqlite3.Row) -> None:
        payload = json.loads(row["payload"])
        intent = Intent(row["id"], row["step_id"], row["action"], payload, self.clock.read())
        if row["hash"] != row["payload_hash"] or row["step_state"] != "sending":
            raise Broken(f"the intent {row['id']} is not that of its step: {dict(row)}")
        needs_yes, max_age = firm.list_promises()[row["rule_version"]]
        if needs_yes:
            self._check_approval(row, payload)
        if self.database.execute("SELECT 1 FROM controls WHERE name = 'recovery'").fetchone():
            raise Broken(f"an intent was taken before anybody said that the database may go on: {payload}")
        if self.is_paused:
            raise Broken(f"an intent was taken while everything was paused: {payload}")
        created = datetime.fromisoformat(f"{row['created_at']}+00:00")
        if intent.at - created > max_age:
            raise Broken(f"an intent was taken {intent.at - created} after its plan, and its rule allows {max_age}")
        if row["action"] == "send_message":
            self._check_text(intent)
        self.intents[intent.attempt_id] = intent

    def _check_approval(self, row: sqlite3.Row, payload: dict[str, Any]) -> None:
        found = self.database.execute(
            "SELECT id, hash, edited_by FROM approvals WHERE step_id = ? AND state = 'approved'", [row["step_id"]]
        ).fetchall()
        for approval in found:
            said = [one for one in self.decisions.get(approval["id"], ()) if one.yes and one.payload == payload]
            actors = {one.actor for one in said if one.hash == row["payload_hash"] == approval["hash"]}
            counted = actors if self.profile.self_approval else actors - {approval["edited_by"]}
            if len(counted) >= self.profile.approvers:
                return
        raise Broken(f"nobody approved exactly this: {payload}; approvals: {[dict(one) for one in found]}")

    def _check_text(self, intent: Intent) -> None:
        peer, now = intent.payload["to"][0], intent.at
        if peer not in firm.ZONES:
            raise Broken(f"{peer} is not in a country that may be texted")
        if self.find_known_stop(peer):
            raise Broken(f"{peer} had asked us to stop, and we had read it")
        profile = self.profile
        for zone in firm.ZONES[peer] if profile.open_from else ():
            hour = now.astimezone(ZoneInfo(zone)).hour
            if not profile.open_from <= hour < profile.open_to:
                raise Broken(f"it is {now.astimezone(ZoneInfo(zone)):%H:%M} where {peer} lives")
        accepted = [one for one in self.intents.values() if one.message_id is not None]
        theirs = [one for one in accepted if one.payload["to"] == [peer]]
        self._check_figure("to a contact in an hour", theirs, timedelta(hours=1), profile.per_hour)
        self._check_figure("to a contact in a day", theirs, timedelta(days=1), profile.per_day)
        here = [one for one in theirs if one.payload["from"] == intent.payload["from"]]
        self._check_figure("in a conversation in an hour", here, timedelta(hours=1), profile.loop)
        if profile.segments_per_day:
            midnight = now.astimezone(ZoneInfo("America/New_York")).replace(hour=0, minute=0, second=0, microsecond=0)
            today = [one for one in accepted if one.at >= midnight]
            self._check_figure("segments in a day", today, timedelta(days=1), profile.segments_per_day)

    def _check_figure(self, what: str, sent: list[Intent], window: timedelta, most: int | None) -> None:
        since = self.clock.read() - window
        count = sum(one.at > since for one in sent)
        if most is not None and count >= most:
            raise Broken(f"one more text would be {count + 1} {what}, and {most} are allowed")

    def find_known_stop(self, peer: str) -> bool:
        """Tell whether the last word of theirs that quoflow has read is STOP."""
        theirs = [one for one in self.sayings if one.peer == peer]
        if not theirs:
            return False
        read = {row[0] for row in self.database.execute("SELECT id FROM messages WHERE peer = ?", [peer])}
        known = [one for one in theirs if one.message_id in read]
        last = max((one.at for one in known), default=None)
        return any(one.says == "stop" for one in known if one.at == last) and not any(
            one.says == "start" for one in known if one.at == last
        )

    # -- requests

    def take_arrival(self, request: Request) -> None:
        """Check a request as it comes to Quo: no write without an intent on the disk, and each intent once."""
        if request.method == "GET":
            if "/contacts/" in request.path:
                self.edited.discard(request.path.rpartition("/")[2])
            return
        self._before = copy.deepcopy(self._read_contact(request))
        self._sent = len(self.sandbox.world.sent)
        self._find_intent(request).requests += 1

    def take_answer(self, request: Request, reply: Reply, fault: str | None) -> None:
        """Note what Quo did with a write, which the answer may hide."""
        if request.method == "GET":
            return
        if request.method == "PATCH":
            self._check_patch(request)
            return
        intent = self._current
        intent.fault = fault
        sent = self.sandbox.world.sent[self._sent :]
        if sent:
            twin = next((o for o in self.intents.values() if o.step_id == intent.step_id and o.message_id), None)
            if twin is not None:
                raise Broken(
                    f"the text of step {intent.step_id} was accepted twice: {twin.message_id}, {sent[0]['id']}"
                )
            intent.message_id = sent[0]["id"]

    def _find_intent(self, request: Request) -> Intent:
        body = json.loads(request.body)
        committed = {row["id"] for row in self.database.execute(_INTENTS)}
        fitting = [one for one in self.intents.values() if one.attempt_id in committed and _fits(one, request, body)]
        if not fitting:
            raise Broken(f"{request.method} {request.path} left without a committed intent of these bytes: {body}")
        self._current = fitting[-1]
        return self._current

    def _read_contact(self, request: Request) -> dict[str, Any] | None:
        contact = self.sandbox.world.contacts.get(request.path.rpartition("/")[2])
        return {"default": contact.default_fields, "custom": contact.custom_fields} if contact else None

    def _check_patch(self, request: Request) -> None:
        before, after = self._before, self._read_contact(request)
        if before is None or after is None or request.path.rpartition("/")[2] in self.edited:
            return
        if after["default"] != before["default"]:
            raise Broken(f"a change of tags changed more: {before['default']} became {after['default']}")
        kept = [{one["key"]: one["value"] for one in state["custom"]} for state in (before, after)]
        tags = [set(fields.pop("tags", ())) for fields in kept]
        if kept[0] != kept[1]:
            raise Broken(f"a change of tags changed another field: {kept[0]} became {kept[1]}")
        add, remove = set(self._current.payload["add"]), set(self._current.payload["remove"])
        if tags[1] not in (tags[0], (tags[0] - remove) | add):
            raise Broken(f"the tags {tags[0]} became {tags[1]}, by {self._current.payload}")


def _fits(intent: Intent, request: Request, body: dict[str, Any]) -> bool:
    if request.method == "POST":
        return intent.requests == 0 and intent.payload == body
    return intent.action == "tag_contact" and request.path.endswith(f"/{intent.payload['contact_id']}")
