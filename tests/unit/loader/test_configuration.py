"""Configuration: the file with overrides laid over it, and problems that name where they come from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from quoflow.errors import Problem
from quoflow.loader.configuration import read_configuration
from quoflow.settings import Settings, read_overrides

MINIMAL = "connections:\n  main: {api_key_env: MATON_API_KEY}\n"


def read(folder: Path, text: str, **environ: str) -> tuple[Settings | None, tuple[Problem, ...]]:
    file = folder / "quoflow.yaml"
    file.write_text(text)
    return read_configuration(file, Settings, read_overrides(environ))


def read_well(folder: Path, text: str, **environ: str) -> Settings:
    settings, problems = read(folder, text, **environ)
    assert problems == ()
    assert settings is not None
    return settings


def test_overrides_go_before_the_file(tmp_path: Path) -> None:
    """A variable replaces one key and leaves those beside it."""
    settings = read_well(tmp_path, f"{MINIMAL}poll: {{every: 20s, overlap: 5m}}\n", QUOFLOW_POLL__EVERY="5s")

    assert (settings.poll.every, settings.poll.overlap) == (timedelta(seconds=5), timedelta(minutes=5))


def test_overrides_make_what_is_missing(tmp_path: Path) -> None:
    """A variable may name keys that the file does not have, down to a whole connection."""
    settings = read_well(
        tmp_path, "", QUOFLOW_CONNECTIONS__MAIN__API_KEY_ENV="KEY", QUOFLOW_WEB__PORT="1", QUOFLOW_REGION="CA"
    )

    assert (settings.connections["main"].api_key_env, settings.web and settings.web.port, settings.region) == (
        "KEY",
        1,
        "CA",
    )


def test_overrides_switch_guards_off(tmp_path: Path) -> None:
    """`off` for a guard is read as in the file."""
    text = f"{MINIMAL}guards: {{quiet_hours: {{from: 09:00}}}}\n"
    settings = read_well(tmp_path, text, QUOFLOW_GUARDS__QUIET_HOURS="off", QUOFLOW_GUARDS__BUDGET="off")

    assert (settings.guards.quiet_hours, settings.guards.budget) == (None, None)


def test_overrides_of_lists(tmp_path: Path) -> None:
    """Lists are written with commas or as JSON, and only where the configuration has lists."""
    settings = read_well(
        tmp_path,
        MINIMAL,
        QUOFLOW_GUARDS__COUNTRIES="US, CA",
        QUOFLOW_APPROVALS__ALLOW_AUTO='["a", "b"]',
        QUOFLOW_RULES="one/",
        QUOFLOW_VARS__GREETING="Hello, you",
        QUOFLOW_HOURS='{"office": {"open": {"mon": "09:00-17:00"}}}',
    )

    assert (settings.guards.countries, settings.approvals.allow_auto) == (("US", "CA"), ("a", "b"))
    assert (settings.rules, settings.vars) == (("one/",), {"greeting": "Hello, you"})
    assert list(settings.hours) == ["office"]


def test_variables_find_names_with_hyphens_and_capitals(tmp_path: Path) -> None:
    """Variables have neither, so that `MY_SHOP` means the connection `My-Shop`."""
    text = "connections:\n  My-Shop: {api_key_env: A}\n"
    settings = read_well(tmp_path, text, QUOFLOW_CONNECTIONS__MY_SHOP__API_KEY_ENV="B")

    assert [(name, one.api_key_env) for name, one in settings.connections.items()] == [("My-Shop", "B")]


def test_a_problem_of_an_override_names_the_variable(tmp_path: Path) -> None:
    """Wrong values and unknown keys that come from the environment are told of by the variable's name."""
    _, problems = read(
        tmp_path, f"{MINIMAL}poll: {{overlap: x}}\n", QUOFLOW_POLL__EVERY="soon", QUOFLOW_POL__EVERY="5s"
    )

    assert [(one.file.removeprefix(f"{tmp_path}/"), one.line, one.path) for one in problems] == [
        ("environment variable QUOFLOW_POLL__EVERY", 1, "poll.every"),
        ("environment variable QUOFLOW_POL", 1, "pol"),
        ("quoflow.yaml", 3, "poll.overlap"),
    ]


def test_the_files_own_problems_come_with_those_of_the_models(tmp_path: Path) -> None:
    """YAML that we do not take and values that do not fit are told of together."""
    settings, problems = read(tmp_path, f"{MINIMAL}timezone: &zone UTC\nregion: usa\n---\na: b\n")

    assert settings is None
    assert [(one.line, one.code) for one in problems] == [(3, "anchor"), (4, "wrong-value"), (6, "several-documents")]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """No traceback when the file is a folder or is not there."""
    for path in (tmp_path, tmp_path / "missing.yaml"):
        settings, problems = read_configuration(path, Settings, {})

        assert (settings, [one.code for one in problems]) == (None, ["unreadable"])


def test_overrides_that_contradict_the_file_never_raise(tmp_path: Path) -> None:
    """A text where a mapping was, a mapping where a text was, broken JSON: read, or told of."""
    cases: list[dict[str, Any]] = [
        {"QUOFLOW_POLL": "5s"},
        {"QUOFLOW_TIMEZONE__X": "5s"},
        {"QUOFLOW_RULES": "[broken"},
        {"QUOFLOW_POLL": "5s", "QUOFLOW_POLL__EVERY": "5s"},
        {"QUOFLOW_VARS": "[" * 100_000},
    ]
    told = [[one.file for one in read(tmp_path, MINIMAL, **case)[1]] for case in cases]

    assert told == [
        ["environment variable QUOFLOW_POLL"],
        ["environment variable QUOFLOW_TIMEZONE"],
        [],
        [],
        ["environment variable QUOFLOW_VARS"],
    ]
