"""`quoflow quo GET PATH`: a read-only look at the API."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, urlsplit

import click

from quoflow import app, errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.runtime import projects


@click.command(help="Look at the API as quoflow does: `quoflow quo GET /v1/phone-numbers`. Reads only.")
@click.argument("method", type=click.Choice(["GET"], case_sensitive=False))
@click.argument("path")
@click.option("--connection", help="Which connection, where there are several.")
@click.pass_obj
def quo(session: Session, method: str, path: str, connection: str | None) -> int:
    """Send one GET and print the JSON that comes back."""
    del method
    if not path.startswith("/"):
        raise click.UsageError("The path begins with a slash, such as /v1/phone-numbers.")
    project = projects.load_settings(session.config, os.environ)
    name = projects.choose_connection(project, connection)
    parts = urlsplit(path)
    client = app.make_quo(project, name, is_read_only=True)
    output.write_json(client.get_raw(parts.path, parse_qsl(parts.query, keep_blank_values=True)))
    return errors.EXIT_FINE
