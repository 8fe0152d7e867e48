"""Opt-outs through the real command: learned, told, held, confirmed, lifted, exported, and known after an erasure."""

from __future__ import annotations

import csv
import io
import json
import stat

import pytest

from .conftest import ANNA, ANSWER, BILL, CORA, STRANGER, TEXTBACK

BACK = "Hi Anna, sorry we missed you – we’ll call back."


def gates(firm, **options):
    """Give (state, reason) of the gate of each write that would be made."""
    return [(one["gate"]["state"], one["gate"]["reason"]) for one in firm.preview(**options)["writes"]]


def listed(firm, *options):
    """Give (number, certainty, pending) of each opt-out that stands."""
    return [(one["number"], one["certainty"], one["pending"]) for one in firm.list("optouts", *options)]


def test_stop_ends_texts_of_every_rule_and_line(make_firm):
    """STOP on one line: every later text is refused with the evidence, on the other line too, and nobody is asked."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    written = firm.quo.write("Stop.", line="PNsales")
    told = firm.once().err
    firm.quo.miss_call(ANNA)

    ((state, reason),) = gates(firm)
    assert (state, "they wrote 'Stop.'" in reason) == ("refused", True)
    firm.once()
    assert firm.list("approvals") == []
    assert firm.quo.sent() == []
    (entry,) = firm.list("optouts")
    assert (entry["number"], entry["connection"], entry["certainty"], entry["pending"]) == (
        ANNA,
        "main",
        "certain",
        False,
    )
    assert (entry["evidence"], entry["message_id"]) == ("Stop.", written["id"])
    assert "+1555***0111 asked us to stop ('Stop.')" in told
    assert ANNA not in told


def test_what_is_probable_is_held_until_a_person_says(make_firm):
    """A phrase holds the text and is listed; a lift with a reason lets the very same bytes go, once."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.quo.write("Sorry, wrong number!")
    firm.quo.miss_call(ANNA)
    told = firm.once().err

    assert "+1555***0111 probably asked us to stop ('wrong number')" in told
    assert listed(firm, "--pending") == listed(firm) == [(ANNA, "likely", True)]
    (held,) = firm.list("outbox")
    assert (held["state"], "`quoflow optouts confirm|lift`" in held["reason"]) == ("held", True)
    assert firm.quo.sent() == []

    firm.run("optouts", "lift", "(555) 555-0111", code=64)
    firm.run("optouts", "lift", "(555) 555-0111", "--reason", " ", code=64)
    firm.run("optouts", "lift", "(555) 555-0111", "--reason", "it is Anna, I rang her")
    firm.once()
    firm.once()

    assert firm.quo.texts() == [BACK]
    assert listed(firm) == []
    shown = firm.run("optouts", "show", ANNA, "--json").json
    assert [(one["says"], one["word"]) for one in shown["entries"]] == [
        ("stop", "wrong number"),
        ("lift", "it is Anna, I rang her"),
    ]
    assert shown["standing"] == []
    assert shown["entries"][1]["actor"]


def test_what_is_confirmed_is_refused_and_start_does_not_lift_it(make_firm):
    """A confirmation refuses what was held; START changes nothing then, a person's lift does."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.quo.write("please leave me alone")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.run("optouts", "confirm", ANNA)
    firm.once()

    assert [one["state"] for one in firm.list("outbox")] == ["cancelled"]
    assert firm.list("optouts", "--pending") == []
    firm.quo.advance("2s")
    firm.quo.write("START")
    firm.once()
    assert listed(firm) == [(ANNA, "person", False)]
    assert "already confirmed" in firm.run("optouts", "confirm", ANNA, code=1).err
    assert firm.quo.sent() == []


def test_a_held_text_that_becomes_too_late_is_not_sent(make_firm):
    """A person who lifts after the rule's max_age lets nothing stale go."""
    firm = make_firm(f"{TEXTBACK}\nmax_age: 15m\n", auto=True)
    firm.begin()
    firm.quo.write("wrong number")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.once(ahead="1h")
    firm.run("optouts", "lift", ANNA, "--reason", "known", ahead="2h")
    firm.once(ahead="2h")

    assert [one["state"] for one in firm.list("outbox")] == ["cancelled"]
    assert firm.quo.sent() == []


def test_start_lifts_a_word_but_no_persons_entry(make_firm):
    """STOP then START: texts go again. Entered by a person: only a person's lift helps."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.run("optouts", "add", "555 555 0112", "--reason", "asked on the phone")
    for peer in (ANNA, BILL):
        firm.quo.write("STOP", peer)
        firm.quo.advance("2s")
        firm.quo.write("UNSTOP", peer)
        firm.quo.miss_call(peer)
    firm.once()

    assert firm.quo.texts() == [BACK]
    assert listed(firm) == [(BILL, "person", False)]
    (refused,) = [one for one in firm.list("outbox") if one["to"] == BILL]
    assert "asked on the phone" in refused["reason"]
    assert "`quoflow optouts lift`" in refused["reason"]
    firm.run("optouts", "lift", BILL, "--reason", "she came by")
    firm.quo.miss_call(BILL)
    firm.once()
    assert len(firm.quo.sent()) == 2


def test_a_stop_between_yes_and_send_counts(make_firm):
    """Approved, then STOP: nothing leaves."""
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.approve_all()
    firm.quo.write("Please stop texting me")
    firm.once()
    assert [one["state"] for one in firm.list("outbox")] == ["held"]
    firm.quo.write("STOP")
    firm.once()
    firm.once(ahead="2m")

    assert [one["state"] for one in firm.list("outbox")] == ["cancelled"]
    assert firm.quo.sent() == []


@pytest.mark.parametrize("word", ["STOP", "START", "Unstop!", "unsubscribe", "ARRÊT"])
def test_what_quo_answers_is_not_answered(make_firm, word):
    """A rule that answers every text keeps quiet to the words that Quo itself answers."""
    firm = make_firm(ANSWER, auto=True)
    firm.begin()
    firm.quo.write(word, STRANGER)
    firm.once()

    assert firm.quo.sent() == []
    (refused,) = firm.list("outbox")
    assert (refused["state"], refused["reason"].startswith("opt-out: ")) == ("cancelled", True)
    if word.lower().startswith("un") or word == "START":
        firm.quo.advance("2s")
        firm.quo.write("START", STRANGER)
        firm.quo.write("Hello", STRANGER)
        firm.once()
        assert firm.quo.texts() == ["Got it: Hello"]


def test_a_colleague_may_be_told_of_a_stop(make_firm):
    """A text to somebody else about a STOP is no answer to it."""
    tell = f"name: tell\ntrigger: message.received\nactions:\n  - send_message: {{to: '{CORA}', text: Look}}\n"
    firm = make_firm(tell, auto=True)
    firm.begin()
    firm.quo.write("STOP")
    firm.once()

    assert [(one["to"], one["text"]) for one in firm.quo.sent()] == [(CORA, "Look")]


def test_history_teaches_words_and_phrases(make_firm):
    """The first look learns both from what was written long ago, and nothing of it is an event."""
    history = [
        {"at": "-9d", "message": {"peer": ANNA, "text": "STOP"}},
        {"at": "-8d", "message": {"peer": BILL, "text": "take me off your list please"}},
        {"at": "-7d", "message": {"peer": CORA, "text": "can you stop by at 5"}},
        {"at": "-6d", "message": {"peer": CORA, "text": "stop texting me", "direction": "outgoing"}},
    ]
    firm = make_firm(TEXTBACK, quo={"history": history})
    firm.begin()

    assert listed(firm) == [(ANNA, "certain", False), (BILL, "likely", True)]
    for peer in (ANNA, BILL, CORA):
        firm.quo.miss_call(peer)
    assert sorted(state for state, _ in gates(firm)) == ["needs_approval", "needs_approval", "refused"]


def test_an_erased_number_that_comes_back_is_still_blocked(make_firm):
    """Nothing of the person is left in the database, but the keyed hash by which they are not texted."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.quo.write("My secret is mango-7")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.quo.write("STOP")
    firm.once()
    assert firm.quo.texts() == [BACK]
    firm.run("optouts", "erase", ANNA, code=64)
    assert listed(firm) == [(ANNA, "certain", False)]

    said = firm.run("optouts", "erase", "555-555-0111", "--yes").out
    assert "entries of the ledger that stay under a keyed hash: 1" in said
    for needle in (ANNA, ANNA[2:], "mango-7", "Berg", "Anna"):
        for path in firm.root.glob("quoflow.db*"):
            assert needle.encode() not in path.read_bytes(), (needle, path)
    ((number, certainty, _),) = listed(firm)
    assert (number.startswith("hmac:"), len(number), certainty) == (True, 69, "certain")

    firm.quo.miss_call(ANNA)
    firm.once()
    assert firm.quo.texts() == [BACK]
    assert [one["state"] for one in firm.list("outbox", "--state", "cancelled")] == ["cancelled"]
    (entry,) = firm.run("optouts", "show", ANNA, "--json").json["entries"]
    assert (entry["evidence"], entry["word"]) == (None, "")
    firm.quo.advance("2s")
    firm.quo.write("START")
    firm.quo.miss_call(ANNA)
    firm.once()
    assert firm.quo.texts() == [BACK, BACK]


def test_what_was_erased_is_not_read_again(make_firm):
    """Quo still shows the old texts at the next look: they stay erased, and fire nothing a second time."""
    firm = make_firm(ANSWER, auto=True, guards={"contact_cap": "off"})
    firm.begin()
    firm.quo.write("mango-7", STRANGER)
    firm.once()
    firm.run("optouts", "erase", STRANGER, "--yes")
    firm.quo.write("kiwi-8", STRANGER)
    firm.once()
    firm.once(ahead="25h")

    assert firm.quo.texts() == ["Got it: mango-7", "Got it: kiwi-8"]
    assert all(b"mango-7" not in path.read_bytes() for path in firm.root.glob("quoflow.db*"))


def test_what_may_have_been_sent_is_not_erased(make_firm):
    """A text that nobody knows about needs its bytes: the erasure says what to settle first."""
    firm = make_firm(TEXTBACK, auto=True)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.fault("500", "/v1/messages", method="POST")
    firm.once()
    refused = firm.run("optouts", "erase", ANNA, "--yes", code=1)

    assert "settle it first" in refused.err.lower()
    assert [one["to"] for one in firm.list("outbox")] == [ANNA]


def test_the_export_has_the_evidence_and_no_formula(make_firm):
    """CSV and JSON hold every entry; what a customer wrote never begins as a formula; a file is new and private."""
    evil = '=HYPERLINK("http://evil.example")\nPlease stop texting me'
    firm = make_firm(TEXTBACK)
    firm.begin()
    firm.quo.write(evil)
    firm.once()
    firm.run("optouts", "add", BILL, "--reason", "@home he said no")

    rows = list(csv.DictReader(io.StringIO(firm.run("optouts", "export").out)))
    assert [row["number"] for row in rows] == [f"'{ANNA}", f"'{BILL}"]
    assert [row["evidence"] for row in rows] == [f"'{evil}", ""]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in "=+-@\t\r" and cell]
    entries = firm.run("optouts", "export", "--format", "json").json
    assert [(one["number"], one["evidence"], one["word"]) for one in entries] == [
        (ANNA, evil, "stop texting"),
        (BILL, None, "@home he said no"),
    ]
    firm.run("optouts", "export", "-o", "out.json", "--format", "json")
    assert json.loads((firm.root / "out.json").read_text()) == entries
    assert stat.S_IMODE((firm.root / "out.json").stat().st_mode) == 0o600
    firm.run("optouts", "export", "-o", "out.json", code=1)


def test_a_number_is_read_as_it_is_dialled_there(make_firm):
    """Numbers are read in the configured region; what is none, and a connection that is none, is said so."""
    firm = make_firm(TEXTBACK, region="GB", guards={"countries": ["GB", "US"]})
    firm.run("optouts", "add", "020 7946 0958", "--connection", "main")

    assert listed(firm) == [("+442079460958", "person", False)]
    assert "is no phone number in GB" in firm.run("optouts", "add", "abc", code=64).err
    assert "there is no connection `other`" in firm.run("optouts", "add", ANNA, "--connection", "other", code=64).err
    assert "nothing stands against texting it" in firm.run("optouts", "lift", ANNA, "--reason", "x", code=1).err
