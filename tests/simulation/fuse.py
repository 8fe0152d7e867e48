"""Where a process can die, or its disk fail: before and after each statement, commit and request, counted."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Trouble = Literal["kill", "full", "busy", "error"]

_CODES = {
    "full": ("SQLITE_FULL", 13, "database or disk is full"),
    "busy": ("SQLITE_BUSY", 5, "database is locked"),
    "error": ("SQLITE_IOERR", 10, "disk I/O error"),
}


class Killed(BaseException):
    """The process died here. Nothing may catch it, and nothing that it still tries has any effect."""


@dataclass(frozen=True)
class Point:
    """One place: a statement, a commit or a request, before or after it, and what the transaction around it does."""

    when: Literal["before", "after"]
    what: str
    purpose: str = ""

    @property
    def is_write(self) -> bool:
        """Whether a disk that is full would stop it."""
        return self.when == "before" and self.what.startswith(("COMMIT", "INSERT", "UPDATE", "DELETE"))

    @property
    def is_lock(self) -> bool:
        """Whether another process that writes would stop it."""
        return self.when == "before" and self.what == "BEGIN IMMEDIATE"

    @property
    def place(self) -> str:
        """Name the class of place: `before the commit of an intent`."""
        if self.what.startswith("COMMIT"):
            return f"{self.when} the commit of {self.purpose}"
        if self.what.startswith(("GET", "POST", "PATCH")):
            verb = self.what.split(" ", 1)[0]
            return f"{self.when} a {verb}"
        return f"within {self.purpose}"


@dataclass
class Fuse:
    """Counts the points that are passed; an armed one blows at the one that was chosen.

    Attributes:
        seen: counts what blew, and where.
        record: takes every point that is passed, when it is a list.
        find_purpose: says what the open transaction is for.
        place: only points of this class of place count, when it is set.
    """

    seen: Counter[str] = field(default_factory=Counter)
    record: list[Point] | None = None
    find_purpose: Callable[[], str] = lambda: ""
    is_dead: bool = False
    trouble: Trouble | None = None
    left: int = 0
    place: str = ""
    blown_at: Point | None = None

    def arm(self, trouble: Trouble, after: int, *, place: str = "") -> None:
        """Blow at the first fitting point after so many points; count those of one class of place only, if named."""
        self.trouble, self.left, self.place, self.blown_at = trouble, after, place, None

    def revive(self) -> None:
        """Let a new process start, with nothing armed."""
        self.is_dead, self.trouble = False, None

    def reach(self, when: Literal["before", "after"], what: str) -> None:
        """Pass a point.

        Raises:
            Killed: when the process dies here, or died before.
            sqlite3.OperationalError: when the disk fails here.
        """
        if self.is_dead:
            raise Killed("a dead process does nothing")
        if self.record is not None:
            self.record.append(Point(when, what, self.find_purpose()))
        if self.trouble is None:
            return
        if self.place and Point(when, what, self.find_purpose()).place != self.place:
            return
        self.left -= 1
        if self.left < 0:
            self._blow(Point(when, what, self.find_purpose()))

    def _blow(self, point: Point) -> None:
        trouble = self.trouble
        if trouble != "kill" and not (point.is_lock if trouble == "busy" else point.is_write):
            return
        self.seen.update((str(trouble), f"{trouble} {point.place}"))
        self.trouble, self.blown_at = None, point
        if trouble == "kill":
            self.is_dead = True
            raise Killed(f"{point.place}: {point.what}")
        raise _make_failure(str(trouble))


def _make_failure(trouble: str) -> sqlite3.OperationalError:
    name, code, message = _CODES[trouble]
    failure = sqlite3.OperationalError(message)
    failure.sqlite_errorname, failure.sqlite_errorcode = name, code
    return failure
