"""What ends a run before it has acted, through the real command: a late yes, a person."""


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
