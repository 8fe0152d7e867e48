"""How an HTTP answer or a broken exchange becomes an error that says what happened and what to do. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from quoflow.quo import errors
from quoflow.quo.endpoint import Endpoint

LONGEST_WAIT = 3600.0  # seconds: a server that asks for more is asked again after an hour

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)

_KINDS: Mapping[int, tuple[type[errors.QuoError], str, str]] = {
    401: (errors.Unauthorized, "The API key was not accepted", ""),
    402: (errors.OutOfCredits, "Quo wants payment", "Add SMS credits in the Quo app under Settings > Plan & billing"),
    403: (errors.Forbidden, "Quo does not allow it", "Check what the key's user may do with this line"),
    404: (errors.NotFound, "Quo does not know it", "It may be deleted or belong to another workspace"),
    408: (errors.Interrupted, "Quo gave up waiting for the request", ""),
    409: (errors.Conflict, "It conflicts with what Quo has", "Read it again before changing it"),
    421: (errors.Unreachable, "It came to a server that does not serve it", "Try again"),
    425: (errors.Unreachable, "It came too early to be looked at", "Try again"),
    429: (
        errors.RateLimited,
        "Too many requests for this key",
        "Lower `requests_per_second` if others use the key too",
    ),
}

# The codes are from Quo's error reference; their hints are ours.
_CODES: Mapping[str, str] = {
    "0101400": "Ask for exactly one participant",
    "0201402": "The subscription has expired: renew it in the Quo app",
    "0202403": "The key's user has no access to this line: share the line with them in the Quo app",
    "0204403": "The day's A2P limit is reached: texts go out again tomorrow",
    "0206400": "US texting needs A2P 10DLC registration: register in the Quo app under Settings > Trust center",
}

_RECONNECT = (
    "A 500 that persists at the Maton gateway usually means that the connection's OAuth token expired: "
    "run `quoflow connections create` and open the URL it prints"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom; `path` holds no query, for queries hold customers' numbers."""

    endpoint: Endpoint
    method: str
    path: str

    def __str__(self) -> str:
        """Give `GET /v1/messages`, fit to print."""
        return errors.clean_text(f"{self.method} {self.path}")


@dataclass(frozen=True, slots=True)
class _Details:
    message: str = ""
    code: str | None = None
    trace: str | None = None
    errors: tuple[errors.FieldError, ...] = ()


def explain_answer(asked: Asked, status: int, headers: httpx.Headers, body: bytes, *, now: datetime) -> errors.QuoError:
    """Make the error of an answer that is not a success, by its status first and its body second.

    Understands flat errors, errors wrapped in `{"error": …}`, HTML pages and empty bodies.
    """
    kind, headline, hint = _choose_kind(status)
    details = _read_details(body, asked.endpoint.key)
    if status == 401:
        source = asked.endpoint.key_source
        headline += f" (it came from {source})" if source else ""
        hint = asked.endpoint.key_hint
    if status == 500 and asked.endpoint.gateway == "maton":
        hint = _RECONNECT
    elif status >= 500:
        hint = _advise(asked, "Try again later")
    hint = _CODES.get(details.code or "", hint)
    facts = [str(status), *([f"code {details.code}"] if details.code else [])]
    facts += [f"trace {details.trace}"] if details.trace else []
    said = [part for part in (details.message, *(f"{e.path}: {e.message}" for e in details.errors[:3])) if part]
    tail = f": {'; '.join(said)}".rstrip(".") if said else ""
    return kind(
        f"{asked}: {headline}{tail} ({', '.join(facts)})",
        hint,
        status=status,
        code=details.code,
        trace=details.trace or headers.get("x-request-id"),
        retry_after=read_retry_after(headers, now=now),
        errors=details.errors,
    )


def explain_break(asked: Asked, cause: Exception) -> errors.QuoError:
    """Make the error of an exchange that broke: not sent where that is provable, else ambiguous."""
    why = errors.clean_text(str(cause).replace(asked.endpoint.key, "***")) or type(cause).__name__
    host = asked.endpoint.host
    error: errors.QuoError
    if isinstance(cause, _NOT_SENT):
        error = errors.Unreachable(
            f"{asked}: could not reach {host}: {why}", "Check the network and the connection's `base_url`"
        )
    elif isinstance(cause, httpx.DecodingError):
        error = errors.Unreadable(f"{asked}: the answer of {host} cannot be decoded: {why}")
    else:
        error = errors.Interrupted(f"{asked}: the exchange with {host} broke off: {why}", _advise(asked, "Try again"))
    error.__cause__ = cause
    return error


def explain_delay(asked: Asked, seconds: float) -> errors.LeaseOver:
    """Make the error of a write that was to leave too long after the guards were asked."""
    return errors.LeaseOver(
        f"{asked}: not sent, {seconds:.0f} s have passed since the guards were asked", "They are asked again"
    )


def explain_unreadable(asked: Asked, status: int, why: str) -> errors.Unreadable:
    """Make the error of a success that does not hold what was promised."""
    return errors.Unreadable(
        f"{asked}: {asked.endpoint.host} answered {status}, but {errors.clean_text(why)}",
        "Check that the connection's `base_url` is right",
        status=status,
    )


def _advise(asked: Asked, hint: str) -> str:
    """Advise a repetition where one is safe: a write that may have been done is not to be tried again."""
    return hint if asked.method == "GET" else ""


def read_retry_after(headers: httpx.Headers, *, now: datetime) -> float | None:
    """Read the Retry-After header, seconds or a date, as seconds from now: 0 to 3600, None when absent or unreadable.

    A date is read against the server's own Date header where there is one, so that our clock does not matter.
    """
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        until = read_date(text)
        if until is None:
            return None
        seconds = (until - (read_date(headers.get("date", "")) or now)).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def read_date(text: str) -> datetime | None:
    """Read an HTTP date as aware UTC, or None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _choose_kind(status: int) -> tuple[type[errors.QuoError], str, str]:
    if status in _KINDS:
        return _KINDS[status]
    if 400 <= status < 500:
        return errors.Refused, "Quo refused the request", ""
    if status >= 500:
        return errors.ServerFailed, "Quo or the gateway failed", ""
    # A redirect is not followed, for it would carry the key elsewhere; whether the write was done it does not say.
    return errors.Unreadable, "an answer that quoflow does not follow", "Check the connection's `base_url`"


def _read_details(body: bytes, key: str) -> _Details:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        page = body[:200].lstrip().startswith(b"<")
        return _Details("an HTML page instead of JSON" if page else "")
    outer = data if isinstance(data, dict) else {}
    wrapped = outer.get("error")
    if isinstance(wrapped, str):
        wrapped = {"message": wrapped}
    inner = wrapped if isinstance(wrapped, dict) else outer

    def pick(*names: str) -> str:
        found = (level.get(name) for level in (inner, outer) for name in names)
        text = next((str(value) for value in found if isinstance(value, str | int) and value != ""), "")
        return errors.clean_text(text.replace(key, "***"))

    return _Details(
        message=pick("message", "description", "title", "detail"),
        code=pick("code", "key") or None,
        trace=pick("trace") or None,
        errors=_read_field_errors(inner.get("errors") or outer.get("errors"), key),
    )


def _read_field_errors(items: object, key: str) -> tuple[errors.FieldError, ...]:
    if not isinstance(items, list):
        return ()

    def clean(value: object) -> str:
        text = "/".join(map(str, value)) if isinstance(value, list) else str(value if value is not None else "")
        return errors.clean_text(text.replace(key, "***"))

    return tuple(
        errors.FieldError(clean(item.get("path")), clean(item.get("message")))
        for item in items[:20]
        if isinstance(item, dict)
    )
