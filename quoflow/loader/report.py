"""Where problems of one file are collected while reading goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from quoflow.errors import Problem, Severity
from quoflow.loader.nodes import Key, Node, format_path

MOST = 100
"""Problems told of one file; more only bury the first."""


@dataclass(slots=True)
class Report:
    """The problems found so far in one file; `lines` is its text, to find places inside texts."""

    file: str
    lines: Sequence[str] = ()
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_full(self) -> bool:
        """Tell whether there is no room for more, so that looking for them is of no use."""
        return len(self.problems) >= MOST

    @property
    def has_errors(self) -> bool:
        """Tell whether anything but warnings was found."""
        return any(problem.severity == "error" for problem in self.problems)

    def add(self, node: Node, path: Sequence[Key], problem: tuple[str, str, str]) -> None:
        """Note an error (code, message, hint) where a node begins."""
        self.add_at((node.line, node.column), path, problem)

    def warn(self, node: Node, path: Sequence[Key], problem: tuple[str, str, str]) -> None:
        """Note a warning (code, message, hint) where a node begins."""
        self.add_at((node.line, node.column), path, problem, severity="warning")

    def add_at(
        self,
        place: tuple[int, int],
        path: Sequence[Key],
        problem: tuple[str, str, str],
        *,
        severity: Severity = "error",
    ) -> None:
        """Note a problem (code, message, hint) at a line and column, both from 1."""
        if not self.is_full:
            code, message, hint = problem
            self.problems.append(Problem(self.file, *place, format_path(path), code, message, hint, severity))


def find_close(word: str, known: Sequence[str]) -> str | None:
    """Give the known word that was probably meant, if one is close."""
    lowered = {name.lower(): name for name in known}
    close = get_close_matches(word.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def suggest(word: str, known: Sequence[str], *, otherwise: str = "") -> str:
    """Give "did you mean" for a word that is close to a known one, else what to do otherwise."""
    close = find_close(word, known)
    return f"did you mean `{close}`?" if close else otherwise


def join_words(words: Sequence[str], *, last: str = "or") -> str:
    """Write words as code: `a`, `b` or `c`."""
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
