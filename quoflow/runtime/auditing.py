"""What the engine itself puts into the audit: what the guards stopped, and what it was started with."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from pydantic import BaseModel

from quoflow.core import plans
from quoflow.core.lifecycle import StepRecord
from quoflow.runtime.engine import Engine
from quoflow.store import audit, identity, rule_versions
from quoflow.store.database import Connection

_STARTED_WITH = "started_with"


class _StartedWith(BaseModel):
    """What a start worked with: the hash of its configuration, and each rule's version."""

    configuration: str = ""
    rules: dict[str, str] = {}


def record_gate(
    tx: Connection, step: StepRecord, gate: plans.Gate, *, rule: str, now: datetime, held_by: str = ""
) -> None:
    """Record that the guards hold or refuse a write.

    Args:
        tx: the write transaction.
        step: the write, with its recipient.
        gate: what the guards say; nothing is recorded of a write that may go.
        rule: the rule's name.
        now: the time, UTC.
        held_by: why it is held already; the same guard's hold is recorded once, however often it is asked.
    """
    if gate.state == "ready" or (gate.state == "held" and _name_guard(gate.reason) == _name_guard(held_by)):
        return
    data = {"run": step.run_id, "rule": rule, "action": step.action, "to": step.to, "reason": gate.reason}
    if gate.until is not None:
        data["until"] = gate.until.isoformat()
    audit.record(
        tx,
        at=now,
        actor=audit.PROGRAM,
        kind=f"write.{gate.state}",
        connection=step.connection,
        subject=step.id,
        data=data,
    )


def _name_guard(reason: str) -> str:
    """Give the guard that a reason begins with; the figures behind it change from look to look."""
    return reason.partition(":")[0]


def record_configuration(engine: Engine) -> None:
    """Record with which configuration and rules work goes on, where they differ from those that were recorded last.

    Each new version of a rule is kept whole, too, so that the audit's versions can be read.
    """
    configuration = _hash(engine.settings.model_dump_json())
    rules = {rule.name: rule.version for rule in engine.rules}
    with engine.database.read() as tx:
        noted = identity.find_value(tx, _STARTED_WITH)
    last = _StartedWith.model_validate_json(noted) if noted else _StartedWith()
    present = _StartedWith(configuration=configuration, rules=rules)
    if last == present:
        return
    now = engine.clock()
    data = {
        "configuration": configuration,
        "configuration_changed": last.configuration != configuration,
        "rules": _hash(json.dumps(rules, sort_keys=True)),
        "added": sorted(rules.keys() - last.rules.keys()),
        "removed": sorted(last.rules.keys() - rules.keys()),
        "changed": sorted(name for name in rules.keys() & last.rules.keys() if rules[name] != last.rules[name]),
    }
    with engine.database.write() as tx:
        for rule in engine.rules:
            if last.rules.get(rule.name) != rule.version:
                rule_versions.save_version(
                    tx, rule=rule.name, version=rule.version, document=rule.document, file=rule.file, now=now
                )
        identity.save_value(tx, _STARTED_WITH, present.model_dump_json(), now=now)
        audit.record(
            tx, at=now, actor=audit.PROGRAM, kind="configuration.changed", connection=None, subject="start", data=data
        )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
