"""A log that shows when somebody has changed it: each entry's hash covers the entry before it. Pure.

Whoever can write the log can also compute it anew from the place they changed on. So the last hash, the head, is
worth keeping elsewhere: a log in which it still stands has not been changed before it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GENESIS = hashlib.sha256(b"quoflow audit").hexdigest()
"""What the first entry follows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One deed. `actor` is a person's or program's name, `kind` a slug such as `approval.approved`.

    `subject` is the id of what it was done to; `previous` is the hash of the entry before.
    """

    id: int
    at: datetime
    actor: str
    kind: str
    connection: str | None
    subject: str
    data: Mapping[str, Any]  # JSON
    previous: str | None = None
    hash: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its number and its hash."""

    id: int
    hash: str


EMPTY = Head(0, GENESIS)
"""The head of a log without entries."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of a walk along the chain: how many entries hold, the head, and what is wrong first, or nothing."""

    count: int
    head: Head
    problem: str = ""


def describe_entry(entry: Entry) -> dict[str, Any]:  # JSON
    """Give an entry as JSON holds it: the time in UTC with microseconds."""
    return {
        "id": entry.id,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "actor": entry.actor,
        "kind": entry.kind,
        "connection": entry.connection,
        "subject": entry.subject,
        "data": entry.data,
        "previous": entry.previous,
        "hash": entry.hash,
    }


def hash_entry(entry: Entry) -> str:
    """Give the SHA-256 of an entry's canonical JSON, its `previous` with it: keys sorted, no blanks, ASCII."""
    covered = describe_entry(entry)
    del covered["hash"]
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def verify(entries: Iterable[Entry], head: Head | None, *, known: str = "") -> Verified:
    """Walk along the chain from its beginning and name the first entry that is not as it was written.

    Args:
        entries: all of them, in their order.
        head: the last one as it is noted beside the log; None where nothing is noted.
        known: a hash that must be among them, because it was the head once.
    """
    last, count, is_known = EMPTY, 0, not known
    for entry in entries:
        problem = _compare(entry, last)
        if problem:
            return Verified(count, last, problem)
        last, count = Head(entry.id, entry.hash or ""), count + 1
        is_known = is_known or entry.hash == known
    if head is not None and last != head:
        return Verified(count, last, _explain_end(last, head))
    if not is_known:
        return Verified(count, last, f"no entry has the hash {known}: the log was written anew, or is another one")
    return Verified(count, last)


def _compare(entry: Entry, last: Head) -> str:
    if hash_entry(entry) != entry.hash:
        return f"entry {entry.id} ({entry.kind}) is not as it was written: something in it was changed"
    if entry.previous != last.hash:
        before = f"entry {last.id}" if last.id else "the beginning"
        return f"entry {entry.id} ({entry.kind}) does not follow {before}: entries were removed, added or reordered"
    return ""


def _explain_end(last: Head, head: Head) -> str:
    if last.id < head.id:
        return f"the log ends with entry {last.id}, but entry {head.id} was the last one written: the end was removed"
    return f"entry {last.id} is not the one that was written last: the end was changed"
