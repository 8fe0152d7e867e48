"""Where a database is, and the note beside it."""

from __future__ import annotations

import pytest

from quoflow.store import places


def test_a_file_keeps_its_inode_when_it_is_renamed(tmp_path):
    """A rename changes the path of a place only; a copy has another inode."""
    (tmp_path / "a").write_text("x")
    before = places.read_place(tmp_path / "a")
    after = places.read_place((tmp_path / "a").rename(tmp_path / "b"))
    (tmp_path / "copy").write_text("x")

    assert (after.inode, after.machine, after.host) == (before.inode, before.machine, before.host)
    assert after.path != before.path
    assert places.read_place(tmp_path / "copy").inode != before.inode


def test_a_note_is_read_back_for_its_own_database_only(tmp_path):
    """The last note counts, is private, and says nothing of another database."""
    path = tmp_path / "quoflow.db"
    assert places.read_mark(path, "abc") is None
    places.write_mark(path, "abc", 1_000)
    places.write_mark(path, "abc", 7)

    assert places.read_mark(path, "abc") == 7
    assert places.read_mark(path, "def") is None
    assert (tmp_path / "quoflow.db.mark").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "abc", "abc seven", "abc 7 8", "\xff\xfe"])
def test_a_damaged_note_says_nothing(tmp_path, text):
    """What cannot be read is no reason to stop."""
    (tmp_path / "quoflow.db.mark").write_bytes(text.encode("latin-1"))

    assert places.read_mark(tmp_path / "quoflow.db", "abc") is None
