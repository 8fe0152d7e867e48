"""Who asks us to stop: certainly, by a word, or probably, by a phrase. Pure.

When in doubt the answer is `likely`: that blocks too, and a person confirms or lifts it. A false block costs a click.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from quoflow.core import optout_words

Certainty = Literal["certain", "likely"]

LONGEST = 1600
"""Characters that are looked at: the longest text there is."""

_LONGEST_WORD = 40


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says of opting out.

    Attributes:
        says: `stop`, or `start` to lift what a word has set.
        certainty: `certain` where the word is the whole message, else `likely`.
        phrase: the word or phrase that says so, as it was understood.
    """

    says: Literal["stop", "start"]
    certainty: Certainty
    phrase: str


def classify(text: str) -> Said | None:
    """Tell whether a message asks us to stop or to start again; None for everything else.

    Case, accents, width, look-alike letters, punctuation, emoji, white space and invisible characters do not matter,
    nor do letters drawn out ("STOPPP"); to start again the word must be exact. What is longer than any text is looked
    at in its first 1,600 characters, and is never certain.
    """
    words = fold(text[:LONGEST])
    if len(text) <= LONGEST:
        if words in optout_words.START:
            return Said("start", "certain", words)
        if words in optout_words.STOP or _shorten(words) in _SHORT_STOP:
            return Said("stop", "certain", words[:_LONGEST_WORD])
    phrase = _find_phrase(text[:LONGEST], words)
    return None if phrase is None else Said("stop", "likely", phrase)


def tells_how_to_stop(text: str) -> bool:
    """Tell whether a text of ours says how to opt out: whether it names a word that does so when it is sent back."""
    words = fold(text[:LONGEST])
    return any(f" {word} " in f" {words} " for word in _TOLD)


def fold(text: str) -> str:
    """Reduce a text to its words: lower case without accents or apostrophes, one space between them."""
    visible = "".join(character for character in text if unicodedata.category(character) not in ("Cf", "Mn"))
    parted = unicodedata.normalize("NFKD", visible).casefold().translate(_APOSTROPHES)
    bare = "".join(character for character in parted if unicodedata.category(character) != "Mn").translate(_LOOKALIKES)
    words = "".join(character if character.isalnum() else " " for character in bare).split()
    if len(words) > 1 and all(len(word) == 1 for word in words):
        return "".join(words)
    return " ".join(word.replace("0", "o") if _is_mixed(word) else word for word in words)


def _find_phrase(text: str, words: str) -> str | None:
    """Give the phrase of a message that probably asks us to stop."""
    if optout_words.REACTION.match(_strip_accents(text)):
        return None
    plain = " ".join(_PLAIN.get(word, word) for word in _LONG_RUN.sub(r"\1", words).split())
    if plain in optout_words.LIKELY or words in optout_words.STOP or _shorten(words) in _SHORT_STOP:
        return plain[:_LONGEST_WORD]
    meant = optout_words.NOT_MEANT.sub(" ", plain)
    found = (pattern.search(meant) for pattern in optout_words.PHRASES)
    first = next((match for match in found if match is not None), None)
    if first is None and not optout_words.RATHER_TEXT.search(meant):
        first = optout_words.CALLING.search(meant)
    return None if first is None else first.group()[:_LONGEST_WORD]


def _strip_accents(text: str) -> str:
    parted = unicodedata.normalize("NFD", text)
    return "".join(character for character in parted if unicodedata.category(character) not in ("Cf", "Mn"))


def _is_mixed(word: str) -> bool:
    return "0" in word and any(character.isalpha() for character in word)


def _shorten(words: str) -> str:
    return re.sub(r"(.)\1+", r"\1", words)


_TOLD = ("stop", "stopall", "unsubscribe", "opt out", "optout", "alto", "baja", "arret", "desabonnement")
"""The words that texts of firms name; the others of STOP mean too much else."""

_SHORT_STOP = frozenset(map(_shorten, optout_words.STOP))

_LONG_RUN = re.compile(r"([^\W\d_])\1{2,}")

_APOSTROPHES = dict.fromkeys(map(ord, "'\u2018\u2019\u02bc\u00b4`\u2032\uff07"))

_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0442\u0455\u0456\u0458\u043d\u043a\u043c\u0432"
    "\u03b1\u03b5\u03bf\u03c1\u03c4\u03b9\u03bd\u03c5\u03ba\u03c7",
    "aeopcxytsijhkmbaeoptivukx",
)
"""Cyrillic and Greek letters that look like Latin ones (Unicode TR 39)."""

_PLAIN = {
    "dont": "do not", "donot": "do not", "doesnt": "does not", "didnt": "did not", "wouldnt": "would not",
    "shouldnt": "should not", "cant": "can not", "couldnt": "could not", "pls": "please", "plz": "please",
    "u": "you", "ur": "your", "txt": "text", "txts": "texts", "txting": "texting", "msg": "message",
    "msgs": "messages", "msging": "messaging", "unsuscribe": "unsubscribe",
    "unsubcribe": "unsubscribe", "unsubscribed": "unsubscribe", "thx": "thanks", "mesages": "messages",
}  # fmt: skip
"""How people write on a phone."""
