"""Whether an event fits a trigger's filters: line, direction, numbers, status, text. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from quoflow.core import differences, phones
from quoflow.core import filters as language
from quoflow.core.durations import format_duration
from quoflow.core.events import ARTIFACT_KINDS, Event
from quoflow.core.facts import Line
from quoflow.core.parameters.filters import TextFilter
from quoflow.core.rules import Filters


@dataclass(frozen=True, slots=True)
class Subject:
    """What filters look at: an event with its line, and how numbers are read."""

    event: Event
    line: Line | None
    region: str

    @property
    def exchange(self) -> Mapping[str, Any]:  # JSON
        """The message or the call."""
        found = self.event.data.get("message") or self.event.data.get("call") or {}
        return found if isinstance(found, Mapping) else {}

    @property
    def text(self) -> str | None:
        """What was written, said into the voicemail or on the phone, or made of it."""
        return read_text(self.event)

    def list_numbers(self, end: str) -> tuple[str, ...]:
        """The numbers at one end, `from` or `to`, as Quo gives them."""
        written = self.exchange.get(end)
        if not written:
            theirs = (self.event.direction == "incoming") == (end == "from")
            written = self.event.peer if theirs else self.line and self.line.number
        return (written,) if isinstance(written, str) else tuple(map(str, written or ()))


def object_to(filters: Filters, subject: Subject) -> str | None:
    """Give why an event does not fit, in words, or None when it fits every filter."""
    return next(filter(None, (objects(filters, subject) for objects in _FILTERS)), None)


def read_text(event: Event) -> str | None:
    """Give what was written, said into the voicemail or on the phone, or made of it; None where nothing was."""
    for name in ("message", "voicemail", "transcript", "summary"):
        part = event.data.get(name)
        if isinstance(part, Mapping):
            return str(part.get("text") or "")
    return None


def find_line(event: Event, lines: Sequence[Line]) -> Line | None:
    """Find an event's line among ours."""
    return next((line for line in lines if line.id == event.line_id), None)


def fold(name: str) -> str:
    """Fold a name so that case and blanks around it do not matter."""
    return name.strip().casefold()


@lru_cache(maxsize=4096)
def _fold_all(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(fold, names))


def list_names(names: Iterable[str]) -> str:
    """List names for a sentence."""
    return " or ".join(f"`{name}`" for name in dict.fromkeys(names))


def _object_to_on(filters: Filters, subject: Subject) -> str | None:
    is_lost = subject.event.has_failed
    if subject.event.kind not in ARTIFACT_KINDS or ("failed" if is_lost else "completed") in filters.on:
        return None
    return f"on: it wants {list_names(filters.on)}, and this {'never came' if is_lost else 'has come'}"


def _object_to_line(filters: Filters, subject: Subject) -> str | None:
    if not filters.line:
        return None
    line = subject.line
    known = (line.id, line.name) if line else (subject.event.line_id or "",)
    if not _fold_all(filters.line).isdisjoint(map(fold, filter(None, known))):
        return None
    if line and line.number in _read_numbers(filters.line, subject.region):
        return None
    return f"line: it wants {list_names(filters.line)}, and this was {f'`{known[-1]}`' if known[-1] else 'none'}"


def _object_to_direction(filters: Filters, subject: Subject) -> str | None:
    if filters.direction in (None, subject.event.direction):
        return None
    return f"direction: it wants {filters.direction}, and this was {subject.event.direction or 'neither'}"


def _object_to_from(filters: Filters, subject: Subject) -> str | None:
    return _object_to_number("from", filters.from_, subject)


def _object_to_to(filters: Filters, subject: Subject) -> str | None:
    return _object_to_number("to", filters.to, subject)


def _object_to_number(end: str, wanted: tuple[str, ...], subject: Subject) -> str | None:
    if not wanted:
        return None
    actual = subject.list_numbers(end)
    if _read_numbers(wanted, subject.region) & _read_numbers(actual, subject.region):
        return None
    return f"{end}: it wants {list_names(wanted)}, and this was {list_names(map(phones.mask, actual)) or 'no number'}"


def _object_to_status(filters: Filters, subject: Subject) -> str | None:
    status = str(subject.exchange.get("status") or "")
    if not filters.status or fold(status) in _fold_all(filters.status):
        return None
    return f"status: it wants {list_names(filters.status)}, and this was `{status or 'none'}`"


def _object_to_text(filters: Filters, subject: Subject) -> str | None:
    if filters.text is None:
        return None
    text = subject.text
    return "text: the event has none" if text is None else _object_to_words(filters.text, text)


def _object_to_words(wanted: TextFilter, text: str) -> str | None:
    if wanted.matches is None:
        folded = text.casefold()
        if any(word.casefold() in folded for word in wanted.contains):
            return None
        return f"text: it does not contain {list_names(wanted.contains)}"
    try:
        pattern = language.compile_pattern(wanted.matches)
    except ValueError as error:
        return f"text: {error}"
    whole = text.encode("utf-8", "replace").decode()  # half a surrogate pair, as broken JSON brings it, has no UTF-8
    return None if pattern.search(whole) else f"text: it does not match `{wanted.matches}`"


def _object_to_changed(filters: Filters, subject: Subject) -> str | None:
    if not filters.changed:
        return None
    change = subject.event.data.get("change")
    names = tuple(map(str, change.get("names") or ())) if isinstance(change, Mapping) else ()
    groups = {differences.CUSTOM.rstrip(".") for name in names if name.startswith(differences.CUSTOM)}
    if not _fold_all(filters.changed).isdisjoint(map(fold, (*names, *groups))):
        return None
    return f"changed: it wants {list_names(filters.changed)}, and it was {list_names(names) or 'nothing'}"


def _object_to_wait(filters: Filters, subject: Subject) -> str | None:
    wait = subject.event.data.get("wait")
    if filters.for_ is None or not isinstance(wait, Mapping):
        return None
    wanted, actual = (format_duration(filters.for_), filters.within or ""), (wait.get("for"), wait.get("within"))
    if wanted == actual:
        return None
    said, was = (" within ".join(filter(None, map(str, one))) for one in (wanted, actual))
    return f"for: it wants {said}, and this was {was}"


_FILTERS: tuple[Callable[[Filters, Subject], str | None], ...] = (
    _object_to_on,
    _object_to_line,
    _object_to_direction,
    _object_to_from,
    _object_to_to,
    _object_to_status,
    _object_to_text,
    _object_to_changed,
    _object_to_wait,
)


def _read_numbers(written: Iterable[str], region: str) -> set[str]:
    """Numbers in E.164; what cannot be one (a short code, a hidden caller) stays as it is written, in lower case."""
    return {one if phones.is_e164(one) else phones.normalize(one, region) or fold(one) for one in written}
