"""The other commands, as a newcomer and a script use them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from .conftest import ANNA, CONNECTION, KEY, MAIN, PLAIN, SALES, TEXTBACK

BROKEN = """
name: bad
trigger: call.mised
when:
  - contct.name
actions:
  - send_mesage: {text: hi}
---
name: worse
trigger: message.received
actions:
  - send_message: {text: "{{ message.txt }}"}
"""


@pytest.fixture
def firm(make_firm):
    return make_firm(TEXTBACK)


def test_check_accepts_good_rules(firm):
    """Good rules: exit 0, their names, no problems."""
    assert firm.run("check", "--json").json == {"ok": True, "rules": ["textback"], "problems": []}


def test_check_reports_every_problem_at_its_place(firm):
    """Each mistake in one go with file, line, column, key path, code and how to mend it; exit 4."""
    firm.write_rules(TEXTBACK, BROKEN, TEXTBACK)
    found = firm.run("check", "--json", code=4).json

    names = {"file", "line", "column", "path", "code", "severity", "message", "hint"}
    assert not found["ok"]
    assert all(one.keys() == names for one in found["problems"])
    assert all(one["file"] == "rules/rules.yaml" and one["line"] and one["column"] for one in found["problems"])
    told = "\n".join(f"{one['message']} {one['hint']}" for one in found["problems"])
    for meant in ("call.missed", "contact", "send_message", "textback", "text"):
        assert f"`{meant}`" in told


def test_broken_rules_stop_every_command_with_the_same_lines(firm):
    """Nothing runs on rules that are wrong: exit 4, `file:line:column: error:` on stderr, no request, no traceback."""
    firm.write_rules(BROKEN)
    for command in (["check"], ["run", "--once"], ["run", "--once", "--dry-run", "--json"], ["plan"]):
        ran = firm.run(*command, code=4)
        assert "rules/rules.yaml:3:10: error:" in ran.err
    assert firm.quo.log() == []


def test_a_broken_configuration_is_told_in_the_same_way(firm):
    """A misspelt key in quoflow.yaml: exit 4, its place, and what was meant."""
    text = (firm.root / "quoflow.yaml").read_text()
    (firm.root / "quoflow.yaml").write_text(text.replace('"guards"', '"gards"'))
    found = firm.run("check", "--json", code=4).json

    (problem,) = found["problems"]
    assert problem["file"].endswith("quoflow.yaml")
    assert problem["line"] > 1
    assert "guards" in problem["message"] + problem["hint"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["chek"], "Did you mean `check`?"),
        (["run", "--bogus"], "--bogus"),
        (["run", "--json"], "--once"),
        (["quo", "POST", "/v1/messages"], "GET"),
        (["quo", "GET", "v1/messages"], "slash"),
        (["--config", "nowhere.yaml", "check"], "nowhere.yaml"),
    ],
)
def test_wrong_usage_is_one_line_and_64(firm, arguments, says):
    """A slip on the command line says what is wrong, and exits with 64."""
    ran = firm.run(*arguments, code=64)

    assert says in ran.err
    assert ran.out == ""


def test_without_a_project_the_way_to_one_is_shown(firm):
    """In a folder without quoflow.yaml each command says how to make one."""
    (firm.root / "quoflow.yaml").unlink()

    assert "quoflow init" in firm.run("run", "--once", code=64).err


def test_a_missing_key_says_where_to_get_one(firm):
    """Without the environment variable nothing is asked, and the line says what to set."""
    ran = firm.once(code=1, MATON_API_KEY="")

    assert "MATON_API_KEY" in ran.err
    assert "https://" in ran.err
    assert firm.quo.log() == []


def test_every_listing_is_json_and_nothing_else(firm):
    """Before and after work: stdout of every `--json` is one JSON value."""
    listings = (
        ["approvals", "list"], ["runs", "list"], ["outbox", "list"], ["connections", "list"], ["check"], ["doctor"],
        ["plan"], ["run", "--once", "--dry-run"], ["run", "--once"],
    )  # fmt: skip
    for _ in range(2):
        for command in listings:
            assert isinstance(firm.run(*command, "--json", code=None).json, dict | list)
        firm.quo.miss_call(ANNA)
        firm.once()
    (run,) = firm.list("runs", "--state", "needs_approval", "--limit", "1")
    assert firm.run("runs", "show", run["id"], "--json").json == run
    assert "no run nonsense" in firm.run("runs", "show", "nonsense", code=1).err


def test_init_writes_a_project_that_works(firm):
    """`init` makes a project that `check` and `doctor` accept and that runs; it overwrites nothing."""
    firm.run("init", "new")
    written = (firm.root / "new" / "quoflow.yaml").read_text()
    (firm.root / "new" / "quoflow.yaml").write_text(written.replace("https://api.maton.ai ", f"{firm.quo.url} "))
    again = firm.run("init", "new")
    config = ("--config", "new/quoflow.yaml")

    assert again.out.count("kept") >= 5
    assert firm.run(*config, "check", "--json").json["rules"] == ["missed-call-textback"]
    assert [one["ok"] for one in firm.run(*config, "test", "--json").json["tests"]] == [True, True]
    assert firm.run(*config, "doctor", "--json").json["ok"]
    firm.run(*config, "run", "--once")
    assert (firm.root / "new" / "quoflow.db").stat().st_mode & 0o777 == 0o600
    for schema in ("rule", "config", "test"):
        assert json.loads((firm.root / "new" / "schema" / f"{schema}.schema.json").read_text())["properties"]


def test_init_for_the_direct_way_works_too(firm):
    """With `--gateway direct` the key's name and the address are Quo's own."""
    firm.run("init", "new", "--gateway", "direct")
    file = firm.root / "new" / "quoflow.yaml"
    text = file.read_text()
    assert "https://api.openphone.com" in text
    file.write_text(text.replace("https://api.openphone.com", firm.quo.url))
    firm.run("--config", "new/quoflow.yaml", "run", "--once", QUO_API_KEY="canary")

    assert {one["way"] for one in firm.quo.log()} == {"direct"}


def test_doctor_finds_all_well(firm):
    """Against a working Quo every finding is fine or a warning, lines and tag field are named, exit 0."""
    found = firm.run("doctor", "--json").json
    told = " ".join(one["message"] for one in found["findings"])

    assert found["ok"]
    assert all(one["state"] != "wrong" for one in found["findings"])
    assert f"Main Line {MAIN}" in told
    assert f"Sales {SALES}" in told
    assert "Tags" in told


def test_doctor_says_what_to_do_about_a_wrong_key(make_firm):
    """A refused key: exit 1, the finding names the environment variable and where to get a key, never the key."""
    firm = make_firm(TEXTBACK, quo={"options": {"keys": ["another"]}})
    ran = firm.run("doctor", code=1)
    (wrong,) = [one for one in firm.run("doctor", "--json", code=1).json["findings"] if one["state"] == "wrong"]

    assert wrong["subject"] == "main"
    assert "MATON_API_KEY" in wrong["message"] + wrong["hint"]
    assert "https://" in wrong["hint"]
    assert KEY not in ran.out + ran.err


def test_an_expired_connection_says_how_to_reconnect(make_firm):
    """The gateway's lasting 500 is told as what it usually is: a sign-in that has expired."""
    firm = make_firm(TEXTBACK, quo={"connections": [{"id": CONNECTION, "token": "expired"}]})
    ran = firm.run("doctor", code=1)

    assert "quoflow connections" in ran.out


def test_the_api_can_be_looked_at(firm):
    """`quo GET` prints what Quo answers, with a query; an error is a line and exit 1."""
    lines = firm.run("quo", "GET", "/v1/phone-numbers").json
    messages = firm.run("quo", "GET", f"/v1/messages?phoneNumberId=PNmain&participants=%2B{ANNA[1:]}").json
    refused = firm.run("quo", "GET", "/v1/messages?maxResults=1", code=1)

    assert [line["number"] for line in lines["data"]] == [MAIN, SALES]
    assert [message["text"] for message in messages["data"]] == ["Are you open today?"]
    assert "phoneNumberId" in refused.err


def test_connections_are_listed_made_shown_and_deleted(firm):
    """The gateway's connections: what is there, a new one with the address to sign in at, and one less."""
    listed = firm.run("connections", "list", "--json").json
    made = firm.run("connections", "create", "--json").json
    shown = firm.run("connections", "show", made["connection_id"], "--json").json
    firm.run("connections", "delete", made["connection_id"], "--yes")
    gone = firm.run("connections", "show", made["connection_id"], code=1)

    assert [(one["connection_id"], one["status"]) for one in listed] == [(CONNECTION, "ACTIVE")]
    assert made["url"].startswith("http")
    assert (shown["connection_id"], shown["status"]) == (made["connection_id"], "PENDING")
    assert made["connection_id"] in gone.err


def test_the_database_is_private_backed_up_and_checked(firm):
    """`db backup` copies it whole, `db check` finds it sound, and every file of it is for its owner only."""
    firm.begin()
    firm.run("db", "backup", "copy.db")
    firm.run("db", "check")
    there = firm.run("db", "backup", "copy.db", code=1)

    assert "copy.db" in there.err
    files = [file for file in firm.root.iterdir() if ".db" in file.name]
    assert len(files) >= 2
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_a_database_that_is_none_is_told_in_words(firm):
    """A damaged file is one readable line with what to do, not a traceback."""
    (firm.root / "quoflow.db").write_bytes(b"this is not a database, it is a letter to my aunt" * 100)

    assert "quoflow.db" in firm.run("runs", "list", code=1).err
    assert firm.quo.log() == []


def test_any_key_of_the_configuration_can_be_overridden(firm):
    """`QUOFLOW_…` with double underscores between levels: another database, another rule folder."""
    (firm.root / "other").mkdir()
    firm.once(QUOFLOW_DATABASE="other/state.db", QUOFLOW_TAGS__FIELD="labels")

    assert (firm.root / "other" / "state.db").is_file()
    assert not (firm.root / "quoflow.db").exists()


def test_the_sandbox_command_serves_and_stops(tmp_path):
    """`quoflow sandbox` is a Quo of its own: `doctor` is fine with it, its control surface answers, Ctrl-C ends it."""
    process = subprocess.Popen(
        [*PLAIN, "sandbox", "--scenario", "empty", "--port", "0"], stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )
    try:
        url = process.stderr.readline().split(" listens on ")[1].split(";")[0]
        environ = {**os.environ, "MATON_API_KEY": "sandbox"}
        connection = {"base_url": url, "api_key_env": "MATON_API_KEY"}
        (tmp_path / "quoflow.yaml").write_text(json.dumps({"connections": {"main": connection}}))
        (tmp_path / "rules").mkdir()
        doctor = subprocess.run(
            [*PLAIN, "doctor"], cwd=tmp_path, env=environ, capture_output=True, timeout=60, check=False
        )
        assert doctor.returncode == 0, doctor
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, 130)
    finally:
        process.kill()
        process.wait(10)
        process.stderr.close()


def test_the_demo_ends_and_its_table_agrees_with_the_sandbox(tmp_path):
    """`demo --json` needs nothing, approves by itself and says so, sends, holds, and agrees with the sandbox's log."""
    done = subprocess.run(
        [*PLAIN, "demo", "--yes", "--json"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    assert told["sent"] == told["accepted"] >= 1
    assert told["runs"] >= told["sent"]
    assert told["held"] >= 1
    assert "--yes was given" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_check_starts_without_what_it_does_not_need(firm):
    """`check` imports no database, HTTP client, server or phone metadata: it must start at once."""
    code = (
        "import sys; from quoflow.cli import main; main.run(['check']);"
        "print(sorted({'sqlalchemy', 'httpx', 'starlette', 'uvicorn', 'phonenumbers'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=firm.root, capture_output=True, text=True, timeout=60, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


def test_cron_explain_says_what_changes_of_clocks_do(make_firm):
    """In words and as JSON, on the project's clock unless `--tz` says; what is wrong is said with the way out."""
    firm = make_firm(timezone="America/New_York")
    told = firm.run("cron", "explain", "30 2 * * *", "--year", "2026", "--json").json
    drawn = firm.run("cron", "explain", "30 1 13 * FRI", "--year", "2026").out
    calm = firm.run("cron", "explain", "0 9 * * *", "--tz", "Asia/Tokyo", "--next", "2").out
    wrong = firm.run("cron", "explain", "0 0 31 2 *", code=64)

    assert (told["timezone"], told["words"], len(told["next"])) == ("America/New_York", "at 02:30, every day", 5)
    assert [(one["kind"], one["from"], one["to"], one["at"]) for one in told["changes"]] == [
        ("gap", "2026-03-08T02:00", "2026-03-08T03:00", "2026-03-08T07:00:00Z"),
        ("overlap", "2026-11-01T02:00", "2026-11-01T01:00", "2026-11-01T06:00:00Z"),
    ]
    assert [(one["local"], one["at"], one["what"]) for one in told["changes"][0]["firings"]] == [
        ("2026-03-07T02:30", "2026-03-07T07:30:00Z", "as usual"),
        ("2026-03-08T02:30", "2026-03-08T07:00:00Z", "left out"),
        ("2026-03-09T02:30", "2026-03-09T06:30:00Z", "as usual"),
    ]
    assert "cron takes either" in drawn
    assert "the clocks go to 01:00: they show 01:00 to 02:00 twice" in drawn
    assert "do not change" in calm
    assert "never comes" in wrong.err
