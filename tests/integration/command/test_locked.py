"""A service whose database another process locks: it waits, says so once, and goes on; nothing is lost or doubled."""

import os
import sqlite3
import threading
from datetime import timedelta

import pytest

from quoflow import app
from quoflow.runtime import projects, service
from quoflow.store import database

RULE = "name: r\ntrigger: message.received\napproval: auto\nactions:\n  - send_message: {text: hi}\n"
PATIENCE = timedelta(milliseconds=200)


@pytest.fixture
def serve(project, monkeypatch):
    """Run the service in a thread, on a database that is waited for 200 ms only; give it and what it tells."""
    project.configure(approvals="{allow_auto: ['*']}")
    project.write_rule(RULE)
    project.run("run", "--once")
    monkeypatch.setenv("MATON_API_KEY", project.key)
    monkeypatch.setattr(service, "SHORTEST_WAIT", 0.1)
    loaded, rules = projects.load_project(project.root / "quoflow.yaml", os.environ)
    store = database.Database.open(loaded.database_target, clock=app.read_clock, patience=PATIENCE)
    told = []
    quo = app.make_quo(loaded, "main")
    engine = app.make_engine(loaded, rules, store, quos={"main": quo}, tell=told.append)
    server = service.Service(engine, threading.Event())
    thread = threading.Thread(target=server.run)
    thread.start()
    yield server, told
    server.stop()
    thread.join()
    quo.transport.close()
    store.close()


@pytest.mark.parametrize("moment", ["before the text arrives", "while it is sent"])
def test_a_lock_is_waited_for(project, serve, moment):
    """Whenever another program takes the database for itself: the service lives, and the text goes out exactly once."""
    _, told = serve
    other = sqlite3.connect(project.root / "quoflow.db", isolation_level=None, check_same_thread=False)
    if moment == "while it is sent":
        project.quo.post("faults", {"kind": "slow", "path": "/v1/messages", "method": "POST", "delay": "1s"})
        project.quo.receive("hello")
        project.wait_until(lambda: project.quo.sent)
        other.execute("BEGIN IMMEDIATE")
    else:
        other.execute("BEGIN IMMEDIATE")
        project.quo.receive("hello")
    project.wait_until(lambda: sum(one.kind == "store.failed" for one in told) == 2)
    kinds = [one.kind for one in told]
    other.execute("ROLLBACK")
    other.close()
    project.wait_until(lambda: [one["state"] for one in project.json("outbox", "list")] == ["sent"])

    assert kinds.count("store.failed") == 2
    assert "locked by another process" in next(one.text for one in told if one.kind == "store.failed")
    assert [text for _, text in project.quo.texts] == ["hi"]
    assert [one["state"] for one in project.json("outbox", "list")] == ["sent"]
