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
        ("it\u02bcs \u2039so\u203a", "it's 'so'"),
        ("\u301dyes\u301e", '"yes"'),
        ("\u2764\ufe0f", "\u2764"),
        ("a\u200eb\u202ec\u00add", "abcd"),
        ("\uff21\uff11", "A1"),
        ("\ufe19", "..."),
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


TRICKY = st.text(
    "aA1 .'\"-\u0301\u2019\u2033\u2034\u2036\u2026\u2025\u2011\u00b4"
    "\u200d\u034f\ufe0f\u00a0\u3000\n\x1c\x00\uff07\ufe58\u1160"
)


@given(st.text() | TRICKY)
def test_folding_twice_is_folding_once(text):
    """The form is final: what is stored folded compares with what is folded later."""
    assert fold_text(fold_text(text)) == fold_text(text)


@given(TRICKY, st.sampled_from(["'", '"', "-", "...", " ", ""]), TRICKY)
def test_each_way_of_writing_a_sign_folds_to_the_same(before, plain, after):
    """Whatever stands around it, a typographic sign and its plain form are the same text."""
    fancy = {"'": "\u2019", '"': "\u201d", "-": "\u2013", "...": "\u2026", " ": "\u00a0\u3000", "": "\u200b"}[plain]

    assert fold_text(f"{before}x{fancy}x{after}") == fold_text(f"{before}x{plain}x{after}")


@given(st.text("abcABC019 ,.!?", min_size=1), st.text("abcABC019,.!?", min_size=1))
def test_another_word_is_another_text(text, more):
    """Nothing that is said is lost in folding: a text with more in it, or in other case, is another one."""
    assert fold_text(text + more) != fold_text(text)
    assert (fold_text(text.upper()) == fold_text(text)) == (text.upper() == text)
