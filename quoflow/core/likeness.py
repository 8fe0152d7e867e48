"""When two texts are the same text although a carrier's path rewrote some characters. Pure.

Case stays, as do digits and other punctuation: what rewrites a text on its way changes how a character is written,
never what is said, and a text that is too much alike would be taken for ours when it was a person's.
"""

from __future__ import annotations

import unicodedata

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u2035\u2039\u203a\u02b9\u02bb\u02bc\u275b\u275c\u00b4`", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u2036\u301d\u301e\u301f\u275d\u275e\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212", "-"),
        **dict.fromkeys("\u034f\u180b\u180c\u180d\ufe0e\ufe0f", ""),  # joiners and variants that show nothing
        "\u2026": "...",
    }
)
_BLANKS = frozenset("\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f\x85")


def fold_text(text: str) -> str:
    """Give the form under which texts are compared: NFKC, plain quotes, dashes and dots, single spaces, nothing unseen.

    Quo's "smart encoding" may rewrite typographic characters between our request and the message that a later
    listing shows, so bytes cannot be compared. Folding a folded text changes nothing.
    """
    while (folded := _fold_once(text)) != text:
        text = folded
    return text


def _fold_once(text: str) -> str:
    shown = "".join(char for char in text.translate(_FOLDED) if char in _BLANKS or not _is_unseen(char))
    return " ".join(unicodedata.normalize("NFKC", shown).split())


def _is_unseen(char: str) -> bool:
    """Whether a character shows nothing: controls, and format characters such as zero-width blanks and direction."""
    return unicodedata.category(char) in ("Cc", "Cf")
