"""The gate of a write: approval and guards, asked at plan time and in the transaction that takes the intent.

Both call sites use `check_guards` with facts read in their own transaction, so that they cannot disagree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from quoflow.core import events, guards, plans, questions, steps, talks
from quoflow.core.lifecycle import StepRecord
from quoflow.core.rules import Rule
from quoflow.runtime import optouts
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import approvals, controls, exchanges, mirror, opt_outs, outbox
from quoflow.store.database import Connection


def needs_approval(engine: Engine, rule: Rule, *, action: str) -> bool:
    """Whether a person must say yes to a write: always, but where rule and configuration say `auto`.

    A deletion takes a word more of the configuration. Nobody is asked about a question by text, nor about telling
    one of us something.
    """
    if rule.name == questions.NAME or action in steps.UNASKED:
        return False
    allowed = engine.settings.approvals.allow_auto
    may_delete = engine.settings.approvals.allow_delete
    if action in steps.ALWAYS_ASKED and rule.name not in may_delete:
        return True
    return not (rule.approval == "auto" and (rule.name in allowed or "*" in allowed))


def has_yes(tx: Connection, engine: Engine, rule: Rule | None, step: StepRecord) -> bool:
    """Whether a write may go as it is: a person has said yes to exactly these bytes, or nobody need be asked."""
    if approvals.is_covered(tx, step.id, hash=step.hash or ""):
        return True
    return rule is not None and not needs_approval(engine, rule, action=step.action)


def check_guards(
    tx: Connection,
    engine: Engine,
    write: plans.Write,
    *,
    rule: Rule | None,
    due_at: datetime | None,
    now: datetime,
    event_id: str | None,
    step_id: str | None = None,
) -> plans.Gate:
    """Ask the guards about a write, with the facts of this transaction.

    Args:
        tx: the transaction that plans, or that takes the intent.
        engine: the parts.
        write: with its frozen bytes.
        rule: the version of the rule that asks; None when there is none, or it can no longer be read.
        due_at: from when its lateness counts, or None where it cannot be late.
        now: the time, UTC.
        event_id: what its run is for, if it is for any.
        step_id: the step whose write it is, where it has been tried: its own earlier attempt is no repetition.
    """
    facts = read_facts(tx, engine, write, rule=rule, due_at=due_at, now=now, event_id=event_id, step_id=step_id)
    settings = engine.settings.guards
    if write.rule_version == questions.VERSION:  # Owners are asked as often as there is something to ask.
        settings = settings.model_copy(update={"contact_cap": None, "loop": None})
    return guards.check(write, facts, settings)


def read_facts(
    tx: Connection,
    engine: Engine,
    write: plans.Write,
    *,
    rule: Rule | None,
    due_at: datetime | None,
    now: datetime,
    event_id: str | None,
    step_id: str | None = None,
) -> guards.GuardFacts:
    """Read what the guards decide by."""
    connection, to = write.connection, write.to
    line_id = str(write.payload.get("from", ""))
    pause, recovery = controls.read_pause(tx), controls.read_recovery(tx)
    midnight = find_midnight(now, engine.settings.timezone)
    day_ago = now - timedelta(days=1)
    return guards.GuardFacts(
        now=now,
        timezone=engine.settings.timezone,
        paused=pause.reason or "no reason given" if pause else None,
        recovering=recovery.reason if recovery else None,
        opted_out=opt_outs.find_opt_out(tx, connection=connection, phone=to),
        answered_by_quo=optouts.find_answered_word(tx, write, event_id=event_id),
        sent=exchanges.list_sent(tx, connection=connection, to=to, since=day_ago),
        segments_today=outbox.sum_segments(tx, connection=connection, since=midnight),
        due_at=due_at,
        max_age=rule.max_age if rule else None,
        last_inbound_at=mirror.last_inbound_at(tx, connection, peer=to),
        answer=exchanges.find_answer(tx, connection=connection, line_id=line_id, peer=to, since=day_ago),
        talk=_find_talk(tx, write, rule, now=now),
        unless_human=rule.unless_human if rule else None,
        purpose=rule.purpose if rule else "transactional",
        is_about_theirs=event_id is None or event_id.partition(":")[0] not in events.OF_OURS,
        is_first=_is_first(tx, write, rule),
        contact_zone=_find_contact_zone(tx, engine, write),
        rule=rule.name if rule else "",
        step_id=step_id,
        is_automatic=rule is None or not needs_approval(engine, rule, action=write.action),
        jitter=engine.jitter(),
    )


def tell(engine: Engine, gate: plans.Gate, *, rule: str, connection: str) -> None:
    """Tell the feed that a write was held or refused, of many refusals alike the first ones.

    A loop calls for a person, and has a kind of its own.
    """
    if gate.state == "refused" and not engine.skips.add(connection, rule, gate.guard or gate.reason):
        return
    kind = "guard.loop" if gate.guard == "loop" else f"write.{gate.state}"
    engine.tell(Notice(kind, f"{rule}: {gate.reason}", connection, {"guard": gate.guard}))


def _find_talk(tx: Connection, write: plans.Write, rule: Rule | None, *, now: datetime) -> talks.Talk | None:
    """Give the last sign of a person of ours, where the rule wants to know; only of the time that matters."""
    if rule is None or rule.unless_human is None:
        return None
    since = now - rule.unless_human - talks.AUTOMATIC_WITHIN
    messages = exchanges.list_others_messages(tx, connection=write.connection, peer=write.to, since=since)
    calls = exchanges.list_calls(tx, connection=write.connection, peer=write.to, since=since - talks.LONGEST_CALL)
    return talks.find_talk(messages, calls, now=now)


def _is_first(tx: Connection, write: plans.Write, rule: Rule | None) -> bool:
    """Whether the line and the recipient never had to do with each other; asked where something hangs on it."""
    if rule is None or rule.purpose != "marketing" or write.action != "send_message":
        return False
    line_id = str(write.payload.get("from", ""))
    return not exchanges.has_exchanged(tx, connection=write.connection, line_id=line_id, peer=write.to)


def _find_contact_zone(tx: Connection, engine: Engine, write: plans.Write) -> object:
    window = engine.settings.guards.quiet_hours
    if window is None or window.timezone_field is None:
        return None
    contact = mirror.find_contact_by_phone(tx, write.connection, write.to)
    return (contact.fields.get(window.timezone_field) or None) if contact else None


def find_midnight(now: datetime, timezone: str) -> datetime:
    """Give the last local midnight in a time zone."""
    return now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
