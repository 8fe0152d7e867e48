"""The audio of a call, saved to a folder: from another host, which is sent no key, whole or not at all.

The file is named by the call's id alone and by what it is, readable for its owner only, and put in place in one step.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import httpx

from quoflow.actions import outgoing
from quoflow.actions.errands import Outside
from quoflow.actions.outgoing import Answer, Broken, Forbidden, Request, Unreached

WITHIN = 30.0
"""Seconds that a recording may take to come."""

MOST = 100_000_000
"""Bytes that a recording may have."""

EXPIRED = frozenset({400, 401, 403, 404, 410})
"""What a storage answers for an address whose time is over."""

EXTENSIONS: Mapping[str, str] = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/wave": "wav",
    "audio/x-wav": "wav",
    "audio/vnd.wave": "wav",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
    "audio/mp4": "m4a",
    "audio/m4a": "m4a",
    "audio/x-m4a": "m4a",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/amr": "amr",
}
_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_PLAIN_ID = re.compile(r"[A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Saved:
    """A recording on the disk: its path as the configuration names the folder, what it is, and its size in bytes."""

    path: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Why there is none: its address has expired, it may come later, or it never will."""

    why: Literal["expired", "later", "never"]
    reason: str


def save_recording(url: str, *, call_id: str, declared: str, outside: Outside, token: str) -> Saved | Missed:
    """Load a recording once and put it into the folder.

    Args:
        url: where Quo says that it is.
        call_id: names the file.
        declared: its type as Quo has it, for a host that does not say.
        outside: the way out, and the folder.
        token: a fresh id, for the file that is not whole yet.
    """
    if outside.is_dry:
        return Missed("never", "not saved, this is a dry run")
    folder = outside.keys.root / outside.recordings.folder
    part = folder / f".{name_file(call_id)}.{token}.part"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return _save(url, part, outside, call_id=call_id, declared=declared)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        return Missed("later", f"the folder {folder} cannot be written to ({error.strerror or error})")


def _save(url: str, part: Path, outside: Outside, *, call_id: str, declared: str) -> Saved | Missed:
    """Load into a file of its own, and give it its name once it is whole. Raises OSError."""
    # Nothing that is there already is written to, and no link is followed.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
        answer = _load(url, file, outside)
        size = file.tell()
        if isinstance(answer, Missed):
            return answer
        if (missed := object_to(answer, size)) is not None:
            return missed
        found = find_type(answer.headers.get("content-type", ""), declared)
        if found is None:
            return Missed("never", f"what its host gives is no audio but `{_name_type(answer, declared)}`")
        file.flush()
        os.fsync(file.fileno())
    name = f"{name_file(call_id)}.{EXTENSIONS[found]}"
    part.replace(part.parent / name)
    return Saved(str(Path(outside.recordings.folder) / name), found, size)


def name_file(call_id: str) -> str:
    """Give a file's name for a call: its id, or where that is more than letters and digits, a hash of it."""
    return call_id if _PLAIN_ID.fullmatch(call_id) else hashlib.sha256(call_id.encode()).hexdigest()[:32]


def find_type(answered: str, declared: str) -> str | None:
    """Give what kind of audio it is, by the host or else by Quo; None when it is none that we know."""
    known = answered.partition(";")[0].strip().lower()
    found = declared.partition(";")[0].strip().lower() if known in _UNSAID else known
    return found if found in EXTENSIONS else None


def object_to(answer: Answer, size: int) -> Missed | None:
    """Say why an answer holds no whole recording; None when it does. `size` is how many bytes came."""
    if answer.status in EXPIRED:
        return Missed("expired", f"the recording's host answered {answer.status}")
    if answer.status != 200:
        return Missed("later", f"the recording's host answered {answer.status}")
    if size > MOST:
        return Missed("never", f"the recording is larger than {MOST // 1_000_000} MB")
    return None if answer.is_whole and size else Missed("later", "the recording broke off")


def _load(url: str, file: BinaryIO, outside: Outside) -> Answer | Missed:
    """Load what is at an address into a file, wherever it leads."""

    def ask(request: Request) -> Answer:
        file.seek(0)
        file.truncate()
        return outside.way.exchange(request, within=WITHIN, most=MOST, sink=file.write)

    request = Request("GET", url, {"Accept": "audio/*"}, private=outside.recordings.private)
    try:
        return outgoing.follow(ask, request, _accept)
    except Forbidden as error:
        return Missed("never", str(error))
    except (Unreached, Broken) as error:
        return Missed("later", str(error))


def _accept(_: httpx.URL) -> None:
    """Take any host that Quo names: its address is checked when it is reached."""


def _name_type(answer: Answer, declared: str) -> str:
    return "".join(one for one in answer.headers.get("content-type") or declared if one.isprintable())[:60]
