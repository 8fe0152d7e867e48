"""What the entries of one number's ledger come to: may it be texted, and what would change that. Pure.

A word (STOP), a phrase ("leave me alone") and a person's entry each block by themselves. START lifts the word only; a
person's lift lifts everything that was there; a person's confirmation makes what stands a person's entry.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from quoflow.core import phones
from quoflow.core.optouts import Certainty

Says = Literal["start", "stop", "lift", "confirm"]
Basis = Literal["certain", "likely", "person"]

ERASED = "hmac:"
"""How the keyed hash of an erased number begins."""

_RANK = ("start", "lift", "confirm", "stop")
"""Of entries at one instant the later in this list decides: in doubt it blocks."""

_STEP = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; none is ever changed or removed, but for what an erasure takes out of it.

    Attributes:
        phone: E.164, or `hmac:` and its keyed hash once the person was erased.
        says: `stop`, `start`, or what a person did with it: `confirm`, `lift`.
        word: the word or phrase, or a person's reason.
        message_id: Quo's message, or an id of ours for what a person entered.
        at: when they wrote it; a person's entry comes after all that the person saw, UTC.
        certainty: of a message, else `person`.
        evidence: their whole text. actor: the person who entered it, else None.
        recorded_at: when it came into the ledger, UTC; None in those of an older version.
    """

    connection: str
    phone: str
    says: Says
    word: str
    message_id: str
    at: datetime
    certainty: Certainty | Literal["person"] | None = None
    evidence: str | None = None
    actor: str | None = None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Why a number may not be texted.

    Attributes:
        entry: the entry that blocks: a person's before a word's, a word's before a phrase's.
        basis: whose entry that is.
        is_pending: nothing but a phrase blocks: a person should confirm or lift it.
    """

    entry: Entry
    basis: Basis

    @property
    def is_pending(self) -> bool:
        """Whether a person should confirm or lift it."""
        return self.basis == "likely"


def fold(entries: Iterable[Entry]) -> Standing | None:
    """Give what blocks a number of one connection; None when it may be texted. The order of entries is no matter."""
    stands: dict[Basis, Entry] = {}
    for entry in sort(entries):
        if entry.says == "start":
            stands.pop("certain", None)
        elif entry.says == "lift":
            stands = {basis: one for basis, one in stands.items() if _is_unseen(one, entry)}
        elif entry.says == "stop":
            stands[entry.certainty or "certain"] = entry
        elif stands:
            stands["person"] = entry
    bases: tuple[Basis, ...] = ("person", "certain", "likely")
    return next((Standing(stands[basis], basis) for basis in bases if basis in stands), None)


def sort(entries: Iterable[Entry]) -> list[Entry]:
    """Put entries into the order in which they count: by when they were written, not by when they were read."""
    return sorted(entries, key=_place)


def _place(entry: Entry) -> tuple[datetime, int, str]:
    """Give where an entry counts. Quo leaves the milliseconds of some times out, so a START counts from its second on.

    Within one second nobody can tell which of STOP and START came last: in doubt it blocks.
    """
    at = entry.at.replace(microsecond=0) if entry.says == "start" else entry.at
    return at, _RANK.index(entry.says), entry.message_id


def _is_unseen(entry: Entry, lift: Entry) -> bool:
    """Whether a message was read after a lift: the person who lifted cannot have meant it."""
    if entry.recorded_at is None or lift.recorded_at is None:
        return False
    return entry.recorded_at > lift.recorded_at


def place_after(entries: Iterable[Entry], now: datetime) -> datetime:
    """Give the time of a new entry by a person who has seen these: now, and after all of them."""
    return max([now, *(entry.at + _STEP for entry in entries)])


def place_on(entries: Iterable[Entry], now: datetime) -> datetime:
    """Give the time of a confirmation or a lift: it covers these entries, and nothing that was written since.

    A STOP that was written after them but is read after the lift must stand: the person has not seen it.
    """
    return max((entry.at + _STEP for entry in entries), default=now)


def describe(standing: Standing) -> str:
    """Say in a few words why a number may not be texted."""
    entry = standing.entry
    day = f"{entry.recorded_at or entry.at:%Y-%m-%d}"
    if standing.basis == "person":
        done = "confirmed" if entry.says == "confirm" else "entered"
        return f"{done} by {entry.actor} on {day}{f': {entry.word}' if entry.word else ''}"
    return f"they wrote {entry.word!r} on {entry.at:%Y-%m-%d}" if entry.word else f"they asked on {entry.at:%Y-%m-%d}"


def name_number(phone: str) -> str:
    """Give a number as reasons and notices may show it."""
    return "an erased number" if phone.startswith(ERASED) else phones.mask(phone)
