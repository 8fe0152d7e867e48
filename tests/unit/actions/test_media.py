"""Recordings: saved whole or not at all, by the call's id, for the owner only; and what is no recording is left."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from quoflow.actions import media
from quoflow.actions.errands import Outside
from quoflow.actions.keys import Keys
from quoflow.actions.media import Saved
from quoflow.actions.outgoing import Answer, Broken, Forbidden, Unreached
from quoflow.core.outside_settings import RecordingSettings

AUDIO = b"\xff\xfb\x90\x00" + b"\x00" * 60


class Storage:
    """A way out that gives (status, headers, body) in turn into the sink, and keeps what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def exchange(self, request, *, within, most, sink):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, headers, body, *is_whole = answer
        sink(body)
        return Answer(status, headers, b"", *is_whole)


def audio(kind="audio/mpeg", body=AUDIO, status=200):
    return status, {"content-type": kind}, body


def save(root, *answers, call_id="AC1", declared="audio/mpeg", is_dry=False):
    storage = Storage(*answers)
    outside = Outside({}, Keys({}, root), storage, recordings=RecordingSettings(folder="sound/of calls"), is_dry=is_dry)
    url = "https://storage.example.com/x?signature=1"
    saved = media.save_recording(url, call_id=call_id, declared=declared, outside=outside, token="t1")
    return saved, storage


def files(root):
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def test_a_recording_is_saved_for_its_owner_only(tmp_path: Path):
    """By the call's id, with the extension of its type, readable for nobody else; no header but what it wants."""
    saved, storage = save(tmp_path, audio())
    file = tmp_path / "sound" / "of calls" / "AC1.mp3"

    assert saved == Saved("sound/of calls/AC1.mp3", "audio/mpeg", len(AUDIO))
    assert file.read_bytes() == AUDIO
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    assert files(tmp_path) == ["sound/of calls/AC1.mp3"]
    assert [sorted(one.headers) for one in storage.asked] == [["Accept"]]


@pytest.mark.parametrize(
    ("answered", "declared", "name"),
    [
        ("audio/mpeg; charset=binary", "", "AC1.mp3"),
        ("Audio/X-Wav", "audio/mpeg", "AC1.wav"),
        ("binary/octet-stream", "audio/ogg", "AC1.ogg"),
        ("", "audio/mp4", "AC1.m4a"),
    ],
)
def test_the_extension_says_what_it_is(tmp_path, answered, declared, name):
    """The host says it, or Quo where the host does not."""
    save(tmp_path, audio(answered), declared=declared)

    assert files(tmp_path) == [f"sound/of calls/{name}"]


@pytest.mark.parametrize("call_id", ["../../etc/passwd", "AC/1", "AC1.mp3\n", ".", "", "A" * 65, "ACü"])
def test_no_id_makes_another_path(tmp_path, call_id):
    """What is more than letters and digits is hashed."""
    save(tmp_path, audio(), call_id=call_id)
    (name,) = files(tmp_path)

    assert len(name) == len("sound/of calls/") + 32 + len(".mp3")


@pytest.mark.parametrize(
    ("answer", "why", "words"),
    [
        (audio(status=403), "expired", "answered 403"),
        (audio(status=404), "expired", "answered 404"),
        (audio(status=503), "later", "answered 503"),
        (audio("text/html"), "never", "no audio but `text/html`"),
        (audio("image/svg+xml"), "never", "no audio"),
        (audio(body=b""), "later", "broke off"),
        ((200, {"content-type": "audio/mpeg"}, AUDIO, False), "later", "broke off"),
        ((200, {"content-type": "audio/mpeg"}, b"x" * (media.MOST + 1), False), "never", "larger than 100 MB"),
        (Forbidden("10.0.0.1 is private"), "never", "private"),
        (Unreached("no way"), "later", "no way"),
        (Broken("reset"), "later", "reset"),
    ],
)
def test_what_is_no_whole_recording_leaves_no_file(tmp_path, answer, why, words):
    """Not even a part of one; and it is said whether it may come later."""
    missed, _ = save(tmp_path, answer)

    assert (missed.why, words in missed.reason) == (why, True), missed
    assert files(tmp_path) == []


def test_a_redirect_is_followed_and_leaves_nothing_of_its_own(tmp_path):
    """The page that redirects is not in the file."""
    moved = (302, {"location": "https://cdn.example.com/y", "content-type": "text/html"}, b"<html>moved</html>" * 50)
    saved, storage = save(tmp_path, moved, audio())

    assert (saved.size, storage.asked[1].url) == (len(AUDIO), "https://cdn.example.com/y")
    assert (tmp_path / saved.path).read_bytes() == AUDIO


def test_what_was_there_is_replaced_in_one_step_and_no_link_is_followed(tmp_path):
    """A link in the place of the file is replaced, not written through; a part of another look is in nobody's way."""
    folder, secret = tmp_path / "sound" / "of calls", tmp_path / "secret"
    folder.mkdir(parents=True)
    secret.write_text("keep me")
    (folder / "AC1.mp3").symlink_to(secret)
    save(tmp_path, audio())

    assert secret.read_text() == "keep me"
    assert (folder / "AC1.mp3").read_bytes() == AUDIO
    assert not (folder / "AC1.mp3").is_symlink()


def test_a_link_in_the_place_of_the_part_is_not_written_through(tmp_path):
    """Somebody who can guess the name of the part gets nothing written elsewhere."""
    folder, secret = tmp_path / "sound" / "of calls", tmp_path / "secret"
    folder.mkdir(parents=True)
    secret.write_text("keep me")
    (folder / ".AC1.t1.part").symlink_to(secret)
    missed, storage = save(tmp_path, audio())

    assert (missed.why, storage.asked, secret.read_text()) == ("later", [], "keep me")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    """A file stands in its place: it may be mended, and the look is taken again."""
    (tmp_path / "sound").write_text("a file")
    missed, storage = save(tmp_path, audio())

    assert (missed.why, "cannot be written to" in missed.reason, storage.asked) == ("later", True, [])


def test_nothing_is_saved_in_a_dry_run(tmp_path):
    """No folder, no request."""
    missed, storage = save(tmp_path, is_dry=True)

    assert ("dry run" in missed.reason, storage.asked, list(tmp_path.iterdir())) == (True, [], [])
