"""Runs the real command line in a process of its own for each line of JSON on stdin, forked with everything imported.

Starting the interpreter and importing takes ten times as long as most commands; a fork has it behind it. With
`ahead` the process's clock is ahead of time by that much; with `actor` another person is at the keyboard.
With `start` the process is left running, without a pace of its own, and its id is answered; `kill` ends one by SIGKILL.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from datetime import UTC, datetime
from importlib import import_module

from quoflow import app
from quoflow.cli import main
from quoflow.core.durations import parse_duration

LONGEST = 60


def run(order: dict) -> int:
    """Be the command: its folder, environment, files and clock."""
    if order.get("start"):
        hurry()
    else:
        signal.alarm(LONGEST)
    random.seed()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for number, (path, how) in enumerate(((os.devnull, os.O_RDONLY), (order["out"], flags), (order["err"], flags))):
        os.dup2(os.open(path, how, 0o600), number)
    ahead = parse_duration(order["ahead"])
    app.read_clock = lambda: datetime.now(UTC) + ahead
    if order.get("actor"):
        app.read_actor = lambda: order["actor"]
    return main.run(order["arguments"])


def hurry() -> None:
    """Ask as fast as the sandbox answers: how often it dies is what counts, not how long it lives."""
    bucket = app.transport.TokenBucket
    app.transport.TokenBucket = lambda _rate, **clocks: bucket(10_000, **clocks)


def launch(order: dict) -> int:
    """Fork, and give the exit code of the command, negative for a signal; or its process, where it is only started."""
    if "kill" in order:
        os.kill(order["kill"], signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(order["kill"], 0)[1])
    child = os.fork()
    if child:
        return child if order.get("start") else os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        code = run(order)
        sys.stdout.flush()
    finally:
        os._exit(code)


if __name__ == "__main__":
    for name, _ in main.COMMANDS.values():
        import_module(f"quoflow.cli.{name}")
    for line in sys.stdin:
        print(launch(json.loads(line)), flush=True)  # noqa: T201  the answer to the test
