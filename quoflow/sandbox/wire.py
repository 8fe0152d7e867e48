"""How the simulated Quo writes time stamps and rows, with the irregularities of the real one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes rows; with `oddities`, differently from row to row but always the same for one id.

    The oddities are those that the live service was seen to have: time stamps with and without milliseconds,
    nullable fields that are missing rather than null, and fields that nobody announced.
    """

    oddities: bool = True

    def stamp(self, moment: datetime, salt: str) -> str:
        """Write a moment as ISO 8601 UTC; for one id in three without its milliseconds."""
        if self.oddities and crc32(salt.encode()) % 3 == 0:
            return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def stamp_or_none(self, moment: datetime | None, salt: str) -> str | None:
        """Write a moment, or None for none."""
        return None if moment is None else self.stamp(moment, salt)

    def row(self, row: dict[str, Any], nullable: Iterable[str] = ()) -> dict[str, Any]:  # JSON
        """Give a row as it goes out: for some ids nulls are left out, for some an unknown field comes along."""
        if not self.oddities:
            return row
        kind = crc32(b"row" + str(row["id"]).encode()) % 6
        if kind in {1, 4}:
            gone = {name for name in nullable if row[name] is None}
            row = {name: value for name, value in row.items() if name not in gone}
        if kind in {2, 4}:
            row["_rollout"] = {"cohort": kind, "flags": []}
        return row

    def own_number_place(self, call_id: str) -> str:
        """Say where our own number stands among a call's participants: `first`, `last` or `` (left out)."""
        return ("", "first", "last")[crc32(call_id.encode()) % 3] if self.oddities else ""


def parse_moment(text: str) -> datetime | None:
    """Read an ISO 8601 moment; without an offset it is UTC. None if it is not one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text.upper():
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def to_milliseconds(moment: datetime) -> datetime:
    """Cut a moment to whole milliseconds: what Quo stores."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
