"""`quoflow connections`: the accounts behind a Maton key."""

from __future__ import annotations

import os
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.quo.gateway import Connections
from quoflow.runtime import projects


@click.group(help="List, create, show and delete connections at the Maton gateway.")
@click.option("--connection", help="Which connection of the configuration to use the key of.")
@click.pass_context
def connections(ctx: click.Context, connection: str | None) -> None:
    """Keep whose key is used."""
    ctx.meta["connection"] = connection


def _open(session: Session) -> Connections:
    project = projects.load_settings(session.config, os.environ)
    name = projects.choose_connection(project, click.get_current_context().meta.get("connection"))
    if project.settings.connections[name].gateway != "maton":
        raise errors.QuoflowError(
            f"connection `{name}` talks to Quo directly, and a direct key is one workspace",
            "Connections are managed only with `gateway: maton`",
        )
    return Connections(app.make_transport(project, name))


def _describe(one: Any) -> dict[str, Any]:  # a wire model
    described: dict[str, Any] = one.model_dump(mode="json")
    return described


@connections.command("list", help="List the Quo connections of this key.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def list_connections(session: Session, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """List connections."""
    found = list(_open(session).list_connections())
    if as_json:
        output.write_json([_describe(one) for one in found])
    else:
        rows = [(one.connection_id, one.status, one.creation_time) for one in found]
        output.write_table(("connection_id", "status", "created"), rows)
    return errors.EXIT_FINE


@connections.command(help="Begin a new connection; open the printed address in a browser to sign in to Quo.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def create(session: Session, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Create a connection."""
    _show(_open(session).create_connection(), as_json=as_json)
    return errors.EXIT_FINE


@connections.command(help="Show one connection.")
@click.argument("connection_id")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def show(session: Session, connection_id: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show a connection."""
    _show(_open(session).get_connection(connection_id), as_json=as_json)
    return errors.EXIT_FINE


@connections.command(help="Delete one connection at the gateway.")
@click.argument("connection_id")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@click.pass_obj
def delete(session: Session, connection_id: str, yes: bool) -> int:  # noqa: FBT001 - click passes by name
    """Delete a connection."""
    if not yes:
        click.confirm(
            f"Delete connection {connection_id}? quoflow can then no longer reach that workspace.", abort=True
        )
    _open(session).delete_connection(connection_id)
    output.write(f"deleted {connection_id}")
    return errors.EXIT_FINE


def _show(one: Any, *, as_json: bool) -> None:  # a wire model
    if as_json:
        output.write_json(_describe(one))
        return
    for key, value in _describe(one).items():
        if value not in (None, "", {}):
            output.write(f"{key:>18}  {output.show_text(str(value))}")
