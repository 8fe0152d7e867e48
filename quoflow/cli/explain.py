"""`quoflow explain`: why each rule did what it did, or did not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.runtime import explaining
from quoflow.runtime.explaining import RuleStory, StepStory, Story

MARKS = {
    "matched": ("✓", "green"),
    "skipped": ("·", "yellow"),
    "not_matched": ("-", "white"),
    "waiting": ("…", "cyan"),
    "quarantined": ("!", "red"),
    "not_asked": ("-", "white"),
    "no_event": ("-", "white"),
}


@click.command(help="Say why each rule did what it did about NAME: an event, a run, or a contact's id or number.")
@click.argument("name")
@click.option("--limit", default=10, show_default=True, help="How many events of a contact at most.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def explain(session: Session, name: str, limit: int, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Explain."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        stories, is_contact = explaining.explain(engine, name, limit=limit)
    if as_json:
        described = [describe(story) for story in stories]
        output.write_json(described[0] if len(described) == 1 and not is_contact else described)
    elif not stories:
        output.write(f"Nothing has happened yet with {name}.")
    for number, story in enumerate(() if as_json else stories):
        if number:
            output.write()
        _draw(story)
    return errors.EXIT_FINE


# -- JSON


def describe(story: Story) -> dict[str, Any]:
    """Give a story as the JSON that scripts rely on."""
    handled, seen = story.handled, story.seen
    told: dict[str, Any] = {"event": handled.event.id if handled else None, "id": story.name}
    if handled:
        event = handled.event
        told |= {
            "kind": event.kind,
            "connection": event.connection,
            "occurred_at": event.occurred_at,
            "received_at": handled.received_at,
            "handled_at": handled.handled_at,
            "state": handled.state,
            "peer": event.peer,
            "line": event.line_id,
        }
    elif seen:
        told |= {"kind": seen.kind, "connection": seen.connection, "occurred_at": seen.at, "peer": seen.peer}
    return {**told, "rules": [_describe_rule(one) for one in story.rules]}


def _describe_rule(one: RuleStory) -> dict[str, Any]:
    finding = one.finding
    return {
        "rule": finding.rule,
        "rule_version": finding.rule_version,
        "is_present": one.is_present,
        "is_current": one.is_current,
        "verdict": finding.verdict,
        "reason": finding.reason,
        "recomputed": finding.is_recomputed,
        "conditions": [
            {"expression": expression, "value": value, "reads": one.operands.get(expression, {})}
            for expression, value in finding.conditions
        ],
        "run": one.run and {"id": one.run.id, "state": one.run.state, "reason": one.run.reason},
        "gates": [_describe_gate(each) for each in one.steps if each.step.is_write],
        "steps": [
            {"path": each.step.path, "action": each.step.action, "state": each.step.state,
             "reason": each.step.reason, "outcome": each.step.outcome}
            for each in one.steps
        ],
    }  # fmt: skip


def _describe_gate(each: StepStory) -> dict[str, Any]:
    step, gate = each.step, each.gate
    return {
        "step": step.id,
        "path": step.path,
        "action": step.action,
        "to": step.to,
        "text": step.text,
        "state": step.state,
        "guard": find_guard(each),
        "reason": (gate.reason if gate else "") or step.reason,
        "until": gate.until if gate else None,
        "approvals": [
            {
                "id": approval.id,
                "state": approval.state,
                "requested_at": approval.requested_at,
                "expires_at": approval.expires_at,
                "decided_at": approval.decided_at,
                "decided_by": approval.decided_by,
                "edited_by": approval.edited_by,
                "votes": [{"actor": vote.actor, "channel": vote.channel, "at": vote.at} for vote in votes],
            }
            for approval, votes in each.approvals
        ],
        "attempts": [
            {
                "id": attempt.id,
                "state": attempt.state,
                "started_at": attempt.started_at,
                "finished_at": attempt.finished_at,
                "message_id": attempt.message_id,
                "reason": attempt.reason,
            }
            for attempt in each.attempts
        ],
        "outcome": step.outcome,
    }


def find_guard(each: StepStory) -> str | None:
    """Give the guard that objects now, or that ended the write; None where none does."""
    if each.gate is not None:
        return each.gate.guard
    return each.step.guard if each.step.state == "skipped" else None


# -- for people


def _draw(story: Story) -> None:
    handled, seen = story.handled, story.seen
    if handled:
        event = handled.event
        who = f"  {event.peer}" if event.peer else ""
        output.write(output.show_text(f"{event.id}  {output.format_time(event.occurred_at)}  {event.connection}{who}"))
    elif seen:
        at = output.format_time(seen.at)
        output.write(output.show_text(f"{seen.kind} {seen.id}  {at}  {seen.connection}  {seen.peer}: no event"))
    output.write(f"  {_count(story)}")
    for names, one in _group_alike(story.rules):
        _draw_rule(one, names)


def _group_alike(rules: Iterable[RuleStory]) -> Iterable[tuple[str, RuleStory]]:
    """Put together the rules that have one reason and nothing more to tell."""
    grouped: dict[object, list[RuleStory]] = {}
    for one in rules:
        finding = one.finding
        has_more = finding.conditions or one.run or not one.is_current
        grouped.setdefault(finding.rule if has_more else (finding.verdict, finding.reason), []).append(one)
    return [(", ".join(one.finding.rule for one in alike), alike[0]) for alike in grouped.values()]


def _count(story: Story) -> str:
    if not story.rules:
        return "there are no rules"
    words = [one.finding.verdict for one in story.rules]
    counted = ", ".join(f"{words.count(word)} {word.replace('_', ' ')}" for word in dict.fromkeys(words))
    state = f"{story.handled.state} {output.format_time(story.handled.handled_at)}".strip() if story.handled else ""
    return f"{state}; {counted}" if state else counted


def _draw_rule(one: RuleStory, names: str) -> None:
    finding = one.finding
    mark, color = MARKS[finding.verdict]
    gone = "" if one.is_current else " (an earlier version)" if one.is_present else " (no longer among the rules)"
    word = finding.verdict.replace("_", " ")
    output.write(f"  {output.paint(mark, color)} {names}{gone}: {word}: {output.show_text(finding.reason)}")
    for expression, value in finding.conditions:
        reads = "; ".join(f"{name} is {_show(held)}" for name, held in one.operands.get(expression, {}).items())
        answer = "cannot be told" if value is None else _show(bool(value))
        output.write(output.show_text(f"      {answer:<6} {expression}{f'   ({reads} now)' if reads else ''}"))
    if finding.is_recomputed:
        output.write("      judged again just now: tags and other facts may have been different then")
    if one.run:
        output.write(output.show_text(f"      run {one.run.id}: {_join(one.run.state, one.run.reason)}"))
    for each in one.steps:
        _draw_step(each)


def _show(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "empty"
    return output.show_text(str(value), limit=60) or "empty"


def _draw_step(each: StepStory) -> None:
    step = each.step
    to = f" to {step.to}" if step.to else ""
    output.write(output.show_text(f"      {step.path} {step.action}{to}: {_join(step.state, step.reason)}"))
    if step.text:
        output.write(f"        “{output.show_text(step.text)}”")
    if each.gate is not None and each.gate.reason and each.gate.reason != step.reason:
        output.write(f"        the guards now: {output.show_text(each.gate.reason)}")
    for approval, votes in each.approvals:
        by = f" by {approval.decided_by}" if approval.decided_by else ""
        by += f", in the words of {approval.edited_by}" if approval.edited_by else ""
        at = f", {output.format_time(approval.decided_at)}" if approval.decided_at else ""
        until = f" until {output.format_time(approval.expires_at)}" if approval.state == "pending" else ""
        output.write(output.show_text(f"        approval {approval.id}: {approval.state}{by}{at}{until}"))
        for vote in votes:
            output.write(output.show_text(f"          yes from {vote.actor} by {vote.channel}"))
    for attempt in each.attempts:
        became = f" as {attempt.message_id}" if attempt.message_id else ""
        at = output.format_time(attempt.started_at)
        output.write(output.show_text(f"        attempt {at}: {_join(attempt.state + became, attempt.reason)}"))


def _join(state: str, reason: str) -> str:
    """Say a state in words, and its reason where that says more."""
    words = state.replace("_", " ")
    return words if reason in ("", words) else f"{words}: {reason}"
