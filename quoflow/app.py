"""Builds the parts and joins them. The only module that touches the real clock, randomness and environment."""

from __future__ import annotations

import itertools
import os
import pwd
import random
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from pathlib import Path

from quoflow import settings
from quoflow.actions import outgoing
from quoflow.actions.errands import Outside
from quoflow.actions.keys import Keys
from quoflow.core import rules
from quoflow.errors import InvalidFiles, QuoflowError
from quoflow.loader import plain
from quoflow.loader import rules as rule_files
from quoflow.quo import client, endpoint, inprocess, transport, wire
from quoflow.quo import errors as quo_errors
from quoflow.runtime import (
    auditing,
    cases,
    demo,
    diagnosis,
    orphans,
    projects,
    recovery,
    reloading,
    rulebook,
    service,
    staging,
    trials,
)
from quoflow.runtime.engine import Engine, Notice
from quoflow.runtime.projects import Project
from quoflow.sandbox import model, scenario, server
from quoflow.settings import LogSettings
from quoflow.store import database, instance
from quoflow.store.approvals import Approval


def read_clock() -> datetime:
    """Give the time, UTC."""
    return datetime.now(UTC)


def read_elapsed() -> float:
    """Give seconds since some moment: they never go back, and go on while the machine is suspended."""
    # Linux's CLOCK_MONOTONIC stands still in suspension and so must not measure leases; elsewhere this is as good.
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def read_actor() -> str:
    """Give who uses this command: the system's name for the process's user, not $USER, which anyone may set."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def make_id() -> str:
    """Give a fresh id: 12 characters that a person can read out."""
    return secrets.token_hex(6)


def make_quo(project: Project, name: str, *, is_read_only: bool = False) -> client.Quo:
    """Build the client of one connection. Raises QuoflowError when its key is not there."""
    return client.Quo(make_transport(project, name, is_read_only=is_read_only))


def make_transport(
    project: Project,
    name: str,
    *,
    is_read_only: bool = False,
    environ: Mapping[str, str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> transport.Transport:
    """Build the transport of one connection: its own rate limit, the real clock."""
    configured = project.settings.connections[name]
    bucket = transport.TokenBucket(configured.requests_per_second, clock=read_elapsed, sleep=sleep)
    target = endpoint.Endpoint(
        gateway=configured.gateway,
        base_url=configured.base_url,
        key=configured.read_key(os.environ if environ is None else environ, project.root),
        connection_id=configured.connection_id,
        key_source=configured.key_source,
    )
    return transport.Transport(
        target,
        bucket=bucket,
        clock=read_elapsed,
        wall_clock=read_clock,
        sleep=sleep,
        random=random.random,
        read_only=is_read_only,
    )


def make_engine(
    project: Project,
    rule_set: tuple[rules.Rule, ...],
    store: database.Database,
    *,
    quos: Mapping[str, client.Quo],
    tell: Callable[[Notice], None],
    is_dry: bool = False,
) -> Engine:
    """Join the parts."""
    return Engine(
        database=store,
        settings=project.settings,
        rulebook=rulebook.Rulebook(rulebook.make_set(rule_set)),
        quos=quos,
        restore=rule_files.restore_rule,
        clock=read_clock,
        new_id=make_id,
        jitter=random.random,
        tell=tell,
        outside=make_outside(project, is_dry=is_dry),
    )


def make_outside(project: Project, *, is_dry: bool = False) -> Outside:
    """Build what reaches the world beside Quo; nothing leaves in a dry run."""
    return Outside(
        targets=project.settings.notify,
        keys=Keys(os.environ, project.root),
        way=outgoing.Way(outgoing.resolve, read_elapsed),
        http=project.settings.http,
        recordings=project.settings.recordings,
        is_dry=is_dry,
    )


def _make_quos(
    project: Project,
    *,
    tell: Callable[[Notice], None],
    is_read_only: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, client.Quo]:
    """Build a client for every connection; what one of them cannot read is told, not lost in silence."""

    def make(name: str) -> client.Quo:
        def tell_skipped(skipped: wire.Skipped) -> None:
            tell(Notice("poll.unreadable", f"an item of a list could not be read: {skipped}", name))

        way = make_transport(project, name, is_read_only=is_read_only, sleep=sleep)
        return client.Quo(way, on_skipped=tell_skipped)

    return {name: make(name) for name in project.settings.connections}


@contextmanager
def open_engine(
    config: Path | None,
    *,
    tell: Callable[[Notice], None],
    is_service: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Engine]:
    """Open everything for a command that may write; a service also takes the database for itself, and reaches Quo."""
    project, rule_set = projects.load_project(config, os.environ)
    quos = _make_quos(project, tell=tell, sleep=sleep) if is_service else {}
    with hold_instance(project, is_service=is_service), _opened(project.database_target) as store:
        engine = make_engine(project, rule_set, store, quos=quos, tell=tell)
        if is_service:
            recovery.begin(engine)
            auditing.record_configuration(engine)
            orphans.cancel_orphans(engine)
        yield engine


@contextmanager
def open_undo(config: Path | None, *, tell: Callable[[Notice], None], is_dry_run: bool) -> Iterator[Engine]:
    """Open everything for a change by hand beside a running service; a dry run's clients refuse to write."""
    project, rule_set = projects.load_project(config, os.environ)
    quos = _make_quos(project, tell=tell, is_read_only=is_dry_run)
    with _opened(project.database_target) as store:
        yield make_engine(project, rule_set, store, quos=quos, tell=tell, is_dry=is_dry_run)


@contextmanager
def hold_instance(project: Project, *, is_service: bool) -> Iterator[None]:
    """Hold the database file for one instance, where a service runs on a file."""
    target = project.database_target
    if not is_service or not isinstance(target, Path):
        yield
        return
    with instance.acquire_instance(target, describe="quoflow run"):
        yield


@contextmanager
def open_service(
    config: Path | None, *, make_log: Callable[[LogSettings], Callable[[Notice], None]], stop: threading.Event
) -> Iterator[tuple[Engine, service.Service]]:
    """Open everything for the service, with the log that the configuration asks for; `stop` ends it cleanly."""
    project = projects.load_settings(config, os.environ)

    def sleep_until_stopped(seconds: float) -> None:
        if stop.wait(seconds):
            raise quo_errors.Unreachable("quoflow is stopping")

    tell = make_log(project.settings.log)
    stock = projects.take_stock(project)  # before the rules are read: an edit from here on is seen
    with open_engine(config, tell=tell, is_service=True, sleep=sleep_until_stopped) as engine:
        reloader = reloading.Reloader(
            engine,
            take_stock=partial(projects.take_stock, project),
            load=partial(projects.read_rules, project),
            loaded=stock,
        )
        yield engine, service.Service(engine, stop, reloader)


@contextmanager
def open_database(project: Project) -> Iterator[database.Database]:
    """Open a project's database alone."""
    with _opened(project.database_target) as store:
        yield store


@contextmanager
def open_preview(config: Path | None, *, tell: Callable[[Notice], None]) -> Iterator[Engine]:
    """Open everything on a copy of the database, with clients that refuse to write."""
    project, rule_set = projects.load_project(config, os.environ)
    quos = _make_quos(project, tell=tell, is_read_only=True)
    with tempfile.TemporaryDirectory(prefix="quoflow-") as scratch:
        copy = Path(scratch) / "preview.db"
        target = project.database_target
        if not isinstance(target, Path) or target.exists():
            with _opened(target) as present:
                present.copy_to(copy)
        with _opened(copy) as store:
            yield make_engine(project, rule_set, store, quos=quos, tell=tell, is_dry=True)


@contextmanager
def _opened(target: str | Path) -> Iterator[database.Database]:
    store = database.Database.open(target, clock=read_clock)
    try:
        yield store
    finally:
        store.close()


def examine_connection(project: Project, name: str) -> list[diagnosis.Finding]:
    """Look at one connection over the network."""
    try:
        quo = make_quo(project, name, is_read_only=True)
    except QuoflowError as error:
        return [diagnosis.Finding(name, "wrong", error.message, error.hint)]
    return diagnosis.examine_connection(project, name, quo)


def examine_database(project: Project) -> list[diagnosis.Finding]:
    """Look at the database, if there is one yet, and at what stands still in it."""
    target = project.database_target
    if isinstance(target, Path) and not target.exists():
        return [diagnosis.Finding("database", "fine", f"{target} will be made at the first run")]
    try:
        with _opened(target) as store:
            problems = store.check_integrity()
            if not problems:
                sound = diagnosis.Finding("database", "fine", f"{target} is sound")
                return [sound, *diagnosis.examine_space(store.path.parent), *diagnosis.examine_work(store)]
    except QuoflowError as error:
        return [diagnosis.Finding("database", "wrong", error.message, error.hint)]
    hint = "Restore a backup, or move the file away to begin anew"
    return [diagnosis.Finding("database", "wrong", f"{target} is damaged: {problems[0]}", hint)]


def build_sandbox(name: str) -> model.Sandbox:
    """Build a simulated Quo from a bundled scenario or a YAML file. Raises InvalidFiles or QuoflowError."""
    path = scenario.find_scenario(name)
    data = plain.read_plain(path)
    return model.Sandbox(scenario.build_scenario(data), clock=read_clock, new_id=make_quo_id)


def make_quo_id(prefix: str) -> str:
    """Give a fresh id as Quo makes them: a prefix and 24 letters and digits."""
    return f"{prefix}{secrets.token_hex(12)}"


def serve_sandbox(name: str, *, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve a simulated Quo in the foreground, until SIGINT or SIGTERM."""
    server.serve(build_sandbox(name), host=host, port=port, ready=ready)


@contextmanager
def open_demo(*, tell: Callable[[Notice], None]) -> Iterator[tuple[Engine, model.Sandbox]]:
    """Start a sandbox with the demo's scenario, and an engine on it with the rules of the pack."""
    simulated = build_sandbox("demo")
    with tempfile.TemporaryDirectory(prefix="quoflow-demo-") as scratch, server.SandboxServer(simulated) as running:
        root = Path(scratch)
        configured = settings.Settings.model_validate(
            {
                "connections": {"demo": {"base_url": running.base_url, "api_key_env": "MATON_API_KEY"}},
                "rules": str(find_demo_rules()),
                "database": str(root / "demo.db"),
                "poll": {"every": "1s"},
                "approvals": {"allow_auto": []},
                "guards": {"quiet_hours": "off"},  # it shows its texts at any hour, and nobody is woken by them
                "hours": {"office": {"open": {"mon-sun": "00:00-24:00"}}},  # and the same ones at any hour
            }
        )
        project = Project(root / "quoflow.yaml", root, configured)
        loaded = projects.read_rules(project)
        if any(one.severity == "error" for one in loaded.problems):
            raise InvalidFiles(loaded.problems)
        quos = {"demo": client.Quo(make_transport(project, "demo", environ={"MATON_API_KEY": "demo"}))}
        with _opened(project.database_target) as store:
            yield make_engine(project, loaded.rules, store, quos=quos, tell=tell), simulated


@contextmanager
def open_trials(project: Project) -> Iterator[Callable[[cases.Test, tuple[rules.Rule, ...]], trials.Trial]]:
    """Give what runs a test of some rules: each in a world and on a database of its own, in time that stands still."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it, where the system has it
    with tempfile.TemporaryDirectory(prefix="quoflow-test-", dir=memory if memory.is_dir() else None) as scratch:
        blank, file = Path(scratch) / "blank.db", Path(scratch) / "test.db"
        database.Database.open(blank, clock=read_clock).close()
        shutil.copyfile(blank, file)
        with _opened(file) as store:

            def run(test: cases.Test, rule_set: tuple[rules.Rule, ...]) -> trials.Trial:
                store.close()  # what it has compiled it keeps for the next test
                for stale in Path(scratch).glob("test.db*"):
                    stale.unlink()
                shutil.copyfile(blank, file)
                return _run_trial(project, rule_set, test, store)

            yield run


def _run_trial(
    project: Project, rule_set: tuple[rules.Rule, ...], test: cases.Test, store: database.Database
) -> trials.Trial:
    configured = project.settings.model_copy(update={"notify": {}})  # nobody is told of what is only a test
    clock, ids = trials.Clock(trials.read_beginning(test.given, configured.timezone)), itertools.count(1)
    given = trials.build_given_scenario(test.given, configured)
    simulated = model.Sandbox(given, clock=clock.read, new_id=lambda kind: f"{kind}{next(ids):012d}")
    connection = next(iter(configured.connections))
    world = trials.World(clock, simulated, trials.list_people(test.given), connection)
    way = transport.Transport(
        endpoint.Endpoint(gateway="maton", base_url="http://quo.test", key="test"),
        bucket=transport.TokenBucket(1_000, clock=clock.elapsed, sleep=clock.sleep),
        clock=clock.elapsed,
        wall_clock=clock.read,
        sleep=clock.sleep,
        random=lambda: 0.0,
        client=inprocess.make_client(lambda asked: trials.answer(simulated, asked)),
    )
    quos = {connection: client.Quo(way)}
    joined = make_engine(
        replace(project, settings=configured), rule_set, store, quos=quos, tell=world.hear, is_dry=True
    )
    outside = staging.stage_outside(test.given.http or (), configured, store.path.parent)
    engine = replace(joined, clock=clock.read, new_id=lambda: f"{next(ids):012d}", jitter=lambda: 0.0, outside=outside)
    return trials.run_trial(test, engine, world)


def find_demo_rules() -> Path:
    """Find the pack of rules that the demo runs: the wheel carries a copy of the checkout's `rules/`."""
    package = Path(str(resources.files("quoflow")))
    packed = package / "rules"
    return packed if packed.is_dir() else package.parent / "rules"


def run_demo(*, decide: Callable[[Approval], bool], tell: Callable[[Notice], None]) -> demo.Told:
    """Run the demo from start to end, and give its closing table."""
    with open_demo(tell=tell) as (engine, simulated):
        return demo.run_demo(engine, simulated, decide=decide, sleep=time.sleep)
