"""One life of a firm, from a seed: what happens, in which order, and what goes wrong meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from quoflow.core.events import Event
from quoflow.runtime import approving, clockwatch, recovery
from quoflow.sandbox.faults import Fault
from quoflow.store import breakers, controls, inbox
from quoflow.store import runs as store
from quoflow.store.approvals import Approval

from . import firm
from .disk import Disk
from .fuse import Trouble
from .network import BREAKS
from .oracle import Decision
from .town import Town


class Failed(Exception):
    """A life in which a promise was broken: the seed, what was broken, and all that had happened."""


class Life(Town):
    """A life with decisions and trouble in it: the deeds of which lives are made."""

    def __init__(self, disk: Disk, dice: Random, **more: Any) -> None:
        super().__init__(disk, dice, **more)
        self.shown: list[Approval] = []
        self.meetings = 0.0
        self.network.meanwhile = self.meet

    # -- others, while a request is on its way

    def meet(self, where: str) -> None:
        """Let someone else act between a request and its answer."""
        if not self.meetings or len(self.active) != 1 or self.dice.random() >= self.meetings:
            return
        deeds: list[Callable[[], None]] = [
            self.customer_stops, self.pause, self.decide, self.edit_contact, self.cancel, self.tick
        ]  # fmt: skip
        if self.active == ["worker"]:
            deeds += [self.poll] * 4
        elif self.active == ["poller"]:
            deeds += [self.work] * 3
        deed = self.dice.choice(deeds)
        self.note(f"  > meanwhile, {where}: {deed.__name__}")
        self.seen[f"meanwhile {deed.__name__}"] += 1
        deed()

    # -- people at quoflow

    def decide(self) -> None:
        """Somebody looks at what waits for a yes, or at a list from before, and decides on some of it."""
        with self.working("person"):
            if self.dice.random() < 0.8 or not self.shown:
                self.shown = list(approving.list_pending(self.engine))
            for approval in self.shown:
                chance = self.dice.random()
                if chance < 0.9:
                    # Now and then it is other bytes than those that wait that they were shown.
                    shown = replace(approval, hash="0" * 64) if self.dice.random() < 0.1 else approval
                    self.say(shown, yes=chance < 0.8, actor=self.dice.choice(PEOPLE))

    def approve_all(self) -> None:
        """As many people as it takes say yes to all that waits."""
        for actor in PEOPLE:
            with self.working("person"):
                for approval in approving.list_pending(self.engine):
                    self.say(approval, yes=True, actor=actor)

    def say(self, approval: Approval, *, yes: bool, actor: str) -> None:
        """Say yes or no to one approval."""
        said = Decision(yes, actor, dict(approval.payload), approval.hash)
        # Noted before it counts: who dies in between has said it all the same.
        self.oracle.decisions.setdefault(approval.id, []).append(said)
        (decided,) = approving.decide(self.engine, [approval], approve=yes, actor=actor)
        self.note(f"{actor} says {'yes' if yes else 'no'} to {approval.text or approval.action}: {decided.outcome}")
        self.seen[f"decision {decided.outcome}"] += 1

    def edit_text(self) -> None:
        """Somebody writes other words for a text that waits for its yes."""
        with self.working("person"):
            texts = [one for one in approving.list_pending(self.engine) if one.text]
            if texts:
                chosen, actor = self.dice.choice(texts), self.dice.choice(PEOPLE)
                approving.edit(
                    self.engine, chosen, text=f"{chosen.text} Yours, {actor} {next(self.texts)}", actor=actor
                )
                self.seen["text edited"] += 1

    def tamper(self) -> None:
        """Something else changes a text that waits for its yes, or has it."""
        found = self.oracle.database.execute(
            "SELECT id, payload FROM steps WHERE action = 'send_message'"
            " AND state IN ('needs_approval', 'queued', 'held')"
        ).fetchall()
        if found:
            row = self.dice.choice(found)
            changed = row["payload"].replace('"content": "', '"content": "Hey! ', 1)
            self.oracle.database.execute("UPDATE steps SET payload = ? WHERE id = ?", [changed, row["id"]])
            self.note(f"the text of step {row['id']} is changed behind our back")
            self.seen["tampered"] += 1

    def pause(self) -> None:
        """Somebody pulls the kill switch."""
        with self.working("person"):
            with self.engine.database.write() as tx:
                controls.pause(tx, reason="simulated", actor="maria", now=self.clock.read())
            self.oracle.is_paused = True
            self.note("everything is paused")

    def resume(self) -> None:
        """Somebody lifts the pause."""
        with self.working("person"):
            self.oracle.is_paused = False
            with self.engine.database.write() as tx:
                now = self.clock.read()
                controls.resume(tx)
                store.wake_held(tx, now=now)
                breakers.hurry_probes(tx, now=now)
                clockwatch.accept(tx, now)
            self.note("the pause is lifted")

    def confirm(self) -> None:
        """Somebody says that a database that was long out of work may go on."""
        with self.working("person"), self.engine.database.write() as tx:
            if recovery.confirm(tx, self.engine, actor="maria"):
                self.note("recovery mode is over")
                self.seen["recovery confirmed"] += 1

    def cancel(self) -> None:
        """Somebody cancels a run."""
        found = self.oracle.database.execute(
            "SELECT id FROM runs WHERE state NOT IN ('succeeded', 'failed', 'cancelled', 'skipped')"
        ).fetchall()
        if not found:
            return
        run_id = self.dice.choice(found)[0]
        with self.working("person"), self.engine.database.write() as tx:
            done = store.cancel_run(tx, run_id, reason="cancelled by maria", now=self.clock.read())
            self.note(f"Maria cancels the run {run_id}: {done}")
            self.seen["cancelled"] += 1

    def trigger(self) -> None:
        """Somebody fires a rule by hand."""
        with self.working("person"):
            now = self.clock.read()
            event = Event(
                id=f"manual:nudge:{self.ids.give()}", kind="manual", connection="main", occurred_at=now,
                data={"rule": "nudge", "set": {}},
            )  # fmt: skip
            with self.engine.database.write() as tx:
                inbox.add_events(tx, [event], now=now)
            self.note("Maria triggers nudge")

    def edit_rules(self) -> None:
        """Somebody changes the rules; the service is started again."""
        self.rule_set = self.dice.randrange(firm.EDITS)
        self.note(f"the rules are changed: set {self.rule_set}")
        self.restart()

    # -- trouble

    def break_quo(self) -> None:
        """Put a fault in wait, for writes more often than for reads."""
        self.break_requests(*self.dice.choice((("POST",), ("POST",), ("PATCH",), ("GET",), ("GET", "/v1/messages"))))

    def break_requests(self, method: str, path: str = "", *, kind: str = "", times: int = 0) -> None:
        """Put a fault in wait for requests of a method."""
        kind = kind or self.dice.choice(FAULTS)
        times = times or self.dice.randrange(1, 4)
        if kind in BREAKS:
            self.network.breaks.extend([kind] * times)
            self.note(f"the network will be {kind}")
            return
        accept = kind in LIARS and self.dice.random() < 0.6
        self.sandbox.faults.add(Fault(kind=kind, method=method, path=path, times=times, accept=accept, delay="7s"))
        self.note(f"{times} × {kind}{' (that lies)' if accept else ''} will hit {method} {path}")

    def mend_quo(self) -> None:
        """Take all faults away."""
        self.sandbox.faults.clear()
        self.network.breaks.clear()
        self.note("all faults are gone")

    def trouble(self) -> None:
        """Let the process die, or the disk fail, somewhere in what comes next."""
        kind: Trouble = self.dice.choice(("kill", "kill", "kill", "full", "busy", "error"))
        after = self.dice.randrange(self.dice.choice((12, 60, 200)))
        self.note(f"trouble ahead: {kind} after {after} points")
        self.fuse.arm(kind, after)
        self.dice.choice((self.run_once, self.work, self.poll, self.decide))()
        self.fuse.trouble = None

    def trouble_at(self, place: str = "") -> None:
        """Let writes be on their way, and the process die, or the disk fail, at one of the places that matter."""
        place = place or self.dice.choice(PLACES)
        kind: Trouble = "kill"
        if place.startswith("before the commit"):
            kind = self.dice.choice(("kill", "kill", "full", "error"))
        self.happen()
        if place.endswith(("a poll", "a cursor", "a GET")) and self.dice.random() < 0.7:
            self.pass_time()  # what happened first is older than the overlap when it is read
        self.text(self.dice.choice(list(firm.CONTACTS.values())), "Can I book for Monday?")
        is_early = self.dice.random() < 0.5
        if is_early:
            self.poll()
        if self.dice.random() < 0.2:
            self.break_requests("POST")
        self.note(f"trouble ahead: {kind} {place}")
        self.fuse.arm(kind, self.dice.choice((0, 0, 0, 1)), place=place)
        deeds = (self.work, self.decide, self.work) if is_early else (self.poll, self.work, self.decide, self.work)
        for deed in deeds:
            deed()
            if self.dice.random() < 0.2:
                self.dice.choice((self.tamper, self.edit_text))()
        self.poll()
        self.fuse.trouble = None

    def broken_send(self, kind: str = "") -> None:
        """Let writes be on their way while Quo fails, and look at them again later."""
        self.happen()
        self.text(self.dice.choice(list(firm.CONTACTS.values())), "Can I book for Monday?")
        self.poll()
        if self.dice.random() < 0.5:
            self.work()
            self.decide()
        self.break_requests(self.dice.choice(("POST", "POST", "PATCH", "")), kind=kind)
        self.work()
        if self.dice.random() < 0.2:
            self.step_clock()
        self.pass_time()
        self.work()

    def happen(self) -> None:
        """Let something happen that some rule answers."""
        self.dice.choice((self.customer_texts, self.customer_calls, self.customer_calls, self.trigger))()

    def crowd(self) -> None:
        """Poll or work while others act at the same time."""
        self.happen()
        self.dice.choice((self.poll, self.tick))()
        self.work()
        self.decide()
        self.meetings = 0.4
        try:
            self.dice.choice((self.work, self.work, self.poll))()
        finally:
            self.meetings = 0.0


PEOPLE = ("maria", "paul")
"""Who decides."""

FAULTS = (
    "400", "401", "402", "403", "404", "409", "422", "429", "500", "503", "502_html", "error_wrapped",
    "timeout_before", "timeout_after", "reset_before", "reset_after", "slow", "garbage_2xx", *BREAKS,
)  # fmt: skip
"""Every fault of the sandbox, and what the network does on the way there."""

LIARS = ("500", "503", "502_html", "error_wrapped")
"""Those that may say that something failed which was done."""

PLACES = (
    "before the commit of an intent",
    "after the commit of an intent",
    "before a POST",
    "after a POST",
    "before a PATCH",
    "after a PATCH",
    "before the commit of an outcome",
    "after the commit of an outcome",
    "before the commit of a decision",
    "after the commit of a decision",
    "before the commit of a plan",
    "after the commit of a plan",
    "before the commit of a poll",
    "after the commit of a poll",
    "before the commit of a cursor",
    "after the commit of a cursor",
    "after a GET",
)
"""Where dying matters."""

DEEDS: dict[str, int] = {
    "customer_texts": 2,
    "customer_calls": 2,
    "customer_stops": 2,
    "customer_starts": 1,
    "colleague_texts": 1,
    "late_text": 2,
    "edit_contact": 1,
    "run_once": 2,
    "poll": 1,
    "work": 1,
    "crowd": 7,
    "decide": 2,
    "tamper": 2,
    "edit_text": 2,
    "pause": 1,
    "resume": 1,
    "confirm": 1,
    "cancel": 2,
    "edit_rules": 1,
    "restart": 1,
    "pass_time": 3,
    "step_clock": 1,
    "break_quo": 1,
    "mend_quo": 1,
    "broken_send": 9,
    "trouble": 3,
    "trouble_at": 14,
}
"""What may come next, and how often."""


def describe(life: Life, seed: Any, broken: BaseException) -> str:
    """Tell what happened in a life that failed."""
    told = "\n".join(life.trace)
    return f"{type(broken).__name__}: {broken}\n\nWhat happened (times at Quo):\n{told}\n\nAgain: SEED={seed} make soak"
