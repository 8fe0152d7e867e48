"""From the parameters of an `http` step to exactly what is asked or sent; secrets stand in it by name only. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from quoflow.core import expressions, plans, shapes
from quoflow.core.expressions import ExpressionError
from quoflow.core.parameters.outside import Http
from quoflow.core.writes import Pen

LARGEST_BODY = 100_000
"""Characters that may be sent."""

_SLOT = re.compile(r"(\{\{.*?\}\})", re.DOTALL)


def prepare_request(parameters: Http, pen: Pen) -> plans.Write:
    """Render what an `http` step sends and freeze it. Raises ExpressionError in words when it cannot be sent."""
    payload = render(parameters, pen)
    return plans.Write(
        connection=pen.scene.connection,
        action="http",
        to=find_host(payload["url"]),
        from_=None,
        text=None,
        payload=payload,
        segments=0,
        rule_version=pen.scene.rule.version,
    )


def render(parameters: Http, pen: Pen) -> dict[str, Any]:  # JSON
    """Render a request: `method`, `url`, `headers`, `secrets` (names of variables), and `body` where it has one.

    What is filled into the address is quoted, so that no value of a customer's makes another path, query or host.

    Raises:
        ExpressionError: a template cannot be rendered, or what came out cannot be sent.
    """
    url = "".join(_fill_in(part, pen) if part.startswith("{{") else part for part in _SLOT.split(parameters.url))
    if parameters.query:
        query = urlencode({name: pen.write(source) for name, source in parameters.query.items()})
        url += f"{'&' if '?' in url else '?'}{query}"
    headers = {name: _flatten(pen.write(source)) for name, source in parameters.headers.items()}
    payload = {"method": parameters.method, "url": url, "headers": headers, "secrets": dict(parameters.secrets)}
    body = _write_body(parameters, pen)
    if body is None:
        return payload
    if len(body) > LARGEST_BODY:
        raise ExpressionError(f"what is sent has {len(body):,} characters; {LARGEST_BODY:,} is the most")
    if parameters.json_ is not None and "content-type" not in {name.lower() for name in headers}:
        payload["headers"] = {**headers, "Content-Type": "application/json"}
    return {**payload, "body": body}


def find_host(url: str) -> str:
    """Give the host of an address, with its port where it names one, in small letters."""
    return urlsplit(url).netloc.lower()


def _fill_in(slot: str, pen: Pen) -> str:
    """Give one value as a part of an address. Raises ExpressionError for one that would lead elsewhere."""
    value = pen.write(slot)
    if value in {".", ".."}:
        raise ExpressionError(f"`{value}` is filled into the address, where it would lead elsewhere")
    return quote(value, safe="")


def _flatten(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _write_body(parameters: Http, pen: Pen) -> str | None:
    if parameters.body is not None:
        return pen.write(parameters.body, limit=LARGEST_BODY)
    if parameters.json_ is None:
        return None
    return json.dumps(_fill_json(parameters.json_, pen), ensure_ascii=False)


def _fill_json(written: Any, pen: Pen) -> Any:  # plain data as the rule has it, JSON as it is sent
    """Fill in every text of it; one `{{ }}` alone gives its value as it is."""
    if isinstance(written, Mapping):
        return {name: _fill_json(inner, pen) for name, inner in written.items()}
    if isinstance(written, list | tuple):
        return [_fill_json(inner, pen) for inner in written]
    if not isinstance(written, str):
        return written
    bare = expressions.find_bare(written)
    return _as_json(shapes.make_plain(pen.evaluate(bare))) if bare is not None else pen.write(written)


def _as_json(value: Any) -> Any:  # plain data in, JSON out
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _as_json(inner) for name, inner in value.items()}
    return [_as_json(inner) for inner in value] if isinstance(value, list | tuple) else value
