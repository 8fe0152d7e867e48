"""`quoflow approvals`: what waits for a person, and the person's yes or no."""

from __future__ import annotations

import getpass
import sys
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.runtime import approving
from quoflow.runtime.engine import Engine
from quoflow.store import approvals as store
from quoflow.store.approvals import Approval


@click.group(invoke_without_command=True, help="List and decide on the writes that wait for a person.")
@click.pass_context
def approvals(ctx: click.Context) -> int:
    """List when nothing else is asked for."""
    if ctx.invoked_subcommand is None:
        result: int = ctx.invoke(list_approvals)
        return result
    return errors.EXIT_FINE


@approvals.command("list", help="List what waits for a decision.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def list_approvals(session: Session, as_json: bool = False) -> int:  # noqa: FBT001, FBT002 - click passes by name
    """List pending approvals."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        pending = approving.list_pending(engine)
    if as_json:
        output.write_json([describe(one) for one in pending])
    elif not pending:
        output.write("Nothing waits for approval.")
    else:
        rows = [
            (one.id, one.rule, one.to, one.text or one.payload, output.format_time(one.expires_at)) for one in pending
        ]
        output.write_table(("id", "rule", "to", "what", "expires"), rows)
        output.write("`quoflow approvals approve ID…` sends exactly this; `reject ID…` does not.")
    return errors.EXIT_FINE


@approvals.command(help="Show one approval whole: every byte that would be sent.")
@click.argument("approval_id")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def show(session: Session, approval_id: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show one."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        (found,) = _find(engine, (approval_id,))
    if as_json:
        output.write_json({**describe(found), "state": found.state, "decided_by": found.decided_by})
        return errors.EXIT_FINE
    for key, value in {**describe(found), "state": found.state}.items():
        output.write(
            f"{key:>13}  {output.show_text(str(output.format_time(value) if hasattr(value, 'tzinfo') else value))}"
        )
    return errors.EXIT_FINE


@approvals.command(help="Say yes: exactly these bytes may be sent.")
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that wait now, as listed.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@click.pass_obj
def approve(session: Session, ids: tuple[str, ...], every: bool, yes: bool) -> int:  # noqa: FBT001 - click passes by name
    """Approve."""
    return _decide(session, ids, every=every, ask=not yes, is_yes=True)


@approvals.command(help="Say no: it is never sent.")
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that wait now, as listed.")
@click.pass_obj
def reject(session: Session, ids: tuple[str, ...], every: bool) -> int:  # noqa: FBT001 - click passes by name
    """Reject."""
    return _decide(session, ids, every=every, ask=False, is_yes=False)


def _decide(session: Session, ids: tuple[str, ...], *, every: bool, ask: bool, is_yes: bool) -> int:
    if bool(ids) == every:
        raise click.UsageError("Name the ids to decide on, or say --all.")
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        wanted = approving.list_pending(engine) if every else _find(engine, ids)
        if every and ask and wanted and not _confirm(wanted):
            output.write("Nothing was decided.")
            return errors.EXIT_FAILED
        decided = approving.decide(engine, wanted, approve=is_yes, actor=getpass.getuser())
    word = "approved" if is_yes else "rejected"
    for one in decided:
        if one.is_decided:
            output.write(f"{word} {one.approval.id}: {one.approval.rule} → {one.approval.to}")
        else:
            output.write_error(f"{one.approval.id} was not {word}: {one.outcome}")
    if not decided:
        output.write("Nothing waits for approval.")
    return errors.EXIT_FINE if all(one.is_decided for one in decided) else errors.EXIT_FAILED


def _confirm(wanted: tuple[Approval, ...]) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on; add --yes, or name the ids.")
    for one in wanted:
        output.write(f"{one.id}  {one.rule} → {one.to}: {output.show_text(one.text or str(one.payload))}")
    return click.confirm(f"Approve these {len(wanted)}?", default=False)


def _find(engine: Engine, ids: tuple[str, ...]) -> tuple[Approval, ...]:
    with engine.database.read() as tx:
        found = [(wanted, store.find_approval(tx, wanted)) for wanted in dict.fromkeys(ids)]
    missing = [wanted for wanted, approval in found if approval is None]
    if missing:
        raise errors.QuoflowError(
            f"there is no approval {', '.join(missing)}", "`quoflow approvals list` shows what waits"
        )
    return tuple(approval for _, approval in found if approval is not None)


def describe(one: Approval) -> dict[str, Any]:
    """Give an approval as the JSON that scripts rely on."""
    return {
        "id": one.id,
        "rule": one.rule,
        "connection": one.connection,
        "action": one.action,
        "to": one.to,
        "from": one.from_,
        "text": one.text,
        "payload": one.payload,
        "hash": one.hash,
        "requested_at": one.requested_at,
        "expires_at": one.expires_at,
        "segments": one.segments,
        "run": one.run_id,
    }


def describe_briefly(one: Approval) -> str:
    """Say in a line what would be written."""
    if one.text is not None:
        return f"text {one.to}: {output.show_text(one.text)}"
    added = [f"+{tag}" for tag in one.payload.get("add", ())] + [f"-{tag}" for tag in one.payload.get("remove", ())]
    return f"tag {one.to}: {' '.join(added)}"
