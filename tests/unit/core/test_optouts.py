"""Opt-outs: a keyword counts as the whole message, however it is dressed, and never inside a sentence."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import optouts

KEYWORDS = ["stop", "stop all", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out"]
KEYWORDS += ["opt-out", "remove", "arret", "arrêt"]
AROUND = st.text(
    alphabet=" \t\n.,!?;:'\"()-_*~\u2026\u2019\u201c\u201d\u200b\u200d\ufeff\ufe0f\u00a0🙏🛑😡👍🏽", max_size=8
)


@pytest.mark.parametrize("word", KEYWORDS)
def test_each_keyword_stops(word):
    """Every keyword of the regulators' and carriers' lists opts out, in any case."""
    assert optouts.classify(word) == "stop"
    assert optouts.classify(word.upper()) == "stop"
    assert optouts.classify(word.title()) == "stop"


@pytest.mark.parametrize("word", ["start", "START", "Unstop", " start! "])
def test_start_lifts(word):
    """START and UNSTOP lift an opt-out."""
    assert optouts.classify(word) == "start"


@pytest.mark.parametrize(
    "text",
    [
        "STOP.",
        "“Stop”",
        "  stop\n",
        "stop 🙏",
        "🛑STOP🛑",
        "ＳＴＯＰ",
        "s\u200bt\u200bo\u200bp",
        "\ufeffSTOP",
        "st\u00adop",
        "STOP_ALL",
        "Opt\u2011out",
        "STOPPP",
        "stoooop!!!",
        "unsubscribee",
        unicodedata.normalize("NFD", "ARRÊT"),
        "STOP ALL.",
        "*STOP*",
    ],
)
def test_a_dressed_keyword_stops(text):
    """Punctuation, emoji, width, invisible characters and drawn-out letters do not hide a keyword."""
    assert optouts.classify(text) == "stop"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "🛑",
        "can you stop by at 5",
        "don't stop",
        "Don\u2019t stop",
        "cancel my appointment",
        "the end",
        "stop it",
        "please stop",
        "non stop",
        "stop 2",
        "stop stop",
        "stopped",
        "s t o p",
        "ending",
        "quite",
        "quiet",
        "and",
        "removed",
        "Liked “STOP”",
        "yes",
        "restart",
        "start now",
        "startt",
        "unstopp",
        "starting",
        "help",
        "stop " + "." * 300,
    ],
)
def test_other_words_are_business(text):
    """A keyword inside a sentence, another word, and a START that is not exact mean nothing."""
    assert optouts.classify(text) is None


@given(st.sampled_from([*KEYWORDS, "start", "unstop"]), AROUND, AROUND, st.data())
def test_what_stands_around_a_keyword_does_not_matter(word, before, after, data):
    """Any mix of case, with any punctuation, emoji and blanks around it, is the same keyword."""
    drawn = "".join(letter.upper() if data.draw(st.booleans()) else letter for letter in word)

    assert optouts.classify(before + drawn + after) == ("start" if word in optouts.START else "stop")


@given(st.sampled_from(KEYWORDS), st.sampled_from(["please", "by", "my", "5", "the", "not", "o", "ü"]), st.booleans())
def test_one_more_word_makes_it_a_sentence(word, other, first):
    """A keyword with any other word before or behind it is not an opt-out."""
    text = f"{other} {word}" if first else f"{word} {other}"

    assert optouts.classify(text) is None


@given(st.text(max_size=300))
def test_any_text_is_answered(text):
    """Whatever arrives, lone surrogates included, the answer is one of three."""
    assert optouts.classify(text) in ("stop", "start", None)
