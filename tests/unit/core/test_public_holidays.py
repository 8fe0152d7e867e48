"""Public holidays: what is known of countries, what is left out, and what it costs."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest
from pydantic import ValidationError

from quoflow.core.public_holidays import PublicHolidays


def read(**written):
    return PublicHolidays.model_validate({"country": "US", **written})


@pytest.mark.parametrize(
    ("written", "day", "expected"),
    [
        ({}, date(2026, 11, 26), True),  # Thanksgiving
        ({}, date(2026, 11, 27), False),
        ({}, date(2026, 7, 3), True),  # the day off for the Fourth, a Saturday
        ({}, date(2026, 7, 4), True),
        ({"except": "Independence Day"}, date(2026, 7, 3), False),
        ({"except": "independence day"}, date(2026, 7, 4), False),
        ({"except": ["Columbus Day"]}, date(2026, 10, 12), False),
        ({"except": ["Columbus Day"]}, date(2040, 12, 25), True),
        ({}, date(2026, 2, 12), False),
        ({"subdivision": "NY"}, date(2026, 2, 12), True),  # Lincoln's Birthday
        ({"country": "CA", "subdivision": "QC"}, date(2026, 6, 24), True),
        ({"country": "CA", "subdivision": "ON"}, date(2026, 6, 24), False),
        ({"country": "DE", "except": "German Unity Day"}, date(2026, 10, 3), False),
    ],
)
def test_holidays_of_a_country_or_a_part_of_it(written, day, expected):
    """Days off for a weekend count, and an exception leaves out both the day and the day off for it."""
    assert read(**written).covers(day) is expected


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"country": "XX"}, "the holidays of `XX` are not known"),
        ({"country": "us"}, "write a country's ISO code"),
        ({"country": "USA"}, "write a country's ISO code"),
        ({"subdivision": "ON"}, "`ON` is not a part of US; write one of AK, AL"),
        ({"country": "VA", "subdivision": "X"}, "leave `subdivision` out"),
        ({"except": "Columbus"}, "did you mean `Columbus Day`?"),
        ({"except": "Lincoln's Birthday"}, "there is no holiday `Lincoln's Birthday`"),
        ({"except": ["Columbus Day", "zzz"]}, "there is no holiday `zzz`; there are Christmas Day, Columbus Day"),
    ],
)
def test_what_is_no_country_part_or_holiday_is_refused(written, said):
    """Each mistake says what to write; a holiday of another state is none of this country's."""
    with pytest.raises(ValidationError) as raised:
        read(**written)

    assert said in str(raised.value)


def test_a_calendar_without_holidays_does_not_load_the_library():
    """Reading a configuration and asking whether it is open costs nothing of it."""
    script = (
        "import sys\nfrom datetime import datetime, UTC\nfrom quoflow.core.hours import OfficeHours\n"
        "import quoflow.settings\n"
        "OfficeHours(open={'mon': ('09:00-17:00',)}).is_open(datetime.now(UTC), timezone='UTC')\n"
        "sys.exit('holidays' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
