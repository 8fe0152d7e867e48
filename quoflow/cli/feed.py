"""The feed: what the engine does, as lines for people or as structured log."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

from quoflow.cli import output
from quoflow.quo.errors import mask_numbers
from quoflow.runtime.engine import Notice
from quoflow.settings import LogSettings

MARKS = {
    "poll.baseline": ("◦", "blue"),
    "poll.failed": ("✗", "red"),
    "recovery": ("!", "red"),
    "rule.matched": ("→", "cyan"),
    "batch.opened": ("⇉", "cyan"),
    "rules.changed": ("↻", "green"),
    "rules.broken": ("✗", "red"),
    "run.cancelled": ("·", "yellow"),
    "rule.skipped": ("·", "yellow"),
    "approval.requested": ("?", "magenta"),
    "approval.approved": ("✓", "green"),
    "approval.rejected": ("✗", "yellow"),
    "write.done": ("✓", "green"),
    "write.found": ("✓", "green"),
    "write.held": ("‖", "yellow"),
    "write.refused": ("⊘", "yellow"),
    "write.retry": ("↻", "yellow"),
    "write.hold": ("‖", "yellow"),
    "write.fail": ("✗", "red"),
    "write.unknown": ("!", "red"),
    "write.undelivered": ("✗", "red"),
    "contact.conflict": ("!", "yellow"),
    "optout.learned": ("⊘", "cyan"),
    "optout.likely": ("?", "yellow"),
    "guard.loop": ("!", "red"),
    "notify": ("★", "cyan"),
    "log.info": ("·", "white"),
    "log.warning": ("!", "yellow"),
    "log.error": ("✗", "red"),
    "store.failed": ("✗", "red"),
    "store.recovered": ("✓", "green"),
    "breaker.opened": ("✗", "red"),
    "breaker.closed": ("✓", "green"),
    "event.failed": ("!", "red"),
    "event.quarantined": ("!", "red"),
    "clock.back": ("!", "red"),
    "clock.caught_up": ("✓", "green"),
}
LEVELS = {
    "rules.broken": "error",
    "recovery": "error",
    "poll.failed": "warning",
    "write.fail": "error",
    "write.unknown": "error",
    "write.undelivered": "warning",
    "write.hold": "warning",
    "guard.loop": "warning",
    "log.warning": "warning",
    "log.error": "error",
    "contact.conflict": "warning",
    "store.failed": "error",
    "breaker.opened": "error",
    "event.quarantined": "error",
    "clock.back": "error",
}


SHORT, LONG = 200, 600
"""Characters of a line: what a person must act on keeps its end, for there it says what to do."""


def ignore(notice: Notice) -> None:
    """Take a notice and say nothing."""
    del notice


def print_notice(notice: Notice) -> None:
    """Print a notice as a line of the feed on stderr; where that is no terminal it may be kept, and is a log."""
    mark, color = MARKS.get(notice.kind, ("·", "white"))
    text = output.show_text(notice.text, limit=LONG if notice.kind in LEVELS else SHORT)
    shown = text if sys.stderr.isatty() else mask_customers(text)
    output.tell(f"  {output.paint(mark, color, stream=sys.stderr)} {shown}")


def make_log(settings: LogSettings) -> Callable[[Notice], None]:
    """Give a feed that writes structured log lines to stderr, as text or JSON."""
    # structlog is needed by a running service only.
    import structlog

    renderer = (
        structlog.processors.JSONRenderer()
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=output.has_color(sys.stderr))
    )
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    log = structlog.get_logger()

    def tell(notice: Notice) -> None:
        details = {"connection": notice.connection, **notice.fields}
        text = mask_customers(output.show_text(notice.text, limit=LONG))
        log.log(
            logging.getLevelNamesMapping()[LEVELS.get(notice.kind, "info").upper()], text, kind=notice.kind, **details
        )

    return tell


def mask_customers(text: str) -> str:
    """Leave no whole phone number in a log line."""
    return mask_numbers(text)
