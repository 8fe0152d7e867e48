"""Quo in this very process: httpx hands requests to a function, and no byte leaves. For tests of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import httpx


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: its query decoded, its headers' names in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class InProcess(httpx.BaseTransport):
    """Carries requests to a function."""

    def __init__(self, answer: Callable[[Asked], Answered]) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        query = tuple(parse_qsl(request.url.query.decode("ascii"), keep_blank_values=True))
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._answer(Asked(request.method, request.url.path, query, headers, request.read()))
        return httpx.Response(reply.status, headers=dict(reply.headers), content=reply.body, request=request)


def make_client(answer: Callable[[Asked], Answered]) -> httpx.Client:
    """Give a client whose requests go to a function."""
    return httpx.Client(transport=InProcess(answer), trust_env=False)
