"""A client whose network is a sandbox in process, with a clock that the test moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from quoflow.quo.client import Quo
from quoflow.quo.transport import Endpoint, TokenBucket, Transport
from quoflow.sandbox.control import control
from quoflow.sandbox.exchange import Request
from quoflow.sandbox.faults import Fault
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.world import number_ids

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SCENARIO = {
    "options": {"rate_limit": "null"},
    "users": [{"id": "US1", "first_name": "Olivia", "email": "olivia@example.com", "role": "owner"}],
    "lines": [{"id": "PN1", "number": "+15555550100", "name": "Main Line"}],
    "fields": [
        {"name": "Tags", "key": "tags", "type": "multi-select"},
        {"name": "Note", "key": "note", "type": "string"},
    ],
    "contacts": [
        {
            "id": "CT1",
            "first_name": "Anna",
            "phones": ["+15555550111", "+15555550112"],
            "emails": ["anna@example.com", "a@example.com"],
            "fields": {"tags": ["customer"], "note": "back door"},
        },
        {"id": "CT2", "first_name": "Bill", "phones": ["+15555550113"]},
    ],
}


class Office:
    """A sandbox, the client that talks to it, and what a test makes happen in it."""

    def __init__(self):
        self.time = START
        self.sandbox = Sandbox(build_scenario(SCENARIO), clock=lambda: self.time, new_id=number_ids())
        self.quo = Quo(
            Transport(
                Endpoint("maton", "http://sandbox", "key", None, key_source="test"),
                bucket=TokenBucket(8, clock=self._read, sleep=self._sleep),
                clock=self._read,
                sleep=self._sleep,
                random=lambda: 1.0,
                wall_clock=lambda: self.time,
                client=httpx.Client(transport=httpx.MockTransport(self._answer)),
            )
        )

    def _read(self):
        return self.time.timestamp()

    def _sleep(self, seconds):
        self.time += timedelta(seconds=seconds)

    def _answer(self, asked):
        query = tuple(asked.url.params.multi_items())
        reply = self.sandbox.handle(Request(asked.method, asked.url.path, query, dict(asked.headers), asked.content))
        if reply.drop or reply.delay:
            raise httpx.ReadTimeout("no answer", request=asked)
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body)

    def happen(self, kind, method="POST", **body):
        reply = control(self.sandbox, Request(method, f"/_sandbox/{kind}", body=json.dumps(body).encode()))
        return json.loads(reply.body)

    def fault(self, kind, **options):
        self.sandbox.faults.add(Fault(kind=kind, **options))

    def later(self, **delta):
        self.time += timedelta(**delta)

    @property
    def posts(self):
        return [entry for entry in self.sandbox.log if entry["method"] != "GET"]


@pytest.fixture
def office():
    return Office()
