"""What goes wrong on purpose: faults that wait for a request to hit, and what they make of its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from random import Random
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from quoflow.core.durations import Duration
from quoflow.sandbox.exchange import NEVER, Refused, Reply, Request, answer_html, refuse_flat, refuse_wrapped

Kind = Literal[
    "400",
    "401",
    "402",
    "403",
    "404",
    "409",
    "422",
    "429",
    "500",
    "503",
    "502_html",
    "error_wrapped",
    "timeout_before",
    "timeout_after",
    "reset_before",
    "reset_after",
    "slow",
    "garbage_2xx",
    "short_list",
    "bad_item",
]
AFTER = frozenset({"timeout_after", "reset_after", "slow", "garbage_2xx", "short_list", "bad_item"})
"""Faults that hit once the request has taken effect."""

_CUTS = {
    "timeout_before": Reply(0, delay=NEVER),
    "timeout_after": Reply(0, delay=NEVER),
    "reset_before": Reply(0, drop="before"),
    "reset_after": Reply(0, drop="after"),
}
_UNREADABLE = frozenset({"garbage_2xx", "short_list", "bad_item"})
_SUCCESS = range(200, 300)
_GARBAGE = b'{"data": {"id": "AC'


class Fault(BaseModel):
    """A fault in wait.

    Attributes:
        method: the method it hits; any unless said.
        path: how the path starts that it hits, with or without the gateway's `/quo`; any unless said.
        times: how often it hits; null for ever.
        probability: how likely it hits a request that fits, decided by dice seeded with `seed`.
        delay: how late a `slow` answer is.
        status: the status of `error_wrapped`.
        code: the error's code, instead of the usual one of that status.
        accept: a 5xx that lies: the request takes effect all the same.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    kind: Kind
    method: Annotated[str, BeforeValidator(str.upper)] = ""
    path: str = ""
    times: int | None = Field(1, ge=1)
    probability: float = Field(1.0, ge=0, le=1)
    seed: int = 0
    delay: Duration = Field(default="1s", validate_default=True)
    status: int = Field(500, ge=400, le=599)
    code: str = ""
    accept: bool = False

    @property
    def takes_effect(self) -> bool:
        """Tell whether the request takes effect before this hits."""
        return self.accept or self.kind in AFTER

    def fits(self, request: Request) -> bool:
        """Tell whether it could hit this request."""
        if self.method not in {"", request.method}:
            return False
        return request.path.startswith(self.path) or request.path.removeprefix("/quo").startswith(self.path)


@dataclass(slots=True)
class Waiting:
    """A fault with what is left of it and its dice."""

    fault: Fault
    left: int | None
    dice: Random


@dataclass(slots=True)
class Faults:
    """The faults in wait, in the order in which they were asked for."""

    waiting: list[Waiting] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Put a fault in wait."""
        dice = Random(fault.seed)  # noqa: S311  dice that repeat are the point
        self.waiting.append(Waiting(fault, fault.times, dice))

    def clear(self) -> None:
        """Forget every fault."""
        self.waiting.clear()

    def strike(self, request: Request) -> Fault | None:
        """Give the first fault that hits this request, and use it up by one."""
        for each in self.waiting:
            if each.fault.fits(request) and each.dice.random() < each.fault.probability:
                self._use(each)
                return each.fault
        return None

    def _use(self, hit: Waiting) -> None:
        if hit.left is None:
            return
        hit.left -= 1
        if not hit.left:
            self.waiting.remove(hit)

    def show(self) -> list[dict[str, Any]]:
        """List the faults in wait as plain data."""
        return [{**each.fault.model_dump(mode="json"), "left": each.left} for each in self.waiting]


def spoil(fault: Fault, reply: Reply | None, *, family: str, trace: str) -> Reply:
    """Make the answer that a fault leaves. `reply` is the true one, if the request took effect."""
    if fault.kind in _CUTS:
        return _CUTS[fault.kind]
    if reply is not None and fault.kind == "slow":
        return replace(reply, delay=fault.delay.total_seconds())
    if reply is not None and fault.kind in _UNREADABLE:
        return _spoil_body(fault.kind, reply) if reply.status in _SUCCESS else reply
    if fault.kind == "502_html":
        return answer_html(502, "The upstream server did not answer.")
    if fault.kind == "error_wrapped":
        return refuse_wrapped(Refused(fault.status, "Something went wrong"), trace=trace)
    return refuse_flat(_refuse(fault.kind, fault.code, family), family=family, trace=trace)


def _spoil_body(kind: str, reply: Reply) -> Reply:
    """Cut an answer off, leave the first item of a list out, as when it moves on while it is read, or garble it."""
    if kind == "garbage_2xx":
        return replace(reply, body=_GARBAGE)
    body = json.loads(reply.body or b"{}")
    items = body.get("data")
    if not isinstance(items, list) or not items:
        return reply
    first = [{**items[0], "createdAt": {"is": "no time"}}] if kind == "bad_item" else []
    return replace(reply, body=json.dumps({**body, "data": [*first, *items[1:]]}).encode())


def _refuse(status: str, code: str, family: str) -> Refused:
    messages = {
        "401": "Unauthorized: the API key is missing or invalid",
        "402": "The organization does not have enough prepaid credits to send the message",
        "403": "Not allowed for this phone number",
        "429": "API rate limit exceeded",
    }
    usual = "0202403" if (status, family) == ("403", "messages") else ""
    return Refused(int(status), messages.get(status, "Something went wrong"), code=code or usual)
