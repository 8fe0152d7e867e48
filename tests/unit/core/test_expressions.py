"""Evaluating and rendering: values as a rule sees them, failures in words, references."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from quoflow.core.contexts import build_values
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError, evaluate, find_bare, find_references, holds, render
from quoflow.core.facts import Contact, Line
from quoflow.core.functions import Functions
from quoflow.core.hours import OfficeHours

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
FUNCTIONS = Functions(
    now=NOW,
    timezone="America/New_York",
    hours={"office": OfficeHours.model_validate({"open": {"mon-fri": "09:00-17:00"}})},
)
VALUES = build_values(
    Event(
        "call.missed:AC1",
        "call.missed",
        "main",
        NOW,
        "PN1",
        "+12125550123",
        "incoming",
        data={"call": {"id": "AC1", "duration": 90, "time": "2026-11-23T14:00:00Z", "missed": True}},
    ),
    contact=Contact("C1", None, "Lee", fields={"tags": ["vip", "new"], "plan": "gold"}),
    line=Line("PN1", "+13105550100", "Main Line"),
    rule="textback",
    variables={"company": "Acme", "odd": "a\x00b\x1b[31m\r\nc\td\ud800"},
    tags_field="tags",
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("call.missed", True),
        ("call.duration / 60", 1.5),
        ("call.duration // 60 + 1", 2),
        ("-call.duration % 7", 1),
        ("'vip' in contact.tags and is_open('office')", True),
        ("not contact.known or contact.first_name", None),
        ("contact.first_name or contact.last_name", "Lee"),
        ("contact.tags[0]", "vip"),
        ("contact.tags[-1]", "new"),
        ("contact.tags[7]", None),
        ("contact.fields['plan']", "gold"),
        ("contact.fields.other", None),
        ("contact.fields.other.deeper", None),
        ("message", None),
        ("message.text", None),
        ("call.time > ago('2h')", True),
        ("call.time < ago('30m')", True),
        ("[1, 'a', contact.last_name]", [1, "a", "Lee"]),
        ("'a' ~ 1 ~ call.time", "a1Nov 23, 2026, 9:00 AM"),
        ("'a' + 'b'", "ab"),
        ("1 < call.duration <= 90", True),
        ("'yes' if call.missed else 'no'", "yes"),
        ("\n  call.missed\n  and contact.known\n", True),
    ],
)
def test_expression_gives_its_value(source, expected):
    """Conditions give what they say; what is not there is None."""
    actual = evaluate(source, VALUES, FUNCTIONS)

    assert expected == actual


@pytest.mark.parametrize(
    ("source", "expected"),
    [("contact.tags", True), ("contact.emails", False), ("0", False), ("'no'", True), ("none", False), ("''", False)],
)
def test_condition_holds_when_its_value_counts_as_true(source, expected):
    """Nothing, 0 and what is empty do not hold; all else does."""
    assert holds(source, VALUES, FUNCTIONS) is expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("Hello { } % #", "Hello { } % #"),
        ("Hi {{ contact.first_name or 'there' }},\nbye", "Hi there,\nbye"),
        ("{{ contact.name }} {{ format_phone(contact.phone) }}", "Lee (212) 555-0123"),
        ("{% for t in contact.tags %}{{ loop.index }}{{ t }}{% if loop.first %},{% endif %}{% endfor %}", "1vip,2new"),
        ("{% for t in contact.tags if t != 'vip' %}{{ t }}{% else %}none{% endfor %}", "new"),
        ("{% for t in contact.emails %}{{ t }}{% else %}none{% endfor %}", "none"),
        ("{% for line in contact.tags %}{{ line }}{{ segments(line) }}{% endfor %} {{ line.id }}", "vip1new1 PN1"),
        ("{% if call.missed %}missed{% elif call.duration %}long{% else %}short{% endif %}", "missed"),
        ("{{ call.time }}", "Nov 23, 2026, 9:00 AM"),
        ("{{ call.duration / 45 }} {{ call.duration / 60 }}", "2 1.5"),
        ("{# not shown #}a{{ '{{' }}", "a{{"),
        ("a\nb\n", "a\nb"),
    ],
)  # fmt: skip
def test_template_gives_its_text(source, expected):
    """Texts come out as written, with values as people write them."""
    actual = render(source, VALUES, FUNCTIONS)

    assert expected == actual


def test_control_characters_of_values_are_dropped():
    """What cannot be sent, stored or shown on a terminal does not come through; newline and tab do."""
    actual = render("{{ vars.odd }}", VALUES, FUNCTIONS)

    assert actual == "ab[31m\nc\td"


def test_limit_counts_characters_and_stops_there():
    """A text of exactly the limit passes, one more does not, and the limit is the caller's."""
    assert len(render("x" * 1600, VALUES, FUNCTIONS)) == 1600
    with pytest.raises(ExpressionError, match="longer than 1,600 characters"):
        render("x" * 1601, VALUES, FUNCTIONS)
    with pytest.raises(ExpressionError, match="longer than 3 characters"):
        render("{{ vars.company }}", VALUES, FUNCTIONS, limit=3)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ contact.first_name }}", "contact.first_name has no value here"),
        ("{{ contact.first_name ~ contact.role }}", "contact.first_name and contact.role have no value here"),
        ("{{ call.missed }}", "true or false cannot be printed"),
        ("{{ contact.tags }}", "a list cannot be printed"),
        ("{{ contact }}", "a record cannot be printed"),
        ("{{ nobody }}", "there is no `nobody`"),
        ("{{ nobody.name }}", "there is no `nobody`"),
        ("{{ contact.name.first }}", "a text has no field `first`"),
        ("{{ contact.name[0] }}", "a text has no item 0"),
        ("{{ 1 / 0 }}", "it divides by zero"),
        ("{{ 'a' * 3 }}", "`*` cannot take a text and a number"),
        ("{{ contact.first_name + 'x' }}", "`+` cannot take nothing and a text"),
        ("{{ 'x' if not call.missed }}", "inline if-expression"),
        ("{% for x in contact.role %}{% endfor %}", "need a list or a text"),
        ("{{ call.id | uper }}", "there is no filter `uper`"),
        ("{{ 'unclosed }}", "a quote is not closed"),
    ],
)
def test_template_that_cannot_be_rendered_says_why(source, said):
    """Every failure is one readable line, without a traceback or Python's words for types."""
    with pytest.raises(ExpressionError) as raised:
        render(source, VALUES, FUNCTIONS)

    assert said in raised.value.message
    assert "NoneType" not in raised.value.message
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("contact.first_name > 3", "`contact.first_name > 3`: `>` cannot compare nothing with a number"),
        ("'a' in contact.first_name", "need a list or a text"),
        ("3 in contact.name", "need a list or a text"),
        ("call.time > today()", "a time cannot be compared with a date"),
        ("nobody", "there is no `nobody`"),
        ("not nobody", "there is no `nobody`"),
        ("'x' if not call.missed", "inline if-expression"),
        ("nobody + 1", "there is no `nobody`"),
        ("now() - call.time", "`-` cannot take a time and a time"),
        ("-contact.name", "`-` cannot take a text"),
    ],
)
def test_condition_that_cannot_be_evaluated_says_why(source, said):
    """The expression is quoted, and the reason is in words."""
    with pytest.raises(ExpressionError) as raised:
        evaluate(source, VALUES, FUNCTIONS)

    assert said in raised.value.message
    assert "NoneType" not in raised.value.message


def test_values_may_change_between_evaluations():
    """Nothing of one event's values is kept for the next."""
    values = {"vars": {"n": 1}}
    first = evaluate("vars.n", values, FUNCTIONS)
    values["vars"] = {"n": 2}

    assert (first, evaluate("vars.n", values, FUNCTIONS)) == (1, 2)


def test_name_that_the_event_does_not_have_is_none():
    """A name of the language is nothing where an event lacks it; any other is an error."""
    assert evaluate("message.text or 'none'", {}, FUNCTIONS) == "none"
    with pytest.raises(ExpressionError, match="there is no `nobody`"):
        evaluate("nobody or 'none'", {}, FUNCTIONS)


@pytest.mark.parametrize(
    ("source", "kind", "expected"),
    [
        ("Hi {{ contact.first_name or vars.word }}", "template", {"contact.first_name", "vars.word"}),
        ("steps.transcript.text and is_open('office')", "expression", {"steps.transcript.text"}),
        ("vars.plan.name.x == contact['fields']['x']", "expression", {"vars.plan.name", "contact.fields.x"}),
        ("{% for t in vars.b %}{{ t.x }}{{ loop.index }}{{ vars.a }}{% endfor %}", "template", {"vars.b", "vars.a"}),
        ("{% if call %}{{ call.id | upper }}{% endif %}", "template", {"call", "call.id"}),
        ("contact.tags[vars.n]", "expression", {"contact.tags", "vars.n"}),
        ("no braces: contact.tags", "template", set()),
        ("{{ broken", "template", set()),
        ("now() > ago(vars.x)", "expression", {"vars.x"}),
    ],
)  # fmt: skip
def test_references_are_names_with_up_to_two_fields(source, kind, expected):
    """What a source reads is known without running it; loops' own names and functions are none."""
    actual = find_references(source, kind)

    assert expected == actual


def test_checking_loads_neither_regular_expressions_nor_phone_metadata():
    """`quoflow check` starts fast: what checking does not need is not imported, and nothing is compiled."""
    program = (
        "import sys\n"
        "from quoflow.core import contexts, expressions, templating\n"
        "scope = contexts.build_scope(['message.received'], variables={}, steps={}, hours=[])\n"
        "assert expressions.check_template('{{ format_phone(contact.phone) }} {{ message.text }}', scope) == ()\n"
        "assert templating.compile_source.cache_info().currsize == 0\n"
        "print(sorted({'re2', 'phonenumbers', 'sqlalchemy', 'httpx', 'starlette'} & set(sys.modules)))\n"
    )

    actual = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert actual == "[]\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ contact.name }}", "   contact.name "),
        (" {{- contact.name -}} ", "     contact.name "),
        ("{{ '}}' }}", "   '}}' "),
        ("{{ contact.name }}!", None),
        ("{{ contact.name }} {{ contact.phone }}", None),
        ("Hello", None),
        ("{% if contact %}x{% endif %}", None),
    ],
)
def test_a_lone_expression_is_told_from_a_text(source, expected):
    """One `{{ }}` and nothing else is an expression, whose places are those of the text."""
    assert find_bare(source) == expected
