"""`quoflow undo`: take back what a run changed of contacts."""

from __future__ import annotations

import sys
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core.undoing import Undoing
from quoflow.runtime import undoing
from quoflow.runtime.undoing import ContactUndo, Undo

NO_TEXT_BACK = "a text cannot be taken back"


@click.command(help="Take back what run RUN changed of contacts, and nobody has changed since. Texts stay sent.")
@click.argument("run_id", metavar="RUN")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Only show what would be put back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def undo(session: Session, run_id: str, is_dry_run: bool, yes: bool, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show, ask, restore."""
    with app.open_undo(session.config, tell=feed.ignore, is_dry_run=is_dry_run) as engine:
        found = undoing.plan_undo(engine, run_id)
        if found.texts and not found.contacts:
            raise errors.QuoflowError(f"nothing can be undone: {NO_TEXT_BACK}", "the run changed no contact")
        is_told = not as_json and (is_dry_run or not yes)
        if is_told:
            _draw(found, done=False)
        if is_dry_run or not found.is_due:
            done = found
        elif not yes and not _confirm(found):
            output.tell("Nothing was changed.")
            return errors.EXIT_FAILED
        else:
            done = undoing.carry_out(engine, found, actor=app.read_actor())
    if as_json:
        output.write_json(describe(done, is_dry_run=is_dry_run))
    elif not is_told or done is not found:
        _draw(done, done=True)
    return _choose_code(done)


def _choose_code(done: Undo) -> int:
    if any(one.state == "failed" for one in done.contacts):
        return errors.EXIT_FAILED
    is_partial = done.texts or any(one.is_partly_left for one in done.contacts)
    return errors.EXIT_REFUSED if is_partial else errors.EXIT_FINE


def _confirm(found: Undo) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask on; look with --dry-run, then add --yes.")
    count = sum(one.state == "to_restore" for one in found.contacts)
    return click.confirm(f"Put this back at Quo, for {count} contact{'' if count == 1 else 's'}?", default=False)


def _draw(found: Undo, *, done: bool) -> None:
    output.write(f"{found.run.rule}, run {found.run.id}:")
    if not found.contacts:
        output.write("  it changed no contact; there is nothing to undo.")
    for one in found.contacts:
        output.write(f"  {name_contact(one)}: {_say_state(one, done=done)}")
        for each in one.undoings:
            output.write(f"    {_say_undoing(each, done=done and one.state == 'restored')}")
    for step in found.texts:
        output.write(f"  text to {step.to} stays sent: {NO_TEXT_BACK}")


def _say_state(one: ContactUndo, *, done: bool) -> str:
    what = "deleted again" if one.is_made else "made again" if one.is_deleted else ""
    words = {
        "to_restore": f"would be {what or 'changed'}",
        "restored": what or "changed back",
        "nothing": "nothing to do, it is as it was before",
        "left": "left alone",
        "already": "nothing to do",
        "failed": "failed" if done else "cannot be looked at",
    }[one.state]
    return f"{words} ({output.show_text(one.reason)})" if one.reason else words


def _say_undoing(each: Undoing, *, done: bool) -> str:
    change = each.change
    verdict = _say_verdict(each, done=done)
    states = f"before {_show(change.before)}, we wrote {_show(change.wanted)}"
    now = f", {'found' if done else 'now'} {_show(each.now)}" if each.now != change.wanted else ""
    return f"{name_key(each)}: {verdict} ({states}{now})"


def _say_verdict(each: Undoing, *, done: bool) -> str:
    if each.verdict == "same":
        return "is as it was before"
    if each.verdict == "left":
        return "left alone, somebody has changed it since"
    what = "taken out again" if each.change.before is None else "put back"
    return f"{'was' if done else 'would be'} {what}"


def name_contact(one: ContactUndo) -> str:
    """Say which contact it is, in the words of its image."""
    fields = one.known.default_fields
    name = " ".join(part for part in (fields.first_name, fields.last_name) if part)
    return output.show_text(f"{name} ({one.contact_id})" if name else one.contact_id)


def name_key(each: Undoing) -> str:
    """Say which entry of a contact it is."""
    name, item = each.change.key
    return output.show_text(f"{name}, {item}" if item else name)


def _show(value: Any) -> str:  # JSON
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return output.show_text(str(value.get("value") or ""))
    return output.show_text(str(value))


def describe(found: Undo, *, is_dry_run: bool) -> dict[str, Any]:
    """Give an undo as JSON."""
    return {
        "run": found.run.id,
        "rule": found.run.rule,
        "dry_run": is_dry_run,
        "contacts": [
            {
                "connection": one.connection,
                "contact": one.contact_id,
                "state": one.state,
                "reason": one.reason,
                "fields": [_describe_undoing(each) for each in one.undoings],
            }
            for one in found.contacts
        ],
        "refused": [
            {"step": step.id, "action": step.action, "to": step.to, "reason": NO_TEXT_BACK} for step in found.texts
        ],
    }


def _describe_undoing(each: Undoing) -> dict[str, Any]:
    name, item = each.change.key
    return {
        "field": name,
        "item": item,
        "before": each.change.before,
        "wanted": each.change.wanted,
        "now": each.now,
        "verdict": each.verdict,
    }
