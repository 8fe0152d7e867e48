"""The chain of the audit: whatever is changed in it shows, and the first such entry is named."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import chain

AT = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def build(count, **fields):
    """Build a log as it is written."""
    entries, last = [], chain.EMPTY
    for number in range(1, count + 1):
        entry = chain.Entry(
            number, AT + timedelta(minutes=number), "ann", "paused", "main", f"s{number}", {"n": number} | fields,
            previous=last.hash,
        )  # fmt: skip
        entries.append(replace(entry, hash=chain.hash_entry(entry)))
        last = chain.Head(number, entries[-1].hash)
    return entries, last


def test_a_hash_is_sha256_over_canonical_json():
    """Another program can check an export: SHA-256 of the entry's JSON, keys sorted, no blanks, without its hash."""
    (entry,), _ = build(1, text="Grüße")
    covered = chain.describe_entry(entry)
    given = covered.pop("hash")
    canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"))

    assert given == hashlib.sha256(canonical.encode()).hexdigest()
    assert covered["previous"] == hashlib.sha256(b"quoflow audit").hexdigest()
    assert covered["at"] == "2026-11-23T15:01:00.000000Z"


def test_a_whole_log_holds():
    """A log as it was written has nothing wrong, and its head is the last entry's; so has an empty one."""
    entries, head = build(3)

    assert chain.verify(entries, head) == chain.Verified(3, head)
    assert chain.verify([], chain.EMPTY) == chain.Verified(0, chain.EMPTY)


@pytest.mark.parametrize(
    "change",
    [
        {"at": AT},
        {"actor": "bob"},
        {"kind": "resumed"},
        {"connection": None},
        {"subject": "s9"},
        {"data": {"n": 9}},
        {"id": 9},
        {"previous": chain.GENESIS},
        {"hash": None},
        {"hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_anything_shows(change):
    """Each field of an entry is covered, and the entry that was changed is named."""
    entries, head = build(3)
    entries[1] = replace(entries[1], **change)
    found = chain.verify(entries, head)

    assert found.count == 1
    assert "not as it was written" in found.problem
    assert f"entry {change.get('id', 2)} " in found.problem


@pytest.mark.parametrize(
    ("order", "named"), [((0, 2, 3), 3), ((1, 2, 3), 2), ((0, 2, 1, 3), 3), ((0, 1, 1, 2, 3), 2)], ids=str
)
def test_a_gap_shows(order, named):
    """Entries that are removed, put in another order or doubled show at the first that does not follow."""
    entries, head = build(4)
    found = chain.verify([entries[number] for number in order], head)

    assert found.problem.startswith(f"entry {named} (paused) does not follow")


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_cut_end_shows(kept):
    """A log that ends before the head that was noted is cut, and says where."""
    entries, head = build(3)

    assert chain.verify(entries[:kept], head).problem == (
        f"the log ends with entry {kept}, but entry 3 was the last one written: the end was removed"
    )


def test_a_log_written_anew_shows_by_a_known_head():
    """Who computes the whole chain anew is found out by a hash that was kept elsewhere."""
    entries, head = build(3)
    forged, forged_head = build(3, forged=True)

    assert chain.verify(entries, head, known=entries[1].hash).problem == ""
    assert "written anew" in chain.verify(forged, forged_head, known=head.hash).problem
    assert "the end was changed" in chain.verify(forged, head).problem


@given(st.timezones(), st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text()))
def test_a_hash_survives_the_way_through_json(zone, data):
    """An entry that was written to JSON and read again has the same hash, whatever people wrote in it."""
    entry = chain.Entry(1, AT.astimezone(zone), "ann", "paused", None, "s", data, previous=chain.GENESIS)
    read = json.loads(json.dumps(chain.describe_entry(entry)))
    again = replace(entry, at=datetime.fromisoformat(read["at"]), data=read["data"])

    assert chain.hash_entry(again) == chain.hash_entry(entry)
    assert chain.hash_entry(replace(entry, at=AT.astimezone(timezone(timedelta(hours=5))))) == chain.hash_entry(entry)
