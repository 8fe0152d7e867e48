"""A stage for the engine: the sandbox in a process of its own with its rate limit off, and an engine on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from quoflow import app
from quoflow.quo import client, endpoint, transport
from quoflow.runtime import projects
from quoflow.runtime.engine import Engine

QUOFLOW = str(Path(sys.executable).with_name("quoflow"))
UNHURRIED = 100_000.0
"""Requests a second that our side is allowed: no limit in practice."""

CONFIGURATION = """connections:
  main: {{base_url: "{url}", api_key_env: BENCH_KEY}}
rules: rules/
approvals: {{allow_auto: ['*']}}
poll: {{every: 1s, contacts_every: 7d}}
guards: {{quiet_hours: off, contact_cap: off, budget: off, countries: off, loop: off}}
"""
RULE = """name: answer
trigger: message.received
approval: auto
actions:
  - send_message: {text: "Hi {{ contact.first_name or 'there' }}, we have your message."}
"""


@dataclass(frozen=True)
class Stage:
    """An engine, and the address of the sandbox that it talks to."""

    engine: Engine
    url: str

    def ask(self, path: str, body: object = None) -> object:
        """Ask the sandbox's control surface."""
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_sandbox/{path}", data)) as reply:
            return json.load(reply)["data"] if data is None else None

    def receive(self, number: int, text: str = "Hello?") -> None:
        """Let one of the contacts write to us."""
        self.ask("messages", {"peer": make_phone(number), "text": text})


def make_phone(number: int) -> str:
    return f"+1212555{number:04d}"


def write_scenario(people: int) -> str:
    contacts = [
        {"id": f"CT{number:06d}", "first_name": f"N{number}", "phones": [make_phone(number)]}
        for number in range(people)
    ]
    return json.dumps(
        {
            "options": {"rate_limit": None},
            "users": [{"id": "US1", "first_name": "Olivia"}],
            "lines": [{"id": "PN1", "number": "+15555550100", "name": "Main Line"}],
            "contacts": contacts,
        }
    )


@contextmanager
def open_stage(people: int, *, rules: str = RULE) -> Iterator[Stage]:
    """Serve a workspace with so many contacts, and take the first look at it."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        (root / "scenario.yaml").write_text(write_scenario(people), encoding="utf-8")
        with serve_sandbox(root) as url:
            (root / "rules").mkdir()
            (root / "rules" / "answer.yaml").write_text(rules, encoding="utf-8")
            (root / "quoflow.yaml").write_text(CONFIGURATION.format(url=url), encoding="utf-8")
            with open_engine(root, url) as engine:
                yield Stage(engine, url)


@contextmanager
def open_engine(root: Path, url: str) -> Iterator[Engine]:
    """Open the engine of a project on disk, for a workspace that is served."""
    project, loaded = projects.load_project(root / "quoflow.yaml", {})
    with app.open_database(project) as store:
        quos = {"main": client.Quo(make_transport(url))}
        yield app.make_engine(project, loaded, store, quos=quos, tell=lambda _: None)


def make_transport(url: str) -> transport.Transport:
    """Build a transport as the application does, but for the pace."""
    return transport.Transport(
        endpoint.Endpoint(gateway="maton", base_url=url, key="bench", connection_id=None),
        bucket=transport.TokenBucket(UNHURRIED, clock=time.monotonic, sleep=time.sleep),
        clock=time.monotonic,
        wall_clock=app.read_clock,
        sleep=time.sleep,
        random=lambda: 0.5,
    )


@contextmanager
def serve_sandbox(root: Path) -> Iterator[str]:
    command = [QUOFLOW, "sandbox", "--scenario", str(root / "scenario.yaml"), "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=os.environ)
    try:
        line = process.stderr.readline()
        yield next(word.rstrip(";") for word in line.split() if word.startswith("http://"))
    finally:
        process.terminate()
        process.wait(timeout=10)
