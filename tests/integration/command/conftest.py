"""What these tests stand on: a sandbox over loopback, and a project that the real command works in."""

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from quoflow.loader.plain import read_plain
from quoflow.sandbox import scenario
from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.server import SandboxServer

KEY = "canary-key-93127"
PEER = "+15555550177"


class Quo:
    """The simulated Quo as a test sees it."""

    def __init__(self, server, sandbox):
        self.base_url = server.base_url
        self.sandbox = sandbox

    def post(self, path, body=None, method="POST"):
        url = f"{self.base_url}/_sandbox/{path}"
        request = urllib.request.Request(url, data=json.dumps(body or {}).encode(), method=method)
        with urllib.request.urlopen(request) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def miss_call(self, peer=PEER, **more):
        return self.post("calls", {"peer": peer, "ring": "0s", **more})["id"]

    def receive(self, text, peer=PEER, **more):
        return self.post("messages", {"peer": peer, "text": text, **more})["id"]

    @property
    def log(self):
        return list(self.sandbox.log)

    @property
    def sent(self):
        with urllib.request.urlopen(f"{self.base_url}/_sandbox/sent") as answer:
            return json.load(answer)["data"]

    @property
    def texts(self):
        return [(one["to"], one["text"]) for one in self.sent]


@pytest.fixture
def quo():
    data = read_plain(scenario.find_scenario("empty"))
    data["options"] = {**(data.get("options") or {}), "rate_limit": None}
    clock, new_id = (lambda: datetime.now(UTC)), (lambda prefix: prefix + secrets.token_hex(8))
    sandbox = Sandbox(scenario.build_scenario(data), clock=clock, new_id=new_id)
    with SandboxServer(sandbox) as server:
        yield Quo(server, sandbox)


class Project:
    """A folder with a configuration and rules, and the real command in it."""

    key = KEY

    def __init__(self, root: Path, quo: Quo):
        self.root = root
        self.quo = quo
        self.err = ""
        self.environ = {**os.environ, "MATON_API_KEY": KEY, "NO_COLOR": "1"}
        self.configure()

    def configure(self, *, gateway="maton", guards="{quiet_hours: off}", **more):
        place = f"gateway: {gateway}, base_url: '{self.quo.base_url}', api_key_env: MATON_API_KEY"
        lines = {
            "connections": f"{{main: {{{place}, requests_per_second: 10}}}}",
            "poll": "{every: 1s}",
            "guards": guards,
            **more,
        }
        (self.root / "quoflow.yaml").write_text("".join(f"{key}: {value}\n" for key, value in lines.items()))

    def write_rule(self, text, name="rule"):
        folder = self.root / "rules"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.yaml").write_text(text)

    def start(self, *arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "quoflow", *arguments],
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, code=0):
        process = self.start(*arguments)
        out, self.err = process.communicate(timeout=100)
        assert "Traceback" not in self.err, self.err
        assert process.returncode == code, f"{arguments}: {process.returncode}\n{out}\n{self.err}"
        return out

    def json(self, *arguments, code=0):
        return json.loads(self.run(*arguments, "--json", code=code))

    @staticmethod
    def wait_until(check, *, seconds=20.0):
        """Wait until something holds; a test's own assertion follows."""
        deadline = time.monotonic() + seconds
        while not check() and time.monotonic() < deadline:
            time.sleep(0.05)


@pytest.fixture
def project(tmp_path, quo):
    return Project(tmp_path, quo)
