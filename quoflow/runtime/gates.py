"""The gate of a write: approval and guards, asked at plan time and in the transaction that takes the intent.

Both call sites use `check_guards` with facts read in their own transaction, so that they cannot disagree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from quoflow.core import guards, plans, questions
from quoflow.core.lifecycle import StepRecord
from quoflow.core.rules import Rule
from quoflow.runtime import optouts
from quoflow.runtime.engine import Engine
from quoflow.store import approvals, controls, mirror, opt_outs, outbox
from quoflow.store.database import Connection


def needs_approval(engine: Engine, rule: Rule) -> bool:
    """Whether a person must say yes: always, but where rule and configuration say `auto`, and to a question by text."""
    if rule.name == questions.NAME:
        return False
    allowed = engine.settings.approvals.allow_auto
    return not (rule.approval == "auto" and (rule.name in allowed or "*" in allowed))


def has_yes(tx: Connection, engine: Engine, rule: Rule | None, step: StepRecord) -> bool:
    """Whether a write may go as it is: a person has said yes to exactly these bytes, or nobody need be asked."""
    if approvals.is_covered(tx, step.id, hash=step.hash or ""):
        return True
    return rule is not None and not needs_approval(engine, rule)


def check_guards(
    tx: Connection,
    engine: Engine,
    write: plans.Write,
    *,
    due_at: datetime | None,
    max_age: timedelta | None,
    now: datetime,
    event_id: str | None,
) -> plans.Gate:
    """Ask the guards about a write, with the facts of this transaction; `event_id` is what its run is for, if any."""
    facts = read_facts(tx, engine, write, due_at=due_at, max_age=max_age, now=now, event_id=event_id)
    settings = engine.settings.guards
    if write.rule_version == questions.VERSION:  # Owners are asked as often as there is something to ask.
        settings = settings.model_copy(update={"contact_cap": None, "loop": None})
    return guards.check(write, facts, settings)


def read_facts(
    tx: Connection,
    engine: Engine,
    write: plans.Write,
    *,
    due_at: datetime | None,
    max_age: timedelta | None,
    now: datetime,
    event_id: str | None,
) -> guards.GuardFacts:
    """Read what the guards decide by."""
    connection, to = write.connection, write.to
    pause, recovery = controls.read_pause(tx), controls.read_recovery(tx)
    midnight = find_midnight(now, engine.settings.timezone)
    hour_ago, day_ago = now - timedelta(hours=1), now - timedelta(days=1)
    return guards.GuardFacts(
        now=now,
        timezone=engine.settings.timezone,
        first_in_hour=outbox.first_sent_at(tx, connection=connection, to=to, since=hour_ago),
        first_in_day=outbox.first_sent_at(tx, connection=connection, to=to, since=day_ago),
        paused=pause.reason or "no reason given" if pause else None,
        recovering=recovery.reason if recovery else None,
        opted_out=opt_outs.find_opt_out(tx, connection=connection, phone=to),
        answered_by_quo=optouts.find_answered_word(tx, write, event_id=event_id),
        sent_last_hour=outbox.count_sent(tx, connection=connection, to=to, since=hour_ago),
        sent_last_day=outbox.count_sent(tx, connection=connection, to=to, since=day_ago),
        segments_today=outbox.sum_segments(tx, connection=connection, since=midnight),
        due_at=due_at,
        max_age=max_age,
        last_inbound_at=mirror.last_inbound_at(tx, connection, peer=to),
    )


def find_midnight(now: datetime, timezone: str) -> datetime:
    """Give the last local midnight in a time zone."""
    return now.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
