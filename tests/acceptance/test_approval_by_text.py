"""Approval by text: an owner's answer with the right code decides, and nothing else that anybody texts."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest

from .conftest import ANNA, BILL, MAIN, STRANGER, TEXTBACK

MARIA, JOE = "+15555550131", "+15555550132"
SMS = {"owners": {"maria": MARIA, "joe": JOE}, "line": "Main Line"}
ANSWER = """
name: answer
trigger: message.received
actions:
  - notify: {text: "A rule saw it"}
"""


@pytest.fixture
def make_asking(make_firm):
    """Set up a firm in which owners are asked about a text to Anna; the questions have gone out."""

    def make(*rules, **approvals):
        firm = make_firm(TEXTBACK, *rules, approvals={"sms": SMS, **approvals})
        firm.begin()
        firm.quo.miss_call(ANNA)
        firm.once()
        return firm

    return make


def sent_to(firm, number):
    return [one["text"] for one in firm.quo.sent() if one["to"] == number]


def read_code(firm, number=MARIA):
    return re.match(r"Reply YES (\w+) to send this, or NO \1, by ", sent_to(firm, number)[-1])[1]


def audited(firm, kind):
    with closing(sqlite3.connect(firm.root / "quoflow.db")) as database:
        return [actor for (actor,) in database.execute("SELECT actor FROM audit WHERE kind = ? ORDER BY id", [kind])]


def test_an_owner_says_yes(make_asking):
    """The question shows every byte and a code; the answer counts once, no rule sees it, and that text goes."""
    firm = make_asking(ANSWER)
    (waiting,) = firm.list("approvals")
    assert sent_to(firm, MARIA) == sent_to(firm, JOE)
    assert sent_to(firm, MARIA)[0].endswith(f"\nRule textback, to +1555***0111:\n{waiting['text']}")
    assert {one["from"] for one in firm.quo.sent()} == {MAIN}
    firm.quo.write(f" yes {read_code(firm).lower()}.", MARIA)
    firm.once()
    firm.quo.write(f"NO {read_code(firm)}", JOE)
    firm.once()

    assert sent_to(firm, ANNA) == [waiting["text"]]
    shown = firm.run("approvals", "show", waiting["id"], "--json").json
    assert (shown["state"], shown["decided_by"], shown["votes"]) == ("approved", "maria", ["maria"])
    assert [rule for rule, _ in firm.states()].count("answer") == 0
    assert (len(sent_to(firm, MARIA)), len(sent_to(firm, JOE))) == (1, 1)


def test_the_code_is_for_nobody_who_reads_the_log(make_firm):
    """What is told of a question on the terminal or in the log names neither the code nor the words that wait."""
    firm = make_firm(TEXTBACK, approvals={"sms": SMS})
    firm.begin()
    firm.quo.miss_call(ANNA)
    told = firm.once()

    assert "asked an owner" in told.out + told.err
    assert read_code(firm) not in told.out + told.err


def test_an_owner_says_no(make_asking):
    """A no by text is a no; a yes after it does not count."""
    firm = make_asking()
    code = read_code(firm)
    firm.quo.write(f"No {code}", JOE)
    firm.once()
    firm.quo.write(f"Yes {code}", MARIA)
    firm.once()

    assert sent_to(firm, ANNA) == []
    assert ("textback", "cancelled") in firm.states()


@pytest.mark.parametrize("who", [ANNA, STRANGER, "another line", "outgoing"])
def test_nothing_that_anybody_else_texts_approves(make_asking, who):
    """The right code from a customer, a stranger, to another line, or written by ourselves: nothing is decided."""
    firm = make_asking(ANSWER)
    told = {"another line": {"peer": MARIA, "line": "PNsales"}, "outgoing": {"peer": MARIA, "direction": "outgoing"}}
    firm.quo.write(f"YES {read_code(firm)}", **told.get(who, {"peer": who}))
    firm.once()

    assert sent_to(firm, ANNA) == []
    assert [one["votes"] for one in firm.list("approvals")] == [[]]
    assert [rule for rule, _ in firm.states()].count("answer") == (who != "outgoing")


def test_wrong_codes_lock(make_asking):
    """Wrong codes decide nothing, are answered by nobody and are audited; after five within an hour no code counts."""
    firm = make_asking()
    code = read_code(firm)
    wrong = next(other for other in ("0000", "1111") if other != code)
    for _ in range(5):
        firm.quo.write(f"YES {wrong}", MARIA)
    firm.once()
    firm.quo.write(f"YES {code}", MARIA)
    firm.once()
    assert audited(firm, "approval.wrong_code") == ["maria"] * 5
    assert audited(firm, "approval.not_counted") == ["maria"]
    assert sent_to(firm, ANNA) == []
    assert len(sent_to(firm, MARIA)) == 1

    firm.quo.write(f"YES {code}", JOE)
    firm.once()
    assert len(sent_to(firm, ANNA)) == 1


def test_a_code_expires(make_asking):
    """After its time the right code is none; the approval itself waits on."""
    firm = make_asking()
    firm.quo.write(f"YES {read_code(firm)}", MARIA)
    firm.once(ahead="31m")

    assert sent_to(firm, ANNA) == []
    assert [one["to"] for one in firm.list("approvals", ahead="31m")] == [ANNA]
    assert audited(firm, "approval.not_counted") == ["maria"]


def test_an_edit_voids_the_code(make_asking):
    """The code is bound to the bytes that were shown: other words are asked about again, with another code."""
    firm = make_asking()
    old = read_code(firm)
    (waiting,) = firm.list("approvals")
    firm.run("approvals", "edit", waiting["id"], "--text", "We call at 4.")
    firm.once()
    assert sent_to(firm, MARIA)[-1].endswith("\nWe call at 4.")
    assert read_code(firm) != old
    firm.quo.write(f"YES {old}", MARIA)
    firm.once()
    assert sent_to(firm, ANNA) == []

    firm.quo.write(f"YES {read_code(firm)}", MARIA)
    firm.once()
    assert sent_to(firm, ANNA) == ["We call at 4."]


def test_two_owners_are_two_people(make_asking):
    """With two approvers one owner's yes is one, by text and at the keyboard together; the other's decides."""
    firm = make_asking(approvers=2)
    (waiting,) = firm.list("approvals")
    code = read_code(firm)
    firm.quo.write(f"YES {code}", MARIA)
    firm.once()
    firm.run("approvals", "approve", waiting["id"], actor="maria")
    firm.once()
    assert [one["votes"] for one in firm.list("approvals")] == [["maria"]]
    assert sent_to(firm, ANNA) == []

    firm.quo.write(f"YES {code}", JOE)
    firm.once()
    assert len(sent_to(firm, ANNA)) == 1


def test_questions_are_not_counted_but_held(make_firm):
    """Owners are asked as often as there is something to ask, whatever the caps; while all is paused nobody is."""
    firm = make_firm(TEXTBACK, approvals={"sms": SMS}, guards={"contact_cap": {"per_hour": 1, "per_day": 1}})
    firm.begin()
    firm.run("pause")
    firm.quo.miss_call(ANNA)
    firm.quo.miss_call(BILL)
    firm.once()
    assert firm.quo.sent() == []
    firm.run("resume")
    firm.once()
    firm.once()

    assert (len(sent_to(firm, MARIA)), len(sent_to(firm, JOE))) == (2, 2)


def test_a_question_that_is_answered_is_withdrawn(make_firm):
    """What was decided at the keyboard before the question went out is not asked any more."""
    firm = make_firm(TEXTBACK, approvals={"sms": SMS})
    firm.begin()
    firm.run("pause")
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.run("approvals", "reject", "--all")
    firm.run("resume")
    firm.once()

    assert firm.quo.sent() == []
    assert {state for _, state in firm.states()} == {"cancelled"}


def test_nobody_is_asked_unless_it_is_configured(make_firm):
    """It is off from the start: no question goes out, and a text of that form is a text like any other."""
    firm = make_firm(TEXTBACK, ANSWER)
    firm.begin()
    firm.quo.miss_call(ANNA)
    firm.quo.write("YES 4F2A", MARIA)
    firm.once()

    assert firm.quo.sent() == []
    assert ("answer", "succeeded") in firm.states()


EVERYBODY = """
name: everybody
trigger: manual
audience: {contacts: contact.known}
actions:
  - send_message: {from: Main Line, text: "We are closed tomorrow."}
"""


def test_nobody_is_asked_about_a_batch_by_text(make_firm):
    """A batch would be a question for each of its members: it is left to the command line, and said so once."""
    firm = make_firm(EVERYBODY, approvals={"sms": SMS})
    firm.begin()
    firm.run("trigger", "everybody")
    told = firm.once().err
    again = firm.once().err

    assert firm.quo.sent() == []
    assert len(firm.list("approvals")) == 3
    assert told.count("a batch is not asked about by text") == 1
    assert "not asked" not in again
