"""A disk that fills up, for real, at each moment that matters: nothing goes out unrecorded, nothing needs a hand."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from contextlib import suppress

import pytest

from .conftest import ANNA, ANSWER, UNLIMITED


class Disk:
    """A small file system of its own that can be filled to the last byte."""

    def __init__(self, place):
        self.place = place
        self.filler = place / "filler"

    def fill(self):
        with self.filler.open("ab", buffering=0) as filler:
            for size in (4096, 1):
                with suppress(OSError):
                    while filler.write(b"x" * size):
                        pass

    def free(self):
        self.filler.unlink()


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a full disk needs a small file system, and this user may not mount one")
    yield Disk(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def firm(make_firm, disk):
    """A firm whose database is on the small disk; a reader keeps the space that SQLite has from being used again."""
    firm = make_firm(ANSWER, auto=True, guards=UNLIMITED, database="disk/quoflow.db")
    firm.begin()
    reader = sqlite3.connect(disk.place / "quoflow.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    yield firm
    reader.close()


def is_sent(firm):
    return [one["state"] for one in firm.list("outbox")] == ["sent"]


def test_an_event_waits_for_space(firm, disk):
    """With no space for the event the service says so, lives, and takes it up by itself once there is some."""
    with firm.serving() as service:
        service.wait_until_serving()
        disk.fill()
        service.wait_for(lambda: "the disk is full" in service.log)
        firm.quo.write("hi", ANNA)
        seen = len(firm.quo.log())
        service.wait_for(lambda: len(firm.quo.log()) > seen)
        assert firm.quo.sent() == []
        disk.free()
        service.wait_for(lambda: is_sent(firm))
        assert service.stop() == 0

    assert firm.quo.texts() == ["Got it: hi"]
    assert "goes on: the database can be written again" in service.log


def test_no_text_leaves_without_its_intent_on_the_disk(firm, disk):
    """A text that is due, but whose intent finds no space, is not sent; with space it is, once."""
    firm.quo.write("hi", ANNA)
    firm.quo.fault("429", "/v1/messages", method="POST")
    firm.once()
    disk.fill()
    with firm.serving() as service:
        service.wait_for(lambda: "work stands still" in service.log)
        assert [one["status"] for one in firm.quo.writes()] == [429]
        disk.free()
        service.wait_for(lambda: is_sent(firm))
        assert service.stop() == 0

    assert len(firm.quo.sent()) == 1


def fill_while_sending(firm, disk, service):
    """Fill the disk between Quo's yes and our hearing of it."""
    firm.quo.fault("slow", "/v1/messages", method="POST", delay="2s")
    firm.quo.write("hi", ANNA)
    service.wait_for(firm.quo.sent)
    disk.fill()
    service.wait_for(lambda: "work stands still" in service.log)


def test_an_outcome_without_space_is_kept_and_recorded_later(firm, disk):
    """What Quo said is kept in memory and recorded once there is space: no second text, and nothing to look for."""
    with firm.serving() as service:
        service.wait_until_serving()
        fill_while_sending(firm, disk, service)
        disk.free()
        service.wait_for(lambda: is_sent(firm))
        assert service.stop() == 0

    (sent,) = firm.quo.sent()
    assert firm.list("outbox")[0]["message_id"] == sent["id"]
    assert "it had been done" not in service.log


def test_an_outcome_that_dies_with_the_service_is_found_at_quo(firm, disk):
    """A service that is stopped with an outcome in memory ends cleanly; the next start finds the text and claims it."""
    with firm.serving() as service:
        service.wait_until_serving()
        fill_while_sending(firm, disk, service)
        assert service.stop() == 0
    disk.free()
    ran = firm.once()

    (sent,) = firm.quo.sent()
    assert firm.list("outbox")[0]["message_id"] == sent["id"]
    assert "it had been done" in ran.err


def test_a_pass_on_a_full_disk_fails_with_one_line(firm, disk):
    """`doctor` warns before; then `run --once` says it in one line and ends with 1; the next with space does it all."""
    found = firm.run("doctor", "--json").json["findings"]
    assert any(one["subject"] == "disk" and "MB are free" in one["message"] for one in found)
    disk.fill()
    firm.quo.write("hi", ANNA)
    ran = firm.once(code=1)
    disk.free()
    firm.once()

    assert "the disk is full" in ran.err.splitlines()[-1]
    assert firm.quo.texts() == ["Got it: hi"]
