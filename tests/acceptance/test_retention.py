"""Retention: old words go, and nothing that happened once can happen again."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from .conftest import ANNA, ANSWER, BILL, TEXTBACK, UNLIMITED

KEEP = {"texts": "30d"}
LATER = "40d"
WORDS = ("Is the pump fixed", "we’ll call back", "Do you open at nine")


@pytest.fixture
def firm(make_firm):
    """A firm that answered a text and a missed call, and heard a STOP."""
    firm = make_firm(
        ANSWER, TEXTBACK, auto=True, guards=UNLIMITED, retention=KEEP, recovery={"idle": "400d"},
        quo={"history": [{"at": "-2h", "message": {"peer": ANNA, "text": "Do you open at nine?"}}]},
    )  # fmt: skip
    firm.begin()
    firm.quo.write("Is the pump fixed?", ANNA)
    firm.quo.miss_call(ANNA)
    firm.quo.write("STOP", BILL)
    firm.once()
    return firm


def dump(firm):
    """Give every byte of the database's files."""
    return b"".join(path.read_bytes() for path in sorted(firm.root.glob("quoflow.db*")))


def execute(firm, *statements):
    with closing(sqlite3.connect(firm.root / "quoflow.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_reading_all_of_history_again_after_pruning_fires_nothing(firm):
    """With every word gone and every mark forgotten, the whole workspace read again is known by its ids."""
    sent, runs = firm.quo.texts(), len(firm.list("runs"))
    firm.run("db", "prune", ahead=LATER)
    execute(
        firm,
        "UPDATE cursors SET cursor = '2000-01-01 00:00:00.000000', swept_at = NULL",
        "UPDATE conversations SET synced_until = '2000-01-01 00:00:00.000000', updated_at = NULL",
    )
    for ahead in (LATER, "41d"):
        firm.once(ahead=ahead)

    assert len(sent) == 2
    assert firm.quo.texts() == sent
    assert len(firm.list("runs")) == runs
    assert [one["to"] for one in firm.list("outbox") if one["state"] == "queued"] == []


def test_every_old_word_is_gone_and_every_key_is_there(firm):
    """Bodies leave the file itself; opt-outs, ids of messages, runs and the audit stay, and the opt-out still holds."""
    execute(firm)
    assert all(word.encode() in dump(firm) for word in WORDS)
    attempts = {one["message_id"] for one in firm.list("outbox")}
    counted = firm.run("db", "prune", "--dry-run", "--json", ahead=LATER).json
    pruned = firm.run("db", "prune", "--json", ahead=LATER).json
    execute(firm)

    assert counted["rows"] == pruned["rows"]
    assert pruned["rows"]["messages"] >= 3
    assert not any(word.encode() in dump(firm) for word in WORDS)
    assert {one["message_id"] for one in firm.list("outbox")} == attempts
    assert firm.run("db", "check").code == 0
    assert firm.list("audit")[0]["kind"] == "texts.pruned"
    assert set(firm.run("db", "prune", "--json", ahead=LATER).json["rows"].values()) == {0}
    sent = firm.quo.texts()
    firm.quo.miss_call(BILL)
    firm.once()
    assert firm.quo.texts() == sent


def test_nothing_young_or_unfinished_is_touched(make_firm):
    """What is younger, what waits for a person and what nobody knows of keeps its words."""
    firm = make_firm(ANSWER.replace("trigger", "max_age: 90d\ntrigger"), retention=KEEP,
                     approvals={"expire_after": "30d"}, recovery={"idle": "400d"})  # fmt: skip
    firm.begin()
    firm.quo.write("Is it ready?", ANNA)
    firm.once()
    young = firm.run("db", "prune", "--json").json
    execute(firm, "UPDATE approvals SET requested_at = '2020-01-01 00:00:00.000000'",
            "UPDATE steps SET created_at = '2020-01-01 00:00:00.000000', updated_at = '2020-01-01 00:00:00.000000'",
            "UPDATE events SET received_at = '2020-01-01 00:00:00.000000'")  # fmt: skip
    old = firm.run("db", "prune", "--json").json
    (approval,) = firm.list("approvals")

    assert set(young["rows"].values()) == {0}
    assert set(old["rows"].values()) == {0}
    assert approval["text"] == "Got it: Is it ready?"


def test_the_service_prunes_once_a_night(firm):
    """A pass that is the first of its night prunes; the next one does not; without the key nothing is removed."""
    assert "removed the words" in firm.once(ahead=LATER).err
    assert "removed the words" not in firm.once(ahead=LATER).err
    kinds = [one["kind"] for one in firm.list("audit")]
    assert kinds.count("texts.pruned") == 1


def test_nothing_is_removed_unless_it_is_said(make_firm):
    """Without `retention` words are kept, and `db prune` says what to write."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED, recovery={"idle": "400d"})
    firm.begin()
    firm.quo.write("Is the pump fixed?", ANNA)
    firm.once()
    firm.once(ahead="360d")
    execute(firm)

    assert b"Is the pump fixed" in dump(firm)
    assert "retention: {texts: 400d}" in firm.run("db", "prune", code=1).err


def test_a_run_that_goes_on_keeps_what_its_steps_may_read(make_firm):
    """A step that is done keeps its words until the run has ended: later steps may use them."""
    firm = make_firm(
        f"{ANSWER.rstrip()}\n  - wait: 60d\n", auto=True, guards=UNLIMITED, retention=KEEP, recovery={"idle": "400d"}
    )
    firm.begin()
    firm.quo.write("Is it ready?", ANNA)
    firm.once()
    firm.run("db", "prune", ahead=LATER)
    assert [one["text"] for one in firm.list("outbox")] == ["Got it: Is it ready?"]

    firm.once(ahead="61d")
    firm.run("db", "prune", ahead="100d")
    assert [one["text"] for one in firm.list("outbox")] == [None]
