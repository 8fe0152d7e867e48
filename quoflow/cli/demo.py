"""`quoflow demo`: the whole engine at work against a simulated Quo."""

from __future__ import annotations

import sys

import click

from quoflow import app, errors
from quoflow.cli import approvals as approval_lines
from quoflow.cli import feed, output
from quoflow.runtime import demo as show
from quoflow.store.approvals import Approval


@click.command(help="Show quoflow at work against a simulated Quo: real HTTP on this machine, no key, no real texts.")
@click.option("--yes", is_flag=True, help="Approve everything without asking.")
@click.option("--json", "as_json", is_flag=True, help="Write the closing table as JSON to stdout.")
def demo(yes: bool, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Run the demo and close with a table."""
    is_asking = sys.stdin.isatty() and sys.stdout.isatty() and not yes and not as_json
    output.tell("quoflow demo: a small plumbing firm with a simulated Quo; real HTTP on this machine, no real texts.")
    if not is_asking:
        why = "--yes was given" if yes else "there is no terminal to ask on"
        output.tell(f"Approvals: {why}, so the demo approves every write by itself.")
    output.tell("")
    decide = _ask if is_asking else _approve
    told = app.run_demo(decide=decide, tell=feed.print_notice)
    output.tell("")
    if as_json:
        output.write_json(told.describe())
    else:
        _draw(told)
    return errors.EXIT_FINE if told.is_agreed else errors.EXIT_FAILED


def _approve(pending: Approval) -> bool:
    del pending
    return True


def _ask(pending: Approval) -> bool:
    output.write("")
    output.write(
        f"  {output.paint('Approve?', 'magenta')} {pending.rule} wants to {approval_lines.describe_briefly(pending)}"
    )
    return click.confirm("  Send exactly this", default=True)


def _draw(told: show.Told) -> None:
    rows = [
        ("events seen", told.events),
        ("runs", told.runs),
        ("texts sent", told.sent),
        ("contacts tagged", told.tagged),
        ("held or refused", told.held),
        ("rejected", told.rejected),
        ("matches skipped", told.skipped),
    ]
    output.write_table(("what happened", "count"), rows)
    if told.reasons:
        output.write_table(("not sent, and why", ""), [(rule, reason) for rule, reason in told.reasons])
    verdict = "agrees" if told.is_agreed else "DOES NOT AGREE"
    output.write(f"The sandbox's own log {verdict}: it accepted {told.accepted} texts.")
    output.write("Next: `quoflow init my-project`, or read rules/ and README.md.")
