"""Approval by text, the way back: an owner's YES or NO with the code, and nothing that anyone else may write.

Only a text that was read from Quo as incoming, on the line that asks, from a listed number and of exactly the right
form is an answer. What does not count is told to nobody but the log and the audit: a stranger learns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from quoflow.core import phones, questions
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.runtime import approving
from quoflow.runtime.engine import Engine, Notice
from quoflow.settings import SmsApproval
from quoflow.store import approvals, audit
from quoflow.store.database import Connection

WRONG_CODE = "approval.wrong_code"
MOST_WRONG = 5
LOCK = timedelta(hours=1)


def take_answer(tx: Connection, engine: Engine, event: Event, lines: Iterable[Line]) -> str | None:
    """Take an owner's answer in the event's transaction. Gives what came of it in words; None when it is none.

    An answer is for quoflow alone: no rule sees it, whether it counts or not.
    """
    sms = engine.settings.approvals.sms
    if sms is None or event.kind != "message.received" or event.direction != "incoming":
        return None
    owner = next((name for name, number in sms.owners.items() if number == event.peer), None)
    if owner is None or not _is_asking_line(sms, event, lines, region=engine.settings.region):
        return None
    answer = questions.read_answer(str((event.data.get("message") or {}).get("text") or ""))
    if answer is None:
        return None
    outcome = _decide(tx, engine, sms, event, owner=owner, answer=answer)
    text = f"{owner} answered {'yes' if answer.approve else 'no'} by text: {approving.explain(outcome)}"
    engine.tell(Notice("approval.answered", text, event.connection))
    return text


def _is_asking_line(sms: SmsApproval, event: Event, lines: Iterable[Line], *, region: str) -> bool:
    written, number = sms.line.strip(), phones.normalize(sms.line, region)
    return any(
        line.id == event.line_id
        and (written.casefold() == line.name.strip().casefold() or written == line.id or number == line.number)
        for line in lines
    )


def _decide(
    tx: Connection, engine: Engine, sms: SmsApproval, event: Event, *, owner: str, answer: questions.Answer
) -> str:
    now = engine.clock()
    locked = _count_wrong(tx, owner, since=now - LOCK) >= MOST_WRONG
    found = None if locked else approvals.find_by_code(tx, connection=event.connection, code=answer.code)
    if found is not None and now < found.requested_at + sms.code_expires:
        outcome = approving.decide_in(tx, engine, found, approve=answer.approve, actor=owner, channel="text")
        approving.tell_decided(engine, found, outcome, approve=answer.approve, actor=owner)
        return outcome
    outcome = "locked" if locked else "no such code" if found is None else "its code has expired"
    kind = WRONG_CODE if outcome == "no such code" else "approval.not_counted"
    data = {"outcome": outcome, "channel": "text", "said": "yes" if answer.approve else "no"}
    audit.record(tx, at=now, actor=owner, kind=kind, connection=event.connection, subject=event.id, data=data)
    return outcome


def _count_wrong(tx: Connection, owner: str, *, since: datetime) -> int:
    return sum((one.actor, one.kind) == (owner, WRONG_CODE) for one in audit.list_audit(tx, None, since=since))
