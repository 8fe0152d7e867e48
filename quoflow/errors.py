"""Every error of quoflow, as a tree by what the caller can do next.

QuoflowError                  a readable line, a hint, an exit code
├── UsageError                the command line is wrong                  exit 64
├── InvalidFiles              rules or configuration: a list of problems exit 4
├── StoreError                the database cannot be used                exit 1
│   └── InstanceRunning       another instance owns the file             exit 1
└── QuoError (quoflow.quo)    the API refused or could not be reached    exit 1
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

EXIT_FINE = 0
EXIT_FAILED = 1
EXIT_PENDING = 2
EXIT_REFUSED = 3
EXIT_INVALID = 4
EXIT_USAGE = 64
EXIT_INTERRUPTED = 130

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: where, what, and how to mend it.

    `line` and `column` count from 1. `path` is the key's path, such as
    `actions[0].send_message.text`. `code` is a stable slug for machines.
    """

    file: str
    line: int
    column: int
    path: str
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        """Give `file:line:column: severity: message (path)`, without the hint."""
        where = f" (at {self.path})" if self.path else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}{where}"


@dataclass(eq=False)
class QuoflowError(Exception):
    """Something that a person can understand and act on; never a bug of ours."""

    message: str
    hint: str = ""
    exit_code: int = field(default=EXIT_FAILED, kw_only=True)

    def __str__(self) -> str:
        """Give the message and, after an em dash's worth of space, what to do."""
        return f"{self.message}. {self.hint}" if self.hint else self.message


@dataclass(eq=False)
class UsageError(QuoflowError):
    """The command line asks for something that cannot be."""

    exit_code: int = field(default=EXIT_USAGE, kw_only=True)


class InvalidFiles(QuoflowError):
    """Rules or configuration cannot be used: every problem at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"{count} problem{'' if count == 1 else 's'} in rules or configuration", exit_code=EXIT_INVALID
        )


@dataclass(eq=False)
class StoreError(QuoflowError):
    """The database cannot be opened, read or written.

    Attributes:
        is_passing: whether the same may succeed later with the file as it is: another's lock, a full or failing disk.
    """

    is_passing: bool = field(default=False, kw_only=True)


@dataclass(eq=False)
class InstanceRunning(StoreError):
    """Another instance of quoflow owns this database file."""
