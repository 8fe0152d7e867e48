"""What a loss of power would leave: the order in which the kernel is asked, seen from outside the process."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import ANSWER, PLAIN

CALLS = "openat,pwrite64,write,fdatasync,fsync,sendto,sendmsg,writev,close"
STRACE = shutil.which("strace")


def can_trace(folder: Path) -> bool:
    """Tell whether this machine lets one process watch another."""
    if STRACE is None:
        return False
    return subprocess.run([STRACE, "-o", str(folder / "try"), "true"], capture_output=True, check=False).returncode == 0


def read_trace(file: Path) -> list[tuple[str, str]]:
    """Read a trace as (what, file): `write` and `sync` of the write-ahead log, and `post` of a text."""
    open_files: dict[str, str] = {}
    steps = []
    for line in file.read_text(errors="replace").splitlines():
        called = re.search(r"(\w+)\((\w*)(.*)", line)
        if not called:
            continue
        name, number, rest = called.groups()
        if name == "openat" and (opened := re.search(r'"([^"]*)".* = (\d+)$', line)):
            open_files[opened[2]] = opened[1]
        elif name in ("fdatasync", "fsync") and open_files.get(number, "").endswith("-wal"):
            steps.append(("sync", open_files[number]))
        elif name in ("pwrite64", "write") and open_files.get(number, "").endswith("-wal"):
            steps.append(("write", open_files[number]))
        elif "POST /" in rest and "/v1/messages" in rest:
            steps.append(("post", ""))
    return steps


def test_the_intent_is_on_the_disk_before_the_first_byte_leaves(make_firm, tmp_path):
    """All that was written of the log when a text leaves had been handed to the disk: power may fail at any moment."""
    if not can_trace(tmp_path):
        pytest.skip("strace is not there, or may not watch processes here")
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    for word in ("one", "two", "three"):
        firm.quo.write(word)
    trace = tmp_path / "trace"
    watched = [str(STRACE), "-f", "-s", "64", "-e", f"trace={CALLS}", "-o", str(trace), *PLAIN, "run", "--once"]
    subprocess.run(watched, cwd=firm.root, env=firm.environ, check=True, capture_output=True, timeout=120)
    steps = read_trace(trace)
    before = [steps[at - 1][0] for at, (what, _) in enumerate(steps) if what == "post"]

    assert before == ["sync", "sync", "sync"]
    assert len(firm.quo.sent()) == 3
