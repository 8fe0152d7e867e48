"""Segments: exact counts at every edge, and agreement with a naive packer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import segments

ALPHABET = "aé@\n^€\f~|ñ"
GSM_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


def pack_naively(text: str) -> int:
    """Cut a text into whole segments by hand, the way a handset would have to."""
    gsm = segments.encoding(text) == "GSM-7"
    units = [
        ["ESC", c] if gsm and c in "^{}\\[~]|€\f" else ["HI", "LO"] if not gsm and ord(c) > 0xFFFF else [c]
        for c in text
    ]
    single, each = (160, 153) if gsm else (70, 67)
    if sum(len(unit) for unit in units) <= single:
        return 1 if text else 0
    parts: list[list[str]] = [[]]
    for unit in units:
        if len(parts[-1]) + len(unit) > each:
            parts.append([])
        parts[-1].extend(unit)
    return len(parts)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("a", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # 306 septets, but the euro sign may not be cut in half
        ("a" * 159 + "€", 2),
        ("ł" * 70, 1),
        ("ł" * 71, 2),
        ("ł" * 134, 2),
        ("ł" * 135, 3),
        ("🙂" * 35, 1),
        ("🙂" * 36, 2),
        ("🙂" * 66, 2),  # 33 pairs of 67 units, one unit left over
        ("🙂" * 67, 3),
        ("a" * 160 + "\u2019", 3),  # one curly quote makes 161 units of UCS-2
        ("\ud83d", 1),  # half a pair, as broken JSON brings it
    ],
)
def test_count_is_exact_at_the_edges(text, expected):
    """Every limit of 3GPP TS 23.038/23.040 is met to the character, 305 characters with a euro sign included."""
    counted = segments.count_segments(text)

    assert counted == expected


def test_the_text_of_305_characters_is_305_long():
    """The example of three segments is the one that 306 septets would fit into two."""
    text = "a" * 152 + "€" + "a" * 152

    assert len(text) == 305
    assert text.index("€") + 1 == 153


@pytest.mark.parametrize("character", sorted(set(GSM_TABLE)))
def test_basic_characters_take_one_septet(character):
    """Each character of the GSM-7 default alphabet is one septet."""
    assert segments.encoding(character) == "GSM-7"
    assert segments.count_segments(character * 160) == 1


@pytest.mark.parametrize("character", "^{}\\[~]|€\f")
def test_extension_characters_take_two_septets(character):
    """Each character of the extension table is two septets."""
    assert segments.encoding(character) == "GSM-7"
    assert segments.count_segments(character * 80) == 1
    assert segments.count_segments(character * 81) == 2


@pytest.mark.parametrize("character", ["\u2019", "ê", "ç", "`", "\t", "…", "\u00a0", "ł", "漢"])
def test_other_characters_make_the_text_ucs2(character):
    """One character outside the alphabet makes the whole text UCS-2, look-alikes included."""
    assert segments.encoding("plain " + character) == "UCS-2"


def test_the_basic_alphabet_is_whole():
    """The alphabet holds 127 characters: 128 places, one of which is the escape."""
    assert len(segments.GSM_BASIC) == 127


@given(st.text(alphabet=ALPHABET, min_size=140, max_size=480))
def test_gsm_agrees_with_a_naive_packer(text):
    """For any GSM-7 text the count is that of cutting it by hand."""
    assert segments.count_segments(text) == pack_naively(text)


@given(st.text(min_size=1, max_size=300))
def test_any_text_agrees_with_a_naive_packer(text):
    """For any text at all the count is that of cutting it by hand."""
    assert segments.count_segments(text) == pack_naively(text)


@given(st.text(alphabet="a€🙂ł", max_size=400), st.sampled_from("a€🙂ł"))
def test_a_longer_text_never_takes_fewer_segments(text, character):
    """Adding a character never makes a text cheaper."""
    assert segments.count_segments(text + character) >= segments.count_segments(text)


@given(st.text(alphabet=ALPHABET, min_size=1, max_size=480))
def test_no_character_of_two_septets_straddles_two_segments(text):
    """Every segment of a naive cutting holds whole characters, and one fewer segment would not hold the text."""
    septets = sum(2 if character in segments.GSM_EXTENSION else 1 for character in text)
    counted = segments.count_segments(text)

    assert counted * (160 if counted == 1 else 153) >= septets
    if counted > 1:
        assert septets > 160
        assert (counted - 1) * 152 < septets  # each cut may leave one septet empty, and no more


@pytest.mark.parametrize(
    ("text", "exact", "most"),
    [
        ("", 0, 0),
        ("a" * 160, 1, 1),
        ("a" * 159 + "é", 1, 3),
        ("ñandú ü" + "a" * 63, 1, 1),
        ("é" * 71, 1, 2),
        ("{" * 80, 1, 1),
        ("ł" * 71, 2, 2),
        ("🙂" * 36, 2, 2),
    ],
)
def test_the_most_that_may_be_charged_counts_accents_as_special(text, exact, most):
    """What is beyond ASCII is counted both ways; plain texts and UCS-2 texts have one count."""
    assert (segments.count_segments(text), segments.count_at_most(text)) == (exact, most)


@given(st.text(max_size=400))
def test_the_most_is_never_less_than_the_exact_count(text):
    """The upper bound is one."""
    assert segments.count_at_most(text) >= segments.count_segments(text)
