"""An event that breaks whatever handles it: tried three times, set aside, and the others go on."""

from __future__ import annotations

import sqlite3

from .conftest import ANNA, ANSWER, UNLIMITED


def poison(firm):
    """Put an event into the inbox that no code of ours can read, before all others."""
    with sqlite3.connect(firm.root / "quoflow.db") as database:
        database.execute(
            "INSERT INTO events (connection, id, kind, occurred_at, data, state, tries, reason, received_at) VALUES "
            "('main', 'ACpoison', 'message.received', '2020-01-01 00:00:00.000000', '\"x\"', 'new', 0, '', "
            "'2020-01-01 00:00:00.000000')"
        )
    database.close()


def test_a_poison_event_is_set_aside_and_the_others_flow(make_firm):
    """It is said, counted by `doctor`, never tried again, and the text that came after it is answered in that pass."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED)
    firm.begin()
    poison(firm)
    firm.quo.write("hi", ANNA)
    ran = firm.once()
    again = firm.once()
    found = firm.run("doctor", "--json").json["findings"]

    assert firm.quo.texts() == ["Got it: hi"]
    assert (ran.err.count("it is tried again"), ran.err.count("it is set aside")) == (2, 1)
    assert "ACpoison" not in again.err
    (aside,) = [one for one in found if one["subject"] == "events"]
    assert "1 event could not be handled" in aside["message"]
    assert "ACpoison after 3 tries" in aside["message"]


def test_what_stands_still_is_in_the_doctors_report(make_firm):
    """`doctor` says since when the writes stand still, why, and what to do."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("hi", ANNA)
    firm.quo.fault("402", "/v1/messages", method="POST")
    firm.once()
    found = firm.run("doctor", "--json").json["findings"]

    (still,) = [one for one in found if "stand still since" in one["message"]]
    assert "the writes of `main`" in still["message"]
    assert "credits" in still["message"]
