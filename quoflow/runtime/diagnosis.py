"""What a set-up needs, looked at one by one: each finding says what is so and what to do."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

from quoflow.actions import notifying
from quoflow.actions.errands import Outside
from quoflow.core import breaking
from quoflow.core.facts import Line
from quoflow.quo import errors, translate
from quoflow.quo.client import Quo
from quoflow.runtime import projects, recovery
from quoflow.runtime.projects import Project
from quoflow.settings import Settings
from quoflow.store import breakers, controls, inbox
from quoflow.store.database import Database

MOST_SHOWN = 5
LEAST_SPACE = 100_000_000
"""Bytes that should be free beside the database."""

MOST_SKEW = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    state: Literal["fine", "warning", "wrong"]
    message: str
    hint: str = ""


def examine_rules(project: Project) -> Finding:
    """Look at the rules."""
    loaded = projects.read_rules(project)
    wrong = sum(one.severity == "error" for one in loaded.problems)
    if wrong:
        return Finding("rules", "wrong", f"{wrong} errors", "`quoflow check` shows each at its line")
    count = len(loaded.rules)
    if not count:
        return Finding("rules", "warning", "there are none", "Write one into the rules folder")
    return Finding("rules", "fine", f"{count} rule{'' if count == 1 else 's'}, no errors")


def examine_guards(project: Project) -> list[Finding]:
    """Say which guard is not set."""
    guards = project.settings.guards
    found = []
    if guards.quiet_hours is None:
        hint = "Remove `quiet_hours: off` from quoflow.yaml: texts then go out from 08:00 to 20:00 only"
        found.append(Finding("guards", "warning", "quiet hours are off: texts may go out at any hour", hint))
    if guards.opt_out is None:
        hint = "Remove `opt_out: off` unless something else honours them"
        found.append(Finding("guards", "warning", "opt-outs are off: people who wrote STOP may be texted", hint))
    if guards.loop is None:
        hint = "Remove `loop: off` from quoflow.yaml, or two machines may text each other without end"
        found.append(Finding("guards", "warning", "the loop breaker is off", hint))
    return found or [Finding("guards", "fine", "quiet hours, opt-outs and the loop breaker are on")]


def examine_targets(outside: Outside) -> list[Finding]:
    """Say of each target of `notify` whether it can be reached; nothing is sent."""
    found = []
    for name in outside.targets:
        objection = notifying.probe(name, outside)
        if objection is None:
            found.append(Finding(f"notify {name}", "fine", "it can be reached; nothing was sent"))
        else:
            hint = f"Mend `notify: {name}` in quoflow.yaml; what is for it waits until then"
            found.append(Finding(f"notify {name}", "wrong", objection, hint))
    return found


def examine_space(folder: Path) -> list[Finding]:
    """Say when the disk that the database is on is nearly full; nothing when it is not."""
    free = shutil.disk_usage(folder).free
    if free >= LEAST_SPACE:
        return []
    text = f"only {free // 1_000_000} MB are free on the disk of {folder}; with none, nothing is sent"
    return [Finding("disk", "warning", text, "Free some space")]


def examine_work(store: Database) -> list[Finding]:
    """Say what stands still until it is mended, and which events were set aside."""
    with store.read() as tx:
        stop = controls.read_recovery(tx)
        open_breakers, aside = breakers.list_breakers(tx), inbox.list_quarantined(tx)
    found = [Finding("database", "wrong", f"recovery mode: {stop.reason}", recovery.HINT)] if stop else []
    found += [
        Finding(
            one.connection,
            "warning",
            f"{breaking.describe_scope(one.connection, one.scope)} stand still since "
            f"{one.opened_at:%Y-%m-%d %H:%M} UTC: {one.reason}",
            "It is tried again by itself; `quoflow resume` lets it be tried at once",
        )
        for one in open_breakers
    ]
    if aside:
        shown = "; ".join(f"{one.event.id} after {one.tries} tries: {one.reason}" for one in aside[:MOST_SHOWN])
        text = f"{len(aside)} event{'' if len(aside) == 1 else 's'} could not be handled and stand aside: {shown}"
        found.append(Finding("events", "warning", text, "This is a fault of quoflow's: please report it"))
    return found or [Finding("work", "fine", "nothing stands still, and no event was set aside")]


def examine_connection(project: Project, name: str, quo: Quo) -> list[Finding]:
    """Look at a connection: the key, the lines, the clock and the tag field."""
    try:
        lines = [translate.read_line(one) for one in quo.list_phone_numbers()]
    except errors.QuoError as error:
        return [Finding(name, "wrong", error.message, error.hint)]
    if not lines:
        return [Finding(name, "wrong", "the workspace has no phone numbers", "Is it the right workspace and key?")]
    shown = ", ".join(_show_line(project.settings, line) for line in lines)
    found = [Finding(name, "fine", f"the key works; lines: {shown}"), _examine_clock(name, quo)]
    found += _find_strange_lines(project.settings, name, lines)
    return [*found, *_examine_tag_field(project, name, quo)]


def _show_line(settings: Settings, line: Line) -> str:
    """Name a line, and its clock where it is not everyone's."""
    zone = settings.find_timezone(line.names)
    return f"{line.name} {line.number}" + (f" ({zone})" if zone != settings.timezone else "")


def _find_strange_lines(settings: Settings, name: str, lines: Sequence[Line]) -> list[Finding]:
    """Say which lines of the configuration this workspace has not, where it is the only one."""
    known = {one.casefold() for line in lines for one in line.names}
    strange = [key for key in settings.lines if key.strip().casefold() not in known]
    if not strange or len(settings.connections) > 1:
        return []
    text = f"`lines` in quoflow.yaml names what is no line of this workspace: {', '.join(strange)}"
    return [Finding(name, "warning", text, "Write a line's name, number or PN… id")]


def _examine_clock(name: str, quo: Quo) -> Finding:
    skew = quo.clock_skew
    if skew is None:
        return Finding(name, "fine", "the server does not tell its time, so the clocks cannot be compared")
    seconds = abs(skew.total_seconds())
    if seconds > MOST_SKEW.total_seconds():
        hint = "Set this machine's clock (for example with chrony or systemd-timesyncd)"
        return Finding(name, "warning", f"this machine's clock and the server's are {seconds:.0f} s apart", hint)
    return Finding(name, "fine", f"the clocks agree within {max(seconds, 1):.0f} s")


def _examine_tag_field(project: Project, name: str, quo: Quo) -> list[Finding]:
    wanted = project.settings.tags.field
    if not wanted:
        return []
    try:
        fields = list(quo.list_custom_fields())
    except errors.QuoError as error:
        return [Finding(name, "wrong", f"contact properties: {error.message}", error.hint)]
    for field in fields:
        if wanted in (field.key, field.name):
            if field.type == "multi-select":
                return [Finding(name, "fine", f"tags live in the contact property `{field.name}`")]
            hint = "Make a multi-select property in the Quo app and name it in `tags: {field: …}`"
            return [Finding(name, "wrong", f"the contact property `{wanted}` is of type {field.type}", hint)]
    hint = (
        f"In the Quo app: Settings → Contact properties → add `{wanted}` of type multi-select; "
        "or name another in `tags: {field: …}`. Only tag_contact needs it"
    )
    return [Finding(name, "warning", f"there is no contact property `{wanted}` to hold tags", hint)]
