"""`quoflow run`: the service, one pass of it, or a look at what it would do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from quoflow import app, errors
from quoflow.cli import feed, output, preview
from quoflow.cli.output import Session
from quoflow.runtime import service
from quoflow.runtime.engine import Engine
from quoflow.web import console


@click.command(help="Serve: poll Quo, decide, act. Stops cleanly on SIGTERM and Ctrl-C.")
@click.option("--once", is_flag=True, help="Poll every connection once, do all work that is then due, and exit.")
@click.option("--dry-run", is_flag=True, help="Only look: the same decisions, no write, nothing remembered.")
@click.option("--json", "as_json", is_flag=True, help="With --dry-run or --once: write JSON to stdout.")
@click.pass_obj
def run(session: Session, once: bool, dry_run: bool, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Run in one of three ways."""
    if dry_run:
        preview.show_preview(session, as_json=as_json)
        return errors.EXIT_FINE
    if as_json and not once:
        raise click.UsageError(
            "--json goes with --once or --dry-run; the service logs to stderr (`log: {format: json}`)."
        )
    return _run_once(session, as_json=as_json) if once else _serve(session)


def _run_once(session: Session, *, as_json: bool) -> int:
    with app.open_engine(session.config, tell=feed.print_notice, is_service=True) as engine:
        report = service.run_once(engine)
    if as_json:
        output.write_json(
            {
                "events": report.taken.events,
                "runs": report.taken.runs,
                "skipped": report.taken.skipped,
                "skipped_by": [
                    {"connection": connection, "rule": rule, "reason": cause, "count": count}
                    for (connection, rule, cause), count in report.skips.items()
                ],
                "steps": report.worked,
                "failed": report.failed,
            }
        )
    else:
        polled = len(report.polled)
        output.tell(
            f"polled {polled} connection{'' if polled == 1 else 's'}: {report.taken.events} events, "
            f"{report.taken.runs} runs begun, {report.worked} steps done"
        )
    return errors.EXIT_FAILED if report.failed else errors.EXIT_FINE


def _serve(session: Session) -> int:
    stop = threading.Event()
    with (
        _stopping_on_signals(stop),
        app.open_service(session.config, make_log=feed.make_log, stop=stop) as (engine, server),
        console.serve(engine, server),
    ):
        _serve_until_told(engine, server)
    output.tell("stopped; a write that was on its way is looked for at the next start")
    return errors.EXIT_FINE


@contextmanager
def _stopping_on_signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and Ctrl-C ask for a clean stop, from before the database is opened until it is closed."""

    def ask(number: int, frame: FrameType | None) -> None:
        del number, frame
        # Setting an event takes its lock, which the interrupted thread may hold: a handler must not wait for it.
        threading.Thread(target=stop.set, daemon=True).start()

    before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _serve_until_told(engine: Engine, server: service.Service) -> None:
    count = sum(rule.enabled for rule in engine.rules)
    rules = f"{count} rule{'' if count == 1 else 's'}"
    every = engine.settings.poll.every.total_seconds()
    output.tell(f"serving {rules}, polling {', '.join(engine.quos)} every {every:g} s; Ctrl-C stops")
    server.run()
