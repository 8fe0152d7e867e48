"""What an action says when it is through: values, so that deciding what follows stays outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from quoflow.core import breaking
from quoflow.quo import errors

Image = Mapping[str, Any]  # JSON, as `quo.images` writes a contact

Keep = Callable[[Image, Image], None]
"""Takes a contact as it is and as it is about to be written; the write leaves only when both are on the disk."""


@dataclass(frozen=True, slots=True)
class Done:
    """A write that happened.

    Attributes:
        outcome: becomes `steps.<id>`.
        message_id: Quo's, for texts.
        at: when Quo accepted it, by Quo's clock, where it was found afterwards.
        after: the contact as it was read back, for a change of one.
        gone: id of the contact that is deleted.
        conflict: what somebody else made of the contact at the same time, in words.
    """

    outcome: Mapping[str, Any] = field(default_factory=dict)  # JSON
    message_id: str | None = None
    at: datetime | None = None
    after: Image | None = None
    gone: str | None = None
    conflict: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A write that did not go through, and what to do about it.

    Attributes:
        what: `retry` (provably not sent: again after `after`), `hold` (provably not sent: a person must act, look
            again after `after`), `fail` (never again), `uncertain` (it may have happened: reconcile).
        reason: in words, for a person.
        after: how long to wait before the next try, for retry and hold.
        scope: what stands still with it, for hold: the `key`, all `writes`, or a line.
    """

    what: Literal["retry", "hold", "fail", "uncertain"]
    reason: str
    after: timedelta = timedelta(0)
    scope: str | None = None


LONGEST_PAUSE = 300.0
HOLD = timedelta(seconds=60)
MOST_CONFLICTS = 3

LINE_CODES = frozenset({"0202403", "0204403", "0206400"})
"""Quo's codes that speak of the sending line and not of one recipient: no user of it, the day's limit, no A2P."""


def classify_failure(error: errors.QuoError, *, tries: int, jitter: float, line_id: str | None = None) -> Failure:
    """Decide what follows a failed write, by what is provable about it.

    Args:
        error: what the client raised.
        tries: how often this write has been tried, this time included.
        jitter: a number from 0 to 1 that spreads retries.
        line_id: the line that a text would have gone out from.
    """
    reason = str(error)
    if error.is_ambiguous:
        return Failure("uncertain", reason)
    if scope := find_scope(error, line_id):
        return Failure("hold", reason, HOLD, scope)
    if isinstance(error, errors.RateLimited | errors.Unreachable | errors.LeaseOver):
        return Failure("retry", reason, _choose_pause(error, tries, jitter))
    if isinstance(error, errors.Conflict) and tries < MOST_CONFLICTS:
        return Failure("retry", reason, _choose_pause(error, tries, jitter))
    return Failure("fail", reason)


def find_scope(error: errors.QuoError, line_id: str | None) -> str | None:
    """Give what stands still until a person has mended it: the key, all writes, a line; None where nothing does."""
    if isinstance(error, errors.Unauthorized):
        return breaking.KEY
    if isinstance(error, errors.OutOfCredits):
        return breaking.WRITES
    return line_id if error.code in LINE_CODES else None


def _choose_pause(error: errors.QuoError, tries: int, jitter: float) -> timedelta:
    if error.retry_after is not None:
        return timedelta(seconds=error.retry_after + jitter)
    ceiling = min(LONGEST_PAUSE, 2.0 ** min(tries, 10))
    return timedelta(seconds=ceiling * (0.5 + jitter / 2))
