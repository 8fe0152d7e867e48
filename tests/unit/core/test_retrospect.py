"""What a rule asks about the past is found wherever its expressions stand, and nothing else is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quoflow.core.history import Question
from quoflow.core.retrospect import find_questions
from quoflow.loader.documents import read_documents
from quoflow.loader.known import Known
from quoflow.loader.rules import build_rules

RULE = """
name: asks
description: It does not ask count('call.completed', '9d')
trigger: message.received
vars: {note: "count("}
when:
  - any: ["count('call.missed', '7d') > 1", {not: "last('message.sent')"}]
throttle: {once_within: 1h, key: "{{ contact.phone }} {{ count('message.received', '1h') }}"}
actions:
  - if: count(within='30m', kind='message.received') > 3
    then:
      - send_message: {text: "{% for tag in contact.tags %}{{ count('call.answered', '1d') }}{% endfor %}"}
    else:
      - if: last('call.missed').time
        notify: "count('voicemail.received', '1d')"
"""


def build(text):
    rules, problems = build_rules(read_documents(text.encode(), "rules.yaml"), "rules.yaml", Known())
    assert [str(one) for one in problems if one.severity == "error"] == []
    return rules[0]


def test_questions_are_found_everywhere():
    """In conditions, keys, texts, branches and loops, by place or by name; each once."""
    asked = find_questions(build(RULE))

    assert asked - {Question("count", "voicemail.received", timedelta(days=1))} == {
        Question("count", "call.missed", timedelta(days=7)),
        Question("last", "message.sent"),
        Question("count", "message.received", timedelta(hours=1)),
        Question("count", "message.received", timedelta(minutes=30)),
        Question("count", "call.answered", timedelta(days=1)),
        Question("last", "call.missed"),
    }


@pytest.mark.parametrize("text", ["{{ contact.tags | count }}", "Discount(s)", "I count (to ten", "{{ count('"])
def test_what_only_looks_like_a_question_is_none(text):
    """Filters of the same name, words of a text and broken text ask nothing, and break nothing."""
    rule = build("name: r\ntrigger: message.received\nvars: {text: x}\nactions:\n  - notify: hello\n")
    looking = type(rule)(**{**{name: getattr(rule, name) for name in rule.__slots__}, "document": {"vars": [text]}})

    assert find_questions(looking) == frozenset()
