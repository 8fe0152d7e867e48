"""`quoflow sandbox`: a simulated Quo on this machine, for trying rules out and for CI."""

from __future__ import annotations

import click

from quoflow import app, errors
from quoflow.cli import output


@click.command(help="Start a simulated Quo on this machine; Ctrl-C stops it.")
@click.option("--scenario", default="demo", show_default=True, help="`demo`, `empty`, or a YAML file.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8787, show_default=True, help="The port; 0 for any free one.")
def sandbox(scenario: str, host: str, port: int) -> int:
    """Serve until stopped."""

    def tell(url: str) -> None:
        output.tell(f"sandbox `{scenario}` listens on {url}; Ctrl-C stops it")
        output.tell(f"  in quoflow.yaml:  base_url: {url}      any key is accepted (export MATON_API_KEY=sandbox)")
        output.tell(f"  to make things happen:  curl -X POST {url}/_sandbox/messages -d '{{…}}'   (docs/sandbox.md)")

    app.serve_sandbox(scenario, host=host, port=port, ready=tell)
    return errors.EXIT_FINE
