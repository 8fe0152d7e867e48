"""What may never happen in the database from one step to the next, and what must be there at the end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from quoflow.sandbox.world import Call, Message

from .clock import EPOCH
from .oracle import Broken, Oracle

FINAL = {
    "runs": {"succeeded", "failed", "cancelled", "skipped"},
    "steps": {"succeeded", "failed", "cancelled", "skipped"},
    "attempts": {"sent", "failed"},
    "approvals": {"approved", "rejected", "expired", "cancelled", "superseded"},
    "events": {"handled", "quarantined"},
}
"""States that are never left."""

IN_DOUBT = {"sending", "unknown"}
MISSED = {"missed", "no-answer", "abandoned", "busy", "canceled", "completed"}


@dataclass
class Ledger:
    """Compares the database with what it was after the last step.

    Attributes:
        left_behind: attempts that a process left in `sending` when it died: nothing proves what became of them.
    """

    oracle: Oracle
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    left_behind: set[str] = field(default_factory=set)

    def note_death(self) -> None:
        """Remember what a process that died was in the middle of."""
        self.left_behind |= {
            row["id"] for row in self.oracle.database.execute("SELECT id FROM attempts WHERE state = 'sending'")
        }

    def check(self) -> None:
        """Check every promise about what is on the disk."""
        now = {table: self._read(table) for table in FINAL}
        for table, rows in now.items():
            self._check_moves(table, self.rows.get(table, {}), rows)
        self._check_attempts(now["attempts"], now["steps"])
        self._check_decisions(now["approvals"])
        self._check_once(now)
        self.rows = now

    def _read(self, table: str) -> dict[str, dict[str, Any]]:
        return {row["id"]: dict(row) for row in self.oracle.database.execute(f"SELECT * FROM {table}")}

    def _check_moves(self, table: str, before: dict[str, dict[str, Any]], after: dict[str, dict[str, Any]]) -> None:
        if lost := before.keys() - after.keys():
            raise Broken(f"{table}: rows are gone: {sorted(lost)}")
        for key, row in before.items():
            if row["state"] in FINAL[table] and after[key]["state"] != row["state"]:
                raise Broken(f"{table}: {key} was {row['state']} and is {after[key]['state']}: {after[key]}")

    def _check_attempts(self, attempts: dict[str, dict[str, Any]], steps: dict[str, dict[str, Any]]) -> None:
        for key, row in attempts.items():
            intent = self.oracle.intents.get(key)
            if intent is None:
                raise Broken(f"the attempt {key} was never seen as a committed intent")
            state = row["state"]
            if row["action"] == "send_message":
                self._check_evidence(row, intent.message_id)
            if state in IN_DOUBT and steps[row["step_id"]]["state"] != state:
                raise Broken(f"the attempt {key} is {state}, its step {steps[row['step_id']]['state']}")
        doubtful = {row["step_id"] for row in attempts.values() if row["state"] in IN_DOUBT}
        for key, step in steps.items():
            if step["state"] in IN_DOUBT and key not in doubtful:
                raise Broken(f"the step {key} is {step['state']} without an attempt that is")

    def _check_evidence(self, row: dict[str, Any], accepted: str | None) -> None:
        key, reason = row["id"], row["reason"]
        if row["state"] == "failed" and accepted is not None:
            raise Broken(f"Quo accepted {accepted}, and its attempt {key} was called not sent: {reason}")
        if row["state"] == "failed" and key in self.left_behind:
            raise Broken(f"nothing proves that the attempt {key} of a dead process was not sent: {reason}")
        if row["state"] == "unknown" and row["finished_at"] is not None:
            raise Broken(f"the attempt {row['id']} is unknown and finished")
        if row["state"] == "sent":
            sent = next((one for one in self.oracle.sandbox.world.sent if one["id"] == row["message_id"]), None)
            if sent is None or (sent["to"], sent["text"]) != (row["to"], row["text"]):
                raise Broken(f"the attempt {row['id']} claims {row['message_id']}, which is {sent}")

    def _check_decisions(self, approvals: dict[str, dict[str, Any]]) -> None:
        for key, row in approvals.items():
            if row["state"] in {"approved", "rejected"}:
                said = self.oracle.decisions.get(key, [])
                if not any(one.yes is (row["state"] == "approved") and one.hash == row["hash"] for one in said):
                    raise Broken(f"the approval {key} is {row['state']}, and people said: {said}")

    def _check_once(self, now: dict[str, dict[str, dict[str, Any]]]) -> None:
        claims = Counter(row["message_id"] for row in now["attempts"].values() if row["message_id"])
        runs = Counter((row["rule"], row["event_id"]) for row in now["runs"].values())
        for counted, what in ((claims, "claimed by several attempts"), (runs, "run several times")):
            if twice := [key for key, count in counted.items() if count > 1]:
                raise Broken(f"{what}: {twice}")

    # -- the end

    def check_end(self, *, heard_from: datetime) -> None:
        """Check that nothing is left: every event handled, every run at its end, every accepted text on record.

        Args:
            heard_from: from when on all that happens at Quo is an event.
        """
        self.check()
        sent = {row["message_id"] for row in self.rows["attempts"].values() if row["state"] == "sent"}
        for accepted in self.oracle.sandbox.world.sent:
            if accepted["id"] not in sent:
                raise Broken(f"Quo accepted {accepted['id']} to {accepted['to']}, and no attempt says that it was sent")
        for key, row in self.rows["events"].items():
            if row["state"] != "handled":
                raise Broken(f"the event {key} is {row['state']}: {row['reason']}")
        doubtful = {row["run_id"] for row in self.rows["steps"].values() if row["state"] == "unknown"}
        for table in ("runs", "steps"):
            for key, row in self.rows[table].items():
                if row["state"] not in FINAL[table] and row.get("run_id", key) not in doubtful:
                    raise Broken(f"{table}: {key} is still {row['state']}: {row['reason']}")
        self._check_events(heard_from)

    def _check_events(self, heard_from: datetime) -> None:
        events, world = self.rows["events"].keys(), self.oracle.sandbox.world
        ours = {one["id"] for one in world.sent}
        wanted: set[str] = set()
        for message in world.messages.values():
            kind = "received" if message.direction == "incoming" else "sent"
            _sort_in(wanted, events, f"message.{kind}:{message.id}", message, ours, heard_from)
        for call in world.calls.values():
            for kind in ("started", "completed", "answered" if call.answered_at else "missed"):
                _sort_in(wanted, events, f"call.{kind}:{call.id}", call, ours, heard_from)
        if lost := wanted - events:
            raise Broken(f"what happened was never an event: {sorted(lost)}")


def _sort_in(
    wanted: set[str], events: Any, name: str, row: Message | Call, ours: set[str], heard_from: datetime
) -> None:
    """Say that something must be an event, or that it must not."""
    if row.id in ours or row.created_at <= EPOCH - timedelta(minutes=10):
        if name in events:
            raise Broken(f"{'our own text' if row.id in ours else 'history'} is an event: {name}")
    elif row.created_at > heard_from:
        wanted.add(name)
