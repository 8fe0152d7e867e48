"""How query parameters are read and bodies checked: strictly, all problems at once; and how lists are paged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from quoflow.sandbox.exchange import FieldProblem, Refused, Reply, answer
from quoflow.sandbox.wire import parse_moment

E164 = r"^\+[1-9]\d{1,14}$"
NUMBER_ID = r"^PN.*$"
USER_ID = r"^US.*$"
LINE = r"^(PN.*|\+[1-9]\d{1,14})$"

_Model = TypeVar("_Model", bound=BaseModel)


class Body(BaseModel):
    """A JSON body as the API takes it: strict types, camelCase keys, unknown keys ignored."""

    model_config = ConfigDict(strict=True, alias_generator=to_camel, frozen=True)


def read_body(model: type[_Model], body: bytes) -> _Model:
    """Read a JSON body.

    Raises:
        Refused: 400 with a problem for each field that is wrong.
    """
    try:
        return model.model_validate_json(body or b"null")
    except ValidationError as error:
        problems = [
            FieldProblem("/" + "/".join(map(str, each["loc"])), each["msg"], each["type"]) for each in error.errors()
        ]
        raise Refused(400, "The request body is not valid", problems=problems) from None


class Params:
    """The query of one request. Read what is needed, then `check()`: it refuses with all problems at once."""

    def __init__(self, query: Sequence[tuple[str, str]]) -> None:
        self.values: dict[str, list[str]] = {}
        self.problems: list[FieldProblem] = []
        for name, value in query:
            self.values.setdefault(name, []).append(value)

    def text(self, name: str, pattern: str = "", *, required: bool = False) -> str | None:
        """Read one value; given twice it is a list, and refused."""
        values = self.values.get(name, [])
        if len(values) > 1:
            self._note(name, "Expected string, received array")
        elif values and pattern and not re.fullmatch(pattern, values[0]):
            self._note(name, f"Expected string to match '{pattern}'")
        elif not values and required:
            self._note(name, "Required property")
        return values[0] if len(values) == 1 else None

    def texts(self, name: str, pattern: str = "", *, required: bool = False, most: int = 100) -> tuple[str, ...]:
        """Read a list: the repeated key. `name[]` is another parameter, and so an unknown one."""
        values = tuple(self.values.get(name, ()))
        if required and not values:
            self._note(name, "Required property", "array")
        if len(values) > most:
            self._note(name, f"Expected array length to be at most {most}", "array")
        for index, value in enumerate(values):
            if pattern and not re.fullmatch(pattern, value):
                self._note(f"{name}/{index}", f"Expected string to match '{pattern}'")
        return values

    def moment(self, name: str) -> datetime | None:
        """Read an ISO 8601 moment."""
        text = self.text(name)
        moment = None if text is None else parse_moment(text)
        if text is not None and moment is None:
            self._note(name, "Expected string to match 'date-time' format")
        return moment

    def flag(self, name: str) -> bool:
        """Read a boolean; absent is false."""
        return self.text(name, "true|false") == "true"

    def limit(self, most: int) -> int:
        """Read `maxResults`, 1 to `most`; 10 when absent."""
        text = self.text("maxResults")
        if text is None:
            return 10
        if not re.fullmatch(r"\d{1,6}", text) or not 1 <= int(text) <= most:
            self._note("maxResults", f"Expected integer between 1 and {most}", "integer")
            return 10
        return int(text)

    def check(self) -> None:
        """Refuse the request if anything read so far was wrong.

        Raises:
            Refused: 400 with every problem.
        """
        if self.problems:
            raise Refused(400, "The request parameters are not valid", problems=self.problems)

    def _note(self, name: str, message: str, kind: str = "string") -> None:
        self.problems.append(FieldProblem(f"/{name}", message, kind))


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time to filter on; `inclusive` says whether its ends belong to it."""

    after: datetime | None
    before: datetime | None
    inclusive: bool

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment lies in it."""
        if self.after is not None and (moment < self.after or (moment == self.after and not self.inclusive)):
            return False
        return self.before is None or moment < self.before or (moment == self.before and self.inclusive)


def read_span(params: Params, name: str, *, inclusive: bool) -> Span:
    """Read `<name>After` and `<name>Before`; for `created` also the deprecated `since`, which behaves as Before."""
    after, before = params.moment(f"{name}After"), params.moment(f"{name}Before")
    since = params.moment("since") if name == "created" else None
    ends = [end for end in (before, since) if end is not None]
    return Span(after, min(ends) if ends else None, inclusive)


@dataclass(frozen=True, slots=True)
class _Place:
    query: tuple[tuple[str, str], ...]
    offset: int
    until: datetime


@dataclass(slots=True)
class Pages:
    """Page tokens: opaque, short-lived, and good for the query that they came from only.

    A place is an offset, so rows that arrive between two pages shift the rest: as with the live service,
    a walk over a list that changes can see a row twice.
    """

    life: timedelta
    _places: dict[str, _Place] = field(default_factory=dict)

    def remember(self, query: tuple[tuple[str, str], ...], offset: int, *, token: str, now: datetime) -> str:
        """Give a token for the rows from `offset` on."""
        for old in [old for old, place in self._places.items() if place.until < now]:
            del self._places[old]
        self._places[token] = _Place(query, offset, now + self.life)
        return token

    def find(self, token: str, query: tuple[tuple[str, str], ...], now: datetime) -> int:
        """Give the offset that a token stands for.

        Raises:
            Refused: 400 when it is unknown, too old, or came from another query.
        """
        place = self._places.get(token)
        if place is None or place.until < now or place.query != query:
            problem = FieldProblem("/pageToken", "Invalid or expired page token")
            raise Refused(400, "Invalid page token", problems=[problem])
        return place.offset


def answer_page(rows: list[dict[str, Any]], next_token: str | None, *, leave_out_null: bool) -> Reply:  # JSON
    """Give a list. `totalItems` is wrong, as it is at the live service: it counts this page only."""
    body: dict[str, Any] = {"data": rows, "totalItems": len(rows), "nextPageToken": next_token}  # JSON
    if leave_out_null and next_token is None and len(rows) % 2:
        del body["nextPageToken"]
    return answer(200, body)
