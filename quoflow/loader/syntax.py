"""What the YAML parsers complain of, in plain words with what to do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from quoflow.loader.events import BrokenYaml

QUOTE = "put quotes around the text"
INDENT = "keys of one mapping begin in the same column; items of a list begin with `- `; indent with spaces"


class Explained(NamedTuple):
    """A complaint made plain; line and column count from 0."""

    line: int
    column: int
    message: str
    hint: str


def explain(error: BrokenYaml, lines: Sequence[str]) -> Explained:
    """Say in plain words where a text stops being YAML, why, and what to do; both parsers' words are known."""
    for word, tell in TELLERS:
        if word in error.problem or word in error.context:
            return tell(error, lines)
    return Explained(error.line, error.column, f"this is not YAML ({error.problem})", INDENT)


def _tell_open_quote(error: BrokenYaml, _lines: Sequence[str]) -> Explained:
    return Explained(
        error.since, error.since_column, "the quote that opens here is never closed", "close it on the same line"
    )


def _tell_escape(error: BrokenYaml, lines: Sequence[str]) -> Explained:
    line = lines[error.line] if error.line < len(lines) else ""
    start = line.rfind("\\", 0, error.column + 1)
    column = max(start, 0)
    message = f"`{line[column : column + 2]}` means nothing inside double quotes"
    return Explained(error.line, column, message, "use single quotes, or write the backslash twice")


def _tell_colon(error: BrokenYaml, _lines: Sequence[str]) -> Explained:
    hint = f"if it belongs to the text, {QUOTE}; if it follows a key, check how far the line is indented"
    return Explained(error.line, error.column, "a `:` cannot stand here", hint)


def _tell_start(error: BrokenYaml, lines: Sequence[str]) -> Explained:
    found = lines[error.line][error.column : error.column + 1] if error.line < len(lines) else ""
    return Explained(error.line, error.column, f"a text without quotes cannot begin with `{found}`", QUOTE)


def _tell_no_colon(error: BrokenYaml, _lines: Sequence[str]) -> Explained:
    return Explained(
        error.since, error.since_column, "this line is no `key: value`", f"write a `:` after the key; {INDENT}"
    )


def _tell_header(error: BrokenYaml, _lines: Sequence[str]) -> Explained:
    return Explained(
        error.line, error.column, "the text after `|` or `>` begins on this line", "begin it on the next one"
    )


def _tell_bracket(error: BrokenYaml, lines: Sequence[str]) -> Explained:
    opened = lines[error.since][error.since_column : error.since_column + 1] or "["
    message = f"the `{opened}` that opens here is not closed, or a comma is missing"
    hint = f"write `{'}' if opened == '{' else ']'}`, and put texts with `,`, `[`, `]`, `{{` or `}}` in quotes"
    return Explained(error.since, error.since_column, message, hint)


def _tell_dash(error: BrokenYaml, _lines: Sequence[str]) -> Explained:
    return Explained(error.line, error.column, "a list cannot begin here", f"begin it on the next line, or {QUOTE}")


def _tell_misfit(error: BrokenYaml, lines: Sequence[str]) -> Explained:
    before = lines[error.line][: error.column].rstrip() if error.line < len(lines) else ""
    if before.endswith(("'", '"')):
        message = "something follows the closing quote"
        return Explained(error.line, error.column, message, "put the quotes around the whole text")
    return Explained(error.line, error.column, "this does not fit the lines above it", INDENT)


TELLERS: Sequence[tuple[str, Callable[[BrokenYaml, Sequence[str]], Explained]]] = (
    ("end of stream", _tell_open_quote),
    ("document indicator", _tell_open_quote),
    ("escape", _tell_escape),
    ("double-quoted scalar", _tell_escape),
    ("mapping values are not allowed", _tell_colon),
    ("sequence entries", _tell_dash),
    ("cannot start any token", _tell_start),
    ("expected ':'", _tell_no_colon),
    ("scanning a block scalar", _tell_header),
    ("flow sequence", _tell_bracket),
    ("flow mapping", _tell_bracket),
    ("block mapping", _tell_misfit),
    ("block collection", _tell_misfit),
    ("document start", _tell_misfit),
)
