"""`quoflow cron explain`: what a cron expression means, when it fires next, and what changes of clocks do to it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from quoflow import app, errors, settings
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.core import clock_changes, cron_words, schedule, zones
from quoflow.core import cron as expressions
from quoflow.core.clock_changes import Change, Near
from quoflow.core.rules import Schedule
from quoflow.runtime import projects

MOST_DRAWN = 40
"""How many firings around one change are drawn for people; JSON holds all."""


@click.group(help="Explain cron expressions.")
def cron() -> None:
    """Hold the commands."""


@cron.command(
    help='Say what EXPRESSION means, when it fires next, and what happens at changes of clocks: "0 9 * * 1-5".'
)
@click.argument("expression")
@click.option("--tz", "timezone", metavar="ZONE", help="An IANA time zone; the configuration's, or UTC, unless said.")
@click.option(
    "--year", type=click.IntRange(1970, 2199), help="The year of the changes of clocks; this one unless said."
)
@click.option("--next", "count", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many firings.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def explain(
    session: Session, expression: str, timezone: str | None, year: int | None, count: int, *, as_json: bool
) -> int:
    """Explain."""
    name = timezone or _read_timezone(session)
    if fault := _find_fault(expression, name):
        message, _, hint = fault.partition("; ")
        raise errors.UsageError(message, hint)
    now = app.read_clock()
    told = _describe(expression, ZoneInfo(name), now=now, year=year or now.astimezone(ZoneInfo(name)).year, count=count)
    if as_json:
        output.write_json(told)
    else:
        _draw(told)
    return errors.EXIT_FINE


def _read_timezone(session: Session) -> str:
    """Read the project's time zone; UTC where there is no project."""
    if session.config is None and settings.find_file(Path.cwd()) is None:
        return "UTC"
    return projects.load_settings(session.config, os.environ).settings.timezone


def _find_fault(expression: str, zone: str) -> str | None:
    try:
        zones.check_zone(zone)
    except ValueError as error:
        return str(error)
    return expressions.check_cron(expression)


# -- what is told, as JSON and as the drawing is made of


def _describe(expression: str, zone: ZoneInfo, *, now: datetime, year: int, count: int) -> dict[str, Any]:
    spec = Schedule(cron=expression)
    firings = islice(schedule.list_firings(spec, after=now, timezone=zone.key, anchor=now), count)
    changes = clock_changes.list_changes(zone, year)
    return {
        "expression": expression,
        "timezone": zone.key,
        "year": year,
        "words": cron_words.describe_cron(expression),
        "warning": expressions.warn_cron(expression),
        "next": [{"local": _show_wall(one.at.astimezone(zone)), "at": one.at} for one in firings],
        "changes": [_describe_change(one, clock_changes.list_near(expression, zone, one), zone) for one in changes],
    }


def _describe_change(change: Change, found: tuple[Near, ...], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": change.at,
        "from": _show_wall(change.before),
        "to": _show_wall(change.after),
        "kind": "gap" if change.is_gap else "overlap",
        "firings": [
            {
                "local": _show_wall(one.wall),
                "at": None if one.what == "together" else one.at,
                "what": one.what,
                "words": _tell(one, zone),
            }
            for one in found
        ],
    }


def _show_wall(wall: datetime) -> str:
    return wall.replace(tzinfo=None).isoformat(timespec="minutes")


def _tell(near: Near, zone: ZoneInfo) -> str:
    """Say what happens with a wall time."""
    at = near.at.astimezone(zone)
    shown = f"{at:%H:%M} {at:%Z}"
    if near.what == "left out":
        return f"the clocks leave it out: fires at the first moment after, {shown}"
    if near.what == "together":
        return f"meets the one before in one moment, {shown}: no firing of its own"
    if near.what == "twice":
        return f"the clocks show it twice: fires the first time, {shown}, and not the second"
    return f"fires at {shown}"


# -- for people


def _draw(told: dict[str, Any]) -> None:  # as `explain` tells it
    output.write(f"{told['expression']}   {told['words']}, on the clock of {told['timezone']}")
    if told["warning"]:
        message, _, hint = told["warning"].partition("; ")
        output.write(f"{output.paint('warning:', 'yellow')} {message}\n    {hint}")
    output.write("\nNext:")
    for one in told["next"]:
        local = datetime.fromisoformat(one["local"])
        output.write(f"  {local:%a %Y-%m-%d %H:%M}   {one['at']:%Y-%m-%d %H:%M} UTC")
    if not told["changes"]:
        output.write(f"\nThe clocks of {told['timezone']} do not change in {told['year']}.")
    for change in told["changes"]:
        output.write()
        for line in _draw_change(change):
            output.write(line)


def _draw_change(change: dict[str, Any]) -> Iterator[str]:
    before, after = (datetime.fromisoformat(change[key]) for key in ("from", "to"))
    what = "leave out" if change["kind"] == "gap" else "show"
    early, late = sorted((before, after))
    yield (
        f"On {before:%a %Y-%m-%d} at {before:%H:%M} the clocks go to {after:%H:%M}: "
        f"they {what} {early:%H:%M} to {late:%H:%M}{'' if change['kind'] == 'gap' else ' twice'}"
    )
    for one in change["firings"][:MOST_DRAWN]:
        local = datetime.fromisoformat(one["local"])
        yield f"  {local:%a %Y-%m-%d %H:%M}   {one['words']}"
    if len(change["firings"]) > MOST_DRAWN:
        yield f"  … and {len(change['firings']) - MOST_DRAWN} more; --json has them all"
