"""`quoflow runs`: what the rules are doing and have done."""

from __future__ import annotations

from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core import describing
from quoflow.core.lifecycle import RunRecord, RunState, StepRecord
from quoflow.runtime import retrying
from quoflow.store import audit
from quoflow.store import runs as store


@click.group(invoke_without_command=True, help="List, show, cancel and retry runs.")
@click.pass_context
def runs(ctx: click.Context) -> int:
    """List when nothing else is asked for."""
    if ctx.invoked_subcommand is None:
        result: int = ctx.invoke(list_runs)
        return result
    return errors.EXIT_FINE


@runs.command("list", help="List runs, the newest first.")
@click.option("--state", type=click.Choice([state.value for state in RunState]), help="Only those in this state.")
@click.option("--batch", help="Only those of this batch.")
@click.option("--limit", default=50, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def list_runs(  # click passes by name
    session: Session,
    state: str | None = None,
    batch: str | None = None,
    limit: int = 50,
    as_json: bool = False,  # noqa: FBT001, FBT002
) -> int:
    """List runs."""
    wanted = RunState(state) if state else None
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.read() as tx:
        found = store.list_runs(tx, state=wanted, batch=batch, limit=limit)
    if as_json:
        output.write_json([describe(run) for run in found])
    elif not found:
        output.write("No runs.")
    else:
        rows = [(run.id, run.rule, run.state, run.reason, output.format_time(run.started_at)) for run in found]
        output.write_table(("id", "rule", "state", "reason", "started"), rows)
    return errors.EXIT_FINE


@runs.command(help="Show one run with its steps.")
@click.argument("run_id")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def show(session: Session, run_id: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show one run."""
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.read() as tx:
        run = store.find_run(tx, run_id)
    if run is None:
        raise errors.QuoflowError(f"there is no run {run_id}", "`quoflow runs list` shows them")
    if as_json:
        output.write_json(describe(run))
        return errors.EXIT_FINE
    output.write(f"{run.rule} (version {run.rule_version}): {run.state}{f', {run.reason}' if run.reason else ''}")
    caller = f", by run {run.called_by}" if run.called_by else ""
    output.write(f"event {run.event_id}, begun {output.format_time(run.started_at)}{caller}")
    rows = [(step.path, step.action, step.state, step.to, _describe_content(step), step.reason) for step in run.steps]
    output.write_table(("step", "action", "state", "to", "what", "reason"), rows)
    return errors.EXIT_FINE


def _describe_content(step: StepRecord) -> str:
    """Give the words of a text, what a write changes, or else what the step was planned with."""
    payload = step.payload or {}
    return step.text or describing.describe_change(step.action, payload) or ", ".join(map(str, payload.values()))


@runs.command(help="Cancel a run: what it has not done yet, it will not do. A write that may be out stays listed.")
@click.argument("run_id")
@click.pass_obj
def cancel(session: Session, run_id: str) -> int:
    """Cancel one run."""
    actor = app.read_actor()
    with app.open_engine(session.config, tell=feed.ignore) as engine, engine.database.write() as tx:
        run = store.find_run(tx, run_id)
        if run is None:
            raise errors.QuoflowError(f"there is no run {run_id}", "`quoflow runs list` shows them")
        now = engine.clock()
        if not store.cancel_run(tx, run_id, reason=f"cancelled by {actor}", now=now):
            raise errors.QuoflowError(f"the run {run_id} has ended already: {run.state}")
        data = {"rule": run.rule}
        audit.record(
            tx, at=now, actor=actor, kind="run.cancelled", connection=run.connection, subject=run_id, data=data
        )
    output.write(f"cancelled {run_id}: {run.rule}")
    return errors.EXIT_FINE


@runs.command(help="Try a failed run again: the writes that provably were not sent, through the gate. Others never.")
@click.argument("run_id")
@click.pass_obj
def retry(session: Session, run_id: str) -> int:
    """Queue what failed once more."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        failed = retrying.retry(engine, run_id, actor=app.read_actor())
    count = f"{len(failed)} write{'' if len(failed) == 1 else 's'}"
    output.write(f"queued again {run_id}: {count}; approval and guards are asked as for any write")
    return errors.EXIT_FINE


def describe(run: RunRecord) -> dict[str, Any]:
    """Give a run as the JSON that scripts rely on."""
    return {
        "id": run.id,
        "rule": run.rule,
        "rule_version": run.rule_version,
        "connection": run.connection,
        "event": run.event_id,
        "batch": run.batch,
        "called_by": run.called_by,
        "state": run.state,
        "reason": run.reason,
        "started_at": run.started_at,
        "updated_at": run.updated_at,
        "steps": [
            {"id": step.id, "path": step.path, "action": step.action, "state": step.state, "reason": step.reason,
             "due_at": step.due_at, "outcome": step.outcome}
            for step in run.steps
        ],
    }  # fmt: skip
