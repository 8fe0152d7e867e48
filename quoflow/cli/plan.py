"""`quoflow plan`: every write that would be made now."""

from __future__ import annotations

import click

from quoflow import errors
from quoflow.cli import preview
from quoflow.cli.output import Session


@click.command(help="List every write that would be made now, without making any. Exit 2 when there are some.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def plan(session: Session, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Look and list."""
    found = preview.show_preview(session, as_json=as_json)
    if found.failed:
        return errors.EXIT_FAILED
    return errors.EXIT_PENDING if any(one.gate != "refused" for one in found.writes) else errors.EXIT_FINE
