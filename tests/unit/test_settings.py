"""Settings: the models of quoflow.yaml, where it is found, what the environment says, where keys come from."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from quoflow.errors import QuoflowError
from quoflow.settings import ConnectionSettings, Settings, find_file, read_overrides

CONNECTIONS = {"main": {"api_key_env": "MATON_API_KEY"}}


def make(**changes: Any) -> Settings:
    return Settings.model_validate({"connections": CONNECTIONS, **changes})


def connect(**changes: Any) -> ConnectionSettings:
    return ConnectionSettings.model_validate(changes)


def test_defaults() -> None:
    """What is not said is what the design says, and nothing that writes is allowed by itself."""
    settings = make()

    assert (settings.timezone, settings.region, settings.rules, settings.database) == (
        "UTC",
        "US",
        ("rules/",),
        "quoflow.db",
    )
    assert (settings.poll.every, settings.poll.overlap, settings.poll.contacts_every) == (
        timedelta(seconds=15),
        timedelta(minutes=10),
        timedelta(minutes=10),
    )
    assert (settings.approvals.expire_after, settings.approvals.allow_auto) == (timedelta(hours=24), ())
    assert (settings.approvals.approvers, settings.approvals.self_approval, settings.approvals.sms) == (1, True, None)
    assert (settings.web, settings.tags.field, settings.vars, settings.hours) == (None, "tags", {}, {})
    assert (settings.log.level, settings.log.format) == ("info", "text")


def test_guards_unless_said() -> None:
    """Opt-out, cap, budget and countries stand from the start; quiet hours and the loop breaker are asked for."""
    guards = make().guards

    assert guards.countries == ("US", "CA")
    assert None not in (guards.quiet_hours, guards.loop, guards.opt_out)
    assert guards.contact_cap is not None
    assert guards.budget is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"connections": {}},
        {"connections": {"a b": {"api_key_env": "A"}}},
        {"timezone": "Amerika"},
        {"timezone": "../etc"},
        {"timezone": "America"},
        {"region": "usa"},
        {"rules": []},
        {"database": ""},
        {"poll": {"every": "0s"}},
        {"approvals": {"expire_after": "0s"}},
        {"approvals": {"approvers": 0}},
        {"approvals": {"approvers": 3}},
        {"approvals": {"sms": {"owners": {"ann": "+15555550101"}}}},
        {"approvals": {"sms": {"owners": {}, "line": "Main"}}},
        {"approvals": {"sms": {"owners": {"ann": "555-0101"}, "line": "Main"}}},
        {"approvals": {"sms": {"owners": {"ann": "+15555550101", "bea": "+15555550101"}, "line": "Main"}}},
        {"approvals": {"sms": {"owners": {"ann": "+15555550101"}, "line": "Main", "code_expires": "2d"}}},
        {"web": {"port": 0}},
        {"log": {"level": "loud"}},
        {"hours": {"office": {"open": {"someday": "09:00-17:00"}}}},
        {"foo": "bar"},
    ],
)
def test_what_cannot_be(changes: dict[str, Any]) -> None:
    """Wrong values are errors of the model, each by itself."""
    with pytest.raises(ValidationError) as raised:
        make(**changes)

    assert raised.value.error_count() == 1


def test_a_rules_folder_or_a_list() -> None:
    """`rules` and `allow_auto` take one text or a list."""
    assert make(rules="a/").rules == ("a/",)
    assert make(rules=["a/", "b/"]).rules == ("a/", "b/")
    assert make(approvals={"allow_auto": "*"}).approvals.allow_auto == ("*",)


def test_the_web_is_there_when_its_key_is() -> None:
    """`web:` with nothing behind it asks for the defaults."""
    web = make(web=None).web

    assert web is not None
    assert (web.host, web.port) == ("127.0.0.1", 8642)


@pytest.mark.parametrize(
    ("gateway", "expected"), [("maton", "https://api.maton.ai"), ("direct", "https://api.openphone.com")]
)
def test_each_gateway_has_its_address(gateway: str, expected: str) -> None:
    """The vendor's address is the default, and any other can stand there."""
    assert connect(gateway=gateway, api_key_env="A").base_url == expected

    assert connect(gateway=gateway, api_key_env="A", base_url="http://127.0.0.1:1/").base_url == "http://127.0.0.1:1"


@pytest.mark.parametrize("key", ["api_key", "key", "token", "secret"])
def test_secrets_do_not_stand_in_the_file(key: str) -> None:
    """A literal key is refused, the message says what to write, and shows nothing of the key."""
    with pytest.raises(ValidationError) as raised:
        connect(**{key: "sk-very-secret"})
    message = raised.value.errors(include_input=False)[0]["msg"]

    assert "api_key_env: MATON_API_KEY" in message
    assert "sk-very-secret" not in message


@pytest.mark.parametrize("changes", [{}, {"api_key_env": "A", "api_key_file": "b"}, {"api_key_env": "sk-live.123"}])
def test_a_key_comes_from_one_place(changes: dict[str, str]) -> None:
    """Exactly one of variable and file is named, and a variable's name looks like one."""
    with pytest.raises(ValidationError) as raised:
        connect(**changes)

    assert "sk-live" not in raised.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize("rate", [0, 0.05, 11, float("nan"), float("inf")])
def test_the_rate_is_what_quo_allows(rate: float) -> None:
    """Requests a second are 0.1 to 10."""
    with pytest.raises(ValidationError):
        connect(api_key_env="A", requests_per_second=rate)


def test_a_key_is_read_from_the_environment(tmp_path: Path) -> None:
    """Blanks around a key are left out."""
    connection = connect(api_key_env="KEY")

    assert connection.read_key({"KEY": "  abc\n"}, tmp_path) == "abc"
    assert connection.key_source == "environment variable KEY"


def test_a_key_is_read_from_a_file(tmp_path: Path) -> None:
    """A file's path is relative to the configuration's folder, or absolute."""
    (tmp_path / "key.txt").write_text("abc\n")
    relative, absolute = connect(api_key_file="key.txt"), connect(api_key_file=str(tmp_path / "key.txt"))

    assert relative.read_key({}, tmp_path) == absolute.read_key({}, Path("/")) == "abc"
    assert relative.key_source == "file key.txt"


@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_key_is_told(tmp_path: Path, value: str | None) -> None:
    """The message names the variable, and where to get a key."""
    environ = {} if value is None else {"MATON_API_KEY": value}
    with pytest.raises(QuoflowError) as raised:
        connect(api_key_env="MATON_API_KEY").read_key(environ, tmp_path)

    assert raised.value.message == "The environment variable MATON_API_KEY is not set"
    assert "https://maton.ai/settings" in raised.value.hint


@pytest.mark.parametrize(
    ("content", "expected"), [(None, "No such file"), (b"", "is empty"), (b"\xff\xfe", "not text")]
)
def test_a_keys_file_that_cannot_be_used_is_told(tmp_path: Path, content: bytes | None, expected: str) -> None:
    """A missing, empty or binary file is an error for a person."""
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(QuoflowError) as raised:
        connect(gateway="direct", api_key_file="key").read_key({}, tmp_path)

    assert expected in raised.value.message
    assert "Quo app" in raised.value.hint


def test_the_file_is_found_upward(tmp_path: Path) -> None:
    """The nearest quoflow.yaml at or above a folder counts; a folder of that name does not."""
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "quoflow.yaml").write_text("")
    (below / "quoflow.yaml").mkdir()

    assert find_file(below) == (tmp_path / "quoflow.yaml").resolve()
    assert find_file(Path("/proc")) is None


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, {}),
        ({"QUOFLOW_POLL__EVERY": "5s"}, {"poll": {"every": "5s"}}),
        ({"QUOFLOW_TIMEZONE": "UTC"}, {"timezone": "UTC"}),
        (
            {"QUOFLOW_CONNECTIONS__MAIN__BASE_URL": "x", "QUOFLOW_CONNECTIONS__MAIN__GATEWAY": "y"},
            {"connections": {"main": {"base_url": "x", "gateway": "y"}}},
        ),
        ({"QUOFLOW_DEBUG": "1", "QUOFLOW_": "1", "QUOFLOW_POLL____X": "1", "HOME": "/"}, {}),
        ({"QUOFLOW_POL__EVERY": "5s"}, {"pol": {"every": "5s"}}),
        ({"QUOFLOW_POLL": "x", "QUOFLOW_POLL__EVERY": "5s"}, {"poll": {"every": "5s"}}),
    ],
)
def test_overrides_are_read_from_the_environment(environ: dict[str, str], expected: dict[str, Any]) -> None:
    """A double underscore parts the levels; what names no key and has no levels is left alone."""
    assert read_overrides(environ) == expected


def test_settings_cannot_be_changed() -> None:
    """The configuration is a value."""
    with pytest.raises(ValidationError):
        make().timezone = "UTC"  # type: ignore[misc]
