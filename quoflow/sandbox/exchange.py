"""What goes in and out of the simulated Quo: a request, a reply, and a refusal in Quo's own words. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NEVER = math.inf
"""A reply's delay when no answer ever comes: the client's read times out."""

JSON_HEADERS = {"content-type": "application/json; charset=utf-8"}
HTML_HEADERS = {"content-type": "text/html; charset=utf-8"}

TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Not Enough Credits",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Unknown",
    502: "Bad Gateway",
    503: "Service Unavailable",
}

FAMILIES = {
    "calls": "01",
    "messages": "02",
    "webhooks": "03",
    "phone-numbers": "04",
    "call-summaries": "05",
    "call-transcripts": "06",
    "contact-custom-fields": "07",
    "contacts": "08",
    "call-recordings": "09",
    "conversations": "10",
    "users": "11",
    "call-voicemails": "12",
}
"""The first two digits of an error's code, by the first word of the path (the vendor's OpenAPI file, 01 to 10)."""

_DOCS = "https://openphone.com/docs"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, decoded: query keys may repeat, header names are lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer, or the lack of one.

    Attributes:
        drop: `before` or `after`: the connection is cut without an answer, before or after the request took effect.
        delay: seconds until the answer goes out; `NEVER` means that it does not.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: JSON_HEADERS)
    body: bytes = b""
    drop: Literal["", "before", "after"] = ""
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one parameter or body field. `path` is such as `/to/0`."""

    path: str
    message: str
    type: str = "string"


class Refused(Exception):
    """The API says no: a status and, where Quo has one, a code of its own."""

    def __init__(
        self, status: int, message: str, *, code: str = "", title: str = "", problems: Iterable[FieldProblem] = ()
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.title = title
        self.problems = tuple(problems)


def answer(status: int, data: object) -> Reply:
    """Give a reply with a JSON body."""
    return Reply(status, body=json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode())


def answer_data(data: object, status: int = 200) -> Reply:
    """Give a reply with `{"data": …}`."""
    return answer(status, {"data": data})


def refuse_flat(refused: Refused, *, family: str, trace: str) -> Reply:
    """Give the error body of the API itself: `{message, code, status, docs, title, trace, errors}`."""
    status = refused.status
    problems = [
        {"path": each.path, "message": each.message, "schema": {"type": each.type}} for each in refused.problems
    ]
    body: dict[str, Any] = {  # JSON
        "message": refused.message,
        "code": refused.code or f"{FAMILIES.get(family, '00')}{'01' if status >= 500 else '00'}{status}",
        "status": status,
        "docs": _DOCS,
        "title": refused.title or TITLES.get(status, "Error"),
        "trace": trace,
    }
    if problems:
        body["errors"] = problems
    return answer(status, body)


def refuse_wrapped(refused: Refused, *, trace: str) -> Reply:
    """Give the other error body: `{"error": {message, key, trace}}`, as the gateway has it."""
    key = (refused.title or TITLES.get(refused.status, "error")).lower().replace(" ", "_")
    return answer(refused.status, {"error": {"message": refused.message, "key": key, "trace": trace}})


def answer_html(status: int, message: str) -> Reply:
    """Give a page of HTML, as a proxy in between answers when it fails or blocks."""
    title = f"{status} {TITLES.get(status, 'Error')}"
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1><p>{message}</p></body></html>"
    return Reply(status, HTML_HEADERS, page.encode())
