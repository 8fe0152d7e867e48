"""How a preview looks: for `plan` and `run --dry-run` alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core import audiences, describing
from quoflow.runtime import preview, skipping


def show_preview(session: Session, *, as_json: bool) -> preview.Preview:
    """Look, and list every write that would be made. Raises QuoflowError when no connection could be read."""
    with app.open_preview(session.config, tell=feed.ignore) as engine:
        found = preview.preview(engine)
    if as_json:
        output.write_json(describe_preview(found))
    else:
        _draw(found)
    for connection, reason in found.failed.items():
        output.write_error(f"{connection} could not be read: {reason}")
    if found.failed and not found.writes:
        raise errors.QuoflowError("the plan is not complete", "Mend the connection; `quoflow doctor` helps")
    return found


def describe_preview(found: preview.Preview) -> dict[str, Any]:
    """Give a preview as the JSON that scripts rely on."""
    return {
        "writes": [_describe_write(one) for one in found.writes],
        "skipped": [{"rule": one.rule, "event": one.event, "reason": one.reason} for one in found.skipped],
        "batches": [_describe_batch(one) for one in found.batches],
        "failed": found.failed,
        "baselines": list(found.baselines),
    }


def _describe_batch(one: preview.PlannedBatch) -> dict[str, Any]:
    batch = one.batch
    return {
        "id": batch.id,
        "rule": batch.rule,
        "connection": batch.connection,
        "event": batch.event_id,
        "audience": batch.source,
        "looked_at": batch.looked_at,
        "members": batch.members,
        "left_out": batch.left_out,
        "writes": one.writes,
        "reason": batch.reason,
    }


def _describe_write(one: preview.PlannedWrite) -> dict[str, Any]:
    step = one.step
    return {
        "rule": one.run.rule,
        "connection": one.run.connection,
        "action": step.action,
        "to": step.to,
        "from": step.from_,
        "text": step.text,
        "payload": step.payload,
        "segments": step.segments,
        "gate": {
            "state": one.gate,
            "reason": step.reason,
            "until": output.format_time(step.due_at) if one.gate == "held" and step.due_at else None,
        },
        "event": one.run.event_id,
        "batch": one.run.batch,
        "why": one.why,
    }


def _draw(found: preview.Preview) -> None:
    for connection in found.baselines:
        output.write(f"{connection}: this would be the first look, which only sets the baseline.")
    for planned in found.batches:
        _draw_batch(planned)
    for one in found.writes:
        step = one.step
        color = {"ready": "green", "needs_approval": "magenta", "held": "yellow", "refused": "red"}[one.gate]
        state = output.paint(one.gate.replace("_", " "), color)
        output.write(f"{one.run.rule}  {step.action}  {step.from_ or ''} → {step.to}  [{state}]")
        if step.text is not None:
            output.write(f"    {output.show_text(step.text)}")
            if step.action == "send_message":
                count = step.segments
                output.write(f"    {len(step.text)} characters, {count} segment{'' if count == 1 else 's'}")
        else:
            output.write(f"    {output.show_text(describing.describe_change(step.action, step.payload or {}))}")
        if step.reason and step.reason != "needs approval":
            output.write(f"    {step.reason}")
    _draw_skipped(found.skipped)
    count = sum(one.gate != "refused" for one in found.writes)
    output.write(f"{count} write{'' if count == 1 else 's'} would be made; nothing was written or sent.")


def _draw_batch(one: preview.PlannedBatch) -> None:
    batch = one.batch
    members = f"{batch.members} of {batch.looked_at} {audiences.name_source(batch.source)}"
    more = f", {batch.left_out} more left out" if batch.left_out else ""
    count = "nothing, for it was stopped" if batch.reason else f"{one.writes} write{'' if one.writes == 1 else 's'}"
    output.write(f"{batch.rule}  batch {batch.id}: {members}{more}: {count}")


def _draw_skipped(skipped: Iterable[preview.Skipped]) -> None:
    """List what leads to nothing; of many for one cause the first ones, and how many more there are."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in skipped:
        alike = (one.rule, skipping.find_cause(one.reason))
        counts[alike] += 1
        if counts[alike] <= skipping.MOST_TOLD:
            output.write(f"{output.paint('skipped', 'yellow')}  {one.rule}: {one.reason}")
    for (rule, cause), count in counts.items():
        if count > skipping.MOST_TOLD:
            output.write(f"{output.paint('skipped', 'yellow')}  {rule}: {count - skipping.MOST_TOLD} more, {cause}")
