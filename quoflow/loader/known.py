"""What the checks of rules need to know from the configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from quoflow.core.outside_settings import HttpSettings

OFFICE = "office"
"""The calendar that every rule may ask for."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the configuration says; None where there is no configuration, and it is not checked then.

    Attributes:
        hours: names of calendars; `office` is always known.
        variables: the configuration's `vars`.
        region: how a number without a country code is meant, for hints (ISO, such as US).
        connections: names of connections.
        allow_auto: names of rules that may write without asking, or `*`.
        targets: names of those whom `notify` can tell, without `log`.
        http: which hosts the step `http` may reach.
    """

    hours: Iterable[str] | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)  # plain data
    region: str = "US"
    connections: Iterable[str] | None = None
    allow_auto: Iterable[str] | None = None
    targets: Iterable[str] | None = None
    http: HttpSettings | None = None

    @property
    def calendars(self) -> tuple[str, ...] | None:
        """Give the names of calendars for `is_open`, or None when they are not known."""
        return None if self.hours is None else tuple({OFFICE: None, **dict.fromkeys(self.hours)})
