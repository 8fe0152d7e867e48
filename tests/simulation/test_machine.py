"""A state machine over the whole engine: hypothesis chooses each deed, and the shortest way to a broken promise."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from . import firm
from .disk import Disk
from .life import FAULTS, PLACES
from .oracle import Broken
from .seeds import drain, resume

PEOPLE = st.sampled_from([*list(firm.ZONES)[1:], firm.LONDON])
WORDS = st.sampled_from(["Hello", "Can I book?", "can you stop by at 5", "STOP", "START"])
LUCK = st.integers(0, 99)
SAYS = {"STOP": "stop", "START": "start"}


class Broke(Exception):
    """A promise was broken: an Exception, as hypothesis wants it."""


class FirmMachine(RuleBasedStateMachine):
    """One life, of which hypothesis chooses every deed."""

    disk: Disk

    @initialize(profile=st.integers(0, len(firm.PROFILES) - 1), rules=st.integers(0, firm.EDITS - 1))
    def begin(self, profile, rules):
        self.life = resume(self.disk, Random(0), profile=profile, rule_set=rules)

    def teardown(self):
        life = getattr(self, "life", None)
        if life is None:
            return
        try:
            self.guard(lambda: drain(life))
        finally:
            life.close()

    def guard(self, deed):
        """Do something; what breaks a promise in it is told with all that happened."""
        try:
            deed()
        except Broken as broken:
            raise Broke("\n".join([str(broken), *self.life.trace])) from broken

    @rule(peer=PEOPLE, words=WORDS)
    def customer_writes(self, peer, words):
        self.life.text(peer, words, SAYS.get(words, ""))

    @rule(luck=LUCK, deed=st.sampled_from(["customer_calls", "colleague_texts", "edit_contact", "tamper"]))
    def something_happens(self, luck, deed):
        self.life.dice = Random(luck)
        self.guard(getattr(self.life, deed))

    @rule()
    def poll(self):
        self.guard(self.life.poll)

    @rule()
    def work(self):
        self.guard(self.life.work)

    @rule()
    def restart(self):
        self.guard(self.life.restart)

    @rule()
    def approve_all(self):
        self.guard(self.life.approve_all)

    @rule(luck=LUCK, deed=st.sampled_from(["decide", "cancel", "trigger", "edit_text"]))
    def somebody_decides(self, luck, deed):
        self.life.dice = Random(luck)
        self.guard(getattr(self.life, deed))

    @precondition(lambda self: not self.life.oracle.is_paused)
    @rule()
    def pause(self):
        self.guard(self.life.pause)

    @precondition(lambda self: self.life.oracle.is_paused)
    @rule()
    def resume(self):
        self.guard(self.life.resume)

    @rule(minutes=st.sampled_from([1, 3, 16, 61, 300, 1500]))
    def time_passes(self, minutes):
        self.life.clock.sleep(minutes * 60)

    @rule(minutes=st.sampled_from([-120, -9, 9, 43200]))
    def our_clock_is_set(self, minutes):
        self.life.clock.step(timedelta(minutes=minutes))

    @rule(kind=st.sampled_from(FAULTS), method=st.sampled_from(["POST", "PATCH", "GET"]), times=st.integers(1, 6))
    def quo_fails(self, kind, method, times):
        self.life.break_requests(method, kind=kind, times=times)

    @rule()
    def quo_is_well(self):
        self.life.mend_quo()

    @rule(place=st.sampled_from(PLACES), trouble=st.sampled_from(["kill", "full", "error"]), after=st.integers(0, 2))
    def trouble_is_ahead(self, place, trouble, after):
        self.life.fuse.arm(trouble, after, place=place)

    @rule(luck=LUCK)
    def others_act_meanwhile(self, luck):
        self.life.dice = Random(luck)
        self.guard(self.life.crowd)

    @invariant()
    def every_promise_holds(self):
        if hasattr(self, "life"):
            self.guard(self.life.ledger.check)


@pytest.mark.timeout(600)
def test_no_sequence_of_deeds_breaks_a_promise():
    """Whatever hypothesis lets happen, in whatever order: the promises hold after each deed and at the end."""
    FirmMachine.disk = Disk()
    FirmMachine.TestCase.settings = settings(
        max_examples=60,
        stateful_step_count=15,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    try:
        FirmMachine.TestCase().runTest()
    finally:
        FirmMachine.disk.close()
