"""Builds the parts and joins them. The only module that touches the real clock, randomness and environment."""

from __future__ import annotations

import os
import random
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from quoflow import settings
from quoflow.core import matching, rules
from quoflow.errors import InvalidFiles, Problem, UsageError
from quoflow.loader import configuration, folder
from quoflow.loader import rules as rule_files
from quoflow.quo import client, endpoint, transport
from quoflow.runtime.engine import Engine, Notice
from quoflow.store import database, instance


def read_clock() -> datetime:
    """Give the time, UTC."""
    return datetime.now(UTC)


def make_id() -> str:
    """Give a fresh id: 12 characters that a person can read out."""
    return secrets.token_hex(6)


@dataclass(frozen=True, slots=True)
class Project:
    """A configuration file read, and the folder that its paths are relative to."""

    file: Path
    root: Path
    settings: settings.Settings

    @property
    def rule_paths(self) -> tuple[Path, ...]:
        """Give the files and folders that hold the rules."""
        return tuple(self.root / path for path in self.settings.rules)

    @property
    def database_target(self) -> str | Path:
        """Give the database: a URL as it is written, or a path below the project."""
        written = self.settings.database
        return written if "://" in written else self.root / written


def find_project(config: Path | None) -> Path:
    """Find quoflow.yaml: the one that is named, or the next one upward. Raises UsageError when there is none."""
    found = config or settings.find_file(Path.cwd())
    if found is None:
        raise UsageError(
            "there is no quoflow.yaml here or in any folder above",
            "Run `quoflow init` to make one, or name it with `--config FILE`",
        )
    if not found.is_file():
        raise UsageError(f"{found} is not a file", "Name the configuration with `--config FILE`")
    return found


def read_project(config: Path | None) -> tuple[Project | None, tuple[Problem, ...]]:
    """Read the configuration; with problems there may be no project."""
    file = find_project(config)
    overrides = settings.read_overrides(os.environ)
    read, problems = configuration.read_configuration(file, settings.Settings, overrides)
    return (Project(file, file.resolve().parent, read) if read else None), tuple(problems)


def read_rules(project: Project) -> folder.Loaded:
    """Read and check the project's rules."""
    return folder.load_rules(project.rule_paths, project.root, make_known(project.settings))


def make_known(configured: settings.Settings) -> folder.Known:
    """Give what the checks of rules need from the configuration."""
    return folder.Known(
        hours=tuple(configured.hours),
        variables=configured.vars,
        region=configured.region,
        connections=tuple(configured.connections),
        allow_auto=configured.approvals.allow_auto,
    )


def load_project(config: Path | None) -> tuple[Project, tuple[rules.Rule, ...]]:
    """Read configuration and rules. Raises InvalidFiles with every problem when either cannot be used."""
    project, problems = read_project(config)
    if project is None or any(one.severity == "error" for one in problems):
        raise InvalidFiles(problems)
    loaded = read_rules(project)
    if any(one.severity == "error" for one in loaded.problems):
        raise InvalidFiles(loaded.problems)
    return project, loaded.rules


def make_quo(project: Project, name: str, *, is_read_only: bool = False) -> client.Quo:
    """Build the client of one connection. Raises QuoflowError when its key is not there."""
    return client.Quo(make_transport(project, name, is_read_only=is_read_only))


def make_transport(project: Project, name: str, *, is_read_only: bool = False) -> transport.Transport:
    """Build the transport of one connection: its own rate limit, the real clock."""
    configured = project.settings.connections[name]
    bucket = transport.TokenBucket(configured.requests_per_second, clock=time.monotonic, sleep=time.sleep)
    target = endpoint.Endpoint(
        gateway=configured.gateway,
        base_url=configured.base_url,
        key=configured.read_key(os.environ, project.root),
        connection_id=configured.connection_id,
    )
    return transport.Transport(
        target,
        bucket=bucket,
        clock=time.monotonic,
        wall_clock=read_clock,
        sleep=time.sleep,
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
) -> Engine:
    """Join the parts."""
    return Engine(
        database=store,
        settings=project.settings,
        rules=rule_set,
        index=matching.RuleIndex(rule_set),
        quos=quos,
        restore=rule_files.restore_rule,
        clock=read_clock,
        new_id=make_id,
        jitter=random.random,
        tell=tell,
    )


def _make_quos(project: Project, *, is_read_only: bool = False) -> dict[str, client.Quo]:
    return {name: make_quo(project, name, is_read_only=is_read_only) for name in project.settings.connections}


@contextmanager
def open_engine(config: Path | None, *, tell: Callable[[Notice], None], is_service: bool = False) -> Iterator[Engine]:
    """Open everything for a command that may write; a service also takes the database for itself."""
    project, rule_set = load_project(config)
    quos = _make_quos(project) if is_service else {}
    with hold_instance(project, is_service=is_service), _opened(project.database_target) as store:
        yield make_engine(project, rule_set, store, quos=quos, tell=tell)


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
def open_preview(config: Path | None, *, tell: Callable[[Notice], None]) -> Iterator[Engine]:
    """Open everything on a copy of the database, with clients that refuse to write."""
    project, rule_set = load_project(config)
    quos = _make_quos(project, is_read_only=True)
    with tempfile.TemporaryDirectory(prefix="quoflow-") as scratch:
        copy = Path(scratch) / "preview.db"
        target = project.database_target
        if not isinstance(target, Path) or target.exists():
            with _opened(target) as present:
                present.copy_to(copy)
        with _opened(copy) as store:
            yield make_engine(project, rule_set, store, quos=quos, tell=tell)


@contextmanager
def _opened(target: str | Path) -> Iterator[database.Database]:
    store = database.Database.open(target, clock=read_clock)
    try:
        yield store
    finally:
        store.close()
