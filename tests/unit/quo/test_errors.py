"""The tree of errors, and texts that are fit to print."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.errors import QuoflowError
from quoflow.quo import errors


def all_kinds(kind=errors.QuoError):
    return {kind}.union(*(all_kinds(child) for child in kind.__subclasses__()))


def test_the_docstring_draws_every_kind():
    """The tree in the docstring names each kind exactly once, and no other."""
    drawn = re.findall(r"^[│ ]*(?:[├└]── )?([A-Z]\w+) {2,}", errors.__doc__, re.MULTILINE)

    assert sorted(drawn) == sorted(kind.__name__ for kind in all_kinds())


def test_what_is_not_sent_is_never_ambiguous():
    """Each kind is on one side only: provably not sent, or ambiguous, or no matter of a write."""
    for kind in all_kinds():
        error = kind("x")

        assert isinstance(error, QuoflowError)
        assert error.is_ambiguous == isinstance(error, errors.Ambiguous)
        assert not (isinstance(error, errors.NotSentError) and error.is_ambiguous)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to +15551234567.", "to +1555***4567."),
        ("participants=%2B15551234567&", "participants=+1555***4567&"),
        ("15551234567 failed", "1555***4567 failed"),
        ("(555) 123-4567", "55***67"),
        ("+1 555-123-4567", "+1555***4567"),
        ("+4912345678", "+49***78"),
        ("code 0206400, status 400", "code 0206400, status 400"),
        ("call AC3700624254754609749a06f", "call AC3700624254754609749a06f"),
    ],
)
def test_numbers_are_masked(text, expected):
    """Phone numbers lose their middle in every spelling; codes and ids stay."""
    assert errors.mask_numbers(text) == expected


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True), st.text(max_size=20), st.text(" .,;:!\"'", max_size=3))
def test_no_whole_number_survives(number, before, after):
    """Whatever stands around an E.164 number, it does not come through whole."""
    assert number not in errors.clean_text(f"{before} {number}{after}")


def test_texts_are_one_printable_line():
    """Colours, titles, line breaks and marks that turn the text never reach a terminal; length is capped."""
    assert errors.clean_text("a\x1b[31mred\x1b[0m\n\tb\x1b]0;title\x07c\u202ed") == "a red b c d"
    assert len(errors.clean_text("x" * 5000)) == errors.LONGEST_DETAIL
