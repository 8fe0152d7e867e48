"""Batches in the store: opened whole or not at all, and planned by the rule that they began with, whatever comes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quoflow import app, settings
from quoflow.core.events import Event
from quoflow.core.facts import Contact, Line
from quoflow.loader import rules
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.runtime import batching, intake
from quoflow.runtime.projects import Project
from quoflow.store import database, histories, inbox, mirror, verdicts
from quoflow.store import runs as store

NOW = app.read_clock()
OFFER = """
name: offer
trigger: manual
audience: {contacts: contact.known}
throttle: {once_within: 4w}
actions:
  - send_message: {from: Main Line, text: "Hi {{ contact.first_name }}"}
"""


def load(text):
    built, problems = rules.build_rules(read_documents(text.encode(), "rules.yaml"), "rules.yaml", Known())
    assert [one for one in problems if one.severity == "error"] == []
    return built


@pytest.fixture
def project(tmp_path):
    configured = settings.Settings.model_validate(
        {"connections": {"main": {"api_key_env": "KEY"}}, "database": str(tmp_path / "quoflow.db")}
    )
    return Project(tmp_path / "quoflow.yaml", tmp_path, configured)


@pytest.fixture
def make_engine(project, tmp_path):
    """Give an engine with these rules on the same database, as after a restart; three contacts are there."""
    opened = []

    def make(*texts):
        first = not opened
        opened.append(database.Database.open(tmp_path / "quoflow.db", clock=app.read_clock))
        if first:
            with opened[0].write() as tx:
                mirror.save_lines(tx, "main", [Line("PN1", "+15555550100", "Main Line")])
                people = [Contact(f"CT{at}", first_name=f"P{at}", phones=(f"+1555555200{at}",)) for at in range(3)]
                mirror.save_contacts(tx, "main", people, complete=True, now=NOW)
        built = [rule for text in texts for rule in load(text)]
        return app.make_engine(project, tuple(built), opened[-1], quos={}, tell=lambda _notice: None)

    yield make
    for one in opened:
        one.close()


def fire(engine, number=1):
    """Let somebody fire the rule, and its batch be opened, but none of its members be planned yet."""
    event = Event(f"manual:offer:{number}", "manual", "main", NOW, data={"rule": "offer", "set": {}})
    with engine.database.write() as tx:
        inbox.add_events(tx, [event], now=NOW)
        intake.take_in(tx, engine, event)


def list_members(engine):
    with engine.database.read() as tx:
        found = [histories.find_event(tx, "main", f"manual:offer:1/CT{at}") for at in range(3)]
    return [(one.state, one.reason) for one in found if one is not None]


def list_texts(engine):
    with engine.database.read() as tx:
        return sorted(run.steps[0].text for run in store.list_runs(tx, limit=None))


def test_a_batch_goes_on_with_the_rule_that_it_began_with(make_engine):
    """An edit while it is planned makes no difference: all members get what the first one got."""
    fire(make_engine(OFFER))
    engine = make_engine(OFFER.replace("Hi", "Good day"))
    intake.take_in_all(engine)

    assert list_texts(engine) == ["Hi P0", "Hi P1", "Hi P2"]


@pytest.mark.parametrize("rest", [(), (f"{OFFER}enabled: false\n",)])
def test_a_batch_ends_with_its_rule(make_engine, rest):
    """Where the rule was deleted or disabled before a member's turn, that member has no run, and a reason."""
    fire(make_engine(OFFER))
    engine = make_engine(*rest)
    intake.take_in_all(engine)

    assert list_texts(engine) == []
    assert list_members(engine) == [("handled", batching.GONE)] * 3


def test_a_batch_is_opened_whole_or_not_at_all(make_engine, monkeypatch):
    """What breaks while it is opened leaves nothing of it, and the next try makes all of it, once."""
    engine = make_engine(OFFER)
    event = Event("manual:offer:1", "manual", "main", NOW, data={"rule": "offer", "set": {}})
    with engine.database.write() as tx:
        inbox.add_events(tx, [event], now=NOW)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(inbox, "mark_handled", die)
        with pytest.raises(KeyboardInterrupt):
            intake.take_in_all(engine)
    left = list_members(engine)
    intake.take_in_all(engine)
    intake.take_in_all(engine)

    assert left == []
    assert list_texts(engine) == ["Hi P0", "Hi P1", "Hi P2"]


def test_a_throttle_is_of_each_member(make_engine):
    """Who got a text from an earlier batch is skipped in the next one, and only they."""
    engine = make_engine(OFFER)
    fire(engine)
    intake.take_in_all(engine)
    with engine.database.write() as tx:
        new = Contact("CT9", first_name="P9", phones=("+15555552009",), created_at=NOW - timedelta(days=1))
        mirror.save_contacts(tx, "main", [new], complete=False, now=NOW)
    fire(engine, 2)
    intake.take_in_all(engine)
    with engine.database.read() as tx:
        skipped = [one.event_id for one in verdicts.list_verdicts(tx, limit=None) if not one.matched]

    assert list_texts(engine) == ["Hi P0", "Hi P1", "Hi P2", "Hi P9"]
    assert sorted(skipped) == [f"manual:offer:2/CT{at}" for at in range(3)]


def test_a_list_that_cannot_be_told_begins_nothing(make_engine):
    """An expression that fails for the list itself ends in one failed run with the reason; nothing is set aside."""
    engine = make_engine(OFFER.replace("{contacts: contact.known}", "{list: vars.numbers}"))
    fire(engine)
    with engine.database.read() as tx:
        (run,) = store.list_runs(tx, limit=None)

    assert (run.state, run.steps) == ("failed", ())
    assert run.reason == "audience: `vars.numbers` gave nothing, and a list of numbers is expected"
