"""The other commands, as a newcomer and a script use them."""

import json
import subprocess
import sys


def test_init_writes_a_project_that_check_accepts(project):
    """`init` and `check` agree, and `init` overwrites nothing."""
    project.run("init", "new")
    project.run("init", "new")
    checked = project.json("--config", "new/quoflow.yaml", "check")

    assert (checked["ok"], checked["rules"], checked["problems"]) == (True, ["missed-call-textback"], [])


def test_check_reports_everything_at_its_place(project):
    """Each mistake has file, line, column, key path, code and hint, all in one go, with exit code 4."""
    project.write_rule(
        "name: bad\ntrigger: call.mised\nwhen:\n  - contct.name\nactions:\n  - send_mesage: {text: hi}\n"
    )
    found = project.json("check", code=4)
    problems = found["problems"]

    assert not found["ok"]
    assert {one["line"] for one in problems} >= {2, 4, 6}
    assert all(one["file"] and one["column"] and one["code"] and one["message"] for one in problems)
    assert any("call.missed" in one["hint"] + one["message"] for one in problems)
    assert any("send_message" in one["hint"] + one["message"] for one in problems)


def test_usage_errors_exit_64(project):
    """A wrong command or option is a usage error with a suggestion."""
    project.run("chek", code=64)
    said = project.err
    project.run("run", "--bogus", code=64)

    assert "Did you mean `check`?" in said


def test_doctor_says_what_is_well_and_what_to_do(project, quo):
    """`doctor` is fine against a working Quo, and names the key where it is refused."""
    project.write_rule("name: r\ntrigger: call.missed\nactions:\n  - notify: {text: hello}\n")  # fmt: skip
    well = project.json("doctor")
    quo.post("faults", {"kind": "401", "times": None})
    ill = project.json("doctor", code=1)

    assert well["ok"]
    assert any("MATON_API_KEY" in one["message"] + one["hint"] for one in ill["findings"])


def test_manual_trigger_and_values(project, quo):
    """A rule fired by hand reads what was set."""
    project.configure(approvals="{allow_auto: ['*']}")
    project.write_rule(
        "name: hand\ntrigger: manual\napproval: auto\nvars: {who: nobody}\nactions:\n"
        "  - send_message: {from: Main Line, to: '+15555550177', text: 'Hello {{ vars.who }}'}\n"
    )
    project.run("run", "--once")
    project.run("trigger", "hand", "--set", "who=Ann")
    project.run("run", "--once")
    project.run("trigger", "hnd", code=1)

    assert quo.texts == [("+15555550177", "Hello Ann")]
    assert "`hand`" in project.err


def test_a_yes_that_would_come_too_late_is_no_yes(project, quo):
    """An approval expires with the rule's `max_age` where that is shorter than the configuration's time."""
    project.write_rule("name: r\ntrigger: call.missed\nmax_age: 8s\nactions:\n  - send_message: {text: hi}\n")
    project.run("run", "--once")
    quo.miss_call()
    project.run("run", "--once")
    (asked,) = project.json("approvals", "list")
    project.wait_until(lambda: not project.json("approvals", "list"))
    project.run("approvals", "approve", asked["id"], code=1)
    project.run("run", "--once")
    (run,) = project.json("runs", "list")

    assert run["state"] == "cancelled"
    assert quo.texts == []


def test_a_cancelled_run_does_nothing_more(project, quo):
    """`runs cancel` takes the run's approvals back, and a second one says that it has ended."""
    project.write_rule("name: r\ntrigger: call.missed\nactions:\n  - send_message: {text: hi}\n")
    project.run("run", "--once")
    quo.miss_call()
    project.run("run", "--once")
    (run,) = project.json("runs", "list")
    project.run("runs", "cancel", run["id"])
    project.run("runs", "cancel", run["id"], code=1)

    assert "ended already" in project.err
    assert project.json("approvals", "list") == []
    assert project.json("runs", "list")[0]["state"] == "cancelled"


def test_the_api_can_be_looked_at(project):
    """`quo GET` prints JSON and `connections list` shows the gateway's connections."""
    lines = json.loads(project.run("quo", "GET", "/v1/phone-numbers"))
    found = project.json("connections", "list")

    assert [line["name"] for line in lines["data"]] == ["Main Line", "Second Line"]
    assert [one["status"] for one in found] == ["ACTIVE"]


def test_the_demo_ends_and_its_table_agrees_with_the_sandbox():
    """`demo` needs nothing, approves by itself where there is no terminal, and the sandbox's log agrees."""
    command = [sys.executable, "-m", "quoflow", "demo", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL, check=False)
    told = json.loads(done.stdout)

    assert done.returncode == 0, done.stderr
    assert told["agreed"]
    assert told["sent"] == told["accepted"] > 2
    assert told["held"] >= 1


def test_check_starts_without_what_it_does_not_need():
    """`check` imports no database, HTTP, server or phone metadata."""
    code = (
        "import sys; from quoflow.cli import main; main.run(['check', 'rules']);"
        "print(sorted({'sqlalchemy','httpx','starlette','phonenumbers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
