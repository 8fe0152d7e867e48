"""A firm for the real command to work for: a simulated Quo over loopback, a project on disk, real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from quoflow.sandbox.model import Sandbox
from quoflow.sandbox.scenario import build_scenario
from quoflow.sandbox.server import SandboxServer
from quoflow.sandbox.world import number_ids

KEY = "canary-key-5d41402abc4b2a76"
CONNECTION = "conn-brightpipes"
MAIN, SALES = "+15555550100", "+15555550102"
PLAIN = [sys.executable, "-m", "quoflow"]
ANNA, BILL, CORA, STRANGER = "+15555550111", "+15555550112", "+15555550113", "+15555550177"

SCENARIO: dict[str, Any] = {
    "options": {"rate_limit": "null", "sent_after": "0s", "delivered_after": "0s"},
    "connections": [{"id": CONNECTION}],
    "users": [{"id": "USmaria", "first_name": "Maria", "email": "maria@brightpipes.example", "role": "owner"}],
    "lines": [
        {"id": "PNmain", "number": MAIN, "name": "Main Line"},
        {"id": "PNsales", "number": SALES, "name": "Sales"},
    ],
    "fields": [
        {"name": "Tags", "key": "tags", "type": "multi-select"},
        {"name": "Note", "key": "note", "type": "string"},
    ],
    "contacts": [
        {
            "id": "CTanna",
            "first_name": "Anna",
            "last_name": "Berg",
            "company": "Berg Bakery",
            "phones": [ANNA, "+15555550119"],
            "emails": ["anna@berg.example", "office@berg.example"],
            "fields": {"tags": ["customer"], "note": "back door"},
        },
        {"id": "CTbill", "first_name": "Bill", "phones": [BILL]},
        {"id": "CTcora", "first_name": "Cora", "phones": [CORA]},
    ],
    "history": [
        {"at": "-2h", "message": {"peer": ANNA, "text": "Are you open today?"}},
        {"at": "-1h", "call": {"peer": ANNA}},
    ],
}

TEXTBACK = """
name: textback
trigger: call.missed
actions:
  - send_message: {text: "Hi {{ contact.first_name or 'there' }}, sorry we missed you – we’ll call back."}
"""

ANSWER = """
name: answer
trigger: message.received
actions:
  - send_message: {text: "Got it: {{ message.text }}"}
"""
WATCH = "name: watch\ntrigger: message.sent\nactions:\n  - notify: {text: seen}\n"
UNLIMITED = {"contact_cap": "off", "budget": "off", "loop": "off"}


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Give stdout as JSON: it must hold nothing else."""
        return json.loads(self.out)


class Quo:
    """The simulated Quo, seen from outside: its control surface over HTTP."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/_sandbox", timeout=10)

    def happen(self, kind: str, **body: Any) -> dict[str, Any]:
        """Let a message, a call or a contact come into being; give its ids."""
        return self._ask("POST", kind, body)

    def miss_call(self, peer: str = ANNA, **more: Any) -> dict[str, Any]:
        """Let someone ring and give up."""
        return self.happen("calls", peer=peer, ring="0s", **more)

    def write(self, text: str, peer: str = ANNA, **more: Any) -> dict[str, Any]:
        """Let a text arrive."""
        return self.happen("messages", peer=peer, text=text, **more)

    def change_call(self, call_id: str, **body: Any) -> None:
        """Let a call go on, or something that is made after it arrive."""
        self._ask("PATCH", f"calls/{call_id}", body)

    def change_contact(self, contact_id: str, **body: Any) -> None:
        """Let somebody change a contact in the app."""
        self._ask("PATCH", f"contacts/{contact_id}", body)

    def delete_contact(self, contact_id: str) -> None:
        """Let somebody delete a contact in the app."""
        self._http.delete(f"/contacts/{contact_id}").raise_for_status()

    def advance(self, by: str) -> None:
        """Move Quo's clock on."""
        self._ask("POST", "clock", {"advance": by})

    def fault(self, kind: str, path: str = "", *, times: int | None = 1, **options: Any) -> None:
        """Put a fault in wait."""
        self._ask("POST", "faults", {"kind": kind, "path": path, "times": times, **options})

    def clear_faults(self) -> None:
        """Forget every fault."""
        self._http.delete("/faults").raise_for_status()

    def log(self) -> list[dict[str, Any]]:
        """Give every request so far."""
        return list(self._ask("GET", "log")["data"])

    def writes(self) -> list[dict[str, Any]]:
        """Give every request so far that was no GET."""
        return [one for one in self.log() if one["method"] != "GET"]

    def sent(self) -> list[dict[str, Any]]:
        """Give every text that was accepted."""
        return list(self._ask("GET", "sent")["data"])

    def texts(self) -> list[str]:
        """Give the words of every text that was accepted."""
        return [one["text"] for one in self.sent()]

    def contact(self, contact_id: str) -> dict[str, Any]:
        """Give a contact as it is now."""
        return next(one for one in self._ask("GET", "state")["contacts"] if one["id"] == contact_id)

    def close(self) -> None:
        self._http.close()

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._http.request(method, f"/{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()


class Launcher:
    """Starts a process for each command: `python -m quoflow`, or quicker a fork with everything imported."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("launcher.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, arguments: Sequence[str], *, cwd: Path, env: dict[str, str], ahead: str, actor: str) -> Ran:
        """Run one command in a fork, `ahead` of time, as another person if one is named."""
        out, err = cwd / "command.out", cwd / "command.err"
        order = {"arguments": arguments, "cwd": str(cwd), "env": env, "ahead": ahead, "out": str(out), "err": str(err)}
        code = self._order({**order, "actor": actor})
        ran = Ran(code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))
        out.unlink()
        err.unlink()
        return ran

    def start(self, arguments: Sequence[str], *, cwd: Path, env: dict[str, str]) -> int:
        """Start a command in a fork and give its process; what it writes is added to `service.log`."""
        log = str(cwd / "service.log")
        order = {"arguments": arguments, "cwd": str(cwd), "env": env, "ahead": "0s", "out": log, "err": log}
        return self._order({**order, "start": True})

    def kill(self, process: int) -> int:
        """End a process that was started, at once; give its exit code, negative for a signal."""
        return self._order({"kill": process})

    def _order(self, order: dict[str, Any]) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate(timeout=10)


class Firm:
    """A project on disk and the Quo that it works with.

    Commands are forked from a launcher; those of a firm with `is_plain` are `python -m quoflow` and nothing else.
    """

    def __init__(self, root: Path, quo: Quo, launcher: Launcher, *, is_plain: bool) -> None:
        self.root, self.quo = root, quo
        self._launcher, self._is_plain = launcher, is_plain
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith("QUOFLOW_")}
        self.environ |= {"MATON_API_KEY": KEY, "NO_COLOR": "1", "QUOFLOW_POLL__EVERY": "1s"}

    def configure(self, *, gateway: str = "maton", **changes: Any) -> None:
        """Write quoflow.yaml; JSON is YAML too."""
        connection = {"gateway": gateway, "base_url": self.quo.url, "api_key_env": "MATON_API_KEY"}
        if gateway == "maton":
            connection["connection_id"] = CONNECTION
        guards = {"quiet_hours": "off", **changes.pop("guards", {})}
        config = {"connections": {"main": connection}, "tags": {"field": "tags"}, "guards": guards, **changes}
        (self.root / "quoflow.yaml").write_text(json.dumps(config, indent=1))

    def write_rules(self, *documents: str) -> None:
        """Write the rules, in place of those that were there."""
        (self.root / "rules").mkdir(exist_ok=True)
        (self.root / "rules" / "rules.yaml").write_text("\n---\n".join(documents))

    def run(self, *arguments: str, code: int | None = 0, ahead: str = "", actor: str = "", **environ: str) -> Ran:
        """Run one command to its end, `ahead` of time or as another person; its exit code must be the one expected."""
        env = {**self.environ, **environ}
        if self._is_plain:
            done = subprocess.run(
                [*PLAIN, *arguments], cwd=self.root, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=60, check=False,
            )  # fmt: skip
            ran = Ran(done.returncode, done.stdout, done.stderr)
        else:
            ran = self._launcher.run(arguments, cwd=self.root, env=env, ahead=ahead or "0s", actor=actor)
        assert "Traceback" not in ran.err, ran.err
        assert code is None or ran.code == code, ran
        return ran

    def once(self, **options: Any) -> Ran:
        """Poll once and do all due work."""
        return self.run("run", "--once", **options)

    def begin(self) -> None:
        """Take the first look, which only sets the baseline."""
        self.once()

    def list(self, what: str, *options: str, **more: Any) -> list[dict[str, Any]]:
        """List approvals, runs or the outbox."""
        return list(self.run(what, "list", "--json", *options, **more).json)

    def preview(self, **options: Any) -> dict[str, Any]:
        """Look at what would be done."""
        return dict(self.run("run", "--once", "--dry-run", "--json", **options).json)

    def approve_all(self) -> None:
        """Say yes to everything that waits."""
        self.run("approvals", "approve", "--all", "--yes")

    def states(self) -> list[tuple[str, str]]:
        """Give (rule, state) of every run, the oldest first."""
        return [(one["rule"], one["state"]) for one in reversed(self.list("runs"))]

    @contextmanager
    def living(self) -> Iterator[None]:
        """Run a forked service, as fast as it can, and end it by SIGKILL at the end of the block."""
        process = self._launcher.start(("run",), cwd=self.root, env=self.environ)
        try:
            yield
        finally:
            assert self._launcher.kill(process) == -signal.SIGKILL, (self.root / "service.log").read_text()[-2000:]

    @contextmanager
    def serving(self, *, command: Sequence[str] = PLAIN, **environ: str) -> Iterator[Service]:
        """Run the service until the end of the block."""
        service = Service(self.root, {**self.environ, **environ}, command)
        try:
            yield service
        finally:
            service.kill()


class Service:
    """`python -m quoflow run` as a process; what it writes is in `log`."""

    def __init__(self, root: Path, environ: dict[str, str], command: Sequence[str] = PLAIN) -> None:
        self.log_file = root / "service.log"
        with self.log_file.open("ab") as log:
            self._before = log.tell()
            self.process = subprocess.Popen([*command, "run"], cwd=root, env=environ, stdout=log, stderr=log)

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8")

    def wait_for(self, condition: Callable[[], object], *, within: float = 30) -> None:
        """Wait until something holds; fail with the log when it does not come."""
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, self.log
            time.sleep(0.05)

    def wait_until_serving(self) -> None:
        """Wait until it has begun and can be stopped cleanly."""
        self.wait_for(lambda: b"serving" in self.log_file.read_bytes()[self._before :])

    def stop(self, number: int = signal.SIGTERM, *, within: float = 10) -> int:
        """Ask for a stop and give the exit code; it must come within that many seconds."""
        self.process.send_signal(number)
        return self.process.wait(within)

    def kill(self) -> None:
        """End it at once, without a word."""
        self.process.kill()
        self.process.wait(10)


def read_clock() -> datetime:
    """Give the time, for the sandbox."""
    return datetime.now(UTC)


@pytest.fixture
def make_quo() -> Iterator[Callable[..., Quo]]:
    """Start a simulated Quo with the firm's workspace, changed by keywords; its clock may be ahead of ours."""
    running: list[tuple[SandboxServer, Quo]] = []

    def start(*, options: dict[str, Any] | None = None, ahead: timedelta = timedelta(0), **parts: Any) -> Quo:
        scenario = {**SCENARIO, **parts, "options": {**SCENARIO["options"], **(options or {})}}
        sandbox = Sandbox(build_scenario(scenario), clock=lambda: read_clock() + ahead, new_id=number_ids())
        server = SandboxServer(sandbox).start()
        quo = Quo(server.base_url)
        running.append((server, quo))
        return quo

    yield start
    for server, quo in running:
        quo.close()
        server.stop()


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """Start the process that forks commands, once for each worker."""
    started = Launcher()
    yield started
    started.close()


@pytest.fixture
def make_firm(make_quo: Callable[..., Quo], launcher: Launcher, tmp_path: Path) -> Callable[..., Firm]:
    """Set up a firm: rules, and its configuration changed by keywords. Approvals are required unless `auto`."""

    def make(
        *rules: str, auto: bool = False, is_plain: bool = False, quo: dict[str, Any] | None = None, **config: Any
    ) -> Firm:
        firm = Firm(tmp_path, make_quo(**(quo or {})), launcher, is_plain=is_plain)
        approvals = {"allow_auto": ["*"] if auto else [], **config.pop("approvals", {})}
        firm.configure(approvals=approvals, **config)
        firm.write_rules(*(f"{rule.strip()}\napproval: auto\n" if auto else rule for rule in rules))
        return firm

    return make
