"""`quoflow quo GET PATH`: a read-only look at the API."""

from __future__ import annotations

import os

import click

from quoflow import app, errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.runtime import projects


@click.command(help="Look at the API as quoflow does: `quoflow quo GET /v1/phone-numbers`. Reads only.")
@click.argument("method")
@click.argument("path")
@click.option("--connection", help="Which connection, where there are several.")
@click.pass_obj
def quo(session: Session, method: str, path: str, connection: str | None) -> int:
    """Send one GET and print the JSON that comes back."""
    if method.upper() != "GET":
        raise click.UsageError(f"`{method}` is not GET: this only looks, and changes nothing.")
    if not path.startswith("/"):
        raise click.UsageError("The path begins with a slash, such as /v1/phone-numbers.")
    project = projects.load_settings(session.config, os.environ)
    name = projects.choose_connection(project, connection)
    # The path goes as it is written: decoding it here would make a space of the plus in a number.
    output.write_json(app.make_quo(project, name, is_read_only=True).get_raw(path))
    return errors.EXIT_FINE
