"""What went to and fro: texts of ours in every state, answers by Quo's clock, and whether there was ever anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from quoflow.core.facts import Call, Message
from quoflow.core.loops import Answer, Sent
from quoflow.store import exchanges, mirror, outbox

LINE, SALES = "PN1", "PN2"


def attempt(tx, make, name, *, state="sending", **fields):
    """Write an attempt at a text of its own run, in a state."""
    step = make.step(name, **{key: fields[key] for key in ("to", "action") if key in fields})
    make.run(tx, f"run of {name}", step)
    tried = make.attempt(replace(step, run_id=f"run of {name}"), name, **fields)
    assert outbox.take_intent(tx, tried, now=tried.started_at)
    if state != "sending":
        outbox.settle(tx, name, state=state, reason="", now=tried.started_at)


def heard(make, minute, *, direction="incoming", line_id=LINE, name=None, peer=None):
    who = peer or make.peer
    name = name or f"AC{minute}"
    return Message(name, line_id, who, direction, "hi", "received", make.at(minute), who, (who,))


def save(tx, *messages, ours=()):
    mirror.save_messages(tx, "main", messages, ours=set(ours))


def test_texts_that_went_out_or_may_have_are_listed(tx, make):
    """Those in sending, sent and unknown, with their line, rule and words; failed ones, tags and others' are not."""
    for minute, state in enumerate(("sending", "unknown", "sent", "failed")):
        attempt(tx, make, state, state=state, started_at=make.at(minute), normal_text=state)
    attempt(tx, make, "other", to="+15555550199", started_at=make.at(9))
    attempt(tx, make, "tag", action="tag_contact", started_at=make.at(9))

    listed = exchanges.list_sent(tx, connection="main", to=make.peer, since=make.at(1))

    assert listed == (
        Sent(make.at(1), LINE, "greet", "unknown", "unknown"),
        Sent(make.at(2), LINE, "greet", "sent", "sent"),
    )
    assert len(exchanges.list_sent(tx, connection="main", to=make.peer, since=make.at(-1))) == 3
    assert exchanges.list_sent(tx, connection="second", to=make.peer, since=make.at(-1)) == ()


def test_an_answer_is_their_latest_text_behind_one_of_ours(tx, make):
    """How long it took is told from our text just before it, by Quo's times."""
    save(tx, heard(make, 0, direction="outgoing"), heard(make, 2, direction="outgoing"), ours=("AC0", "AC2"))
    save(tx, heard(make, 1), heard(make, 2.1), heard(make, 9, direction="outgoing"))

    answer = exchanges.find_answer(tx, connection="main", line_id=LINE, peer=make.peer, since=make.at(0))

    assert answer == Answer(make.at(2.1), make.at(2.1) - make.at(2))


@pytest.mark.parametrize(
    ("cut", "took"), [(timedelta(0), timedelta(0)), (timedelta(milliseconds=1), None), (timedelta(seconds=-1), None)]
)
def test_an_answer_whose_time_is_cut_to_the_second_is_one_to_a_text_of_the_same_second(tx, make, cut, took):
    """Ours went 0.9 s into the second in which theirs is: cut, it may be an answer; with a fraction, it came before."""
    ours = replace(heard(make, 0, direction="outgoing"), created_at=make.now + timedelta(milliseconds=900))
    save(tx, ours, ours=[ours.id])
    save(tx, replace(heard(make, 1), created_at=make.now + cut))

    answer = exchanges.find_answer(tx, connection="main", line_id=LINE, peer=make.peer, since=make.at(-1))

    assert (answer.after if answer else None) == took


def test_the_latest_text_is_found_whoever_wrote_it(tx, make):
    """Of a line and a number the last one; None where there is none."""
    save(tx, heard(make, 0), heard(make, 2, direction="outgoing"), heard(make, 3, line_id=SALES))

    last = exchanges.find_last_message(tx, connection="main", line_id=LINE, peer=make.peer)

    assert last is not None
    assert last.id == "AC2"
    assert exchanges.find_last_message(tx, connection="main", line_id="PN9", peer=make.peer) is None


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [(0, "incoming", LINE, False)],
        [(0, "outgoing", LINE, False), (1, "incoming", LINE, False)],  # a person of ours wrote it
        [(0, "outgoing", SALES, True), (1, "incoming", LINE, False)],
        [(0, "outgoing", LINE, True), (1, "incoming", SALES, False)],
        [(1, "incoming", LINE, False), (2, "outgoing", LINE, True)],
        [(-9, "outgoing", LINE, True), (-8, "incoming", LINE, False)],
    ],
)
def test_what_is_no_answer_to_quoflow(tx, make, messages):
    """Nothing heard, nothing of ours before it, another line, or too long ago: no answer."""
    for minute, direction, line_id, is_ours in messages:
        message = heard(make, minute, direction=direction, line_id=line_id)
        save(tx, message, ours=[message.id] if is_ours else [])

    assert exchanges.find_answer(tx, connection="main", line_id=LINE, peer=make.peer, since=make.at(0)) is None


def has_exchanged(tx, make, *, connection="main", line_id=LINE):
    return exchanges.has_exchanged(tx, connection=connection, line_id=line_id, peer=make.peer)


def test_a_number_is_new_until_anything_went_to_or_fro(tx, make):
    """A text, a call or a text of ours on its way, on this line: each makes it known; another line does not."""
    assert not has_exchanged(tx, make)

    save(tx, heard(make, 0, line_id=SALES))
    mirror.save_calls(tx, "main", [Call("CA1", "PN3", make.peer, "incoming", "missed", make.at(0))])
    attempt(tx, make, "way", line_id="PN4", started_at=make.at(0))
    attempt(tx, make, "failed", state="failed", started_at=make.at(0))

    known = {line_id: has_exchanged(tx, make, line_id=line_id) for line_id in (LINE, SALES, "PN3", "PN4")}
    assert known == {LINE: False, SALES: True, "PN3": True, "PN4": True}
    assert not has_exchanged(tx, make, connection="second", line_id=SALES)


def test_what_others_wrote_is_listed_without_our_texts(tx, make):
    """On any line, from a time on: not what quoflow sent, by its mark or by the id that an attempt has claimed."""
    save(tx, heard(make, -1), heard(make, 0), heard(make, 1, direction="outgoing", line_id=SALES))
    save(tx, heard(make, 2, direction="outgoing"), ours=["AC2"])
    attempt(tx, make, "sent", started_at=make.at(3))
    outbox.settle(tx, "sent", state="sent", reason="", now=make.at(3), message_id="AC3")
    save(tx, heard(make, 3, direction="outgoing"), heard(make, 4, peer="+15555550199"))

    listed = exchanges.list_others_messages(tx, connection="main", peer=make.peer, since=make.at(0))

    assert [one.id for one in listed] == ["AC0", "AC1"]
    assert exchanges.list_others_messages(tx, connection="second", peer=make.peer, since=make.at(0)) == ()


def test_calls_are_listed_from_a_time_on(tx, make):
    """Of one number, on any line, oldest first."""
    times = {"CA2": 2, "CA0": -1, "CA1": 0}
    calls = [Call(name, LINE, make.peer, "incoming", "missed", make.at(at)) for name, at in times.items()]
    other = Call("CA9", SALES, "+15555550199", "incoming", "missed", make.at(1))
    mirror.save_calls(tx, "main", [*calls, other])

    listed = exchanges.list_calls(tx, connection="main", peer=make.peer, since=make.at(0))

    assert [one.id for one in listed] == ["CA1", "CA2"]
