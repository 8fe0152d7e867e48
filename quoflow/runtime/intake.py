"""New events: match, plan and record, one transaction for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from quoflow.core import audiences, differences, lifecycle, matching, writes
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.rules import Rule
from quoflow.core.throttling import Turn
from quoflow.errors import QuoflowError
from quoflow.runtime import answering, batching, runs, scenes, skipping, throttling, waking
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import inbox, mirror, verdicts
from quoflow.store import runs as store
from quoflow.store.database import Connection

BATCH = 100


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of the new events: how many there were, the runs that began, the matches that were skipped."""

    events: int = 0
    runs: int = 0
    skipped: int = 0


def take_in_all(engine: Engine) -> Taken:
    """Handle every new event, oldest first; one that fails does not stop the others."""
    events = started = skipped = 0
    while True:
        with engine.database.read() as tx:
            batch = inbox.list_new_events(tx, limit=BATCH)
        if not batch:
            return Taken(events, started, skipped)
        for event in batch:
            events += 1
            begun, left_out = _take_in_safely(engine, event)
            started += begun
            skipped += left_out


def sum_up_skips(engine: Engine) -> dict[skipping.Cause, int]:
    """Tell in one line for each rule and cause what was skipped since the last time, where it was more than a few."""
    counts = engine.skips.take()
    for connection, line in skipping.summarise(counts):
        engine.tell(Notice("rule.skipped", line, connection))
    return counts


def _take_in_safely(engine: Engine, event: Event) -> tuple[int, int]:
    try:
        with engine.database.write() as tx:
            return take_in(tx, engine, event)
    except QuoflowError:
        raise
    except Exception as error:  # noqa: BLE001 - a poison event is counted and set aside; the others go on
        reason = f"{type(error).__name__}: {error}"
        with engine.database.write() as tx:
            is_set_aside = inbox.mark_failed(tx, event, now=engine.clock(), reason=reason)
        kind = "event.quarantined" if is_set_aside else "event.failed"
        end = "it is set aside and the others go on; `quoflow doctor` lists it" if is_set_aside else "it is tried again"
        engine.tell(Notice(kind, f"{event.id} could not be handled ({reason}): {end}", event.connection))
        return 0, 0


def take_in(tx: Connection, engine: Engine, event: Event) -> tuple[int, int]:
    """Handle one event: cancel what it cancels, match it, begin runs. Gives (runs begun, matches skipped)."""
    now = engine.clock()
    lines = mirror.list_lines(tx, event.connection)
    answered = answering.take_answer(tx, engine, event, lines)
    if answered is not None:
        inbox.mark_handled(tx, event, now=now, reason=answered)
        return 0, 0
    _cancel_waiting(tx, engine, event)
    waking.wake(tx, engine, event, lines)
    begun = skipped = 0
    view = _View(tx, engine, event, lines)
    for rule, verdict in _match(view):
        scene, said = view.turn_to(rule), verdict.reason
        is_firing = rule.audience is not None and audiences.find_batch(event) is None
        late = matching.is_due_by_age(rule, event, now)
        turn = Turn("skip", late) if late else Turn("begin")
        if not late and not is_firing:
            turn = throttling.take_event(tx, engine, rule, event, scene)
        reason = turn.reason if turn.what in ("skip", "join") else None
        if reason is not None:
            skipped += 1
            if engine.skips.add(event.connection, rule.name, reason):
                engine.tell(Notice("rule.skipped", f"{rule.name}: {reason}", event.connection))
        elif audiences.find_batch(event) is None:  # of the members of a batch its own line tells
            engine.tell(Notice("rule.matched", f"{rule.name} matched {describe_event(event)}", event.connection))
        if is_firing and reason is None:
            said += f"; {batching.open_batch(tx, engine, audiences.Firing(event, rule), scene)}"
        elif reason is None:
            begun += _begin(tx, engine, rule, event, scene, turn=turn) is not None
        _keep_verdict(tx, event, verdict._replace(matched=reason is None, reason=reason or said), now=now)
    is_orphan = view.facts is None and audiences.find_batch(event) is not None
    inbox.mark_handled(tx, event, now=now, reason=batching.GONE if is_orphan else "")
    return begun, skipped


@dataclass(slots=True)
class _View:
    """The facts of one event: read once, when the first rule asks, and then turned to each rule."""

    tx: Connection
    engine: Engine
    event: Event
    lines: tuple[Line, ...]
    facts: writes.Scene | None = None

    def turn_to(self, rule: Rule) -> writes.Scene:
        """Give the scene as a rule sees it."""
        if self.facts is None:
            others = self.engine.index.candidates(self.event, self.lines)
            self.facts = scenes.read_scene(self.tx, self.engine, rule, self.event, run_id=None, others=others)
        return scenes.turn_to(self.facts, self.engine, rule, self.event)

    def see(self, rule: Rule) -> tuple[Mapping[str, Any], Functions]:
        """Give what a rule's conditions see."""
        scene = self.turn_to(rule)
        return scene.values, scene.functions


def _match(view: _View) -> Iterable[tuple[Rule, matching.Verdict]]:
    """Give the rules that match an event; of a member of a batch they were asked for all of them together."""
    engine, event = view.engine, view.event
    batch = audiences.find_batch(event)
    if batch is None:
        return engine.index.match(event, view.see, lines=view.lines, region=engine.settings.region)
    rule = batching.find_rule(view.tx, engine, event)
    if rule is None:
        return ()
    return [(rule, matching.Verdict(rule.name, rule.version, event.id, True, f"a member of the batch {batch}"))]


def _keep_verdict(tx: Connection, event: Event, verdict: matching.Verdict, *, now: datetime) -> None:
    kept = verdicts.Verdict(
        connection=event.connection,
        event_id=event.id,
        rule=verdict.rule,
        rule_version=verdict.rule_version,
        matched=verdict.matched,
        reason=verdict.reason,
        at=now,
        conditions=[list(one) for one in verdict.conditions],
    )
    verdicts.add_verdict(tx, kept)


def _begin(
    tx: Connection, engine: Engine, rule: Rule, event: Event, scene: writes.Scene, *, turn: Turn
) -> lifecycle.RunRecord | None:
    if turn.what == "begin":
        return runs.begin_run(tx, engine, rule, event, scene)
    return throttling.begin_waiting(tx, engine, rule, event, scene, turn=turn)


def _cancel_waiting(tx: Connection, engine: Engine, event: Event) -> None:
    """Cancel the unfinished runs about this contact whose rule says that this event cancels them.

    A write that is on its way, or of which nobody knows, ends as it will; nothing comes after it.
    """
    if event.has_failed:
        return
    contact = differences.read_contact(event)
    peers = {event.peer or "", *(contact.phones if contact else ())} - {""}
    waiting = (store.list_unfinished_runs(tx, connection=event.connection, peer=peer) for peer in sorted(peers))
    for run in chain.from_iterable(waiting):
        rule = runs.load_rule(tx, engine, run)
        if rule is None or event.kind not in rule.cancel_on or run.event_id == event.id:
            continue
        reason = f"cancelled by {describe_event(event)}"
        store.cancel_run(tx, run.id, reason=reason, now=engine.clock())
        engine.tell(Notice("run.cancelled", f"{run.rule}: {reason}", event.connection))


def describe_event(event: Event) -> str:
    """Say in a few words what happened."""
    who = f" with {event.peer}" if event.peer else ""
    return f"{event.kind}{who}{', which never came' if event.has_failed else ''}"
