"""The bugs that somebody could make, each against one promise, and the tests that must notice it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One bug: `before` stands exactly once in `file` and becomes `after`; one of `tests` must fail."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "the commit of an intent need not be on the disk",
        "quoflow/store/database.py",
        "PRAGMA synchronous = FULL",
        "PRAGMA synchronous = NORMAL",
        ("tests/acceptance/test_power.py",),
    ),
    Mutant(
        "a text leaves before its intent is written",
        "quoflow/runtime/worker.py",
        "    attempt = _take_intent(engine, step)\n",
        """    registry.WRITE_ACTIONS[step.action].perform(step.payload or {}, engine.quos[step.connection])
    attempt = _take_intent(engine, step)
""",
        ("tests/acceptance/test_main_path.py", "tests/acceptance/test_kills.py"),
    ),
    Mutant(
        "a dead process's write goes back to the queue",
        "quoflow/runtime/reconcile.py",
        """            settle_uncertain(engine, attempt, reason="quoflow was stopped while it was sending this")
""",
        """            with engine.database.write() as tx:
                outbox.release(tx, attempt.id, reason="", now=engine.clock(), due_at=engine.clock())
""",
        ("tests/acceptance/test_kills.py",),
    ),
    Mutant(
        "an ambiguous answer counts as not sent",
        "quoflow/actions/results.py",
        "    if error.is_ambiguous:",
        "    if False:",
        ("tests/unit/actions/test_results.py", "tests/acceptance/test_faults.py"),
    ),
    Mutant(
        "a read time-out counts as not sent",
        "quoflow/quo/failures.py",
        "    httpx.ConnectTimeout,\n",
        "    httpx.ConnectTimeout,\n    httpx.ReadTimeout,\n",
        ("tests/unit/quo/test_failures.py", "tests/acceptance/test_faults.py"),
    ),
    Mutant(
        "a 5xx counts as not sent",
        "quoflow/quo/failures.py",
        "        return errors.ServerFailed,",
        "        return errors.Unreachable,",
        ("tests/unit/quo/test_failures.py", "tests/acceptance/test_faults.py"),
    ),
    Mutant(
        "two attempts may claim one message",
        "quoflow/store/migrations/versions/r0001_first.py",
        '        sa.UniqueConstraint("connection", "message_id", name="uq_attempts_connection_message_id"),\n',
        "",
        ("tests/unit/store/test_outbox.py",),
    ),
    Mutant(
        "a text that an attempt may have sent is taken up again",
        "quoflow/store/outbox.py",
        "            ~other,\n",
        "",
        ("tests/unit/store/test_outbox.py",),
    ),
    Mutant(
        "other bytes than the recorded ones are taken up",
        "quoflow/store/outbox.py",
        "            _steps.c.hash == attempt.payload_hash,\n",
        "",
        ("tests/unit/store/test_outbox.py",),
    ),
    Mutant(
        "bytes that were changed after the yes are sent",
        "quoflow/runtime/worker.py",
        "        if write.hash != fresh.hash:",
        "        if False:",
        ("tests/acceptance/test_approvals.py",),
    ),
    Mutant(
        "the guards are not asked again with the intent",
        "quoflow/runtime/worker.py",
        "        if gate.state in STOPPED:",
        "        if False:",
        ("tests/acceptance/test_history.py", "tests/acceptance/test_rules_at_work.py"),
    ),
    Mutant(
        "the guards are not asked at plan time",
        "quoflow/runtime/runs.py",
        '    if gate.state == "refused":',
        "    if False:",
        ("tests/acceptance/test_history.py", "tests/golden", "tests/acceptance/test_main_path.py"),
    ),
    Mutant(
        "a yes counts for whatever bytes there are",
        "quoflow/store/approvals.py",
        "_table.c.hash == hash, ",
        "",
        ("tests/unit/store/test_approvals.py",),
    ),
    Mutant(
        "a yes counts after its time",
        "quoflow/store/approvals.py",
        "_table.c.expires_at > now, ",
        "",
        ("tests/unit/store/test_approvals.py",),
    ),
    Mutant(
        "an approval is decided twice",
        "quoflow/store/approvals.py",
        'conditions = (_table.c.state == "pending", ',
        "conditions = (",
        ("tests/unit/store/test_approvals.py",),
    ),
    Mutant(
        "what expires is sent",
        "quoflow/store/approvals.py",
        "        _move_step(tx, approval, now, state=StepState.CANCELLED, reason=reason)",
        "        _move_step(tx, approval, now, state=StepState.QUEUED, due_at=now, reason=reason)",
        ("tests/unit/store/test_approvals.py", "tests/acceptance/test_approvals.py"),
    ),
    Mutant(
        "auto needs the rule's word only",
        "quoflow/runtime/gates.py",
        '    return not (rule.approval == "auto" and (rule.name in allowed or "*" in allowed))',
        '    return rule.approval != "auto" and bool(allowed or True)',
        ("tests/acceptance/test_approvals.py",),
    ),
    Mutant(
        "an opt-out is not asked for",
        "quoflow/runtime/gates.py",
        "        opted_out=f",
        "        opted_out=None and f",
        ("tests/acceptance/test_history.py",),
    ),
    Mutant(
        "history is not searched for opt-outs",
        "quoflow/runtime/polling.py",
        '        if message.direction == "incoming":',
        '        if message.direction == "incoming" and desk.state.baseline_done_at:',
        ("tests/acceptance/test_history.py",),
    ),
    Mutant(
        "history fires",
        "quoflow/runtime/polling.py",
        "if until is None else []",
        "",
        ("tests/acceptance/test_history.py",),
    ),
    Mutant(
        "quoflow's own texts trigger rules",
        "quoflow/runtime/polling.py",
        "    return tuple(message for message in fresh if message.id not in ours)",
        "    return fresh",
        ("tests/acceptance/test_faults.py",),
    ),
    Mutant(
        "an event is taken in twice",
        "quoflow/store/inbox.py",
        "new += [event for event in read.values() if event.id not in known]",
        "new += list(read.values())",
        ("tests/unit/store/test_inbox.py",),
    ),
    Mutant(
        "each look begins where the last one ended",
        "quoflow/runtime/polling.py",
        "        since = known.synced_until - back",
        "        since = known.synced_until + timedelta(seconds=1)",
        ("tests/acceptance/test_history.py", "tests/acceptance/test_kills.py"),
    ),
    Mutant(
        "a write transaction takes its lock late",
        "quoflow/store/database.py",
        '"BEGIN IMMEDIATE" if writes else "BEGIN"',
        '"BEGIN"',
        ("tests/unit/store/test_database.py", "tests/unit/store/test_outbox.py"),
    ),
    Mutant(
        "a second instance is let in",
        "quoflow/store/instance.py",
        "        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)",
        "        pass",
        ("tests/unit/store/test_instance.py",),
    ),
    Mutant(
        "a later step overtakes an earlier one",
        "quoflow/store/runs.py",
        "[_steps.c.state.in_(WORKABLE), ~waits, goes_on]",
        "[_steps.c.state.in_(WORKABLE), goes_on]",
        ("tests/unit/store/test_runs.py",),
    ),
    Mutant(
        "a run goes on with the edited rule",
        "quoflow/runtime/runs.py",
        "    if rule is not None and rule.version == run.rule_version:",
        "    if rule is not None:",
        (
            "tests/acceptance/test_rules_at_work.py",
            "tests/acceptance/test_approvals.py",
            "tests/acceptance/test_kills.py",
        ),
    ),
    Mutant(
        "a dry run may write",
        "quoflow/quo/transport.py",
        "        if self.read_only:",
        "        if False:",
        ("tests/unit/quo/test_transport.py",),
    ),
    Mutant(
        "a change of a contact drops its other fields",
        "quoflow/quo/contacts.py",
        '    return {"defaultFields": default_fields, "customFields": custom_fields}',
        '    return {"customFields": custom_fields}',
        ("tests/unit/quo/test_contacts.py", "tests/acceptance/test_rules_at_work.py"),
    ),
    Mutant(
        "the newest of identical messages is claimed first",
        "quoflow/actions/texts.py",
        "    for message in sorted(alike, key=lambda one: (one.created_at or since, one.id)):",
        "    for message in alike:",
        ("tests/unit/actions/test_texts.py",),
    ),
    Mutant(
        "a list ends after its first page",
        "quoflow/quo/client.py",
        "MOST_PAGES = 10_000",
        "MOST_PAGES = 1",
        ("tests/unit/quo/test_client.py",),
    ),
    Mutant(
        "a text of any age is sent",
        "quoflow/core/guards.py",
        "facts.now - facts.due_at <= facts.max_age:",
        "True:",
        ("tests/unit/core/test_guards.py",),
    ),
    Mutant(
        "one zone's day is enough",
        "quoflow/core/guards.py",
        "    closed = [zone for zone in zones if not _is_open(window, facts.now, zone)]",
        "    closed = [zones[0]] if not any(_is_open(window, facts.now, zone) for zone in zones) else []",
        ("tests/unit/core/test_guards.py",),
    ),
    Mutant(
        "a pause holds nothing",
        "quoflow/core/guards.py",
        "    if facts.paused is None:",
        "    if True:",
        ("tests/unit/core/test_guards.py",),
    ),
    Mutant(
        "unknown texts do not count towards a cap",
        "quoflow/store/outbox.py",
        'MAY_COUNT = (*OPEN, "sent")',
        'MAY_COUNT = ("sending", "sent")',
        ("tests/unit/store/test_outbox.py",),
    ),
    Mutant(
        "a message that waits cancels nothing",
        "quoflow/runtime/intake.py",
        "        if rule is None or event.kind not in rule.cancel_on or run.event_id == event.id:",
        "        if True:",
        ("tests/acceptance/test_rules_at_work.py",),
    ),
)
