"""Concurrency at work, through the real command: each mode, over waits and processes, in order and once."""

from __future__ import annotations

from .conftest import ANNA, UNLIMITED

TALK = """
name: {mode}
trigger: message.received
concurrency: {{mode: {mode}{more}}}
actions:
  - send_message: {{text: "{mode} {{{{ message.text }}}}"}}
  - wait: 1h
  - send_message: {{text: "{mode} {{{{ message.text }}}} again"}}
"""

MODES = [
    TALK.format(mode=mode, more=more)
    for mode, more in {"queued": "", "single": "", "restart": "", "parallel": ", max: 2, key: all"}.items()
]


def test_each_mode_does_as_it_says_with_three_texts_in_a_row(make_firm):
    """Queued: one after the other, in order; single: the first; restart: the last; parallel: two, then the third."""
    firm = make_firm(*MODES, auto=True, guards=UNLIMITED)
    firm.begin()
    for text in ("one", "two", "three"):
        firm.quo.write(text, ANNA)
        previewed = {one["text"] for one in firm.preview()["writes"]}
        firm.once()
    first = {"queued one", "single one", "parallel one", "parallel two", "restart one", "restart two", "restart three"}
    assert (previewed, set(firm.quo.texts())) == ({"restart three"}, first)
    told = {(one["rule"], one["state"]): one["reason"] for one in reversed(firm.list("runs"))}
    assert "concurrency: its turn comes after run" in told["queued", "waiting"]
    assert "has not ended" in told["single", "skipped"]
    assert "came and took its place" in told["restart", "cancelled"]

    for ahead in ("61m", "62m"):
        firm.once(ahead=ahead)
    second = {"queued one again", "queued two", "single one again", "restart three again"}
    second |= {"parallel one again", "parallel two again", "parallel three"}
    assert set(firm.quo.texts()) == first | second

    for ahead in ("123m", "185m", "247m"):
        firm.once(ahead=ahead)
    queued = [text for text in firm.quo.texts() if text.startswith("queued")]
    assert queued == [f"queued {number}{word}" for number in ("one", "two", "three") for word in ("", " again")]
    assert len(firm.quo.texts()) == len(set(firm.quo.texts())) == 18
    assert {state for _, state in firm.states()} == {"succeeded", "skipped", "cancelled"}
