"""The loop breaker: what tells that a machine is at the other end, or that we say the same again and again. Pure.

Too many texts in a conversation hold every write to it. An answer that came too fast, and the text that went last,
hold only what no person has approved: who reads both texts and says yes may send them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from quoflow.core.durations import format_duration
from quoflow.core.guard_settings import Loop

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sent:
    """A text of ours that went out, or may have: when (UTC), which line, rule and step, and its folded words."""

    at: datetime
    line_id: str | None = None
    rule: str = ""
    normal_text: str | None = None
    step_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Their latest text in a conversation: when it was written, and how long after a text that quoflow had sent."""

    at: datetime
    after: timedelta


@dataclass(frozen=True, slots=True)
class Loops:
    """Why a write may be part of a loop, in words, and when that is over if nobody does anything."""

    reason: str
    until: datetime


def find_loop(
    limits: Loop,
    now: datetime,
    *,
    sent: Sequence[Sent],
    others: Sequence[Sent],
    normal_text: str | None,
    answer: Answer | None,
    is_automatic: bool,
) -> Loops | None:
    """Tell whether a text may be part of a loop.

    Args:
        limits: the settings.
        now: the time, aware.
        sent: what went out in this conversation in the last 24 hours, oldest first.
        others: those of them that are no earlier attempt at this very write.
        normal_text: the text that is to be sent, folded for comparison.
        answer: their latest text, where one of ours went before it.
        is_automatic: whether no person approves this write.
    """
    found = [_find_too_many(limits, now, sent)]
    if is_automatic:
        found += [_find_machine(limits, now, answer), _find_repetition(limits, now, others, normal_text)]
    return max((one for one in found if one is not None), key=lambda one: one.until, default=None)


def find_release(sent: Iterable[Sent], most: int, window: timedelta, now: datetime) -> datetime | None:
    """Give when one more text may go, if `most` may in any `window`; None when it may now."""
    recent = sorted(one.at for one in sent if one.at > now - window)
    return None if len(recent) < most else recent[len(recent) - most] + window


def count_texts(texts: int) -> str:
    """Write a number of texts."""
    return f"{texts} text{'' if texts == 1 else 's'}"


def _find_too_many(limits: Loop, now: datetime, sent: Sequence[Sent]) -> Loops | None:
    most = limits.automatic_per_hour
    until = find_release(sent, most, HOUR, now)
    if until is None:
        return None
    count = sum(one.at > now - HOUR for one in sent)
    return Loops(f"{count_texts(count)} of ours in this conversation in the last hour (at most {most})", until)


def _find_machine(limits: Loop, now: datetime, answer: Answer | None) -> Loops | None:
    if limits.faster_than is None or answer is None or answer.after >= limits.faster_than:
        return None
    until = answer.at + HOUR
    if now >= until:
        return None
    took = f"{answer.after.total_seconds():.0f}s"
    least = format_duration(limits.faster_than)
    return Loops(f"they answered our text within {took}, which is faster than {least}: it may be a machine", until)


def _find_repetition(limits: Loop, now: datetime, others: Sequence[Sent], normal_text: str | None) -> Loops | None:
    within = limits.same_text_within
    last = max(others, key=lambda one: one.at, default=None)
    if within is None or last is None or normal_text is None or last.normal_text != normal_text:
        return None
    until = last.at + within
    if now >= until:
        return None
    ago = format_duration(max(now - last.at, timedelta(0)))
    return Loops(f"the same text went out {ago} ago (not again within {format_duration(within)})", until)
