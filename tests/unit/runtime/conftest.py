"""A shop: the real engine on a real database, and a Quo in process, on one clock that the test moves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count

import httpx
import pytest

from quoflow import app
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules
from quoflow.quo.client import Quo
from quoflow.quo.transport import Endpoint, TokenBucket, Transport
from quoflow.runtime import service
from quoflow.runtime.projects import Project
from quoflow.sandbox.control import control
from quoflow.sandbox.exchange import Request
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.world import number_ids
from quoflow.settings import Settings
from quoflow.store.database import Database

START = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
MAIN = "+12125550100"
ANNA, BILL, CORA = "+12125550111", "+12135550112", "+13125550113"
SCENARIO = {
    "connections": [{"id": "conn"}],
    "users": [{"id": "USmaria", "first_name": "Maria", "role": "owner"}],
    "lines": [{"id": "PNmain", "number": MAIN, "name": "Main"}],
    "contacts": [{"id": "CTanna", "first_name": "Anna", "phones": [ANNA]}],
}


class Shop:
    """The engine, its Quo, and what a test makes happen."""

    def __init__(self, folder, *rules, options=None, history=(), **configured):
        self.time = START
        self.told = []
        self.meanwhile = None  # happens once, between the next write at Quo and the answer to it
        scenario = {**SCENARIO, "options": {"rate_limit": "null", **(options or {})}, "history": list(history)}
        self.sandbox = Sandbox(build_scenario(scenario), clock=lambda: self.time, new_id=number_ids())
        connections = {"main": {"base_url": "https://api.maton.ai", "api_key_env": "KEY"}}
        guards = {"quiet_hours": "off", **configured.pop("guards", {})}
        approvals = {"allow_auto": ["*"]}
        settings = {"connections": connections, "approvals": approvals, "guards": guards, **configured}
        project = Project(folder / "quoflow.yaml", folder, Settings.model_validate(settings))
        read = read_documents("\n---\n".join(rules).encode(), "rules.yaml")
        built, problems = build_rules(read, "rules.yaml", Known(allow_auto=["*"]))
        assert [str(one) for one in problems if one.severity == "error"] == []
        self.database = Database.open(folder / "quoflow.db", clock=self.read)
        made = app.make_engine(project, built, self.database, quos={"main": self._connect()}, tell=self.told.append)
        numbers = count(1)
        self.engine = replace(
            made, clock=self.read, new_id=lambda: f"{next(numbers):012x}", jitter=lambda: 0.0
        )  # fmt: skip

    def read(self):
        return self.time

    def _count(self):
        return self.time.timestamp()

    def _sleep(self, seconds):
        self.time += timedelta(seconds=seconds)

    def _connect(self):
        return Quo(
            Transport(
                Endpoint("maton", "https://api.maton.ai", "key", None, key_source="test"),
                bucket=TokenBucket(100, clock=self._count, sleep=self._sleep),
                clock=self._count,
                sleep=self._sleep,
                random=lambda: 1.0,
                wall_clock=self.read,
                client=httpx.Client(transport=httpx.MockTransport(self._answer)),
            )
        )

    def _answer(self, asked):
        query = tuple(asked.url.params.multi_items())
        reply = self.sandbox.handle(Request(asked.method, asked.url.path, query, dict(asked.headers), asked.content))
        if asked.method != "GET" and self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if reply.drop or reply.delay:
            raise httpx.ReadTimeout("no answer", request=asked)
        headers = {**reply.headers, "date": format_datetime(self.time, usegmt=True)}
        return httpx.Response(reply.status, headers=headers, content=reply.body)

    def happen(self, path, method="POST", /, **body):
        """Let something happen at Quo; give its ids."""
        reply = control(self.sandbox, Request(method, f"/_sandbox/{path}", body=json.dumps(body).encode()))
        assert reply.status < 300, reply.body
        return json.loads(reply.body)

    def write(self, text, peer=ANNA, **more):
        """Let a text arrive."""
        return self.happen("messages", peer=peer, text=text, **more)["id"]

    def type(self, text, peer=ANNA, **more):
        """Let a person of ours text somebody, by hand."""
        return self.write(text, peer, direction="outgoing", **more)

    def later(self, **delta):
        self.time += timedelta(**delta)

    def work(self, times=1):
        """Look at Quo once, and do all the work that is then due."""
        for _ in range(times):
            service.run_once(self.engine)

    @property
    def texts(self):
        """Give (number, words) of every text that Quo accepted."""
        return [(one["to"], one["text"]) for one in self.sandbox.world.sent]

    def ask(self, question, *args, **options):
        """Ask the store something."""
        with self.database.read() as tx:
            return question(tx, *args, **options)

    def events(self, prefix=""):
        """List the ids of the events that begin so, the oldest first."""
        with self.database.read() as tx:
            found = tx.exec_driver_sql("SELECT id FROM events ORDER BY occurred_at, id").scalars()
            return [one for one in found if one.startswith(prefix)]

    def requests(self, path):
        """Count the requests for a path so far."""
        return sum(entry["path"].endswith(path) for entry in self.sandbox.log)


@pytest.fixture
def make_shop(tmp_path):
    """Open shops, each with these rules and after its first look; they close at the end."""
    opened = []

    def make(*rules, **more):
        folder = tmp_path / str(len(opened))
        folder.mkdir()
        shop = Shop(folder, *rules, **more)
        opened.append(shop)
        shop.work()
        return shop

    yield make
    for shop in opened:
        shop.database.close()
