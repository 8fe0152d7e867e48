"""`quoflow approvals`: what waits for a person, the person's yes or no, and their own words in a rule's place."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import click

from quoflow import app, errors
from quoflow.cli import feed, output
from quoflow.cli.output import Session
from quoflow.core import describing
from quoflow.runtime import approving, grouping
from quoflow.runtime.approving import Decided, Review
from quoflow.runtime.engine import Engine
from quoflow.store import approvals as store
from quoflow.store.approvals import Approval


@click.group(invoke_without_command=True, help="List, edit and decide on the writes that wait for a person.")
@click.pass_context
def approvals(ctx: click.Context) -> int:
    """List when nothing else is asked for."""
    if ctx.invoked_subcommand is None:
        result: int = ctx.invoke(list_approvals)
        return result
    return errors.EXIT_FINE


@approvals.command("list", help="List what waits for a decision.")
@click.option("--batch", help="Only this batch, each write of it by itself.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def list_approvals(session: Session, batch: str | None = None, as_json: bool = False) -> int:  # noqa: FBT001, FBT002 - click passes by name
    """List pending approvals; of a batch one row stands for all, unless it is asked for."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        pending = approving.list_pending(engine)
        if batch is not None:
            pending = grouping.find_group(pending, batch).approvals
        reviewed = approving.review(engine, pending)
    if as_json:
        output.write_json([describe(one) for one in reviewed])
    elif not pending:
        output.write("Nothing waits for approval.")
    else:
        _draw(reviewed, is_whole=batch is not None)
    return errors.EXIT_FINE


def _draw(reviewed: tuple[Review, ...], *, is_whole: bool) -> None:
    groups, singles = grouping.group(one.approval for one in reviewed)
    alone = {one.id for one in singles}
    rows = [_make_row(one) for one in reviewed if is_whole or one.approval.id in alone]
    if rows:
        output.write_table(("id", "rule", "to", "what", "yes", "expires"), rows)
        output.write("`quoflow approvals approve ID…` sends exactly this; `reject ID…` does not.")
    if groups and not is_whole:
        output.write_table(("batch", "rule", "to", "first", "expires"), [_make_group_row(one) for one in groups])
    for one in groups:
        if not is_whole:
            output.write(f"`quoflow approvals list --batch {one.batch}` shows each of its {len(one.approvals)} writes.")
        output.write(f"`quoflow approvals approve --batch {one.batch} --sum {one.sum}` sends exactly these.")


def _make_group_row(one: grouping.Group) -> tuple[object, ...]:
    first, expires = one.approvals[0], min(each.expires_at for each in one.approvals)
    to = f"{one.recipients} number{'' if one.recipients == 1 else 's'}"
    return one.batch, one.rule, to, f"{first.to}: {describe_content(first)}", output.format_time(expires)


def _make_row(one: Review) -> tuple[object, ...]:
    waiting = one.approval
    rule = waiting.rule if one.rule_now == "unchanged" else f"{waiting.rule} ({one.rule_now} since)"
    expires = output.format_time(waiting.expires_at)
    return waiting.id, rule, waiting.to, describe_content(waiting), _count_votes(one), expires


def describe_content(one: Approval) -> str:
    """Give the words of a text, or what is changed."""
    return one.text or describing.describe_change(one.action, one.payload)


def _count_votes(one: Review) -> str:
    return f"{len(one.voters)} of {one.needed}"


@approvals.command(help="Show one approval whole: every byte that would be sent.")
@click.argument("approval_id")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def show(session: Session, approval_id: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Show one."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        (found,) = approving.review(engine, _find(engine, (approval_id,)))
    one = found.approval
    shown = {**describe(found), "state": one.state, "decided_at": one.decided_at, "decided_by": one.decided_by}
    if as_json:
        output.write_json(shown)
        return errors.EXIT_FINE
    words = {"votes": ", ".join(found.voters), "rule_now": _explain_rule(found)}
    for key, value in (shown | words).items():
        if value is not None and value != "":
            written = output.format_time(value) if hasattr(value, "tzinfo") else str(value)
            output.write(f"{key:>13}  {output.show_text(written)}")
    return errors.EXIT_FINE


def _explain_rule(one: Review) -> str:
    since = "" if one.rule_now == "unchanged" else " since this was asked; the write is as it was"
    return f"{one.rule_now}{since}"


@approvals.command(help="Say yes: exactly these bytes may be sent.")
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that wait now, as listed.")
@click.option("--batch", help="All that waits of this batch; texts that somebody has edited are not among it.")
@click.option("--sum", "listed", help="With --batch: only if it still is what was listed with this sum.")
@click.option("--yes", is_flag=True, help="Do not ask again.")
@click.pass_obj
def approve(session: Session, /, yes: bool, **chosen: Any) -> int:  # noqa: FBT001 - click passes by name; options are of any type
    """Approve."""
    return _decide(session, _Choice(**chosen), ask=not yes, is_yes=True)


@approvals.command(help="Say no: it is never sent.")
@click.argument("ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that wait now, as listed.")
@click.option("--batch", help="All that waits of this batch; texts that somebody has edited are not among it.")
@click.pass_obj
def reject(session: Session, /, **chosen: Any) -> int:  # click's options are of any type
    """Reject."""
    return _decide(session, _Choice(**chosen), ask=False, is_yes=False)


@approvals.command(help="Put your own words in the place of a text; they get an id of their own, and wait for a yes.")
@click.argument("approval_id")
@click.option("--text", required=True, help="The whole text as it shall be sent, 1 to 1,600 characters.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def edit(session: Session, approval_id: str, text: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Edit one."""
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        (found,) = _find(engine, (approval_id,))
        new = approving.edit(engine, found, text=text, actor=app.read_actor())
        (shown,) = approving.review(engine, [new])
    if as_json:
        output.write_json({**describe(shown), "replaces": found.id})
        return errors.EXIT_FINE
    segments = f"{new.segments} segment{'' if new.segments == 1 else 's'}"
    output.write(f"edited {found.id}: {new.rule} → {new.to}: {output.show_text(new.text)} ({segments})")
    output.write(f"It waits as {new.id}; `quoflow approvals approve {new.id}` sends exactly this.")
    return errors.EXIT_FINE


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is decided on: ids, a batch (if it still has this sum), or everything that waits."""

    ids: tuple[str, ...] = ()
    every: bool = False
    batch: str | None = None
    listed: str | None = None

    @property
    def needs_look(self) -> bool:
        """Whether a person has yet to see what exactly it is: neither ids nor a sum say so."""
        return not self.ids and self.listed is None

    def find(self, engine: Engine) -> tuple[Approval, ...]:
        """Find it. Raises UsageError when nothing, or more than one kind of choice, was named."""
        if sum((bool(self.ids), self.every, self.batch is not None)) != 1:
            raise click.UsageError("Name the ids to decide on, or say --batch ID, or --all.")
        if self.listed is not None and self.batch is None:
            raise click.UsageError("--sum belongs to --batch.")
        if self.ids:
            return _find(engine, self.ids)
        pending = approving.list_pending(engine)
        if self.batch is None:
            return pending
        return grouping.find_group(pending, self.batch, listed=self.listed).approvals


def _decide(session: Session, choice: _Choice, *, ask: bool, is_yes: bool) -> int:
    with app.open_engine(session.config, tell=feed.ignore) as engine:
        wanted = choice.find(engine)
        if choice.needs_look and ask and wanted and not _confirm(wanted):
            output.write("Nothing was decided.")
            return errors.EXIT_FAILED
        decided = approving.decide(engine, wanted, approve=is_yes, actor=app.read_actor())
        told = approving.review(engine, [one.approval for one in decided])
    for one, now in zip(decided, told, strict=True):
        _tell(one, now, word="approved" if is_yes else "rejected")
    if not decided:
        output.write("Nothing waits for approval.")
    return _choose_exit(decided)


def _tell(one: Decided, now: Review, *, word: str) -> None:
    what = f"{one.approval.id}: {one.approval.rule} → {one.approval.to}"
    if one.outcome == "repeated":
        output.write(f"{word} {what} (you had said so before)")
    elif one.outcome == "voted":
        output.write(f"your yes counts for {what}: {_count_votes(now)}; somebody else must say yes, too")
    elif one.is_counted:
        output.write(f"{word} {what}")
    else:
        output.write_error(f"not {word} {what}: {approving.explain(one.outcome)}")


def _choose_exit(decided: tuple[Decided, ...]) -> int:
    """Fine when every decision counts, failed when none does, refused in part between them."""
    counted = [one.is_counted for one in decided]
    if all(counted):
        return errors.EXIT_FINE
    return errors.EXIT_REFUSED if any(counted) else errors.EXIT_FAILED


def _confirm(wanted: tuple[Approval, ...]) -> bool:
    if not sys.stdin.isatty():
        raise click.UsageError(
            "There is no terminal to ask on; add --yes, or name the ids, or a batch with the --sum that was listed."
        )
    for one in wanted:
        output.write(f"{one.id}  {one.rule} → {one.to}: {output.show_text(describe_content(one))}")
    return click.confirm(f"Approve these {len(wanted)}?", default=False)


def _find(engine: Engine, ids: tuple[str, ...]) -> tuple[Approval, ...]:
    with engine.database.read() as tx:
        found = [(wanted, store.find_approval(tx, wanted)) for wanted in dict.fromkeys(ids)]
    missing = [wanted for wanted, approval in found if approval is None]
    if missing:
        raise errors.QuoflowError(
            f"there is no approval {', '.join(missing)}", "`quoflow approvals list` shows what waits"
        )
    return tuple({approval.id: approval for _, approval in found if approval is not None}.values())


def describe(review: Review) -> dict[str, Any]:
    """Give an approval as the JSON that scripts rely on."""
    one = review.approval
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
        "batch": one.batch,
        "votes": list(review.voters),
        "votes_needed": review.needed,
        "edited_by": one.edited_by,
        "asked_by": one.asked_by,
        "rule_version": review.rule_version,
        "rule_now": review.rule_now,
    }


def describe_briefly(one: Approval) -> str:
    """Say in a line what would be written."""
    return output.show_text(describing.describe_write(one.action, one.to, one.text, one.payload))
