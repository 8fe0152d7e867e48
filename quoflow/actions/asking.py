"""The step `http`: a look at an allowed host, or something sent to it, once.

A look follows three redirects at most, each of them checked like the first address; to another host no header of the
rule goes along. What is sent follows none. An answer has 5 seconds and 1 MB.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import httpx

from quoflow.actions import outgoing
from quoflow.actions.errands import Errand, Outside
from quoflow.actions.keys import NoSecret
from quoflow.actions.outgoing import MOST, MOVED, Answer, Broken, Forbidden, Request, Unreached, read_url
from quoflow.actions.results import HOLD, Done, Failure
from quoflow.core import breaking, requests

LONGEST_TEXT = 100_000
"""Characters of an answer that are kept as `text`."""

_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to: the outcome where there was an answer, and why it is no success, or nothing."""

    outcome: dict[str, Any] | None = None  # JSON
    reason: str = ""
    may_pass: bool = False


def look(errand: Errand, outside: Outside) -> Looked:
    """Ask once, and follow where it leads. Whether the same may succeed later is said by `may_pass`."""
    if outside.is_dry:
        return Looked(reason="not asked, this is a dry run")
    try:
        answer = outgoing.follow(
            outside.way.exchange, _build(errand, outside), lambda url: _check_allowed(url, outside)
        )
    except (Forbidden, NoSecret) as error:
        return Looked(reason=str(error))
    except (Unreached, Broken) as error:
        return Looked(reason=str(error), may_pass=True)
    host = read_url(str(errand.payload["url"])).host
    outcome = describe_answer(answer)
    if not answer.is_whole:
        return Looked(outcome, f"{host} answered more than {MOST // 1_000_000} MB, or broke off")
    if outcome["ok"]:
        return Looked(outcome)
    return Looked(outcome, f"{host} answered {answer.status}", answer.status >= 500 or answer.status in _AGAIN)


def send(errand: Errand, outside: Outside) -> Done | Failure:
    """Send something once, and say what came of it."""
    if outside.is_dry:
        return Failure("fail", "not sent, this is a dry run")
    host = requests.find_host(str(errand.payload.get("url", "")))
    scope = breaking.name_outside("http", host)
    try:
        answer = outside.way.exchange(_build(errand, outside))
    except (Unreached, NoSecret) as error:
        if isinstance(error, Forbidden):
            return Failure("fail", str(error))
        return Failure("hold", str(error), HOLD, scope)
    except Broken as error:
        return Failure("uncertain", f"{error}; nobody knows whether it was taken")
    if 200 <= answer.status < 300:
        return Done(outcome=describe_answer(answer))
    return _judge(answer, host, scope)


def _judge(answer: Answer, host: str, scope: str) -> Failure:
    """Decide what follows an answer that is no success."""
    reason = f"{host} answered {answer.status}"
    if answer.status in {425, 429}:
        return Failure("hold", reason, HOLD, scope)
    if answer.status >= 500 or answer.status in {302, 303, 408}:
        return Failure("uncertain", f"{reason}; nobody knows whether it was taken")
    return Failure("fail", f"{reason}{', which is another address' if answer.status in MOVED else ''}")


def describe_answer(answer: Answer) -> dict[str, Any]:  # JSON
    """Give an answer as later steps see it; `json` is nothing where there is none."""
    text = answer.body.decode("utf-8", "replace")
    return {
        "status": answer.status,
        "ok": 200 <= answer.status < 300,
        "text": text[:LONGEST_TEXT],
        "json": _read_json(text) if answer.is_whole else None,
    }


def _read_json(text: str) -> Any:  # JSON
    try:
        value = json.loads(text)
        # What no file or database takes is no value: figures without bounds, lone halves of surrogate pairs.
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


def _build(errand: Errand, outside: Outside) -> Request:
    """Build the request, with its secrets. Raises Forbidden or NoSecret."""
    payload = errand.payload
    url = str(payload["url"])
    _check_allowed(read_url(url), outside)
    headers = dict(payload["headers"])
    for name, variable in payload["secrets"].items():
        if variable not in outside.http.secrets:
            raise Forbidden(f"the configuration does not let rules send {variable}: `http: {{secrets: […]}}`")
        headers[name] = outside.keys.read(env=variable, file=None) or ""
    body = payload.get("body")
    content = None if body is None else str(body).encode("utf-8", "replace")
    if content is None and payload["method"] != "GET":
        content = b""
    if payload["method"] != "GET":
        headers.setdefault("Idempotency-Key", errand.key)
    return Request(payload["method"], url, headers, content, private=outside.http.private, lease=errand.lease)


def _check_allowed(url: httpx.URL, outside: Outside) -> None:
    objection = outside.http.object_to(url.scheme, url.netloc.decode("ascii"))
    if objection is not None:
        raise Forbidden(objection)
