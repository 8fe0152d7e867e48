"""What a number's ledger comes to: a word, a phrase and a person each block, and each is lifted by its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import opt_out_ledger
from quoflow.core.opt_out_ledger import Entry, Standing

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PHONE = "+15555550123"


def entry(what, minute, *, read=None):
    """Make an entry: STOP, PHRASE and START are theirs; add, confirm and lift a person's."""
    says, certainty = {
        "STOP": ("stop", "certain"),
        "PHRASE": ("stop", "likely"),
        "START": ("start", "certain"),
        "add": ("stop", "person"),
        "confirm": ("confirm", "person"),
        "lift": ("lift", "person"),
    }[what]
    at = NOW + timedelta(minutes=minute)
    recorded_at = NOW + timedelta(minutes=minute if read is None else read)
    actor = "ann" if certainty == "person" else None
    return Entry("main", PHONE, says, what, f"AC{minute}{what}", at, certainty, what, actor, recorded_at)


@pytest.mark.parametrize(
    ("history", "basis"),
    [
        ("", None),
        ("STOP", "certain"),
        ("PHRASE", "likely"),
        ("add", "person"),
        ("START", None),
        ("STOP START", None),
        ("START STOP", "certain"),
        ("STOP START STOP", "certain"),
        ("PHRASE START", "likely"),
        ("PHRASE STOP START", "likely"),
        ("PHRASE STOP", "certain"),
        ("STOP PHRASE", "certain"),
        ("add START", "person"),
        ("STOP confirm START", "person"),
        ("PHRASE confirm", "person"),
        ("PHRASE confirm START", "person"),
        ("PHRASE lift", None),
        ("STOP lift", None),
        ("add lift", None),
        ("STOP PHRASE add lift", None),
        ("PHRASE lift PHRASE", "likely"),
        ("PHRASE lift STOP", "certain"),
        ("PHRASE confirm lift", None),
        ("PHRASE confirm lift START", None),
        ("confirm", None),
        ("START confirm", None),
    ],
)
def test_each_lifts_its_own(history, basis):
    """START lifts a word only, a person's lift lifts all, a confirmation makes what stands a person's."""
    entries = [entry(what, minute) for minute, what in enumerate(history.split())]
    standing = opt_out_ledger.fold(entries)

    assert (standing.basis if standing else None) == basis
    assert (standing is not None and standing.is_pending) is (basis == "likely")


def test_an_entry_of_an_older_version_is_certain():
    """What an older version entered had no certainty: it was a word."""
    old = replace(entry("STOP", 1), certainty=None, evidence=None, recorded_at=None)

    assert opt_out_ledger.fold([old]) == Standing(old, "certain")
    assert opt_out_ledger.fold([old, entry("START", 2)]) is None


def test_of_two_at_one_instant_the_one_that_blocks_counts():
    """In doubt it blocks."""
    assert opt_out_ledger.fold([entry("STOP", 1), entry("START", 1)]).basis == "certain"


def test_a_lift_covers_what_the_person_saw():
    """A STOP that was written after what they saw stands though it was read after the lift; so does an older one."""
    phrase = entry("PHRASE", 1, read=2)
    lift = replace(entry("lift", 0, read=10), at=opt_out_ledger.place_on([phrase], NOW + timedelta(minutes=10)))

    assert opt_out_ledger.fold([phrase, lift]) is None
    assert opt_out_ledger.fold([phrase, lift, entry("STOP", 5, read=11)]).basis == "certain"
    assert opt_out_ledger.fold([phrase, lift, entry("STOP", 0, read=11)]).basis == "certain"


@pytest.mark.parametrize(("stop", "start", "stands"), [(0, 900, True), (100, 900, True), (900, 1000, False)])
def test_within_one_second_the_word_that_blocks_counts(stop, start, stands):
    """Quo leaves the milliseconds of some times out: a START of the same second may have come before the STOP."""
    entries = [entry("STOP", stop / 60_000), entry("START", start / 60_000)]

    assert (opt_out_ledger.fold(entries) is not None) is stands


@pytest.mark.parametrize(("first", "then", "stands"), [("STOP", "START", False), ("START", "STOP", True)])
def test_when_it_was_written_counts_and_not_when_it_was_read(first, then, stands):
    """Of two words the later one counts, though it was read long before the other."""
    entries = [entry(first, 1, read=90), entry(then, 2, read=3)]

    assert (opt_out_ledger.fold(entries) is not None) is stands


def test_a_persons_entry_comes_after_all_that_they_saw():
    """Quo's clock may be ahead of ours: what a person enters counts all the same."""
    ahead = entry("STOP", 9)

    assert opt_out_ledger.place_after([ahead], NOW) > ahead.at
    assert opt_out_ledger.place_on([ahead], NOW) > ahead.at
    assert opt_out_ledger.place_after([], NOW) == opt_out_ledger.place_on([], NOW) == NOW
    assert opt_out_ledger.place_after([entry("STOP", -9)], NOW) == NOW


def test_why_in_words():
    """The words say who asked, how and when, also when their words were erased."""
    stopped, added, confirmed = entry("STOP", 1), entry("add", 1), entry("confirm", 1)

    assert [
        opt_out_ledger.describe(Standing(stopped, "certain")),
        opt_out_ledger.describe(Standing(added, "person")),
        opt_out_ledger.describe(Standing(replace(confirmed, word=""), "person")),
        opt_out_ledger.describe(Standing(replace(stopped, word=""), "certain")),
    ] == [
        "they wrote 'STOP' on 2026-11-23",
        "entered by ann on 2026-11-23: add",
        "confirmed by ann on 2026-11-23",
        "they asked on 2026-11-23",
    ]


def test_a_number_is_shown_masked_or_not_at_all():
    """Notices show no whole number, and of an erased one nothing."""
    assert opt_out_ledger.name_number(PHONE) == "+1555***0123"
    assert opt_out_ledger.name_number("hmac:" + "a" * 64) == "an erased number"


@given(st.permutations(["STOP", "PHRASE", "START", "add", "confirm", "lift"]), st.data())
def test_the_order_of_reading_does_not_matter(history, data):
    """Any permutation of the same entries comes to the same."""
    entries = [entry(what, minute, read=0) for minute, what in enumerate(history)]

    assert opt_out_ledger.fold(data.draw(st.permutations(entries))) == opt_out_ledger.fold(entries)
