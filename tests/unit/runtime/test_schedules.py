"""Schedules at work on a real database: no moment twice and none lost, over restarts, edits and changes of clocks."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import MISSING, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoflow.loader.rules import restore_rule
from quoflow.runtime import schedules
from quoflow.runtime.engine import Engine
from quoflow.runtime.rulebook import Rulebook, make_set
from quoflow.settings import Settings
from quoflow.store import firings, inbox
from quoflow.store.database import Database

NEW_YORK = "America/New_York"
START = datetime(2026, 3, 6, 12, 0, 20, tzinfo=UTC)
MORNING, NOON = {"schedule": {"cron": "30 2 * * *"}}, {"schedule": {"cron": "0 12 * * *"}}


class Office:
    """An engine on a database, with a clock that is set, and rules that are written anew."""

    def __init__(self, folder):
        self.now = START
        self.told = []
        self._folder = folder
        self._database = self._open()
        self._rules = ()
        connection = {"api_key_env": "MATON_API_KEY"}
        self._settings = Settings.model_validate({"connections": {"main": connection}, "timezone": NEW_YORK})

    def _open(self):
        return Database.open(Path(self._folder) / "quoflow.db", clock=lambda: self.now)

    def write(self, *triggers, catchup="skip", **options):
        """Write the rule, with all its triggers given the same catchup."""
        listed = [{"schedule": {**trigger["schedule"], "catchup": catchup}} for trigger in triggers]
        document = {"name": "digest", "trigger": listed, "actions": ["stop"], "max_age": "60d", **options}
        self._rules = (restore_rule("v1", document),)

    def look(self, moment=None):
        """Look at the schedules, as the service does each second."""
        self.now = moment or self.now
        untouched = {one.name: None for one in fields(Engine) if one.default is one.default_factory is MISSING}
        parts = {
            "database": self._database,
            "settings": self._settings,
            "rulebook": Rulebook(make_set(self._rules)),
            "quos": {"main": None},
            "clock": lambda: self.now,
            "tell": lambda notice: self.told.append(notice.text),
        }
        engine = Engine(**(untouched | parts))
        return schedules.fire_due(engine)

    def restart(self):
        """Stop and start."""
        self._database.close()
        self._database = self._open()

    @property
    def fired(self):
        """Give the moments that were taken in, in order."""
        with self._database.read() as tx:
            events = inbox.list_new_events(tx, limit=10_000)
        return [event.id.removeprefix("schedule:digest:").removesuffix(f"@{NEW_YORK}") for event in events]

    @property
    def known(self):
        with self._database.read() as tx:
            return {trigger for _, _, trigger in firings.list_last_firings(tx)}

    def close(self):
        self._database.close()


@contextmanager
def open_office():
    with TemporaryDirectory() as folder:
        office = Office(folder)
        yield office
        office.close()


@pytest.fixture
def office():
    with open_office() as opened:
        yield opened


def at(text):
    return datetime.fromisoformat(text).astimezone(UTC)


def list_days(first, last, clock):
    """List a wall-clock time of every local date whose moment, after any gap, is in a stretch of time."""
    day = first.date()
    while day <= last.date():
        wall = datetime.fromisoformat(f"{day}T{clock}")
        shown = wall.replace(tzinfo=UTC) + timedelta(hours=3)  # New York is four or five hours behind UTC
        while shown.astimezone(ZoneInfo(NEW_YORK)).replace(tzinfo=None) < wall:
            shown += timedelta(minutes=1)
        if first < shown <= last:
            yield f"{day}T{clock}"
        day += timedelta(days=1)


@settings(deadline=None, max_examples=15)
@given(
    steps=st.lists(st.tuples(st.integers(1, 3_000), st.sampled_from(["look", "restart", "turn round"])), min_size=1),
)
def test_every_moment_is_taken_in_exactly_once(steps):
    """However long between looks, over restarts and with the triggers in another order, across a change of clocks."""
    with open_office() as office:
        triggers = [MORNING, NOON]
        office.write(*triggers, catchup="all")
        office.look()
        for minutes, what in [*steps, (1, "look")]:
            office.now += timedelta(minutes=minutes)
            if what == "restart":
                office.restart()
            elif what == "turn round":
                triggers.reverse()
                office.write(*triggers, catchup="all")
            office.look()
            office.look()

        wanted = sorted([*list_days(START, office.now, "02:30"), *list_days(START, office.now, "12:00")])
        assert office.fired == wanted


def test_a_new_schedule_owes_nothing_and_an_edit_of_one_leaves_the_others(office):
    """A trigger put in front does not fire what was before it was written, and the others go on where they were."""
    office.write(NOON, catchup="latest")
    office.look(at("2026-03-06T11:00-05:00"))
    office.write({"schedule": {"cron": "55 11 * * *"}}, NOON, catchup="latest")
    office.look(at("2026-03-06T12:05-05:00"))

    assert office.fired == ["2026-03-06T12:00"]
    assert office.known == {f"cron 0 12 * * * {NEW_YORK}", f"cron 55 11 * * * {NEW_YORK}"}


def test_an_edit_of_the_time_does_not_fire_what_has_passed(office):
    """From noon to ten past noon, at a quarter past: that is for tomorrow."""
    office.write(NOON)
    office.look(at("2026-03-06T11:00-05:00"))
    office.look(at("2026-03-06T12:00-05:00"))
    office.write({"schedule": {"cron": "10 12 * * *"}})
    office.look(at("2026-03-06T12:15-05:00"))
    office.look(at("2026-03-07T12:15-05:00"))

    assert office.fired == ["2026-03-06T12:00", "2026-03-07T12:10"]


def test_a_rule_that_was_off_owes_nothing(office):
    """While a rule is not enabled its schedules are forgotten, and when it is again they begin anew."""
    office.write(NOON, catchup="all")
    office.look(at("2026-03-06T11:00-05:00"))
    office.write(NOON, catchup="all", enabled=False)
    office.look(at("2026-03-06T11:30-05:00"))
    assert office.known == set()

    office.write(NOON, catchup="all")
    office.look(at("2026-03-09T13:00-04:00"))
    office.look(at("2026-03-10T12:00-04:00"))

    assert office.fired == ["2026-03-10T12:00"]
    assert office.told == []


def test_triggers_that_meet_in_one_moment_fire_once(office):
    """Daily and on Fridays at noon, and that one Friday: one event, for one run of the rule."""
    friday = {"schedule": {"cron": "0 12 * * FRI"}}
    office.write(NOON, friday, {"schedule": {"at": "2026-03-06T12:00"}})
    office.look(at("2026-03-06T11:00-05:00"))

    assert office.look(at("2026-03-06T12:00-05:00")) == 1
    assert office.fired == ["2026-03-06T12:00"]


def test_moments_of_a_list_fire_once_each_and_one_that_has_passed_never(office):
    """A list is read again with a moment more: what has passed then stays unfired, and what was fired stays fired."""
    office.write({"schedule": {"at": ["2026-03-06T12:00", "2026-03-07T12:00"]}}, catchup="latest")
    office.look(at("2026-03-06T11:00-05:00"))
    office.look(at("2026-03-06T12:00-05:00"))
    office.write({"schedule": {"at": ["2026-03-06T12:00", "2026-03-06T12:30", "2026-03-07T12:00"]}}, catchup="latest")
    office.look(at("2026-03-06T13:00-05:00"))
    office.restart()
    office.look(at("2026-03-07T18:00-05:00"))

    assert office.fired == ["2026-03-06T12:00", "2026-03-07T12:00"]


def test_what_was_missed_is_counted_once(office):
    """Three days away with `skip`: one line says so, and a second look says nothing."""
    office.write(NOON)
    office.look(at("2026-03-06T11:00-05:00"))
    office.look(at("2026-03-08T13:00-04:00"))
    office.look(at("2026-03-08T13:01-04:00"))

    assert office.fired == []
    assert office.told == ["digest: 3 firings were missed while quoflow was not running"]


def test_a_rule_older_than_its_max_age_is_not_caught_up(office):
    """`all` fires what the rule's `max_age` still takes, and counts the rest."""
    office.write(NOON, catchup="all", max_age="30h")
    office.look(at("2026-03-06T11:00-05:00"))
    office.look(at("2026-03-08T17:00-04:00"))

    assert office.fired == ["2026-03-07T12:00", "2026-03-08T12:00"]
    assert office.told == ["digest: 1 firing was missed while quoflow was not running"]
