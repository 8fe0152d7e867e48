"""How many SMS segments a text takes, which is what Quo charges for. Pure.

A text of GSM-7 characters is one segment up to 160 septets and is cut into segments of 153 beyond; with any other
character it is UCS-2, 70 UTF-16 units, then 67. A character of two places (the GSM extension table, a surrogate pair)
is never cut in half. Source: 3GPP TS 23.038 and 23.040.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("^{}\\[~]|€\f")
"""Characters of GSM-7 that take two septets: an escape and a character."""

_GSM = GSM_BASIC | GSM_EXTENSION


def encoding(text: str) -> Literal["GSM-7", "UCS-2"]:
    """Name the alphabet a text is sent in; one character outside GSM-7 makes the whole text UCS-2."""
    return "GSM-7" if _GSM.issuperset(text) else "UCS-2"


def count_segments(text: str) -> int:
    """Count the segments of a text exactly; an empty text takes none."""
    if encoding(text) == "GSM-7":
        return _pack((2 if character in GSM_EXTENSION else 1 for character in text), single=160, each=153)
    return _count_ucs2(text)


def count_at_most(text: str) -> int:
    """Count the segments that Quo may charge for at most.

    Quo's page on prices counts é, ñ and ü among the characters that make a text UCS-2, although they are in GSM-7.
    So wherever anything is beyond ASCII the text is counted both ways, and the higher count is taken.
    """
    exact = count_segments(text)
    return exact if text.isascii() else max(exact, _count_ucs2(text))


def _count_ucs2(text: str) -> int:
    return _pack((2 if ord(character) > 0xFFFF else 1 for character in text), single=70, each=67)


def _pack(widths: Iterable[int], *, single: int, each: int) -> int:
    total, filled, segments = 0, 0, 0
    for width in widths:
        total += width
        filled += width
        if segments == 0 or filled > each:
            segments += 1
            filled = width
    return min(segments, 1) if total <= single else segments
