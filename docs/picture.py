"""Draws docs/demo.svg from what `quoflow demo` really prints on a terminal.

Run it from the checkout once the demo has changed: `.venv/bin/python docs/picture.py`.
"""
# ruff: noqa: INP001 - a script, not a package

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

HERE = Path(__file__).parent
WIDTH = 118
HEAD, TAIL = 25, 18
"""How many lines of the beginning and of the end are shown."""


def run_demo() -> str:
    """Run the demo on a terminal of its own, and give what it printed, colours included."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
        quoflow = str(Path(sys.executable).with_name("quoflow"))
        os.execv(quoflow, [quoflow, "demo", "--yes"])  # noqa: S606 - our own command
    parts = []
    while True:
        try:
            part = os.read(terminal, 65_536)
        except OSError:  # the other end has closed
            break
        if not part:
            break
        parts.append(part)
    os.waitpid(pid, 0)
    return b"".join(parts).decode().replace("\r\n", "\n")


def main() -> None:
    """Draw the picture."""
    lines = ["$ quoflow demo --yes", *run_demo().rstrip().splitlines()]
    if len(lines) > HEAD + TAIL:
        lines = [*lines[:HEAD], "  …", *lines[-TAIL:]]
    console = Console(record=True, width=WIDTH, file=Path(os.devnull).open("w"))  # noqa: SIM115 - ends with the process
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="ellipsis")
    svg = console.export_svg(title="quoflow demo", theme=MONOKAI, unique_id="quoflow")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # the picture loads nothing from elsewhere
    (HERE / "demo.svg").write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
