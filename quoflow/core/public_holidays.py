"""Public holidays of a country or a part of it, less those on which one works. Pure.

The library `holidays` is imported inside functions: only a configuration that names a country pays for it.
"""

from __future__ import annotations

from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from quoflow.core.lists import as_tuple

if TYPE_CHECKING:
    from holidays import HolidayBase

OBSERVED = " (observed)"
"""How the library marks a day off in place of a holiday that falls on a weekend."""

_KNOWN_YEARS = range(2024, 2036)
"""Where a name is looked for when it is checked: some holidays are not in every year."""

Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple, json_schema_input_type=str | tuple[str, ...])]


class PublicHolidays(BaseModel):
    """The public holidays of a country, or of a state or province of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    country: str = Field(description="The country's ISO code, such as US.", examples=["US"])
    subdivision: str | None = Field(
        None, description="The code of a state or province, such as NY; the whole country's unless said."
    )
    except_: Names = Field(
        (),
        alias="except",
        description="Holidays by name on which it is open as on any other day, such as Columbus Day.",
    )

    @field_validator("country")
    @classmethod
    def _is_known_country(cls, country: str) -> str:
        if country not in _list_countries():
            raise ValueError(f"the holidays of `{country}` are not known; write a country's ISO code, such as US or CA")
        return country

    @field_validator("subdivision")
    @classmethod
    def _is_known_part(cls, part: str | None, info: ValidationInfo) -> str | None:
        if part is None or "country" not in info.data:
            return part
        country = info.data["country"]
        known = _list_countries()[country]
        if part in known:
            return part
        if not known:
            raise ValueError(f"no parts of {country} are known; leave `subdivision` out")
        raise ValueError(f"`{part}` is not a part of {country}; write one of {', '.join(known)}")

    @field_validator("except_")
    @classmethod
    def _are_known_names(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not names or "country" not in info.data or "subdivision" not in info.data:
            return names
        known = _list_names(info.data["country"], info.data["subdivision"])
        for name in names:
            if name.casefold() not in {one.casefold() for one in known}:
                close = get_close_matches(name, known, n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(known)}"
                raise ValueError(f"there is no holiday `{name}`; {hint}")
        return names

    def covers(self, day: date) -> bool:
        """Tell whether a date is a holiday on which one does not work."""
        return day in _list_dates(self.country, self.subdivision, self.except_, day.year)


@lru_cache(maxsize=256)
def _list_dates(country: str, subdivision: str | None, except_: tuple[str, ...], year: int) -> frozenset[date]:
    found = _read(country, subdivision, (year,))
    left_out = {name.casefold() for name in except_}
    return frozenset(day for day in found if any(_bare(name) not in left_out for name in found.get_list(day)))


def _bare(name: str) -> str:
    return name.removesuffix(OBSERVED).casefold()


@lru_cache(maxsize=16)
def _list_names(country: str, subdivision: str | None) -> tuple[str, ...]:
    found = _read(country, subdivision, _KNOWN_YEARS)
    return tuple(sorted({name.removesuffix(OBSERVED) for day in found for name in found.get_list(day)}))


def _read(country: str, subdivision: str | None, years: range | tuple[int, ...]) -> HolidayBase:
    """Read the holidays of some years, with their English names where there are such."""
    from holidays import country_holidays

    return country_holidays(country, subdiv=subdivision, years=years, language="en_US")


@lru_cache(maxsize=1)
def _list_countries() -> dict[str, list[str]]:
    from holidays import list_supported_countries

    return {code: parts for code, parts in list_supported_countries(include_aliases=False).items() if len(code) == 2}
