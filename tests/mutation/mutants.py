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
        "    attempt = take_intent(engine, step, quo)\n",
        """    registry.WRITE_ACTIONS[step.action].perform(step.payload or {}, quo, lambda *_: None)
    attempt = take_intent(engine, step, quo)
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
        "    if write.hash != step.hash:",
        "    if False:",
        ("tests/acceptance/test_approvals.py",),
    ),
    Mutant(
        "the guards are not asked again with the intent",
        "quoflow/runtime/worker.py",
        "    if gate.state in STOPPED:",
        "    if False:",
        ("tests/acceptance/test_history.py",),
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
        '_table.c.state == "pending", _table.c.hash == hash, ',
        '_table.c.state == "pending", ',
        ("tests/unit/store/test_approvals.py",),
    ),
    Mutant(
        "a yes counts after its time",
        "quoflow/store/approvals.py",
        "_table.c.hash == hash, _table.c.expires_at > now)",
        "_table.c.hash == hash)",
        ("tests/unit/store/test_approvals.py",),
    ),
    Mutant(
        "an approval is decided twice",
        "quoflow/store/approvals.py",
        '_table.c.state == "pending", _table.c.hash == hash, _table.c.expires_at > now)',
        "_table.c.hash == hash, _table.c.expires_at > now)",
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
        "        opted_out=opt_outs",
        "        opted_out=None and opt_outs",
        ("tests/acceptance/test_history.py",),
    ),
    Mutant(
        "history is not searched for opt-outs",
        "quoflow/runtime/learning.py",
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
        "quoflow/runtime/learning.py",
        "    strange = tuple(message for message in fresh if message.id not in ours)",
        "    strange = fresh",
        ("tests/acceptance/test_faults.py",),
    ),
    Mutant(
        "a call that rang at the first look starts",
        "quoflow/runtime/learning.py",
        'event.kind != "call.started" or call.id not in rang',
        'event.kind != "call.started" or True',
        ("tests/acceptance/test_rules_at_work.py::test_a_call_starts_once_and_ends_once_however_often_it_is_read",),
    ),
    Mutant(
        "what never came counts as come",
        "quoflow/core/events.py",
        'in ("failed", "missing")',
        'in ("failed",)',
        ("tests/unit/core/test_happenings.py",),
    ),
    Mutant(
        "a text about a failed text fires when it fails, too",
        "quoflow/runtime/delivery.py",
        "    if attempt is not None and _is_about_delivery(tx, attempt):\n",
        "    if attempt is None and is_ours:\n",
        ("tests/unit/runtime/test_delivery.py",),
    ),
    Mutant(
        "every text on its way is asked for in every look",
        "quoflow/runtime/delivery.py",
        "now=engine.clock(), limit=MOST_A_CYCLE)",
        "now=engine.clock(), limit=1000)",
        ("tests/unit/runtime/test_delivery.py",),
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
        "[_steps.c.state.in_(WORKABLE), ~waits, _goes_on()]",
        "[_steps.c.state.in_(WORKABLE), _goes_on()]",
        ("tests/unit/store/test_runs.py",),
    ),
    Mutant(
        "a run goes on with the edited rule",
        "quoflow/runtime/runs.py",
        "    if rule is not None and rule.version == version:",
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
        "quoflow/core/quiet_hours.py",
        "    if closing is None:",
        "    if closing is None or any(_is_open(window, now, zone) for zone in zones):",
        ("tests/unit/core/test_quiet_hours.py", "tests/unit/core/test_guards.py"),
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
        'MAY_COUNT = (*OPEN, "sent", "resent")',
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
    Mutant(
        "a run with a lost text is not cancelled",
        "quoflow/runtime/intake.py",
        '        reason = f"cancelled by {describe_event(event)}"',
        '        if any(step.state == "unknown" for step in run.steps):\n            continue\n'
        '        reason = f"cancelled by {describe_event(event)}"',
        ("tests/acceptance/test_rules_at_work.py",),
    ),
    Mutant(
        "a voicemail that only cancels is not looked for",
        "quoflow/core/indexing.py",
        "        yield from rule.cancel_on\n",
        "",
        ("tests/acceptance/test_rules_at_work.py",),
    ),
    Mutant(
        "a rule for either of two words is asked for one of them only",
        "quoflow/core/literals.py",
        "return None if left is None or right is None else left | right",
        "return left",
        ("tests/unit/core/test_indexing.py",),
    ),
    Mutant(
        "the conditions of a rule are answered with another rule's values",
        "quoflow/core/indexing.py",
        "    conditions: object = position if _OWN.search(_list_sources(rule.when)) else rule.when",
        "    conditions: object = rule.when",
        ("tests/unit/core/test_indexing.py",),
    ),
    Mutant(
        "a frozen process sends on an old yes",
        "quoflow/quo/lease.py",
        "        return passed if passed >= self.seconds else None",
        "        return None",
        ("tests/unit/quo/test_transport.py", "tests/acceptance/test_frozen.py"),
    ),
    Mutant(
        "a lost text is sent again at once",
        "quoflow/core/claims.py",
        "    if looks < FEWEST_LOOKS:",
        "    if False:",
        ("tests/unit/core/test_claims.py",),
    ),
    Mutant(
        "a lost text is sent again before it can show",
        "quoflow/core/claims.py",
        "    if now - began_at < SETTLES_WITHIN:",
        "    if False:",
        ("tests/unit/core/test_claims.py",),
    ),
    Mutant(
        "every lost text is sent again",
        "quoflow/runtime/resending.py",
        '    return definition is not None and definition.on_ambiguous == "resend"',
        "    return definition is not None",
        ("tests/acceptance/test_lost_texts.py",),
    ),
    Mutant(
        "a lost text is sent again without asking the guards",
        "quoflow/runtime/resending.py",
        "    if gate.state in worker.STOPPED:",
        "    if False:",
        ("tests/acceptance/test_lost_texts.py",),
    ),
    Mutant(
        "a text that nobody approved is sent",
        "quoflow/runtime/gates.py",
        "    return rule is not None and not needs_approval(engine, rule, action=step.action)",
        "    return True",
        ("tests/acceptance/test_approvals.py",),
    ),
    Mutant(
        "one person is two approvers",
        "quoflow/store/approvals.py",
        """    if actor in list_voters(tx, [approval.id]).get(approval.id, ()):
        return False
""",
        """    if actor in list_voters(tx, [approval.id]).get(approval.id, ()):
        actor += "'"
""",
        ("tests/unit/store/test_approvals.py", "tests/acceptance/test_approvals.py"),
    ),
    Mutant(
        "people approve their own words",
        "quoflow/store/approvals.py",
        "    return frozenset(name for name in (approval.asked_by, *editors) if name)",
        "    return frozenset()",
        ("tests/unit/store/test_approvals.py", "tests/acceptance/test_approvals.py"),
    ),
    Mutant(
        "an edited text goes with the old yes",
        "quoflow/store/approvals.py",
        '_table.c.state == "approved", _table.c.hash == hash)',
        '_table.c.state.in_(["approved", "superseded"]))',
        ("tests/unit/store/test_approvals.py", "tests/acceptance/test_approvals.py"),
    ),
    Mutant(
        "anybody's number approves by text",
        "quoflow/runtime/answering.py",
        "if number == event.peer), None)",
        "if number), None)",
        ("tests/acceptance/test_approval_by_text.py",),
    ),
    Mutant(
        "a code counts for ever",
        "quoflow/runtime/answering.py",
        "    if found is not None and now < found.requested_at + sms.code_expires:",
        "    if found is not None:",
        ("tests/acceptance/test_approval_by_text.py",),
    ),
    Mutant(
        "START lifts what a person entered",
        "quoflow/core/opt_out_ledger.py",
        '            stands.pop("certain", None)',
        "            stands = {}",
        ("tests/unit/core/test_opt_out_ledger.py",),
    ),
    Mutant(
        "what probably asks us to stop is texted",
        "quoflow/core/optouts.py",
        '    return None if phrase is None else Said("stop", "likely", phrase)',
        "    return None",
        ("tests/unit/core/test_optouts.py",),
    ),
    Mutant(
        "a sentence with `stop` in it is an opt-out",
        "quoflow/core/optouts.py",
        "        if words in optout_words.STOP or _shorten(words) in _SHORT_STOP:",
        '        if "stop" in words.split() or words in optout_words.STOP or _shorten(words) in _SHORT_STOP:',
        ("tests/unit/core/test_optouts.py",),
    ),
    Mutant(
        "a word that Quo answers is answered",
        "quoflow/core/guards.py",
        "    if facts.answered_by_quo is None:",
        "    if True:",
        ("tests/unit/core/test_guard_opt_out.py", "tests/acceptance/test_optouts.py"),
    ),
    Mutant(
        "each rule has a contact cap of its own",
        "quoflow/core/guards.py",
        '        (cap.per_hour, _HOUR, facts.sent, ""),',
        '        (cap.per_hour, _HOUR, by_rule, ""),',
        ("tests/unit/core/test_guards.py", "tests/acceptance/test_rules_at_work.py"),
    ),
    Mutant(
        "a budget by what may be charged at least",
        "quoflow/core/guards.py",
        '    more = max(write.segments, segments.count_at_most(write.text or ""))',
        "    more = write.segments",
        ("tests/unit/core/test_guards.py",),
    ),
    Mutant(
        "two machines may talk to each other for ever",
        "quoflow/core/loops.py",
        "    if limits.faster_than is None or answer is None or answer.after >= limits.faster_than:",
        "    if True:",
        ("tests/unit/core/test_loops.py",),
    ),
    Mutant(
        "every +1 number is American",
        "quoflow/core/guards.py",
        "(country := phones.country(write.to)) in settings.countries:",
        '(country := "US" if write.to.startswith("+1") else phones.country(write.to)) in settings.countries:',
        ("tests/unit/core/test_guards.py",),
    ),
    Mutant(
        "marketing goes without a last look",
        "quoflow/runtime/freshness.py",
        '    if is_known and (rule is None or (rule.purpose != "marketing" and rule.unless_human is None)):',
        "    if is_known:",
        ("tests/acceptance/test_guards.py",),
    ),
    Mutant(
        "a rule's limits are not asked",
        "quoflow/core/planning.py",
        "    return decided if objection is None else Advance(",
        "    return decided if objection is None or reach.made == 0 else Advance(",
        ("tests/acceptance/test_limits.py",),
    ),
    Mutant(
        "an audience that is too large begins all the same",
        "quoflow/core/gathering.py",
        "    return gathering, limits.object_to(rule, reach)",
        "    return gathering, None",
        ("tests/acceptance/test_audience.py",),
    ),
    Mutant(
        "two contacts of one number are two members",
        "quoflow/core/gathering.py",
        "        if objection is None and event.peer in self._taken:",
        "        if objection is None and event.id in self._taken:",
        ("tests/unit/core/test_audiences.py",),
    ),
    Mutant(
        "a yes to a batch covers what was edited since",
        "quoflow/runtime/grouping.py",
        "        if one.batch is None or one.edited_by is not None:",
        "        if one.batch is None:",
        ("tests/acceptance/test_audience.py",),
    ),
    Mutant(
        "a look that fails lets the text go",
        "quoflow/runtime/freshness.py",
        """        _hold(engine, step, error)
        return False
""",
        """        _hold(engine, step, error)
        return True
""",
        ("tests/acceptance/test_guards.py",),
    ),
    Mutant(
        "a restored database goes on where it stood",
        "quoflow/core/recovery.py",
        "    if past.copied_at is not None:",
        "    if False:",
        ("tests/unit/core/test_recovery.py",),
    ),
    Mutant(
        "recovery mode holds nothing",
        "quoflow/core/guards.py",
        "    if facts.recovering is not None:",
        "    if False:",
        ("tests/unit/core/test_guards.py", "tests/acceptance/test_recovery.py"),
    ),
    Mutant(
        "a refused key is tried with every write",
        "quoflow/runtime/breaking.py",
        "    if shut is not None:\n",
        "    if False:\n",
        ("tests/acceptance/test_breakers.py",),
    ),
    Mutant(
        "a line that may not text stops all lines",
        "quoflow/runtime/breaking.py",
        "breakers.list_breakers(tx, step.connection) if one.scope in scopes]\n    shut",
        "breakers.list_breakers(tx, step.connection) if scopes]\n    shut",
        ("tests/acceptance/test_breakers.py",),
    ),
    Mutant(
        "the image of a contact is kept after the write",
        "quoflow/runtime/journaling.py",
        """        with engine.database.write() as tx:
            journal.save_entry(tx, entry)

    return keep
""",
        """        assert entry

    return keep
""",
        ("tests/acceptance/test_undo.py",),
    ),
    Mutant(
        "an undo takes somebody else's edit with it",
        "quoflow/core/undoing.py",
        '"restore" if now == change.wanted else "left"',
        '"restore"',
        ("tests/unit/core/test_undoing.py",),
    ),
    Mutant(
        "an entry of the audit can be changed unseen",
        "quoflow/core/chain.py",
        "    if hash_entry(entry) != entry.hash:",
        "    if False:",
        ("tests/unit/core/test_chain.py",),
    ),
    Mutant(
        "an entry of the audit can be taken out unseen",
        "quoflow/core/chain.py",
        "    if entry.previous != last.hash:",
        "    if False:",
        ("tests/unit/core/test_chain.py",),
    ),
    Mutant(
        "retention forgets that a text was sent",
        "quoflow/store/pruning.py",
        '"attempts": _Words(tables.attempts, _attempts, {"text": None, "normal_text": None}),',
        '"attempts": _Words(tables.attempts, _attempts),',
        ("tests/acceptance/test_retention.py",),
    ),
    Mutant(
        "retention forgets an event",
        "quoflow/store/pruning.py",
        '"events": _Words(tables.events, _events, {"data": {}}),',
        '"events": _Words(tables.events, _events),',
        ("tests/acceptance/test_retention.py",),
    ),
    Mutant(
        "a text goes into the middle of a person's talk",
        "quoflow/core/guards.py",
        "    _check_talk,\n",
        "",
        ("tests/unit/core/test_guards.py", "tests/acceptance/test_unless_human.py"),
    ),
    Mutant(
        "Quo's automatic reply counts as a person",
        "quoflow/core/talks.py",
        " if not _is_automatic(one.created_at, asked)]",
        "]",
        ("tests/unit/core/test_talks.py",),
    ),
    Mutant(
        "an address that was not checked is reached",
        "quoflow/actions/outgoing.py",
        "        del host, timeout\n",
        "        del timeout\n        self._pinned = [host]\n",
        ("tests/unit/actions/test_outgoing.py",),
    ),
    Mutant(
        "one allowed address is enough",
        "quoflow/actions/outgoing.py",
        """        for address in found:
            objection""",
        """        for address in found[:1]:
            objection""",
        ("tests/unit/actions/test_outgoing.py",),
    ),
    Mutant(
        "a private address hides in an IPv6 form",
        "quoflow/actions/addresses.py",
        "    if inner is not None:\n        return _find_reason(inner)\n",
        "    if inner is not None:\n        return None\n",
        ("tests/unit/actions/test_addresses.py",),
    ),
    Mutant(
        "a notification that may have arrived is sent again",
        "quoflow/actions/hooks.py",
        '        return Failure("uncertain", str(error))',
        '        return Failure("hold", str(error), HOLD, errand.scope)',
        ("tests/acceptance/test_outside.py",),
    ),
    Mutant(
        "a target that is down holds everything",
        "quoflow/store/runs.py",
        "        return [_steps.c.action == action, _steps.c.to == to]",
        "        return []",
        ("tests/unit/store/test_runs.py", "tests/acceptance/test_outside.py"),
    ),
    Mutant(
        "a burst of texts is answered at its first one",
        "quoflow/core/throttling.py",
        '    return Turn("replace" if waiting else "wait", reason, due_at)',
        '    return Turn("wait", reason, due_at)',
        ("tests/unit/core/test_throttling.py", "tests/acceptance/test_throttles.py"),
    ),
    Mutant(
        "what was gathered is forgotten",
        "quoflow/runtime/throttling.py",
        "    entries.gather(tx, connection=event.connection, run_id=waiting.run_id, event_id=event.id)\n",
        "",
        ("tests/acceptance/test_throttles.py",),
    ),
)
