"""`quoflow doctor`: is everything in place, and what to do where it is not."""

from __future__ import annotations

import os

import click

from quoflow import app, errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.runtime import diagnosis, projects


@click.command(help="Check key, connection, lines, tag field, clock, targets, database and rules, and say what to do.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def doctor(session: Session, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Examine and report; exit 1 when something is wrong."""
    project = projects.load_settings(session.config, os.environ)
    findings = [diagnosis.examine_rules(project)]
    for name in project.settings.connections:
        findings += app.examine_connection(project, name)
    findings += app.examine_database(project)
    findings += diagnosis.examine_guards(project)
    findings += diagnosis.examine_targets(app.make_outside(project, is_dry=True))
    if as_json:
        rows = [
            {"subject": one.subject, "state": one.state, "message": one.message, "hint": one.hint} for one in findings
        ]
        output.write_json({"ok": all(one.state != "wrong" for one in findings), "findings": rows})
    else:
        for one in findings:
            mark, color = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "wrong": ("✗", "red")}[one.state]
            output.write(f"{output.paint(mark, color)} {one.subject}: {one.message}")
            if one.hint:
                output.write(f"    {one.hint}")
    return errors.EXIT_FAILED if any(one.state == "wrong" for one in findings) else errors.EXIT_FINE
