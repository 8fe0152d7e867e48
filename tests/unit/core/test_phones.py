"""Phones: what counts as a number, where it may be, how it is shown and hidden."""

from __future__ import annotations

import subprocess
import sys
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from quoflow.core import phones

NORTH_AMERICAN = st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+15555550123", True),
        ("+15555555555", True),
        ("+442079460958", True),
        ("+4912345", True),
        ("+123456789012345", False),  # +1 has 11 digits, neither more nor fewer
        ("+1555555012", False),
        ("+155555501234", False),
        ("+491234567890123", True),
        ("+4912345678901234", False),
        ("+22395", False),
        ("22395", False),
        ("15555550123", False),
        ("+05555550123", False),
        ("+1 555 555 0123", False),
        ("+15555550123\n", False),
        ("+1555555\u0660\u0661\u0662\u0663", False),
        ("", False),
        ("anonymous", False),
    ],
)
def test_e164_is_told_by_its_writing(text, expected):
    """Only `+` and the right count of ASCII digits is E.164; "valid" area codes are not asked for."""
    assert phones.is_e164(text) is expected
    assert phones.is_textable(text) is expected


@pytest.mark.parametrize(
    ("text", "region", "expected"),
    [
        ("(555) 555-0123", "US", "+15555550123"),
        ("555.555.0123", "US", "+15555550123"),
        ("1-555-555-0123", "CA", "+15555550123"),
        (" +1 555 555 0123 ", "GB", "+15555550123"),
        ("+15555555555", "US", "+15555555555"),
        ("+1 555 555 0123 ext 4", "US", "+15555550123"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("１５５５５５５０１２３", "US", "+15555550123"),
        ("555-0123", "US", None),
        ("22395", "US", None),
        ("Main Line", "US", None),
        ("Line 555 555 0123", "US", None),
        ("PN15555550123", "US", None),
        ("tel:+1-555-555-0123", "US", "+15555550123"),
        ("anonymous", "US", None),
        ("+99912345678", "US", None),
        ("+44207946095812", "US", None),
        ("", "US", None),
        ("5" * 500, "US", None),
    ],
)
def test_numbers_are_read_as_people_write_them(text, region, expected):
    """Possible numbers become E.164 by the region's dialling rules; the rest are None."""
    assert phones.normalize(text, region) == expected


@given(NORTH_AMERICAN)
def test_the_short_way_agrees_with_the_library(number):
    """A full North American number skips the library because the library would give the same."""
    parsed = phonenumbers.parse(number, None)

    assert phonenumbers.is_possible_number(parsed)
    assert phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) == phones.normalize(number, "US")


@given(st.text(max_size=20), st.sampled_from(["US", "GB", "DE"]))
def test_any_text_is_a_number_or_none(text, region):
    """Whatever is written, the answer is E.164 that reads back as itself, or None."""
    found = phones.normalize(text, region)

    assert found is None or phones.is_e164(found)
    assert found is None or phones.normalize(found, region) == found


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550123", "US"),
        ("+15555550123", "US"),
        ("+18005550123", "US"),
        ("+14165550123", "CA"),
        ("+18765550123", "JM"),
        ("+17875550123", "PR"),
        ("+442079460958", "GB"),
        ("+99912345678", "ZZ"),
        ("22395", "ZZ"),
    ],
)
def test_country_is_told_from_the_number(number, expected):
    """Area codes tell the countries of +1 apart; an unknown one counts for the United States."""
    assert phones.country(number) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+12125550123", {"America/New_York"}),
        ("+14165550123", {"America/Toronto"}),
        ("+12085551234", {"America/Boise", "America/Denver", "America/Los_Angeles"}),
        ("+18502011234", {"America/Chicago", "America/New_York"}),
        ("+18005550123", set(phones.US_ZONES)),
        ("+15555550123", set(phones.US_ZONES)),
        ("+442079460958", {"Europe/London"}),
        ("+80012345678", {"UTC"}),
        ("anonymous", {"UTC"}),
    ],
)
def test_zones_cover_the_area_code(number, expected):
    """All zones of the area code, or of the United States where it names no area."""
    assert set(phones.zones(number)) == expected


def test_a_mobile_number_may_be_anywhere_in_its_country():
    """An Australian mobile may be in Perth as well as in Sydney."""
    zones = phones.zones("+61412345678")

    assert {"Australia/Sydney", "Australia/Perth"} <= set(zones)


def test_alaska_and_hawaii_count_where_the_area_is_unknown():
    """The unknown number's zones reach from the East coast to Honolulu."""
    assert {"America/New_York", "America/Anchorage", "Pacific/Honolulu"} <= set(phones.zones("+15555550123"))


def test_every_zone_the_library_names_can_be_loaded():
    """No number leads to a zone that this machine does not know."""
    names = {name for names in TIMEZONE_DATA.values() for name in names} | set(phones.US_ZONES)

    assert all(ZoneInfo(name).key == name for name in names)


@pytest.mark.parametrize(
    ("number", "region", "expected"),
    [
        ("+15555550123", "US", "(555) 555-0123"),
        ("+15555550123", "GB", "+1 555-555-0123"),
        ("+442079460958", "US", "+44 20 7946 0958"),
        ("+442079460958", "GB", "020 7946 0958"),
        ("22395", "US", "22395"),
        ("anonymous", "US", "anonymous"),
    ],
)
def test_numbers_are_shown_as_the_region_writes_them(number, region, expected):
    """National at home, international from abroad; what is no number stays as it is."""
    assert phones.format_phone(number, region) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+15550104567", "+1555***4567"),
        ("+4912345", "+49***45"),
        ("22395", "***"),
        ("", "***"),
    ],
)
def test_a_mask_hides_the_middle(number, expected):
    """The area and the last four digits stay; a shorter number shows less, a short code nothing."""
    assert phones.mask(number) == expected


@given(st.text(max_size=20))
def test_a_mask_never_shows_the_whole(text):
    """At least three characters of anything are hidden."""
    shown = phones.mask(text).split("***")

    assert sum(len(part) for part in shown) <= max(0, len(text) - 3)


def test_the_cheap_checks_do_not_load_the_metadata():
    """Telling E.164, masking and reading a full +1 number leave `phonenumbers` alone: `quoflow check` starts fast."""
    code = (
        "import sys; from quoflow.core import phones, schedule, guards, segments, optouts, matching; "
        "phones.is_e164('+15555550123'); phones.mask('+15555550123'); phones.normalize('+15555550123', 'US'); "
        "sys.exit(bool({'phonenumbers', 'croniter', 're2', 'sqlalchemy', 'httpx'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0
