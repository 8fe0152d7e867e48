"""Who asks us to stop: the keywords by which carriers and regulators know an opt-out. Pure.

A keyword counts only when it is the whole message: "cancel my appointment" is business. Sources: 47 CFR
64.1200(a)(10) (stop, quit, end, revoke, opt out, cancel, unsubscribe) and the lists of the large SMS carriers, which
add the others, French for Canada included.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

STOP = frozenset(
    {
        "stop", "stop all", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "opt out", "optout", "remove",
        "arret", "arrêt",
    }
)  # fmt: skip
"""Whole messages that opt out, as `classify` folds them: lower case, hyphens as spaces."""

START = frozenset({"start", "unstop"})
"""Whole messages that lift an opt-out."""

_LONGEST = 200


def classify(text: str) -> Literal["stop", "start"] | None:
    """Tell whether a whole message is one keyword: `stop`, `start`, or None for everything else.

    Case, accents' encoding, width, punctuation, emoji, white space and invisible characters around and between the
    words do not matter. Letters drawn out ("STOPPP") still stop; to start again the word must be exact.
    """
    if len(text) > _LONGEST:
        return None
    words = _fold(text)
    if words in START:
        return "start"
    return "stop" if words in STOP or _shorten(words) in _SHORT_STOP else None


def _fold(text: str) -> str:
    """Keep letters and digits in lower case, and one space for whatever stands between them."""
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    plain = unicodedata.normalize("NFKC", visible).casefold()
    kept = (character if character.isalnum() else " " for character in plain)
    return " ".join("".join(kept).split())


def _shorten(words: str) -> str:
    return re.sub(r"(.)\1+", r"\1", words)


_SHORT_STOP = frozenset(map(_shorten, STOP))
