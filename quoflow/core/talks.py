"""Whether a person of ours is talking to somebody: our people's texts and calls, without what machines say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from quoflow.core.facts import Call, Message

AUTOMATIC_WITHIN = timedelta(seconds=15)
"""What goes out sooner than this after their text or lost call is Quo's automatic reply: nobody writes that fast."""

LONGEST_CALL = timedelta(hours=6)
"""How long a call of which no end is known is taken to go on."""

_CUT = timedelta(microseconds=999_999)
"""Quo cuts some times to the second, so that an answer can seem to stand before its question."""


@dataclass(frozen=True, slots=True)
class Talk:
    """When a person of ours last had to do with somebody (UTC), and how."""

    at: datetime
    what: Literal["text", "call"]


def find_talk(messages: Iterable[Message], calls: Iterable[Call], *, now: datetime) -> Talk | None:
    """Give the latest sign of a person of ours, or None.

    A call counts once somebody has taken it up, until its end; one that goes on counts as of now. The AI agent is
    nobody, and neither is what answers within 15 seconds.

    Args:
        messages: what went to and fro with one number, without the texts that quoflow has sent.
        calls: the calls with it.
        now: the time, UTC.
    """
    read, spoken = tuple(messages), tuple(calls)
    asked = [one.created_at for one in read if one.direction == "incoming"]
    asked += [_find_end(one, now) for one in spoken if one.direction == "incoming" and not _is_connected(one)]
    outgoing = (one for one in read if one.direction == "outgoing")
    talks = [Talk(one.created_at, "text") for one in outgoing if not _is_automatic(one.created_at, asked)]
    talks += [Talk(_find_end(one, now), "call") for one in spoken if _is_connected(one)]
    return max(talks, key=lambda one: one.at, default=None)


def _is_connected(call: Call) -> bool:
    return call.answered_at is not None and not call.ai_handled


def _is_automatic(at: datetime, asked: Iterable[datetime]) -> bool:
    doubt = timedelta(0) if at.microsecond else _CUT
    return any(-doubt <= at - one < AUTOMATIC_WITHIN for one in asked)


def _find_end(call: Call, now: datetime) -> datetime:
    begun = call.answered_at or call.created_at
    if call.is_over:
        return call.completed_at or begun
    return max(begun, min(now, begun + LONGEST_CALL))
