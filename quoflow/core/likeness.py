"""When two texts are the same text although a carrier's path rewrote some characters. Pure."""

from __future__ import annotations

import unicodedata

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
        "\u2026": "...",
    }
)


def fold_text(text: str) -> str:
    """Give the form under which texts are compared: NFKC, plain quotes, dashes and dots, single spaces.

    Quo's "smart encoding" may rewrite typographic characters between our request and the message that a later
    listing shows, so bytes cannot be compared.
    """
    return " ".join(unicodedata.normalize("NFKC", text.translate(_FOLDED)).translate(_FOLDED).split())
