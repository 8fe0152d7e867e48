"""`quoflow outbox`: the writes on their way."""

from __future__ import annotations

from typing import get_args

import click

from quoflow import app, errors
from quoflow.cli import feed, output, resolve
from quoflow.cli.output import Session
from quoflow.store import outbox as store
from quoflow.store.outbox import OutboxRow, OutboxState

STATES: tuple[OutboxState, ...] = get_args(OutboxState)


@click.group(
    invoke_without_command=True,
    help="List the writes on their way, show one, and say what became of those nobody knows about.",
)
@click.pass_context
def outbox(ctx: click.Context) -> int:
    """List when nothing else is asked for."""
    if ctx.invoked_subcommand is None:
        result: int = ctx.invoke(list_outbox)
        return result
    return errors.EXIT_FINE


@outbox.command("list", help="List writes, the newest first. `unknown` ones may have been sent: look before acting.")
@click.option("--state", type=click.Choice(STATES), multiple=True, help="Only those in this state.")
@click.option("--limit", default=200, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def list_outbox(session: Session, state: tuple[OutboxState, ...] = (), limit: int = 200, as_json: bool = False) -> int:  # noqa: FBT001, FBT002 - click passes by name
    """List the outbox."""
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.read() as tx:
        rows = store.list_outbox(tx, states=state or None, limit=limit)
    if as_json:
        output.write_json([resolve.describe(row) for row in rows])
    elif not rows:
        output.write("The outbox is empty.")
    else:
        shown = [(row.id, row.rule, row.to, row.text or row.action, _show_state(row), row.reason) for row in rows]
        output.write_table(("id", "rule", "to", "what", "state", "reason"), shown)
    return errors.EXIT_FINE


def _show_state(row: OutboxRow) -> str:
    """Say how far a write is: for a text that was sent, also whether it has arrived."""
    return f"{row.state}, {row.delivery}" if row.delivery not in (None, row.state) else row.state


outbox.add_command(resolve.show)
outbox.add_command(resolve.resolve)
