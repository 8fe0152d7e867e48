"""Phone numbers: E.164, the country and the time zones a number may be in, how people write them. Pure.

`phonenumbers` is imported inside functions: `quoflow check` pays for its metadata only where a number needs it.
"""

from __future__ import annotations

import re

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def is_e164(text: str) -> bool:
    """Tell whether a text is written as an E.164 number: `+`, 7 to 15 digits; 11 of them after `+1` (ITU E.164)."""
    if not _E164.fullmatch(text):
        return False
    return len(text) == 12 or not text.startswith("+1")
