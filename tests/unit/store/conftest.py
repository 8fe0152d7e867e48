"""A real database in a temporary folder, and values to put in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core.events import Event
from quoflow.core.lifecycle import RunRecord, RunState, StepRecord, StepState
from quoflow.store import inbox, rule_versions, runs
from quoflow.store.approvals import Approval
from quoflow.store.database import Database
from quoflow.store.outbox import Attempt

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PEER = "+15555550123"


class Make:
    """Makes values with sensible fields, and writes runs with all that they stand on."""

    now = NOW
    peer = PEER

    def at(self, minutes: float) -> datetime:
        return NOW + timedelta(minutes=minutes)

    def event(self, event_id="message.received:AC1", **fields):
        known = {"kind": "message.received", "connection": "main", "occurred_at": NOW, "peer": PEER}
        return Event(id=event_id, **(known | fields))

    def step(self, step_id="s1", **fields):
        known = {
            "run_id": "r1",
            "connection": "main",
            "path": f"actions[{fields.get('position', 0)}]",
            "position": 0,
            "action": "send_message",
            "state": StepState.QUEUED,
            "created_at": NOW,
            "updated_at": NOW,
            "due_at": NOW,
            "is_write": True,
            "payload": {"content": "Hi", "from": "PN1", "to": [PEER]},
            "hash": f"hash of {step_id}",
            "to": PEER,
            "from_": "+15555550100",
            "text": "Hi",
            "segments": 1,
        }
        return StepRecord(id=step_id, **(known | fields))

    def run(self, tx, run_id="r1", *steps, **fields):
        """Write a run, and the event and rule version that it needs."""
        known = {
            "connection": "main",
            "rule": "greet",
            "rule_version": "v1",
            "event_id": f"event of {run_id}",
            "state": RunState.QUEUED,
            "started_at": NOW,
            "updated_at": NOW,
            "peer": PEER,
        }
        run = RunRecord(id=run_id, **(known | fields))
        inbox.add_events(tx, [self.event(run.event_id, connection=run.connection)], now=NOW)
        rule_versions.save_version(
            tx, rule=run.rule, version=run.rule_version, document={"name": run.rule}, file="rules/greet.yaml", now=NOW
        )
        assert runs.add_run(tx, run)
        kept = tuple(replace(step, run_id=run_id, connection=run.connection) for step in steps)
        runs.add_steps(tx, kept)
        return replace(run, steps=kept)

    def attempt(self, step, attempt_id="a1", **fields):
        known = {
            "connection": step.connection,
            "step_id": step.id,
            "run_id": step.run_id,
            "rule": "greet",
            "action": step.action,
            "line_id": "PN1",
            "to": step.to,
            "text": step.text,
            "normal_text": "hi",
            "payload_hash": step.hash,
            "state": "sending",
            "started_at": NOW,
            "segments": step.segments,
        }
        return Attempt(id=attempt_id, **(known | fields))

    def approval(self, step, approval_id="abcd1234", **fields):
        known = {
            "connection": step.connection,
            "step_id": step.id,
            "run_id": step.run_id,
            "rule": "greet",
            "action": step.action,
            "to": step.to,
            "from_": step.from_,
            "text": step.text,
            "payload": step.payload,
            "segments": step.segments,
            "hash": step.hash,
            "state": "pending",
            "requested_at": NOW,
            "expires_at": NOW + timedelta(hours=24),
        }
        return Approval(id=approval_id, **(known | fields))


@pytest.fixture
def make():
    return Make()


TARGETS = {"sqlite": lambda folder: folder / "quoflow.db"}
"""Where the store's contract is held: each target runs every test that asks for `database` or `tx`."""


@pytest.fixture(params=TARGETS)
def database(request, tmp_path):
    opened = Database.open(TARGETS[request.param](tmp_path), clock=lambda: NOW)
    yield opened
    opened.close()


@pytest.fixture
def tx(database):
    with database.write() as transaction:
        yield transaction
