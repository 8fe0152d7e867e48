"""Edits of rules: taken over whole by a running service, kept out while they are broken, and seen at a start."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA, UNLIMITED

HELLO = """
name: hello
trigger: message.received
approval: auto
actions:
  - send_message: {text: "old words"}
  - wait: 2s
  - send_message: {text: "old words again"}
"""
GONE = """
name: gone
trigger: call.missed
approval: auto
actions:
  - wait: 1h
  - send_message: {text: "never"}
"""


def hire(make_firm, *rules):
    firm = make_firm(*rules, guards=UNLIMITED, approvals={"allow_auto": ["*"]})
    firm.begin()
    return firm


def test_a_service_takes_edits_over_and_keeps_the_last_good_set(make_firm):
    """A run goes on with its own version; a broken edit is told once with its place; what is deleted is cancelled."""
    firm = hire(make_firm, HELLO, GONE)
    with firm.serving() as service:
        firm.quo.miss_call(CORA)
        firm.quo.write("one", ANNA)
        service.wait_for(lambda: firm.quo.texts() == ["old words"])
        firm.write_rules(HELLO.replace("old", "new"))
        service.wait_for(lambda: "changed hello; removed gone" in service.log)
        service.wait_for(lambda: len(firm.quo.texts()) == 2)
        firm.quo.write("two", BILL)
        service.wait_for(lambda: len(firm.quo.texts()) == 3)
        firm.write_rules(HELLO.replace("old", "newest").replace("text:", "txt:"))
        service.wait_for(lambda: "rules/rules.yaml:6:20" in service.log)
        firm.quo.write("three", CORA)
        service.wait_for(lambda: len(firm.quo.texts()) == 6)
        log = service.log
    firm.write_rules(HELLO)

    assert firm.quo.texts()[:3] == ["old words", "old words again", "new words"]
    assert set(firm.quo.texts()[3:]) == {"new words", "new words again"}
    assert log.count("is not taken over") == 1
    (gone,) = [one for one in firm.list("runs") if one["rule"] == "gone"]
    assert (gone["state"], gone["reason"]) == ("cancelled", "its rule was deleted")
    changes = [one for one in firm.run("audit", "list", "--json").json if one["kind"] == "configuration.changed"]
    assert len(changes) == 2


def test_what_was_disabled_while_nothing_ran_is_cancelled_at_the_start(make_firm):
    """Its waiting run ends with the reason, in the preview, too, and nothing is sent when it would have been due."""
    firm = hire(make_firm, GONE)
    firm.quo.miss_call(ANNA)
    firm.once()
    firm.write_rules(f"{GONE}enabled: false\n")
    preview = firm.preview(ahead="2h")
    firm.once(ahead="2h")
    (run,) = firm.list("runs")

    assert preview["writes"] == []
    assert (run["state"], run["reason"], firm.quo.sent()) == ("cancelled", "its rule was disabled", [])
