"""How paths and query strings are written for Quo: arrays as repeated keys, everything percent-encoded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlencode

from quoflow.errors import UsageError
from quoflow.quo import errors

Value = str | int | bool | datetime | Iterable[str] | None
Params = Mapping[str, Value]


def build_path(*parts: str) -> str:
    """Join a path from its parts, each encoded: `build_path("v1", "contacts", id)`.

    Raises:
        errors.Refused: when a part is empty or made of dots: it would name another resource (`DELETE /v1/contacts/`).
    """
    for part in parts:
        if not part.strip() or not part.strip("."):
            raise errors.Refused(f"`{part}` is not an id")
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def encode_query(params: Params) -> str:
    """Encode a query string, without the question mark; what is None is left out.

    Arrays become repeated keys (the live service ignores or refuses `participants[]`), `+` becomes `%2B` (a bare one
    reads as a space), times become ISO 8601 UTC with milliseconds.

    Raises:
        UsageError: for `since`, which Quo reads as createdBefore.
    """
    pairs = [(name, text) for name, value in params.items() for text in _spell(value)]
    if any(name == "since" for name, _ in pairs):
        raise UsageError("Quo reads `since` as createdBefore", "Use createdAfter or createdBefore")
    return urlencode(pairs, quote_via=quote, safe="")


def split_target(target: str) -> tuple[str, dict[str, list[str]]]:
    """Split what a person typed, such as `/v1/messages?participants=+1555…`, into a path and its parameters.

    A `+` stays a plus, `name[]` is read as `name`, and a leading `/quo` (the gateway's prefix) is dropped.

    Raises:
        UsageError: when it is a whole URL, or no path.
    """
    path, _, query = target.strip().partition("?")
    if "://" in path or not path.strip("/"):
        raise UsageError(
            f"`{target}` is not a path of the API", "Write it like /v1/phone-numbers; the host is configured"
        )
    path = "/" + path.strip("/")
    path = path.removeprefix("/quo") if path.startswith("/quo/") else path
    params: dict[str, list[str]] = {}
    for name, value in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True):
        params.setdefault(name.removesuffix("[]"), []).append(value)
    return path, params


def _spell(value: Value) -> list[str]:
    if value is None:
        return []
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, datetime):
        return [value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")]
    if isinstance(value, str | int):
        return [str(value)]
    return list(value)
