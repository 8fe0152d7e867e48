"""`quoflow plan`: every write that would be made now, or if a rule fired now."""

from __future__ import annotations

import click

from quoflow import errors
from quoflow.cli import preview
from quoflow.cli.output import Session
from quoflow.cli.trigger import make_event
from quoflow.core.events import Event
from quoflow.runtime.engine import Engine


@click.command(help="List every write that would be made now, without making any. Exit 2 when there are some.")
@click.option("--fire", metavar="NAME", help="As if the `schedule` or `manual` rule NAME fired now.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="With --fire: a value for `vars.KEY`.")
@click.option("--connection", help="With --fire: which connection, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def plan(session: Session, fire: str | None, pairs: tuple[str, ...], connection: str | None, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Look and list."""
    if fire is None and (pairs or connection):
        raise click.UsageError("--set and --connection belong to --fire.")

    def list_fired(engine: Engine) -> tuple[Event, ...]:
        if fire is None:
            return ()
        return (make_event(engine, fire, kinds=("manual", "schedule"), pairs=pairs, connection=connection),)

    found = preview.show_preview(session, as_json=as_json, list_fired=list_fired)
    if found.failed:
        return errors.EXIT_FAILED
    return errors.EXIT_PENDING if any(one.gate != "refused" for one in found.writes) else errors.EXIT_FINE
