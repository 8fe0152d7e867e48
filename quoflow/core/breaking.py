"""Breakers: what may not be asked of Quo for the time being, and when it is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

from quoflow.core import steps

KEY, WRITES = "key", "writes"
"""The scopes beside lines (PN…) and hosts outside: what uses a connection's key, and all its writes at Quo."""

PROBE_EVERY = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)


def name_outside(action: str, to: str) -> str:
    """Name the scope of somebody outside, such as `notify:owner`: who cannot be reached stands still alone."""
    return f"{action}:{to}"


def list_scopes(action: str, *, to: str | None, line_id: str | None) -> tuple[str, ...]:
    """List what may stand in the way of a write: at Quo its key, the account or the line; outside, who it goes to."""
    if action in steps.OUTSIDE:
        return (name_outside(action, to or ""),)
    return (KEY, WRITES, line_id or "")


def choose_pause(scope: str, *, failures: int) -> timedelta:
    """Give how long to wait before the next probe.

    A key or an empty account is mended by a person who then waits for us: a minute. A line may stay without its
    registration for days, and every probe is a customer's text: the pauses double, up to a quarter of an hour.

    Args:
        scope: `key`, `writes`, a line or somebody outside.
        failures: how often it has failed in a row, from 1.
    """
    if scope in (KEY, WRITES):
        return PROBE_EVERY
    return min(PROBE_EVERY * (1 << min(failures - 1, 10)), LONGEST_PAUSE)


def describe_scope(connection: str, scope: str) -> str:
    """Say in words what stands still."""
    if scope == KEY:
        return f"polling and writes of `{connection}`"
    if scope == WRITES:
        return f"the writes of `{connection}`"
    action, colon, to = scope.partition(":")
    if colon and action in steps.OUTSIDE:
        return f"notifications to `{to}`" if action == "notify" else f"what is sent to `{to}`"
    return f"the texts of line {scope} of `{connection}`"
