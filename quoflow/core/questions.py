"""Approval by text: the question to an owner, the code in it, and how an answer is read. Pure.

The question is a write like any other, made by a rule of quoflow's own: its words are values of the event, never a
template. The code stands before the words that a customer may have put in, so that nothing in them can pass for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from quoflow.core import phones, plans, steps, writes
from quoflow.core.parameters.messages import SendMessage
from quoflow.core.rules import Rule

NAME = "approval by text"
"""The rule's name; no file can have a rule of this name, as names have no blanks."""

_DOCUMENT = {"name": NAME, "text": "{{ vars.text }}", "to": "{{ vars.to }}", "from": "{{ vars.line }}"}
VERSION = plans.hash_canonical(_DOCUMENT)[:12]

SHORTEST_CODE = 4
_ANSWER = re.compile(r"\W*(yes|no)\W+([0-9a-foil\W]+)", re.IGNORECASE | re.ASCII)
_HAS_FIGURE = re.compile(r"[0-9]")
_LOOKALIKES = str.maketrans("oOiIlL", "001111")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an owner's text says: yes or no, and the code that it bears, in capitals."""

    approve: bool
    code: str


def make_rule(max_age: timedelta) -> Rule:
    """Give the rule that asks owners; a question older than `max_age` is not sent."""
    parameters = SendMessage.model_validate({key: _DOCUMENT[key] for key in ("text", "to", "from")})
    return Rule(
        name=NAME,
        version=VERSION,
        document=_DOCUMENT,
        triggers=(),
        steps=(steps.Step("actions[0]", "send_message", parameters),),
        approval="auto",
        max_age=max_age,
    )


def make_code(token: str, taken: Collection[str]) -> str:
    """Cut a code from a random token: 4 of its hexadecimal digits, or more where that is taken; one at least is 0 to 9.

    A word such as `face` is no code, so that nobody answers by chance.
    """
    digits = re.sub(r"[^0-9A-F]", "", token.upper()).zfill(SHORTEST_CODE)
    cuts = (
        digits[end - length : end]
        for length in range(SHORTEST_CODE, len(digits) + 1)
        for end in range(len(digits), length - 1, -1)
    )
    return next((cut for cut in cuts if cut not in taken and _HAS_FIGURE.search(cut)), f"0{digits}")


def write_question(*, rule: str, to: str, what: str, code: str, until: str, deed: str = "send this") -> str | None:
    """Write the text that asks an owner, whole; None when it is longer than a text may be: nobody approves a part."""
    head = f"Reply YES {code} to {deed}, or NO {code}, by {until}."
    text = f"{head}\nRule {rule}, to {phones.mask(to)}:\n{what}"
    return text if len(text) <= writes.LONGEST_TEXT else None


def read_answer(text: str) -> Answer | None:
    """Read an owner's answer: `YES 4F2A` or `NO 4F2A`, in any case and with any blanks and marks; None for all else.

    The letters O, I and L are read as the digits they look like.
    """
    found = _ANSWER.fullmatch(text)
    if found is None or not _HAS_FIGURE.search(found[2]):
        return None
    code = re.sub(r"\W", "", found[2]).translate(_LOOKALIKES).upper()
    return Answer(found[1].lower() == "yes", code) if len(code) >= SHORTEST_CODE else None
