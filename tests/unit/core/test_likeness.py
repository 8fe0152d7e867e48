"""Likeness: texts that are the same although a carrier's path rewrote some characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core.likeness import fold_text


@pytest.mark.parametrize(
    ("sent", "listed"),
    [
        ("We\u2019re sorry", "We're sorry"),
        ("\u201cyes\u201d", '"yes"'),
        ("9\u201317", "9-17"),
        ("wait\u2026", "wait..."),
        ("a\u00a0b", "a b"),
        ("zero\u200bwidth", "zerowidth"),
        ("line\r\nbreak  twice", "line break twice"),
        ("  padded ", "padded"),
        ("cafe\u0301", "caf\u00e9"),
        ("\ufb01ne", "fine"),
    ],
)
def test_rewritten_characters_are_the_same_text(sent, listed):
    """Typographic characters, blanks and composed letters do not hide a text that was sent."""
    assert fold_text(sent) == fold_text(listed)


@pytest.mark.parametrize(
    ("one", "other"), [("Yes", "yes"), ("Hi Anna", "Hi Ana"), ("10:00", "1000"), ("a b", "ab"), ("\u00e9", "e")]
)
def test_different_texts_stay_different(one, other):
    """Folding forgives the way of writing, not the words: another text is never claimed as ours."""
    assert fold_text(one) != fold_text(other)


@given(st.text())
def test_folding_twice_is_folding_once(text):
    """The form is final: what is stored folded compares with what is folded later."""
    assert fold_text(fold_text(text)) == fold_text(text)
