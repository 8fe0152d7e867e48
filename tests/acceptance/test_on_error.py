"""`on_error` of a rule, through the real command: who is told, what is cancelled, and how the run ends."""

from __future__ import annotations

from .conftest import ANNA, BILL, UNLIMITED

RULE = f"""
name: follow
trigger: call.missed
actions:
  - send_message: {{text: "Sorry we missed you."}}
  - send_message: {{text: "We will call back."}}
on_error:
  - send_message: {{to: "{BILL}", text: "No text to {{{{ contact.name }}}}: {{{{ run.error }}}}"}}
"""


def test_a_refused_text_is_told_and_the_rest_is_not_sent(make_firm):
    """Quo refuses the first text: the second never goes, one of ours is told why, once, and the run has failed."""
    firm = make_firm(RULE, auto=True, guards=UNLIMITED)
    firm.begin()
    firm.quo.fault("400", "/v1/messages", method="POST")
    firm.quo.miss_call(ANNA)
    for _ in range(2):
        firm.once(code=None)
    (run,) = firm.list("runs")
    (told,) = firm.quo.sent()

    assert (told["to"], told["text"].startswith("No text to Anna Berg: actions[0]: ")) == (BILL, True)
    assert (run["state"], run["reason"].startswith("actions[0]: ")) == ("failed", True)
    assert [(step["path"], step["state"]) for step in run["steps"]] == [
        ("actions[0]", "failed"),
        ("actions[1]", "cancelled"),
        ("on_error[0]", "succeeded"),
    ]
