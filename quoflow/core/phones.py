"""Phone numbers: E.164, the country and the time zones a number may be in, how people write them. Pure.

`phonenumbers` is imported inside functions: `quoflow check` pays for its metadata only where a number needs it.
Numbers are "possible", not "valid": the length fits the country, and that is all that is asked.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

US_ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
)
"""Where a toll-free or unknown North American number may be: the fifty states, without the islands overseas."""

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_NORTH_AMERICAN = re.compile(r"\+1[2-9][0-9]{9}")
_CACHED = 4096


def is_e164(text: str) -> bool:
    """Tell whether a text is written as an E.164 number: `+`, 7 to 15 digits; 11 of them after `+1` (ITU E.164)."""
    if not _E164.fullmatch(text):
        return False
    return len(text) == 12 or not text.startswith("+1")


def is_textable(text: str) -> bool:
    """Tell whether a person may be behind it: a full number, no short code, sender's name or hidden caller."""
    return is_e164(text)


@lru_cache(_CACHED)
def normalize(text: str, region: str) -> str | None:
    """Read a number as people write it; give E.164, or None if it cannot be a number.

    `region` (ISO, such as US) is where a number without a country code is dialled from. An extension is left out.
    What begins with a letter is a name, whatever digits follow, but for `tel:`.
    """
    written = text.strip()
    if _NORTH_AMERICAN.fullmatch(written):
        return written
    if written[:1].isalpha() and not written.lower().startswith("tel:"):
        return None
    import phonenumbers

    try:
        number = phonenumbers.parse(written, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    found = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return found if is_e164(found) else None


@lru_cache(_CACHED)
def format_phone(e164: str, region: str) -> str:
    """Write a number for people: `(555) 555-0123` at home, `+44 20 7946 0958` from abroad; what is none stays."""
    number = _parse(e164)
    if number is None:
        return e164
    import phonenumbers

    at_home = number.country_code == phonenumbers.country_code_for_region(region)
    style = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(number, style))


@lru_cache(_CACHED)
def country(e164: str) -> str:
    """Give the ISO code of a number's country, such as US.

    An unknown area code counts for the code's main country (+1: US); "001" is no country, `ZZ` is no number.
    """
    number = _parse(e164)
    if number is None:
        return "ZZ"
    import phonenumbers

    region = phonenumbers.region_code_for_number(number)
    return str(region or phonenumbers.region_code_for_country_code(number.country_code))


@lru_cache(_CACHED)
def zones(e164: str) -> tuple[str, ...]:
    """Give every IANA time zone a number may be in: those of its area code, else those of its country.

    Not those of its exchange: numbers move freely within an area code. A toll-free, fictional or unknown +1 number
    may be anywhere in the United States, a mobile of another country anywhere there. A code that names no country,
    and what is no number, counts as UTC.
    """
    number = _parse(e164)
    if number is None:
        return ("UTC",)
    if number.country_code == 1:
        return _collect_zones(e164[1:5]) or US_ZONES
    import phonenumbers.timezone

    landlines = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    if phonenumbers.number_type(number) in landlines:
        return tuple(sorted(phonenumbers.timezone.time_zones_for_geographical_number(number)))
    return _collect_zones(str(number.country_code)) or ("UTC",)


def mask(e164: str) -> str:
    """Hide the middle of a number for logs and reasons: `+1555***4567`; shorter ones show less."""
    return f"{e164[:5]}***{e164[-4:]}" if len(e164) >= 12 else f"{e164[:3]}***{e164[-2:]}" if len(e164) > 7 else "***"


def _collect_zones(digits: str) -> tuple[str, ...]:
    from phonenumbers.tzdata import TIMEZONE_DATA

    found = (names for prefix, names in TIMEZONE_DATA.items() if prefix.startswith(digits))
    return tuple(sorted({name for names in found for name in names}))


def _parse(e164: str) -> Any:  # phonenumbers has no types
    if not is_e164(e164):
        return None
    import phonenumbers

    try:
        return phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None
