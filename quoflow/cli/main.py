"""The command line: one explicit dictionary of commands, each loaded when it is called.

Exit codes: 0 fine, 1 something failed, 2 the plan has pending writes, 3 part of a plan was refused,
4 rules or configuration invalid, 64 usage, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from quoflow import __version__, errors
from quoflow.cli import output

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Write a working project into a folder."),
    "check": ("check", "Check rules and configuration; every problem at its line."),
    "test": ("test", "Run the tests beside the rules."),
    "plan": ("plan", "List every write that would be made now, without making any."),
    "run": ("run", "Serve: poll, decide, act. `--once` for one pass, `--dry-run` to only look."),
    "demo": ("demo", "Show quoflow at work against a simulated Quo; needs no key."),
    "trigger": ("trigger", "Fire a rule's `manual` trigger."),
    "approvals": ("approvals", "List and decide on the writes that wait for a person."),
    "runs": ("runs", "List, show and cancel runs."),
    "outbox": ("outbox", "List the writes on their way, and those nobody knows about."),
    "explain": ("explain", "Say why each rule did what it did about an event, a run or a contact."),
    "undo": ("undo", "Take back what a run changed of contacts."),
    "audit": ("audit", "List, export and verify the log of who did what."),
    "optouts": ("optouts", "List who must not be texted; add, confirm, lift, export, erase."),
    "pause": ("pause", "The kill switch: no write goes out until `resume`."),
    "resume": ("pause", "Let writes go out again."),
    "connections": ("connections", "List, create, show and delete connections at the Maton gateway."),
    "quo": ("quo", "Look at the API: `quoflow quo GET /v1/phone-numbers`."),
    "sandbox": ("sandbox", "Start a simulated Quo on this machine."),
    "schema": ("schema", "Print the JSON Schemas for editors."),
    "cron": ("cron", "Explain a cron expression: what it means, when it fires, what changes of clocks do."),
    "doctor": ("doctor", "Check the set-up and say what to do."),
    "db": ("db", "Upgrade, back up, prune or check the database."),
}
"""Command → (module in quoflow.cli that holds it, its one line of help)."""


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is called, so that `--help` starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the commands in the order of the dictionary."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None when there is no such one."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"quoflow.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; say which one was probably meant when there is none."""
        if args and args[0] not in COMMANDS:
            close = output.suggest(args[0], COMMANDS)
            hint = f" Did you mean `{close}`?" if close else " `quoflow --help` lists them."
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Automation rules in YAML for the Quo business phone, with a gate before every write.",
)
@click.option(
    "--config", type=click.Path(path_type=Path), help="The configuration; quoflow.yaml found upward unless said."
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(__version__, prog_name="quoflow", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, debug: bool) -> None:  # noqa: FBT001 - click passes by name
    """Keep what every command may ask for."""
    ctx.obj = output.Session(config=config, debug=debug)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; nothing escapes as a traceback but with `--debug`."""
    try:
        code = cli.main(args=list(arguments), prog_name="quoflow", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        output.write_error("interrupted")
        return errors.EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`quoflow runs list | head`): nothing to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return errors.EXIT_FAILED
    except Exception as error:  # noqa: BLE001 - the top of the command line: what is not known is a bug of ours
        if "--debug" in arguments:
            traceback.print_exc()
        return _explain(error)
    return code if isinstance(code, int) else errors.EXIT_FINE


def _explain(error: Exception) -> int:
    """Say in a line what happened and what to do, and give the exit code."""
    if isinstance(error, click.ClickException):
        output.write_error(error.format_message())
        return errors.EXIT_USAGE
    if isinstance(error, errors.InvalidFiles):
        output.write_problems(error.problems)
        return errors.EXIT_INVALID
    if isinstance(error, errors.QuoflowError):
        output.write_error(error.message, error.hint)
        return error.exit_code
    what = f"quoflow itself failed: {type(error).__name__}: {error}"
    output.write_error(what, "Run it again with --debug before the command, and report what it prints")
    return errors.EXIT_FAILED
