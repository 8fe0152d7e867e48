"""One instance for each database file."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys

import pytest

from quoflow.errors import InstanceRunning, StoreError
from quoflow.store.instance import acquire_instance

HOLDER = """
import sys
from pathlib import Path
from quoflow.store.instance import acquire_instance
with acquire_instance(Path(sys.argv[1]), describe="quoflow run"):
    print("ready", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "quoflow.db"


@pytest.fixture
def holder(path):
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    yield child
    child.kill()
    child.communicate()


def test_a_second_instance_is_refused_and_told_of_the_first(path, holder):
    """A second process is refused, and told which one holds the lock, where and since when."""
    with pytest.raises(InstanceRunning) as caught:
        acquire_instance(path, describe="quoflow run")

    assert f"quoflow run, process {holder.pid} on {socket.gethostname()}, since 20" in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_killed_instance_leaves_no_lock(path, holder):
    """After a kill the next instance starts, though the file is still there."""
    holder.kill()
    holder.wait()

    assert path.with_name("quoflow.db.lock").read_text() != ""
    acquire_instance(path, describe="quoflow run").close()


def test_a_lock_is_released(path):
    """Leaving the block releases the lock, whatever happened in it; closing twice does no harm."""
    with pytest.raises(ZeroDivisionError), acquire_instance(path, describe="one") as lock:
        _ = 1 / 0
    lock.close()

    with acquire_instance(path, describe="two"), pytest.raises(InstanceRunning, match=f"two, process {os.getpid()}"):
        acquire_instance(path, describe="three")


def test_a_holder_without_a_note_is_no_riddle(path):
    """When the note cannot be read the second instance is refused all the same."""
    with acquire_instance(path, describe="one"):
        path.with_name("quoflow.db.lock").write_text("[]")

        with pytest.raises(InstanceRunning, match="does not say which"):
            acquire_instance(path, describe="two")


def test_the_lock_is_private(path):
    """The lock's file is 0600, whatever the umask."""
    before = os.umask(0)
    try:
        with acquire_instance(path, describe="one"):
            mode = stat.S_IMODE(path.with_name("quoflow.db.lock").stat().st_mode)
    finally:
        os.umask(before)

    assert mode == 0o600


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    """When the lock's file cannot be made the error is in words."""
    with pytest.raises(StoreError, match="No such file or directory"):
        acquire_instance(tmp_path / "nowhere" / "quoflow.db", describe="one")


def test_a_link_is_not_followed(path, tmp_path):
    """A lock that is a link to another file is refused, and the other file stays."""
    (tmp_path / "mine").write_text("mine")
    path.with_name("quoflow.db.lock").symlink_to(tmp_path / "mine")

    with pytest.raises(StoreError):
        acquire_instance(path, describe="one")
    assert (tmp_path / "mine").read_text() == "mine"
