"""Soundness: what the check finds nothing wrong with, whoever calls or writes, can be evaluated and rendered."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quoflow.core.contexts import build_scope, build_values
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError, check_expression, check_template, evaluate, render
from quoflow.core.facts import Contact, User
from quoflow.core.functions import Functions
from quoflow.core.hours import OfficeHours

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
OFFICE = OfficeHours.model_validate({"open": {"mon-fri": "09:00-17:00"}})
FUNCTIONS = Functions(now=NOW, hours={"office": OFFICE})
VARIABLES = {"count": 3, "city": "Rome", "plan": {"name": "gold"}}
SCOPE = build_scope(
    ["message.received", "call.missed"],
    variables=VARIABLES,
    steps={"transcript": "fetch_transcript"},
    hours=["office"],
)
LINES = [{"speaker": None, "text": "Hello", "start": 1, "end": None, "user_id": None}]


def make_values(*, is_message: bool, is_known: bool, has_run: bool) -> dict:
    kind = "message.received" if is_message else "call.missed"
    return build_values(
        Event(f"{kind}:AC1", kind, "main", NOW, "PN1", "+12125550123", "incoming", "CN1"),
        contact=Contact("C1", "Ann", "Lee", "Acme", "Boss", fields={"tags": ["vip", "b"]}) if is_known else None,
        user=User("US1", "Bo", None, None, None) if is_known else None,
        variables=VARIABLES,
        steps={"transcript": {"text": "Hello", "lines": LINES, "status": "completed", "found": True}}
        if has_run
        else {},
        tags_field="tags",
    )


WORLDS = [
    make_values(is_message=is_message, is_known=is_known, has_run=has_run)
    for is_message in (True, False)
    for is_known in (True, False)
    for has_run in (True, False)
]

ATOM_WORDS = """
    contact.first_name contact.company contact.name contact.tags contact.known contact.phone contact message.text
    message.time message message.to message.direction user user.name vars.count vars.city vars.plan vars.plan.name
    call.duration call.answered_at call.missed steps.transcript steps.transcript.text steps.transcript.lines
    steps.transcript.found now() today() is_open() ago('2h') 'a' '' 'vip' 3 0 1.5 none true false [] ['a','b'] [1,2]
    [1,'a'] [none,'a'] (contact.role or'x') event.kind line.number connection rule.name
"""
FILTER_WORDS = """
    upper lower title trim length first last min max sort unique reverse int float round abs string default time
    default('x') default(0) join join('-') replace('a','b') truncate(3) wordcount time('%H') int(5)
"""
SIGNS = "and and or or + - * // ~ == != < <= > >= in"
ATOMS = st.sampled_from(ATOM_WORDS.split())
BINARY = st.sampled_from([*SIGNS.split(), "not in"])
FILTERED = st.sampled_from(FILTER_WORDS.split())
TESTED = st.sampled_from(
    ["defined", "undefined", "none", "string", "number", "boolean", "matches('a')", "not none", "not defined"]
)
CALLED = st.sampled_from(["format_phone", "segments", "days_until"])


def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, BINARY, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(inner, FILTERED).map(lambda parts: f"({parts[0]} | {parts[1]})"),
        st.tuples(inner, TESTED).map(lambda parts: f"({parts[0]} is {parts[1]})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} if {parts[1]} else {parts[2]})"),
        st.tuples(CALLED, inner).map(lambda parts: f"{parts[0]}({parts[1]})"),
        inner.map(lambda part: f"(not {part})"),
        inner.map(lambda part: f"{part}[0]"),
        inner.map(lambda part: f"(-{part})"),
    )


CONDITIONS = st.recursive(ATOMS, grow, max_leaves=6)
OUTPUTS = CONDITIONS.map(lambda inside: f"{{{{ {inside} }}}}")
TEMPLATES = st.recursive(
    OUTPUTS,
    lambda inner: st.one_of(
        st.tuples(CONDITIONS, inner, inner).map(lambda p: f"{{% if {p[0]} %}}{p[1]}{{% else %}}{p[2]}{{% endif %}}"),
        st.tuples(CONDITIONS, inner, inner).map(
            lambda p: f"{{% if {p[0]} %}}{p[1]}{{% elif {p[0]} %}}{p[2]}{{% endif %}}"
        ),
        st.tuples(CONDITIONS, inner).map(
            lambda p: (
                f"{{% for x in {p[0]} %}}{p[1]}{{{{ x or '' }}}}{{{{ loop.index }}}}{{% else %}}{p[1]}{{% endfor %}}"
            )
        ),
        st.tuples(inner, inner).map("".join),
    ),
    max_leaves=3,
)

EXCUSED = ("it divides by zero", "the text is longer than", "is not a date; write it as 2026-12-31")
"""What depends on values alone, and no check of shapes can foresee."""


@settings(max_examples=600, deadline=None)
@given(source=CONDITIONS)
def test_condition_without_a_fault_can_be_evaluated_for_every_event(source):
    """No fault and no warning means no failure, whoever it is and whichever trigger fired."""
    if check_expression(source, SCOPE):
        return

    for values in WORLDS:
        try:
            evaluate(source, values, FUNCTIONS)
        except ExpressionError as error:
            if not any(part in error.message for part in EXCUSED):
                pytest.fail(f"{source} was let through: {error.message}")


@settings(max_examples=600, deadline=None)
@given(source=TEMPLATES)
def test_template_without_a_fault_can_be_rendered_for_every_event(source):
    """No fault and no warning means a text, whoever it is and whichever trigger fired."""
    if check_template(source, SCOPE):
        return

    for values in WORLDS:
        try:
            text = render(source, values, FUNCTIONS)
        except ExpressionError as error:
            if not any(part in error.message for part in EXCUSED):
                pytest.fail(f"{source} was let through: {error.message}")
        else:
            assert not {"None", "True", "False"} & set(text.split())
