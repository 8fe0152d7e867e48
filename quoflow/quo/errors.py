"""What can go wrong with Quo, as a tree by what the caller can do next. Pure.

QuoError                      the API refused, could not be reached, or answered nonsense
├── NotSentError              provably nothing happened at Quo
│   ├── WriteRefused          we refuse ourselves: a dry run              -
│   ├── Unreachable           connect, DNS, TLS, proxy, pool; 421, 425    try again later
│   ├── RateLimited           429, or our own share is used up            wait `retry_after`
│   ├── LeaseOver             too long between the guards' yes and us     ask the guards again
│   ├── Refused               400, 422 and other 4xx                      mend the request
│   │   └── TagFieldMissing   no such multi-select contact property       make it in the Quo app
│   ├── Unauthorized          401                                         stop; get another key
│   ├── OutOfCredits          402                                         hold writes until a person acts
│   ├── Forbidden             403                                         hold the line or fail the write
│   │   └── ContactReadOnly   an integration owns the contact             change it there
│   ├── NotFound              404                                         it is gone, or another workspace's
│   └── Conflict              409                                         read again, merge, retry
├── Ambiguous                 a write may or may not have happened: reconcile first
│   ├── Interrupted           write error, read time-out, reset, 408
│   ├── ServerFailed          5xx
│   └── Unreadable            2xx or 3xx that does not say what was done
└── PagingError               a list that never ends or goes round in circles

No message holds a key or a whole phone number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from quoflow.errors import QuoflowError

LONGEST_DETAIL = 200

_NUMBER = re.compile(r"(?:\+|%2B)[0-9]{7,15}(?![0-9])|(?<![0-9A-Za-z])[0-9]{10,15}(?![0-9A-Za-z])")
_SPACED_NUMBER = re.compile(
    r"(?:\+?1[ .-]?)?(?:\([0-9]{3}\) ?|(?<![0-9A-Za-z])[0-9]{3}[ .-])[0-9]{3}[ .-][0-9]{4}(?![0-9])"
)
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?")  # colours, moves, titles, links


def mask_numbers(text: str) -> str:
    """Replace the middle of every phone number in a text: `+15551234567` becomes `+1555***4567`."""
    return _NUMBER.sub(_mask, _SPACED_NUMBER.sub(_mask, text))


def _mask(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9+]", "", found.group().replace("%2B", "+"))
    shown = 4 if len(digits.lstrip("+")) >= 11 else 2
    head = shown + 1 if digits.startswith("+") else shown
    return f"{digits[:head]}***{digits[-shown:]}"


def clean_text(text: str) -> str:
    """Make a server's words fit to print: one line, no control characters, no numbers, at most 200 characters."""
    # Cut before the slow part: a server may answer megabytes.
    bare = _ESCAPES.sub(" ", text[: LONGEST_DETAIL * 10])
    line = " ".join("".join(char if char.isprintable() else " " for char in bare).split())
    masked = mask_numbers(line)
    return masked if len(masked) <= LONGEST_DETAIL else masked[: LONGEST_DETAIL - 1] + "…"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that Quo objects to: its path in the request, and why."""

    path: str
    message: str


@dataclass(eq=False, kw_only=True)
class QuoError(QuoflowError):
    """The API refused, could not be reached, or answered nonsense.

    Attributes:
        status: the HTTP status, or None when no answer came.
        code: Quo's own code, such as `0206400`, or the gateway's key.
        trace: what Quo's support asks for.
        retry_after: seconds that the server (or our own bucket) asks to wait.
        errors: the fields that Quo objects to.
    """

    status: int | None = None
    code: str | None = None
    trace: str | None = None
    retry_after: float | None = None
    errors: tuple[FieldError, ...] = ()

    is_ambiguous: ClassVar[bool] = False
    """Whether a write may have happened: reconcile before anything else."""
    is_retryable: ClassVar[bool] = False
    """Whether the same request may succeed later though nobody mends anything (a write: once it is not ambiguous)."""


class NotSentError(QuoError):
    """Provably nothing happened at Quo."""


class WriteRefused(NotSentError):
    """We refuse to write: this is a dry run."""


class Unreachable(NotSentError):
    """No connection: DNS, connect, TLS, proxy or pool; or turned away unread (421, 425)."""

    is_retryable = True


class RateLimited(NotSentError):
    """Too many requests, by Quo's count (429) or by ours."""

    is_retryable = True


class LeaseOver(NotSentError):
    """The machine or the process stood still between the guards' yes and the first byte: the yes counts no more."""

    is_retryable = True


class Refused(NotSentError):
    """Quo refuses the request as it stands: 400, 422 or another 4xx."""


class TagFieldMissing(Refused):
    """The workspace has no multi-select contact property of the configured name."""


class Unauthorized(NotSentError):
    """The key is missing, wrong or revoked: 401."""


class OutOfCredits(NotSentError):
    """No SMS credits, or the subscription has expired: 402."""


class Forbidden(NotSentError):
    """Not allowed for this number, region, user or day: 403."""


class ContactReadOnly(Forbidden):
    """An integration owns the contact."""


class NotFound(NotSentError):
    """It does not exist, or belongs to another workspace: 404."""


class Conflict(NotSentError):
    """Someone else changed or made it first: 409."""


class Ambiguous(QuoError):
    """A write may or may not have happened."""

    is_ambiguous = True


class Interrupted(Ambiguous):
    """The exchange broke after it may have begun: write error, read time-out, reset, 408."""

    is_retryable = True


class ServerFailed(Ambiguous):
    """Quo or the gateway failed: 5xx."""

    is_retryable = True


class Unreadable(Ambiguous):
    """An answer that does not say what was done: 2xx without the promised JSON, or a redirect."""


class PagingError(QuoError):
    """A list that never ends or goes round in circles."""
