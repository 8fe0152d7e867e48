"""The functions that expressions and templates may call, and what each takes and gives. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from quoflow.core import durations, phones, segments, shapes
from quoflow.core.history import History
from quoflow.core.hours import OfficeHours, find_opening
from quoflow.core.shapes import Kind, Shape

DEFAULT_CALENDAR = "office"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name, the kinds of value it takes, whether it may be left out, or must be written out."""

    name: str
    kinds: tuple[Kind, ...]
    optional: bool = False
    written: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives."""

    result: Shape
    parameters: tuple[Parameter, ...] = ()


_HAPPENED = shapes.record(
    {
        "time": shapes.TIME,
        "direction": shapes.maybe(shapes.choice("incoming", "outgoing")),
        "text": shapes.maybe(shapes.TEXT),
    }
)
_KIND = Parameter("kind", ("text",), written=True)

SIGNATURES: Mapping[str, Signature] = {
    "is_open": Signature(shapes.BOOLEAN, (Parameter("calendar", ("text",), optional=True),)),
    "opens_at": Signature(shapes.TIME, (Parameter("calendar", ("text",), optional=True),)),
    "now": Signature(shapes.TIME),
    "today": Signature(shapes.DATE),
    "ago": Signature(shapes.TIME, (Parameter("duration", ("text",)),)),
    "days_until": Signature(shapes.NUMBER, (Parameter("day", ("date", "time", "text")),)),
    "format_phone": Signature(shapes.TEXT, (Parameter("number", ("text",)),)),
    "segments": Signature(shapes.NUMBER, (Parameter("text", ("text",)),)),
    "count": Signature(shapes.NUMBER, (_KIND, Parameter("within", ("text",), written=True))),
    "last": Signature(shapes.maybe(_HAPPENED), (_KIND,)),
    "replied_since": Signature(shapes.BOOLEAN, (Parameter("time", ("time",)),)),
    "first_contact": Signature(shapes.BOOLEAN),
}
"""Every function of the language, as the check knows it; `Functions` has a method for each."""

LOOKING_BACK = ("count", "last", "replied_since", "first_contact")
"""Functions about what went before with the event's contact: there must be one, and the answers are fetched first."""


@dataclass(frozen=True)
class Functions:
    """The functions of the language at one moment, in one place.

    Attributes:
        now: the moment, an aware UTC datetime.
        timezone: an IANA name; local dates and printed times are of this zone.
        region: how a number without a country code is read and which are written the national way (ISO, such as US).
        hours: the calendars that `is_open` and `opens_at` know, by name.
        history: what is known of the contact's past.
    """

    now: datetime
    timezone: str = "UTC"
    region: str = "US"
    hours: Mapping[str, OfficeHours] = field(default_factory=dict)
    history: History = field(default_factory=History)

    @cached_property
    def callables(self) -> Mapping[str, Callable[..., object]]:
        """Give what each name calls."""
        return {
            "is_open": self.is_open,
            "opens_at": self.opens_at,
            "now": self.tell_time,
            "today": self.today,
            "ago": self.ago,
            "days_until": self.days_until,
            "format_phone": self.format_phone,
            "segments": self.segments,
            "count": self.count,
            "last": self.last,
            "replied_since": self.has_replied_since,
            "first_contact": self.is_first_contact,
        }

    @cached_property
    def zone(self) -> ZoneInfo:
        """Give the time zone."""
        return ZoneInfo(self.timezone)

    def is_open(self, calendar: str = DEFAULT_CALENDAR) -> bool:
        """Tell whether a calendar of the configuration's `hours` is open now.

        Example: `is_open('office')` → true on a Monday at 10:00.

        Raises:
            ValueError: the configuration has no calendar of that name.
        """
        return self._find_calendar(calendar).is_open(self.now, timezone=self.timezone)

    def opens_at(self, calendar: str = DEFAULT_CALENDAR) -> datetime:
        """Give when a calendar of the configuration's `hours` opens next; now while it is open.

        Example: `opens_at('office') | time('%A, %H:%M')` → Monday, 10:00

        Raises:
            ValueError: the configuration has no calendar of that name, or it does not open within a year.
        """
        opening = find_opening(self._find_calendar(calendar), self.now, timezone=self.timezone)
        if opening is None:
            raise ValueError(f"the calendar `{calendar}` does not open within a year")
        return opening

    def _find_calendar(self, name: str) -> OfficeHours:
        if name not in self.hours:
            raise ValueError(f"there is no calendar `{name}` under `hours` in the configuration")
        return self.hours[name]

    def tell_time(self) -> datetime:
        """Give the time of this decision.

        Example: `now() | time('%H:%M')` → 10:00
        """
        return self.now

    def today(self) -> date:
        """Give today's date in the configuration's time zone.

        Example: `today()` → Nov 23, 2026
        """
        return self.now.astimezone(self.zone).date()

    def ago(self, duration: str) -> datetime:
        """Give the time that long before now.

        Example: `ago('2h') | time('%H:%M')` → 08:00

        Raises:
            ValueError: it is not a duration such as 2h.
        """
        return self.now - durations.parse_duration(duration)

    def days_until(self, day: date | str) -> int:
        """Count the days from today to a date, below 0 when it is over. Takes a date, a time or a text YYYY-MM-DD.

        Example: `days_until('2026-11-30')` → 7

        Raises:
            ValueError: it is none of these.
        """
        if isinstance(day, str):
            day = read_day(day)
        if isinstance(day, datetime):
            day = day.astimezone(self.zone).date()
        if not isinstance(day, date):
            raise ValueError("days_until takes a date, a time or a text such as '2026-12-31'")  # noqa: TRY004 - in words
        return (day - self.today()).days

    def format_phone(self, number: str) -> str:
        """Write a number the way people read it; what cannot be read as a number stays as it is.

        Example: `format_phone('+12125550123')` → (212) 555-0123
        """
        e164 = phones.normalize(_need_text(number, "format_phone"), self.region)
        return number if e164 is None else phones.format_phone(e164, self.region)

    def segments(self, text: str) -> int:
        """Count the SMS segments that a text costs.

        Example: `segments('Hello')` → 1
        """
        return segments.count_segments(_need_text(text, "segments"))

    def count(self, kind: str, within: str) -> int:
        """Count the events of a kind with this contact, on all their numbers, in the time before now; this one counts.

        Example: `count('call.missed', '7d')` → 2

        Raises:
            ValueError: it was not looked up, because what is asked is not written out.
        """
        asked = (kind, durations.parse_duration(within))
        if asked not in self.history.counts:
            raise ValueError("what count takes must be written out")
        return self.history.counts[asked]

    def last(self, kind: str) -> dict[str, object] | None:
        """Give the newest event of a kind with this contact, this one left out: time, direction and text; or nothing.

        Example: `last('message.sent').time | time('%b %-d')` → Nov 20

        Raises:
            ValueError: it was not looked up, because what is asked is not written out.
        """
        if kind not in self.history.latest:
            raise ValueError("what last takes must be written out")
        found = self.history.latest[kind]
        return None if found is None else asdict(found)

    def has_replied_since(self, time: datetime) -> bool:
        """Tell whether a person of ours wrote or talked to this contact after a time; what machines say does not count.

        Example: `replied_since(ago('2d'))` → true

        Raises:
            ValueError: it is not a time.
        """
        if not isinstance(time, datetime):
            raise ValueError("replied_since takes a time, such as event.time or ago('2h')")  # noqa: TRY004 - in words
        return self.history.replied_at is not None and self.history.replied_at > time

    def is_first_contact(self) -> bool:
        """Tell whether this is the first text or call between this contact and us that Quo shows, in either direction.

        Example: `first_contact()` → true
        """
        return self.history.is_first


def _need_text(value: str, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name} takes a text, and there is none here")  # noqa: TRY004 - shown to a person
    return value


def read_day(text: str) -> date:
    """Read a date, or an ISO 8601 time (which stays a time when it names its zone).

    Raises:
        ValueError: it is neither, saying what to write.
    """
    try:
        if "T" not in text:
            return date.fromisoformat(text.strip())
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"`{text}` is not a date; write it as 2026-12-31") from None
    return moment if moment.tzinfo else moment.date()
