"""A sandbox in process, with a clock that the test moves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from quoflow.sandbox.control import control
from quoflow.sandbox.exchange import Reply, Request
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.world import number_ids

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)

USERS = [
    {"id": "US1", "first_name": "Olivia", "email": "olivia@example.com", "role": "owner"},
    {"id": "US2", "first_name": "Max", "email": "max@example.com"},
]
LINES = [
    {"id": "PN1", "number": "+15555550100", "name": "Main", "users": ["US1"]},
    {"id": "PN2", "number": "+15555550101", "name": "Sales", "users": ["US1", "US2"]},
]
FIELDS = [
    {"name": "Tags", "key": "tags", "type": "multi-select"},
    {"name": "Age", "key": "age", "type": "number"},
    {"name": "Member", "key": "member", "type": "boolean"},
    {"name": "Since", "key": "since", "type": "date"},
    {"name": "Note", "key": "note", "type": "string"},
]
ANNA = "+15555550111"
BILL = "+15555550112"


@dataclass
class Answer:
    status: int
    body: Any
    reply: Reply

    @property
    def data(self):
        return self.body["data"]

    @property
    def problems(self):
        return [problem["path"] for problem in self.body.get("errors", [])]


class Desk:
    """Sends requests to a sandbox in process: direct unless `via="gateway"`."""

    def __init__(self, *, options=None, **parts):
        base = {"options": {"rate_limit": "null", "oddities": "false", **(options or {})}}
        scenario = {"users": USERS, "lines": LINES, "fields": FIELDS, **base, **parts}
        self.time = START
        self.sandbox = Sandbox(build_scenario(scenario), clock=lambda: self.time, new_id=number_ids())
        self.headers = {"user-agent": "tests", "authorization": "key-1"}

    def later(self, seconds):
        self.time += timedelta(seconds=seconds)

    def ask(self, method, path, *query, json_body=None, body=None, headers=None):
        raw = body if body is not None else b"" if json_body is None else json.dumps(json_body).encode()
        request = Request(method, path, tuple(query), self.headers if headers is None else headers, raw)
        is_control = path.startswith("/_sandbox")
        reply = control(self.sandbox, request) if is_control else self.sandbox.handle(request)
        try:
            parsed = json.loads(reply.body) if reply.body else None
        except ValueError:
            parsed = reply.body.decode()
        return Answer(reply.status, parsed, reply)

    def get(self, path, *query, **more):
        return self.ask("GET", path, *query, **more)

    def post(self, path, json_body=None, **more):
        return self.ask("POST", path, json_body=json_body, **more)

    def patch(self, path, json_body=None, **more):
        return self.ask("PATCH", path, json_body=json_body, **more)

    def send(self, text="Hello", to=ANNA, from_="PN1", **more):
        return self.post("/v1/messages", {"content": text, "from": from_, "to": [to], **more})

    def messages(self, peer=ANNA, line="PN1", *query):
        return self.get("/v1/messages", ("phoneNumberId", line), ("participants", peer), *query)

    def calls(self, peer=ANNA, line="PN1", *query):
        return self.get("/v1/calls", ("phoneNumberId", line), ("participants", peer), *query)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def make_desk():
    return Desk


@pytest.fixture(scope="session")
def make_desk_once():
    return Desk(contacts=[{"id": "CT1", "first_name": "Anna"}])
