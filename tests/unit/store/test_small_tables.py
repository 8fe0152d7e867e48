"""Cursors, verdicts, rule versions, throttles, firings, watches and the kill switch."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from quoflow.store import (
    breakers,
    controls,
    cursors,
    firings,
    inbox,
    rule_versions,
    throttles,
    verdicts,
    watches,
)


def test_a_connection_begins_empty_and_keeps_its_state(tx, make):
    """Before the first poll nothing is known; then the last state saved is read, of each connection."""
    state = cursors.ConnectionState("main", make.at(1), make.at(2), make.at(3), make.at(4), make.at(5))

    assert cursors.read_state(tx, "main") == cursors.ConnectionState("main")
    cursors.save_state(tx, cursors.ConnectionState("main", baseline_at=make.now))
    cursors.save_state(tx, state)
    assert cursors.read_state(tx, "main") == state
    assert cursors.read_state(tx, "second") == cursors.ConnectionState("second")


def test_verdicts_are_listed_and_counted(tx, make):
    """Verdicts are listed newest first, by event and time, and counted by reason."""
    event = make.event()
    inbox.add_events(tx, [event], now=make.now)
    for number, reason in enumerate(["too old", "throttled", "too old"]):
        at, asked = make.at(number), [["is_open('office')", True]]
        verdict = verdicts.Verdict("main", event.id, f"rule{number}", "v1", False, reason, at, asked)
        verdicts.add_verdict(tx, verdict)

    assert [one.rule for one in verdicts.list_verdicts(tx)] == ["rule2", "rule1", "rule0"]
    assert [one.rule for one in verdicts.list_verdicts(tx, limit=1)] == ["rule2"]
    assert [one.rule for one in verdicts.list_verdicts(tx, since=make.at(1), limit=None)] == ["rule2", "rule1"]
    assert verdicts.list_verdicts(tx, event_id="another") == ()
    assert verdicts.list_verdicts(tx, event_id=event.id)[2] == verdicts.Verdict(
        "main", event.id, "rule0", "v1", False, "too old", make.now, [["is_open('office')", True]]
    )
    assert list(verdicts.count_by_reason(tx, make.now).items()) == [("too old", 2), ("throttled", 1)]
    assert verdicts.count_by_reason(tx, make.at(2)) == {"too old": 1}


def test_a_rule_version_is_kept_once(tx, make):
    """The document that a version was first kept with is the one that is found."""
    first = {"name": "greet", "actions": [{"wait": "30m"}]}
    for document in (first, {"name": "changed"}):
        rule_versions.save_version(tx, rule="greet", version="v1", document=document, file="a.yaml", now=make.now)

    assert rule_versions.find_document(tx, "v1") == first
    assert rule_versions.find_document(tx, "v2") is None


def test_a_throttle_keeps_the_latest_time(tx, make):
    """Of two firings for a key the later counts, in whatever order; keys, rules and connections are apart."""
    key = {"connection": "main", "rule": "greet", "key": make.peer}

    assert throttles.last_fired(tx, **key) is None
    for minute in (1, 3, 2):
        throttles.save_fired(tx, **key, at=make.at(minute))
    assert throttles.last_fired(tx, **key) == make.at(3)
    for other in ({"connection": "second"}, {"rule": "other"}, {"key": "other"}):
        assert throttles.last_fired(tx, **(key | other)) is None


def test_a_firing_is_kept_for_each_schedule(tx, make):
    """The last firing of each schedule of a rule is kept apart, until it is forgotten."""
    first = firings.LastFiring("2026-11-23T09:00", make.now, make.at(-60))
    second = firings.LastFiring("2026-11-24T09:00", make.at(1440), make.at(-60))
    morning, hourly = ("main", "morning", "cron 0 9 * * * UTC"), ("main", "morning", "every 1h")
    for schedule, firing in ((morning, first), (hourly, first), (morning, second)):
        firings.save_firing(tx, schedule, firing)

    assert firings.list_last_firings(tx) == {morning: second, hourly: first}
    firings.forget_firings(tx, [morning])
    assert firings.list_last_firings(tx) == {hourly: first}


def due_watches(tx, **where):
    kinds = ("voicemail", "recording", "summary", "transcript")
    return watches.due_watches(tx, **({"kinds": kinds, "limit": 9} | where))


def test_a_watch_is_due_until_it_is_finished(tx, make):
    """A watch is begun once, due at its time, put off with a look counted, and never begun again."""
    watch = watches.Watch("main", "AC1", "transcript", 0, make.at(1), make.at(60), make.now)

    assert watches.add_watch(tx, watch)
    assert not watches.add_watch(tx, replace(watch, next_at=make.now))
    assert due_watches(tx, connection="main", now=make.now) == ()
    assert due_watches(tx, connection="main", now=make.at(1)) == (watch,)
    assert due_watches(tx, connection="second", now=make.at(1)) == ()
    later = watches.reschedule(tx, watch, next_at=make.at(5))
    assert later == replace(watch, next_at=make.at(5), tries=1)
    assert due_watches(tx, connection="main", now=make.at(1)) == ()
    assert due_watches(tx, connection="main", now=make.at(5)) == (later,)
    watches.finish(tx, later, state="completed", now=make.at(5))
    assert due_watches(tx, connection="main", now=make.at(5)) == ()
    assert not watches.add_watch(tx, watch)


def test_due_watches_come_longest_due_first(tx, make):
    """What has been due the longest is looked for first."""
    for minute, kind in [(3, "summary"), (1, "voicemail"), (2, "transcript")]:
        watches.add_watch(tx, watches.Watch("main", "AC1", kind, 0, make.at(minute), make.at(60), make.now))

    due = due_watches(tx, connection="main", now=make.now + timedelta(hours=1))
    assert [watch.kind for watch in due] == ["voicemail", "transcript", "summary"]
    assert due_watches(tx, connection="main", now=make.at(60), limit=2) == due[:2]
    assert due_watches(tx, connection="main", now=make.at(60), kinds=["summary"]) == due[2:]


def test_what_is_still_awaited_is_found_by_what_it_belongs_to(tx, make):
    """One kind of one connection, and nothing that is finished."""
    first, second = (
        watches.Watch("main", name, "delivery", 0, make.at(1), make.at(60), make.now) for name in ("AC1", "AC2")
    )
    for watch in (first, second, replace(first, connection="second"), replace(first, call_id="AC3", kind="summary")):
        watches.add_watch(tx, watch)
    watches.finish(tx, second, state="delivered", now=make.now)

    found = watches.find_open(tx, connection="main", kind="delivery", ids=["AC1", "AC2", "AC3", "AC4"])
    assert found == {"AC1": first}


def test_the_kill_switch_holds_until_it_is_lifted(tx, make):
    """A pause is on with who, when and why; a second one replaces it; resuming says whether it was on."""
    assert controls.read_pause(tx) is None
    assert not controls.resume(tx)
    controls.pause(tx, reason="first", actor="ann", now=make.now)
    controls.pause(tx, reason="flood", actor="bob", now=make.at(1))

    assert controls.read_pause(tx) == controls.Pause("flood", "bob", make.at(1))
    assert controls.resume(tx)
    assert controls.read_pause(tx) is None


def test_a_breaker_is_opened_counted_tried_by_one_and_closed(tx, make):
    """One row for each connection and scope; a turn to try is taken once; closing leaves the others open."""
    first = breakers.Breaker("main", "key", "refused", make.now, make.at(60), 1)
    second = breakers.Breaker("main", "PN1", "no A2P", make.at(1), make.at(60), 1)
    assert breakers.save_breaker(tx, first)
    assert breakers.save_breaker(tx, second)
    assert not breakers.save_breaker(tx, replace(first, failures=2))

    assert breakers.find_breaker(tx, "main", "key") == replace(first, failures=2)
    assert breakers.find_breaker(tx, "second", "key") is None
    assert breakers.list_breakers(tx, "second") == ()
    assert breakers.list_breakers(tx) == (replace(first, failures=2), second)
    assert not breakers.claim_probe(tx, "main", "key", now=make.at(59), next_at=make.at(119))
    assert breakers.claim_probe(tx, "main", "key", now=make.at(60), next_at=make.at(120))
    assert not breakers.claim_probe(tx, "main", "key", now=make.at(60), next_at=make.at(120))
    assert breakers.hurry_probes(tx, now=make.at(61)) == 2
    assert breakers.claim_probe(tx, "main", "key", now=make.at(61), next_at=make.at(120))
    assert [breakers.close_breaker(tx, "main", "key") for _ in range(2)] == [True, False]
    assert [one.scope for one in breakers.list_breakers(tx, "main")] == ["PN1"]


def test_a_firing_in_the_future_is_pulled_back(tx, make):
    """After a clock that was wrongly ahead no schedule has fired later than now; the others stay as they are."""
    for name, at in (("early", make.at(-60)), ("late", make.at(3600))):
        firings.save_firing(tx, ("main", "r", name), firings.LastFiring(key="k", at=at, anchor=make.now))

    assert firings.pull_back(tx, now=make.now) == 1
    found = firings.list_last_firings(tx)
    assert [found["main", "r", name].at for name in ("early", "late")] == [make.at(-60), make.now]
