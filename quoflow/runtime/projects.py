"""A project on disk: its configuration and its rules, read and checked. Nothing slow is imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quoflow import settings
from quoflow.core import rules
from quoflow.errors import InvalidFiles, Problem, UsageError
from quoflow.loader.configuration import read_configuration
from quoflow.loader.folder import Loaded, Stock, load_rules
from quoflow.loader.folder import take_stock as take_stock_of
from quoflow.loader.known import Known


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


def read_project(config: Path | None, environ: Mapping[str, str]) -> tuple[Project | None, tuple[Problem, ...]]:
    """Read the configuration; with problems there may be no project."""
    file = find_project(config)
    overrides = settings.read_overrides(environ)
    read, problems = read_configuration(file, settings.Settings, overrides)
    return (Project(file, file.resolve().parent, read) if read else None), tuple(problems)


def read_rules(project: Project) -> Loaded:
    """Read and check the project's rules."""
    return load_rules(project.rule_paths, project.root, make_known(project.settings))


def take_stock(project: Project) -> Stock:
    """Give what tells whether any file of the project's rules has changed, without reading one."""
    return take_stock_of(project.rule_paths, project.root)


def make_known(configured: settings.Settings) -> Known:
    """Give what the checks of rules need from the configuration."""
    return Known(
        hours=tuple(configured.hours),
        variables=configured.vars,
        region=configured.region,
        connections=tuple(configured.connections),
        allow_auto=configured.approvals.allow_auto,
        targets=tuple(configured.notify),
        http=configured.http,
    )


def load_project(config: Path | None, environ: Mapping[str, str]) -> tuple[Project, tuple[rules.Rule, ...]]:
    """Read configuration and rules. Raises InvalidFiles with every problem when either cannot be used."""
    project = load_settings(config, environ)
    loaded = read_rules(project)
    if any(one.severity == "error" for one in loaded.problems):
        raise InvalidFiles(loaded.problems)
    return project, loaded.rules


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: the rules that are well, and every problem."""

    rules: tuple[rules.Rule, ...]
    problems: tuple[Problem, ...]


def check_files(config: Path | None, paths: Sequence[Path], environ: Mapping[str, str]) -> Checked:
    """Check a project, or the named files and folders with what the configuration (if there is one) says."""
    file = config or settings.find_file(Path.cwd())
    if file is None and not paths:
        find_project(None)
    project: Project | None = None
    problems: tuple[Problem, ...] = ()
    if file is not None:
        project, problems = read_project(file, environ)
        if project is None and not paths:
            return Checked((), problems)
    known = make_known(project.settings) if project else Known()
    wanted = tuple(paths) or (project.rule_paths if project else ())
    root = project.root if project and not paths else Path.cwd()
    loaded = load_rules(wanted, root, known)
    return Checked(loaded.rules, (*problems, *loaded.problems))


def load_settings(config: Path | None, environ: Mapping[str, str]) -> Project:
    """Read the configuration alone. Raises InvalidFiles with every problem when it cannot be used."""
    project, problems = read_project(config, environ)
    if project is None or any(one.severity == "error" for one in problems):
        raise InvalidFiles(problems)
    return project


def choose_connection(project: Project, name: str | None) -> str:
    """Give the connection that is meant: the named one, or the only one. Raises UsageError otherwise."""
    names = tuple(project.settings.connections)
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        raise UsageError(f"say --connection with one of: {', '.join(names)}")
    return name
