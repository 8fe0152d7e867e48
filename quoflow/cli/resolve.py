"""`quoflow outbox show` and `resolve`: one write with its attempts, and what a person found out about it."""

from __future__ import annotations

import os
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core.steps import OUTSIDE
from quoflow.quo import errors as quo_errors
from quoflow.runtime import projects, resolving
from quoflow.runtime.resolving import Lost
from quoflow.store import outbox as store
from quoflow.store import runs
from quoflow.store.outbox import Attempt, OutboxRow


@click.command(help="Show one write whole: its bytes, and every attempt at it.")
@click.argument("write_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def show(session: Session, write_id: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show one write."""
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.read() as tx:
        step = runs.find_step(tx, write_id)
        row = next(iter(store.list_outbox(tx, write_id=write_id)), None)
        attempts = store.list_attempts(tx, write_id)
    if step is None or row is None:
        raise errors.QuoflowError(f"there is no write {write_id}", "`quoflow outbox list` shows them")
    details = {"hash": step.hash, "from": step.from_, "payload": step.payload}
    if as_json:
        output.write_json({**describe(row), **details, "history": [_describe_attempt(one) for one in attempts]})
        return errors.EXIT_FINE
    for name, value in {**describe(row), **details}.items():
        output.write(f"{name:>10}  {output.show_text(str(value if value is not None else ''))}")
    if attempts:
        shown = [
            (one.id, one.state, output.format_time(one.started_at), output.format_time(one.finished_at), one.looks,
             one.message_id, one.reason)
            for one in attempts
        ]  # fmt: skip
        output.write_table(("attempt", "state", "began", "ended", "looks", "message", "reason"), shown)
    if row.state == "unknown" and row.action in OUTSIDE:
        output.write(f"Ask `{row.to}`, then: quoflow outbox resolve {row.id} --sent yes | --not-sent")
    elif row.state == "unknown":
        output.write(f"Look in the Quo app, then: quoflow outbox resolve {row.id} --sent MESSAGE_ID | --not-sent")
    return errors.EXIT_FINE


@click.command(help="Say what became of an unknown write, once you have looked in the Quo app.")
@click.argument("write_id", metavar="ID")
@click.option(
    "--sent",
    "message_id",
    metavar="MESSAGE_ID",
    help="It was sent, and is this message (AC…); `yes` where it is no text.",
)
@click.option("--not-sent", "is_not_sent", is_flag=True, help="It was not sent: it fails, unless --resend is said.")
@click.option("--resend", is_flag=True, help="With --not-sent: queue it again, through the gate.")
@click.option("--reason", default="", help="With --not-sent: how you know.")
@click.option("--force", is_flag=True, help="With --sent: take your word where Quo cannot be asked.")
@click.pass_obj
def resolve(
    session: Session,
    *,
    write_id: str,
    message_id: str | None,
    is_not_sent: bool,
    resend: bool,
    reason: str,
    force: bool,
) -> int:
    """Resolve one unknown write."""
    if (message_id is None) != is_not_sent:
        raise click.UsageError("Say one of `--sent MESSAGE_ID` and `--not-sent`.")
    if (resend or reason) and not is_not_sent:
        raise click.UsageError("--resend and --reason go with --not-sent.")
    if force and is_not_sent:
        raise click.UsageError("--force goes with --sent.")
    actor = app.read_actor()
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        lost = resolving.find_lost(engine, write_id)
        if message_id is None:
            resolving.resolve_not_sent(engine, write_id, reason=reason, send_again=resend, actor=actor)
            output.write(f"{write_id}: not sent{', and queued again through the gate' if resend else ''}")
            return errors.EXIT_FINE
        is_checked = not (force or lost.step.action in OUTSIDE) and _check(session, lost, message_id)
        resolving.resolve_sent(engine, write_id, message_id=message_id, actor=actor, is_checked=is_checked)
    output.write(f"{write_id}: sent{'' if lost.step.action in OUTSIDE else f', as message {message_id}'}")
    return errors.EXIT_FINE


def _check(session: Session, lost: Lost, message_id: str) -> bool:
    """Ask Quo for the message. Raises QuoflowError when it cannot be this write, or cannot be asked for."""
    project = projects.load_settings(session.config, os.environ)
    try:
        message = app.make_quo(project, lost.step.connection, is_read_only=True).get_message(message_id)
    except (quo_errors.NotFound, quo_errors.Refused) as error:
        raise errors.QuoflowError(f"Quo knows no message {message_id}", "copy its id from the Quo app") from error
    except errors.QuoflowError as error:
        raise errors.QuoflowError(
            f"the message cannot be looked at: {error.message}", "add --force to take your word"
        ) from error
    objection = resolving.object_to(lost, message)
    if objection is not None:
        raise errors.QuoflowError(f"message {message_id} cannot be this text: {objection}", "look again in the Quo app")
    output.tell(f"Quo has it: {output.show_text(message.text, limit=100)}")
    return True


def describe(row: OutboxRow) -> dict[str, Any]:
    """Give a write as the JSON that scripts rely on."""
    names = ("id", "run", "rule", "action", "to", "text", "state", "message_id", "delivery", "attempts", "reason")
    return {name: getattr(row, name) for name in names}


def _describe_attempt(one: Attempt) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
        "looks": one.looks,
        "hash": one.payload_hash,
        "message_id": one.message_id,
        "reason": one.reason,
    }
