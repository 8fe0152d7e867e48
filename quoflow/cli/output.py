"""How things look on the terminal: JSON for machines on stdout, words for people, errors in one line on stderr."""

from __future__ import annotations

import difflib
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from quoflow.errors import Problem

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b-\u200f]")


@dataclass(frozen=True, slots=True)
class Session:
    """What every command may ask for: the configuration that was named, and whether to show tracebacks."""

    config: Path | None
    debug: bool


def has_color(stream: Any) -> bool:  # a text stream
    """Whether to colour: on a terminal only, and never where NO_COLOR is set."""
    return not os.environ.get("NO_COLOR") and hasattr(stream, "isatty") and stream.isatty()


def paint(text: str, color: str, *, stream: Any = None) -> str:  # a text stream
    """Colour a text where the stream takes colours."""
    return click.style(text, fg=color) if has_color(stream or sys.stdout) else text


def write(text: str = "") -> None:
    """Write a line for people to stdout."""
    click.echo(text)


def tell(text: str) -> None:
    """Write a line of progress to stderr."""
    click.echo(text, err=True)


def write_json(value: object) -> None:
    """Write JSON to stdout: nothing else may stand there."""
    click.echo(format_json(value))


def format_json(value: object) -> str:
    """Give a value as JSON for machines, times in ISO 8601."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_encode)


def _encode(value: object) -> str:
    if isinstance(value, datetime):
        return format_time(value)
    return str(value)


def format_time(value: datetime | None) -> str:
    """Give a time as ISO 8601 UTC with a Z; empty for none."""
    return value.isoformat(timespec="seconds").replace("+00:00", "Z") if value else ""


def write_error(message: str, hint: str = "") -> None:
    """Write an error and what to do about it to stderr."""
    label = paint("error:", "red", stream=sys.stderr)
    tell(" ".join([label, *(_end(part) for part in (message, hint[:1].upper() + hint[1:]) if part)]))


def _end(sentence: str) -> str:
    """End a sentence with one full stop, where it has no other end."""
    return sentence if sentence.endswith(("?", "!", "…")) else f"{sentence.rstrip('.')}."


def write_problems(problems: Iterable[Problem]) -> None:
    """Write each problem with its place, its key's path and what to do to stderr."""
    for problem in problems:
        color = "red" if problem.severity == "error" else "yellow"
        place = f"{problem.file}:{problem.line}:{problem.column}:"
        path = f" ({problem.path})" if problem.path else ""
        tell(f"{place} {paint(problem.severity + ':', color, stream=sys.stderr)} {problem.message}{path}")
        if problem.hint:
            tell(f"    {paint('hint:', 'cyan', stream=sys.stderr)} {problem.hint}")


def show_text(text: str | None, *, limit: int = 0) -> str:
    """Make a customer's words safe to print: one line, control characters shown as marks, cut to a limit."""
    line = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", (text or "").replace("\r", "").replace("\n", " ⏎ "))
    return line if not limit or len(line) <= limit else line[: limit - 1] + "…"


def write_table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """Draw a table on stdout. Long cells fold."""
    # rich costs 60 ms to import, and only tables need it.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", header_style="bold", pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(show_text(str(cell)) if cell is not None else "") for cell in row))
    width = None if sys.stdout.isatty() else 120
    Console(no_color=not has_color(sys.stdout), width=width, highlight=False).print(table)


def confirm(question: str) -> bool:
    """Ask a person for a yes. Raises UsageError where there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on; add --yes.")
    return click.confirm(question, default=False)


def suggest(written: str, known: Iterable[str]) -> str | None:
    """Give the known word that was probably meant."""
    close = difflib.get_close_matches(written, list(known), n=1, cutoff=0.6)
    return close[0] if close else None
