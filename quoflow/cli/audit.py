"""`quoflow audit`: who did what, and whether anybody has changed that since."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

import click

from quoflow import app, errors
from quoflow.cli import output
from quoflow.cli.output import Session
from quoflow.core import chain
from quoflow.core.durations import parse_duration
from quoflow.runtime import projects
from quoflow.runtime.projects import Project
from quoflow.store import audit as store
from quoflow.store import exports, files

FIELDS = ("id", "at", "actor", "kind", "connection", "subject", "data", "previous", "hash")


@click.group(invoke_without_command=True, help="List, export and verify the log of who did what.")
@click.pass_context
def audit(ctx: click.Context) -> int:
    """List when nothing else is asked for."""
    if ctx.invoked_subcommand is None:
        result: int = ctx.invoke(list_audit)
        return result
    return errors.EXIT_FINE


@audit.command("list", help="List the latest entries, the newest first.")
@click.option("--since", default="", help="Only those of this time or later: 24h, or 2026-11-23T15:00:00Z.")
@click.option("--limit", default=100, show_default=True, help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def list_audit(session: Session, since: str = "", limit: int = 100, as_json: bool = False) -> int:  # noqa: FBT001, FBT002 - click passes by name
    """List the log."""
    begin = _read_time(since) if since else None
    with app.open_database(_load(session)) as database, database.read() as tx:
        entries = store.list_audit(tx, limit, since=begin)
    if as_json:
        output.write_json([chain.describe_entry(one) for one in entries])
    elif not entries:
        output.write("The log has no such entries.")
    else:
        shown = [
            (str(one.id), output.format_time(one.at), one.actor, one.kind, one.subject, _tell(one)) for one in entries
        ]
        output.write_table(("id", "at", "who", "what", "to", "details"), shown)
    return errors.EXIT_FINE


@audit.command(help="Write the whole log, oldest first; `verify` can check a file of format jsonl anywhere.")
@click.option("-o", "--output", "file", type=click.Path(path_type=Path), help="A new file; stdout unless said.")
@click.option("--format", "form", type=click.Choice(("jsonl", "csv")), default="jsonl", show_default=True)
@click.pass_obj
def export(session: Session, file: Path | None, form: str) -> int:
    """Export the log."""
    with app.open_database(_load(session)) as database, database.read() as tx:
        lines = (
            _write_csv(store.walk(tx)) if form == "csv" else exports.write_lines(store.walk(tx), store.find_head(tx))
        )
        if file is None:
            sys.stdout.writelines(lines)
            return errors.EXIT_FINE
        with files.writing(file, what="the export") as part, part.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(lines)
    output.tell(f"wrote {file}")
    return errors.EXIT_FINE


@audit.command(help="Walk along the chain of the database, or of an exported FILE, and name the first broken entry.")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--head", default="", help="A hash that was printed earlier: it must be among the entries still.")
@click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
@click.pass_obj
def verify(session: Session, file: Path | None, head: str, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Verify the log; exit 1 when it does not hold."""
    if file is None:
        with app.open_database(_load(session)) as database, database.read() as tx:
            found = store.verify(tx, known=head)
    else:
        found = exports.verify_file(file, known=head)
    if as_json:
        told = {"ok": not found.problem, "entries": found.count, "head": found.head.hash, "problem": found.problem}
        output.write_json(told)
    elif found.problem:
        hint = f"The {found.count} entries before hold; compare with an export or a backup from before"
        output.write_error(found.problem, hint)
    else:
        output.write(f"{found.count} entries hold. Head: {found.head.hash}")
    return errors.EXIT_FAILED if found.problem else errors.EXIT_FINE


def _load(session: Session) -> Project:
    return projects.load_settings(session.config, os.environ)


def _read_time(text: str) -> datetime:
    """Read a time, or an age before now."""
    try:
        return app.read_clock() - parse_duration(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise click.UsageError(
            f"--since: `{text}` is neither a duration such as 24h nor a time such as 2026-11-23T15:00:00Z."
        ) from None


def _tell(entry: chain.Entry) -> str:
    parts = (f"{name}={value}" for name, value in entry.data.items() if value not in (None, "", [], {}))
    return ", ".join(parts)


def _write_csv(entries: Iterable[chain.Entry]) -> Iterator[str]:
    """Give CSV for spreadsheets: no cell can be taken for a formula."""
    yield _write_row(FIELDS)
    for entry in entries:
        described = chain.describe_entry(entry)
        described["data"] = json.dumps(described["data"], ensure_ascii=False)
        yield _write_row([output.show_text(_defuse(described[name])) for name in FIELDS])


def _defuse(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _write_row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
