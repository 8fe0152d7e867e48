"""Approval by text: the code, the question and the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import questions
from quoflow.core.questions import Answer

TEXT = "We can come at 4.\nDoes that suit you?"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("YES 4F2A", Answer(True, "4F2A")),
        ("no 4f2a", Answer(False, "4F2A")),
        ("  Yes,  4f-2a! ", Answer(True, "4F2A")),
        ('"YES: 4F 2A"\n', Answer(True, "4F2A")),
        ("yes-4f2o", Answer(True, "4F20")),
        ("YES IF2A", Answer(True, "1F2A")),
        ("YES 4F2", None),
        ("YES", None),
        ("NO", None),
        ("no load", None),
        ("no face", None),
        ("yes 4F2A please", None),
        ("YES 4F2A NO 4F2A", None),
        ("yesterday 4F2A", None),
        ("Hi! YES 4F2A", None),
        ("YES4F2A", None),
        ("sí 4F2A", None),
        ("YES \uff14F2A", None),
        ("", None),
    ],
)
def test_an_answer_has_exactly_one_form(text, answer):
    """A word, a code, and around them nothing but blanks and marks; words that look like codes are none."""
    assert questions.read_answer(text) == answer


@given(st.text("0123456789abcdef", min_size=12, max_size=12), st.booleans())
def test_every_code_can_be_answered(token, is_yes):
    """Whatever the token, its code is read again as it was written, in small letters too."""
    code = questions.make_code(token, ())
    word = "yes" if is_yes else "NO"

    assert questions.read_answer(f"{word} {code.lower()}") == Answer(is_yes, code)


def test_a_code_is_short_and_not_taken():
    """Four digits of the token, others where those are taken, and more where all are."""
    assert questions.make_code("00000000a4f2", ()) == "A4F2"
    assert questions.make_code("00000000a4f2", {"A4F2"}) == "0A4F"
    assert questions.make_code("a4f2", {"A4F2"}) == "0A4F2"
    assert questions.make_code("id-7", ()) == "00D7"


def test_a_question_shows_every_byte_after_the_code():
    """The code stands before the customer's words, the words are whole, the number is masked."""
    asked = questions.write_question(rule="offer", to="+15555550112", what=TEXT, code="4F2A", until="15:04 EST")

    assert asked == f"Reply YES 4F2A to send this, or NO 4F2A, by 15:04 EST.\nRule offer, to +1555***0112:\n{TEXT}"


def test_nobody_is_asked_about_a_part():
    """A text that does not fit into the question whole is not asked about by text."""
    known = {"rule": "r", "to": "+15555550112", "code": "4F2A", "until": "15:04 EST"}
    room = 1600 - len(questions.write_question(what="", **known))

    assert len(questions.write_question(what="x" * room, **known)) == 1600
    assert questions.write_question(what="x" * (room + 1), **known) is None


def test_the_rule_that_asks_cannot_be_written():
    """Its name has a blank, so no file's rule can pass for it; the words of a question are values, not a template."""
    rule = questions.make_rule(timedelta(minutes=30))
    (step,) = rule.steps

    assert " " in rule.name
    assert (step.parameters.text, step.parameters.to, step.parameters.from_) == (
        "{{ vars.text }}",
        "{{ vars.to }}",
        "{{ vars.line }}",
    )
    assert rule.max_age == timedelta(minutes=30)
