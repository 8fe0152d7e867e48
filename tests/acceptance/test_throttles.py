"""Throttles that wait, through the real command: every look is a process of its own, and each fires once."""

from __future__ import annotations

from .conftest import ANNA, BILL, CORA

LAST = """
name: last
trigger: message.received
throttle: {once_after: 10m}
actions:
  - send_message: {text: "Got your last word: {{ message.text }}"}
"""

DIGEST = f"""
name: digest
trigger: message.received
throttle: {{accumulate: 1h, key: all}}
actions:
  - send_message:
      to: "{BILL}"
      text: >-
        {{{{ events | length }}}} texts:
        {{% for one in events %}}{{{{ one.name }}}}: {{{{ one.text }}}}. {{% endfor %}}
"""

LAST_WORDS = ["Got your last word: three", "Got your last word: hello"]


def test_the_last_event_fires_after_the_silence_and_all_of_them_at_the_end(make_firm):
    """A burst of texts gives one answer, to the last; the digest has every one of them, and each goes once."""
    firm = make_firm(LAST, DIGEST, auto=True, guards={"loop": "off"})
    firm.begin()
    firm.quo.write("one", ANNA)
    firm.quo.write("two", ANNA)
    preview = firm.preview()
    firm.once()
    firm.quo.write("hello", CORA)
    firm.quo.write("three", ANNA)
    firm.once()

    assert preview["writes"] == []
    assert [one["reason"].split(":")[0] for one in preview["skipped"]] == ["throttle"] * 4
    assert firm.quo.sent() == []
    assert sorted(firm.states()) == [("digest", "waiting"), *[("last", "skipped")] * 2, *[("last", "waiting")] * 2]

    for ahead in ("11m", "12m"):
        firm.once(ahead=ahead)
    assert sorted(firm.quo.texts()) == sorted(LAST_WORDS)

    for ahead in ("61m", "62m"):
        firm.once(ahead=ahead)
    (digest,) = set(firm.quo.texts()) - set(LAST_WORDS)
    assert digest.strip() == "4 texts: Anna Berg: one. Anna Berg: two. Cora: hello. Anna Berg: three."
    assert (len(firm.quo.sent()), firm.quo.sent()[-1]["to"]) == (3, BILL)
    told = firm.run("explain", ANNA, "--json").json
    assert "gathered as event 2 of `all`" in str(told)


def test_an_answer_of_a_person_cancels_what_waits_for_silence(make_firm):
    """What a throttle holds back is a run that waits like any other: `cancel_on` ends it, and nothing is sent."""
    firm = make_firm(f"{LAST}cancel_on: message.sent\n", auto=True)
    firm.begin()
    firm.quo.write("one", ANNA)
    firm.once()
    firm.quo.write("I am on it", ANNA, direction="outgoing", user="USmaria")
    firm.once()
    firm.once(ahead="11m")

    assert (firm.states(), firm.quo.sent()) == ([("last", "cancelled")], [])
