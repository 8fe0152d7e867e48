"""The console of a running service: is it well, what does it do, figures for Prometheus. It only reads.

It binds to loopback unless the configuration says otherwise, answers to known host names only (a page on the
web cannot reach it by DNS rebinding), and has nothing that decides or writes.
"""

from __future__ import annotations

import html
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from quoflow.runtime.engine import Engine
from quoflow.runtime.service import Service
from quoflow.store import inbox, runs

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def build_app(engine: Engine, service: Service, *, host: str) -> Starlette:
    """Build the console of one service."""
    registry = CollectorRegistry()
    registry.register(_Figures(engine, service))

    def show_health(request: Request) -> Response:
        del request
        polled = {name: name in service.last_polled for name in engine.quos}
        return JSONResponse({"ok": not service.is_stopping, "polled": polled}, headers=HEADERS)

    def show_metrics(request: Request) -> Response:
        del request
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST, headers=HEADERS)

    def show_runs(request: Request) -> Response:
        del request
        with engine.database.read() as tx:
            found = runs.list_runs(tx, limit=50)
        rows = ((run.started_at.strftime("%Y-%m-%d %H:%M:%S"), run.rule, run.state, run.reason) for run in found)
        return HTMLResponse(_draw_page(rows), headers=HEADERS)

    return Starlette(
        routes=[Route("/", show_runs), Route("/healthz", show_health), Route("/metrics", show_metrics)],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", host])],
    )


def _draw_page(rows: Iterable[tuple[str, ...]]) -> str:
    """Draw the runs as a page; every value is escaped."""
    lines = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    style = (
        "body{font:16px system-ui;margin:2rem}td,th{padding:.3rem 1rem;text-align:left;border-bottom:1px solid #ddd}"
    )
    heads = "".join(f"<th>{name}</th>" for name in ("Started (UTC)", "Rule", "State", "Reason"))
    table = f"<table><tr>{heads}</tr>{lines}</table>" if lines else "<p>No runs yet.</p>"
    return f"<!doctype html><meta charset=utf-8><title>quoflow</title><style>{style}</style><h1>Runs</h1>{table}"


class _Figures(Collector):
    """Reads the figures when Prometheus asks."""

    def __init__(self, engine: Engine, service: Service) -> None:
        self._engine, self._service = engine, service

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the figures of now."""
        with self._engine.database.read() as tx:
            waiting, unfinished = inbox.count_new(tx), runs.list_all_unfinished(tx)
        yield GaugeMetricFamily("quoflow_events_waiting", "Events that are not taken in yet.", value=waiting)
        states = GaugeMetricFamily("quoflow_runs_unfinished", "Unfinished runs by state.", labels=["state"])
        for state in sorted({run.state for run in unfinished}):
            states.add_metric([state], sum(run.state == state for run in unfinished))
        yield states


@contextmanager
def serve(engine: Engine, service: Service) -> Iterator[None]:
    """Serve the console beside a service, where the configuration has a `web` part."""
    settings = engine.settings.web
    if settings is None:
        yield
        return
    config = uvicorn.Config(
        build_app(engine, service, host=settings.host),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=2)
