"""Limits: a rule that would reach further than it may writes nothing, and says so with the figures."""

from .conftest import ANNA

RULE = """
name: warn-everyone
trigger: message.received
max_recipients: 1
actions:
  - send_message: {text: "We have your message."}
  - send_message: {text: "They wrote.", to: "+15555550131"}
"""
SAID = "max_recipients: it would text 2 numbers, and 1 is the most; stopped before the first write"


def test_a_rule_that_reaches_too_far_stops_before_the_first_write(make_firm):
    """Plan, runs and explain give the figures, and nothing is sent although nobody need be asked."""
    firm = make_firm(RULE, auto=True)
    firm.begin()
    firm.quo.write("hello", peer=ANNA)
    planned = firm.run("plan", "--json", code=0).json
    firm.once()
    (run,) = firm.list("runs")
    told = firm.run("explain", run["id"], "--json").json["rules"][0]

    assert (planned["writes"], [one["reason"] for one in planned["skipped"]]) == ([], [SAID])
    assert (run["state"], run["reason"], run["steps"]) == ("failed", SAID, [])
    assert told["run"]["reason"] == SAID
    assert firm.quo.sent() == []
