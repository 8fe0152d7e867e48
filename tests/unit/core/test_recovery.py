"""What makes a database suspect, and what does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from quoflow.core import recovery
from quoflow.core.recovery import Past, Place

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HERE = Place(host="office", machine="m1", path="/srv/firm/quoflow.db", inode=7)
WEEK = timedelta(days=7)
AT_WORK = Past(place=HERE, last_active=NOW - timedelta(hours=1), entries=5, noted=5)


def ask(past, place=HERE, *, idle=WEEK, watch_place=True):
    return recovery.suspect(past, place, now=NOW, idle=idle, watch_place=watch_place)


@pytest.mark.parametrize(
    "place",
    [
        HERE,
        replace(HERE, path="/srv/renamed/quoflow.db"),
        replace(HERE, host="renamed"),
        replace(HERE, machine=""),
    ],
    ids=["nothing", "folder", "host", "no machine id"],
)
def test_a_place_that_is_the_same_goes_on(place):
    """Neither a folder nor a host that is renamed counts, nor a machine that has no id."""
    assert ask(AT_WORK, place) is None


@pytest.mark.parametrize(
    ("past", "place", "said"),
    [
        (replace(AT_WORK, copied_at=NOW), HERE, "this is a backup made on 2026-11-23 15:00 UTC"),
        (replace(AT_WORK, noted=8), HERE, "the last 3 entries of its audit are missing"),
        (AT_WORK, replace(HERE, inode=8), "it was copied or restored"),
        (AT_WORK, replace(HERE, machine="m2", host="other"), "on another machine (office), and is now on other"),
        (replace(AT_WORK, last_active=NOW - WEEK - timedelta(seconds=1)), HERE, "it was last at work on 2026-11-16"),
    ],
    ids=["backup", "older", "copied", "moved", "idle"],
)
def test_what_does_not_fit_is_told(past, place, said):
    """Each sign is enough, and says what was noticed."""
    assert said in (ask(past, place) or "")


def test_a_new_database_is_not_suspect():
    """What knows nothing of a past has none that could not fit; a note that is behind says nothing."""
    assert ask(Past()) is None
    assert ask(replace(AT_WORK, noted=4)) is None


def test_settings_turn_signs_off():
    """A place and an age that do not count are not told."""
    assert ask(AT_WORK, replace(HERE, inode=8, machine="m2"), watch_place=False) is None
    assert ask(replace(AT_WORK, last_active=NOW - 9 * WEEK), idle=None) is None


@pytest.mark.parametrize(("away", "is_gap"), [(recovery.GAP, False), (recovery.GAP + timedelta(seconds=1), True)])
def test_an_absence_is_longer_than_a_restart(away, is_gap):
    """Up to 15 minutes is a restart; a database that never worked was not away."""
    assert recovery.is_gap(Past(last_active=NOW - away), NOW) is is_gap
    assert not recovery.is_gap(Past(), NOW)
