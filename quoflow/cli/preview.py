"""How a preview looks: for `plan` and `run --dry-run` alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core import audiences, describing
from quoflow.core.events import Event
from quoflow.runtime import preview, skipping
from quoflow.runtime.engine import Engine


def show_preview(
    session: Session, *, as_json: bool, list_fired: Callable[[Engine], tuple[Event, ...]] = lambda _engine: ()
) -> preview.Preview:
    """Look, and list every write that would be made, also if these events had happened now.

    Raises QuoflowError when no connection could be read.
    """
    with app.open_preview(session.config, tell=feed.ignore) as engine:
        found = preview.preview(engine, list_fired(engine))
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
    together = {one.batch.id for one in found.batches}
    for planned in found.batches:
        _draw_batch(planned, [one for one in found.writes if one.run.batch == planned.batch.id])
    for one in found.writes:
        if one.run.batch not in together:
            _draw_write(one)
    _draw_skipped(found.skipped)
    count = sum(one.gate != "refused" for one in found.writes)
    output.write(f"{_count(count, 'write')} would be made; nothing was written or sent.")


def _draw_write(one: preview.PlannedWrite) -> None:
    step = one.step
    output.write(f"{one.run.rule}  {step.action}  {step.from_ or ''} → {step.to}  [{_paint_gate(one)}]")
    output.write(f"    {_describe_content(one)}")
    if step.action == "send_message" and step.text is not None:
        output.write(f"    {len(step.text)} characters, {_count(step.segments, 'segment')}")
    if step.reason and step.reason != "needs approval":
        output.write(f"    {step.reason}")


def _draw_batch(planned: preview.PlannedBatch, writes: Iterable[preview.PlannedWrite]) -> None:
    """Draw a batch with its figures, and each of its writes in one line."""
    batch = planned.batch
    members = f"{batch.members} of {batch.looked_at} {audiences.name_source(batch.source)}"
    more = f", {batch.left_out} more left out" if batch.left_out else ""
    count = "nothing, for it was stopped" if batch.reason else _count(planned.writes, "write")
    output.write(f"{batch.rule}  batch {batch.id}: {members}{more}: {count}")
    for one in sorted(writes, key=lambda one: (one.step.to or "", one.step.position)):
        reason = f"  ({one.step.reason})" if one.step.reason not in ("", "needs approval") else ""
        segments = f"  {_count(one.step.segments, 'segment')}" if one.step.segments > 1 else ""
        output.write(f"    → {one.step.to}  [{_paint_gate(one)}]  {_describe_content(one)}{segments}{reason}")


def _paint_gate(one: preview.PlannedWrite) -> str:
    color = {"ready": "green", "needs_approval": "magenta", "held": "yellow", "refused": "red"}[one.gate]
    return output.paint(one.gate.replace("_", " "), color)


def _describe_content(one: preview.PlannedWrite) -> str:
    step = one.step
    return output.show_text(step.text or describing.describe_change(step.action, step.payload or {}))


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


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
