"""Approval by text, the way out: owners are asked about what waits, through the outbox like everything else.

A question passes the gate as every text does, but for two things: it needs no approval itself, and neither the
contact cap nor the loop breaker holds it. The kill switch, quiet hours and the budget do, and it is not sent once its
code has expired.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from quoflow.core import describing, questions
from quoflow.core.events import Event
from quoflow.core.lifecycle import RunRecord
from quoflow.runtime import grouping, runs, scenes
from quoflow.runtime.engine import Engine, Notice
from quoflow.settings import SmsApproval
from quoflow.store import approvals, inbox
from quoflow.store import runs as store
from quoflow.store.approvals import Approval
from quoflow.store.database import Connection

_PREFIX = "approval"


def ask_owners(engine: Engine) -> int:
    """Ask the owners about every approval that nobody was asked about yet. Gives how many questions there were.

    A question whose answer is no longer wanted is withdrawn first, if it has not been sent.
    """
    sms, now = engine.settings.approvals.sms, engine.clock()
    with engine.database.read() as tx:
        asked = [one for name in engine.quos for one in _list_questions(tx, name)]
        if sms is None and not asked:
            return 0
        pending = [one for one in approvals.list_pending(tx) if one.connection in engine.quos]
    wanted = {one.id for one in pending} if sms else set()
    for run in asked:
        if run.event_id.split(":")[1] not in wanted:
            with engine.database.write() as tx:
                store.cancel_run(tx, run.id, reason="the answer is not wanted any more", now=now)
    if sms is None:
        return 0
    groups, pending_alone = grouping.group(pending)
    for group in groups:
        _leave_to_the_command(engine, group)
    count = 0
    for one in pending_alone:
        if one.code is None and now < min(one.expires_at, one.requested_at + sms.code_expires):
            with engine.database.write() as tx:
                count += _ask(tx, engine, sms, one, now=now)
    return count


def _leave_to_the_command(engine: Engine, group: grouping.Group) -> None:
    """Ask nobody by text about a batch: that would be a text for each of its members."""
    unasked = [one for one in group.approvals if one.code is None]
    if not unasked:
        return
    with engine.database.write() as tx:
        for one in unasked:
            approvals.give_code(tx, one.id, code=approvals.NO_CODE)
    text = f"{group.rule}: decide on the batch {group.batch} on the command line; a batch is not asked about by text"
    engine.tell(Notice("approval.not_asked", text, unasked[0].connection))


def _list_questions(tx: Connection, connection: str) -> tuple[RunRecord, ...]:
    return store.list_unfinished_runs(tx, connection=connection, rule=questions.NAME)


def _ask(tx: Connection, engine: Engine, sms: SmsApproval, approval: Approval, *, now: datetime) -> int:
    """Give an approval its code and put a question to each owner in the outbox, in one transaction."""
    code = questions.make_code(engine.new_id(), approvals.list_codes(tx, connection=approval.connection))
    until = min(approval.expires_at, approval.requested_at + sms.code_expires)
    local = until.astimezone(ZoneInfo(engine.settings.timezone))
    what = approval.text if approval.text is not None else _describe(approval)
    text = questions.write_question(
        rule=approval.rule,
        to=approval.to or "",
        what=what,
        code=code,
        until=f"{local:%H:%M %Z}",
        deed="go on" if approval.action == "approve" else "send this",
    )
    if not approvals.give_code(tx, approval.id, code=code if text else approvals.NO_CODE):
        return 0
    if text is None:
        why = f"the text is too long to be shown in another; decide on {approval.id} on the command line"
        engine.tell(Notice("approval.not_asked", f"{approval.rule}: {why}", approval.connection))
        return 0
    rule = questions.make_rule(until - now)
    for owner, number in sms.owners.items():
        event = Event(
            id=f"{_PREFIX}:{approval.id}:{owner}",
            kind="manual",
            connection=approval.connection,
            occurred_at=now,
            data={"rule": questions.NAME, "set": {"to": number, "line": sms.line, "text": text}},
        )
        inbox.add_events(tx, [event], now=now)
        inbox.mark_handled(tx, event, now=now)
        runs.begin_run(tx, engine, rule, event, scenes.read_scene(tx, engine, rule, event, run_id=None))
    return len(sms.owners)


def _describe(approval: Approval) -> str:
    return f"{approval.action} {describing.describe_change(approval.action, approval.payload)}"
