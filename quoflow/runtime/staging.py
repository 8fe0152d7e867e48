"""The world outside for a test of rules: answers that the test gives, and no way to anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from quoflow.actions import outgoing
from quoflow.actions.errands import Outside
from quoflow.actions.keys import Keys
from quoflow.actions.outgoing import Answer, Forbidden, Request, Sink, Unreached
from quoflow.runtime import cases
from quoflow.settings import Settings


@dataclass(frozen=True)
class StagedWay(outgoing.Way):
    """Gives the answers of a test. What is sent is taken unless it says otherwise; what is looked at must be there."""

    replies: tuple[cases.Reply, ...] = ()

    def exchange(
        self,
        request: Request,
        *,
        within: float = outgoing.WITHIN,
        most: int = outgoing.MOST,
        sink: Sink | None = None,
    ) -> Answer:
        """Give the first answer that fits a request. Raises Forbidden for a look of which the test says nothing."""
        del within, most, sink
        found = next((one for one in self.replies if _fits(one, request)), None)
        if found is not None:
            return Answer(found.status, {"content-type": "application/json"}, _write_body(found))
        if request.method != "GET":
            return Answer(200, {}, b"")
        raise Forbidden(f"the test says nothing of GET {request.url}: add it under `given: {{http: […]}}`")


def stage_outside(replies: Iterable[cases.Reply], configured: Settings, folder: Path) -> Outside:
    """Build a world outside that a test describes; every secret is there, and is none. Files go to `folder`."""
    return Outside(
        targets={},
        keys=Keys(dict.fromkeys(configured.http.secrets, "secret"), folder),
        way=StagedWay(_find_nobody, lambda: 0.0, replies=tuple(replies)),
        http=configured.http,
        recordings=configured.recordings,
    )


def _fits(reply: cases.Reply, request: Request) -> bool:
    """Whether an answer is for a request: without a `?` in its address it is for any query."""
    asked = request.url if "?" in reply.url else request.url.partition("?")[0]
    return reply.url == asked and reply.method in (None, request.method)


def _write_body(reply: cases.Reply) -> bytes:
    return (json.dumps(reply.json_) if reply.json_ is not None else reply.text).encode()


def _find_nobody(host: str, _: int) -> tuple[str, ...]:
    raise Unreached(f"a test reaches nobody, and {host} least of all")
