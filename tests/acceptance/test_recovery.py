"""A database that was restored, copied or long out of work writes nothing until a person says that it may."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest

from .conftest import ANNA, ANSWER, BILL, UNLIMITED


@pytest.fixture
def firm(make_firm):
    """A firm whose rule answers every text at once; it has answered one."""
    firm = make_firm(ANSWER.replace("trigger", "max_age: 30d\ntrigger"), auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.write("First", ANNA)
    firm.once()
    assert firm.quo.texts() == ["Got it: First"]
    return firm


def database(firm):
    return firm.root / "quoflow.db"


def fold(firm):
    """Fold the WAL into the file, as a clean end does, so that the file alone can be copied."""
    with closing(sqlite3.connect(database(firm))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def expect_recovery(firm, said, **options):
    """It polls, plans and holds; nothing is sent; doctor and outbox say why; after a person's word it goes on."""
    before = firm.quo.texts()
    firm.quo.write("Later", BILL)
    ran = firm.once(**options)

    assert "recovery mode" in ran.err
    assert said in ran.err.replace("\n", " ")
    assert firm.quo.texts() == before
    held = next(one for one in firm.list("outbox") if one["text"] == "Got it: Later")
    assert held["state"] == "held"
    assert "quoflow resume --recovered" in held["reason"]
    assert said in firm.run("doctor", code=1).out
    assert "stays on" in firm.run("resume", **options).out
    assert "recovery mode, nothing is written" in firm.once(**options).err.splitlines()[0]
    assert firm.quo.texts() == before

    assert "over" in firm.run("resume", "--recovered", **options).out
    assert "recovery" not in firm.once(**options).err
    assert firm.quo.texts() == [*before, "Got it: Later"]
    kinds = [entry["kind"] for entry in firm.list("audit")]
    assert (kinds.count("recovery.begun"), kinds.count("recovery.confirmed")) == (1, 1)
    assert firm.run("db", "check").code == 0


def test_a_restored_backup_replays_nothing(firm):
    """A backup does not know what was sent after it: restored, it sends nothing of that again by itself."""
    firm.run("db", "backup", "backup.db")
    firm.quo.write("Second", ANNA)
    firm.once()
    for name in ("quoflow.db", "quoflow.db-wal", "quoflow.db-shm"):
        (firm.root / name).unlink(missing_ok=True)
    shutil.copy(firm.root / "backup.db", database(firm))
    ran = firm.once()

    assert "this is a backup made on" in ran.err
    assert firm.quo.texts() == ["Got it: First", "Got it: Second"]


def test_a_backup_says_so_until_a_person_confirms(firm):
    """The copy that `db backup` makes carries when it was made; the database that it was made of goes on."""
    firm.run("db", "backup", "backup.db")
    firm.quo.write("Between", ANNA)
    assert "recovery" not in firm.once().err
    (firm.root / "backup.db").replace(database(firm))
    for name in ("quoflow.db-wal", "quoflow.db-shm"):
        (firm.root / name).unlink(missing_ok=True)
    ran = firm.once()

    assert "this is a backup made on" in ran.err
    assert firm.quo.texts() == ["Got it: First", "Got it: Between"]


def test_a_file_that_was_copied_back_over_the_database_is_noticed(firm):
    """A plain copy laid over the very file keeps its inode; the note beside it tells that entries are missing."""
    fold(firm)
    kept = database(firm).read_bytes()
    firm.quo.write("Second", ANNA)
    firm.once()
    fold(firm)
    database(firm).write_bytes(kept)

    assert "the file is older than what was at work here" in firm.once().err
    assert firm.quo.texts() == ["Got it: First", "Got it: Second"]


def test_a_copy_in_another_folder_is_noticed(firm):
    """A project that is copied with its database does not write beside the first one."""
    fold(firm)
    copy = firm.root / "copy.db"
    shutil.copy(database(firm), copy)
    copy.replace(database(firm))

    expect_recovery(firm, "it was copied or restored")


def test_a_folder_that_is_renamed_goes_on(firm):
    """Moving the project's folder, or the file in it, on one machine is no copy."""
    root = firm.root
    firm.root = root.rename(root.with_name(f"{root.name}-moved"))
    firm.once()
    database(firm).rename(firm.root / "moved.db")
    firm.environ["QUOFLOW_DATABASE"] = "moved.db"
    firm.quo.write("Later", BILL)

    assert "recovery" not in firm.once().err
    assert firm.quo.texts() == ["Got it: First", "Got it: Later"]


def test_a_database_that_was_long_out_of_work_asks(firm):
    """After 7 days, or as long as is configured, a person is asked before old plans go out."""
    assert "recovery" not in firm.once(ahead="6d").err
    expect_recovery(firm, "it was last at work on", ahead="14d")


def test_a_new_database_and_a_first_start_need_no_word(make_firm):
    """Neither a new project nor one whose database was deleted is in recovery."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.once()
    for name in ("quoflow.db", "quoflow.db-wal", "quoflow.db-shm"):
        (firm.root / name).unlink(missing_ok=True)

    assert "recovery" not in firm.once().err
    assert "not in recovery" in firm.run("resume", "--recovered").out


@pytest.mark.parametrize(
    ("text", "ahead", "stops"),
    [("Got it: Hello", "1h", True), ("Hi, it is Maria", "1h", False), ("Got it: Hello", "0s", False)],
    ids=["the very text", "a person's own", "no absence"],
)
def test_the_very_text_that_waits_was_sent_by_another(make_firm, text, ahead, stops):
    """After an absence, a text from our line that is word for word what waits here stops all writes; no other does."""
    firm = make_firm(ANSWER)
    firm.begin()
    firm.quo.write("Hello", ANNA)
    firm.once()
    firm.quo.write(text, ANNA, direction="outgoing")

    assert ("the very text that waits here" in firm.once(ahead=ahead).err) is stops


def test_nothing_is_sent_before_the_first_look_after_an_absence(firm):
    """While Quo cannot be read after an absence, what waits goes on waiting: something may have been sent meanwhile."""
    firm.run("pause")
    firm.quo.write("Second", ANNA)
    firm.once()
    firm.run("resume")
    firm.quo.fault("403", "/v1/conversations", times=None)
    assert "conversations" in firm.once(ahead="1h", code=1).err
    assert firm.quo.texts() == ["Got it: First"]
    firm.quo.clear_faults()
    firm.once(ahead="1h")

    assert firm.quo.texts() == ["Got it: First", "Got it: Second"]


def test_a_service_in_recovery_says_so_and_polls(firm):
    """`quoflow run` says it first, goes on polling, and goes on writing once a person has confirmed."""
    fold(firm)
    copy = firm.root / "copy.db"
    shutil.copy(database(firm), copy)
    copy.replace(database(firm))
    with firm.serving() as service:
        service.wait_until_serving()
        firm.quo.write("Later", BILL)
        service.wait_for(lambda: any(one["text"] == "Got it: Later" for one in firm.list("outbox")))
        assert firm.quo.texts() == ["Got it: First"]
        assert "recovery mode" in service.log.splitlines()[0]
        firm.run("resume", "--recovered")
        service.wait_for(lambda: firm.quo.texts() == ["Got it: First", "Got it: Later"])
