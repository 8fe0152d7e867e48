"""The allow-list: what is not named there is refused, and nothing that a rule can say does harm."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import jinja2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from quoflow.core import grammar
from quoflow.core.contexts import build_scope, build_values
from quoflow.core.events import Event
from quoflow.core.expressions import ExpressionError, check_expression, check_template, evaluate, render
from quoflow.core.facts import Contact
from quoflow.core.filters import FILTERS, LONGEST_RESULT, TESTS
from quoflow.core.functions import Functions

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
FUNCTIONS = Functions(now=NOW)
SCOPE = build_scope(["message.received"], variables={"name": "x"}, steps={}, hours=[])
VALUES = build_values(
    Event(
        "message.received:AC1",
        "message.received",
        "main",
        NOW,
        "PN1",
        "+12125550123",
        data={"message": {"text": "{{ 7*7 }} {0.__class__}", "to": ["+13105550100"]}},
    ),
    contact=Contact("C1", "Ann", fields={"items": "ours", "__class__": "never", "tags": ["vip"] * 50}),
    tags_field="tags",
    variables={"name": "x"},
)

REFUSED = [
    # the ways from a value to Python
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ contact['__class__'] }}",
    "{{ contact.__class__ }}",
    "{{ ()|attr('__class__') }}",
    "{{ contact|attr('__cl' ~ 'ass__') }}",
    "{{ contact._private }}",
    "{{ _ }}",
    "{{ self }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context.cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ namespace() }}",
    "{{ joiner('x') }}",
    "{{ dict(a=1) }}",
    "{{ range(1000000000) }}",
    "{{ range }}",
    "{{ now.__globals__ }}",
    "{{ now().__class__ }}",
    "{{ is_open.__self__ }}",
    "{{ contact.tags.__len__() }}",
    "{{ contact.items() }}",
    "{{ contact.keys() }}",
    "{{ message.text.upper() }}",
    "{{ message['text']['upper']() }}",
    "{{ (message.text).join(contact.tags) }}",
    "{{ contact.fields.x() }}",
    "{{ [now][0]() }}",
    "{{ (now)() if false else (ago)('1h').__class__ }}",
    # format and its relatives
    "{{ '{0.__class__}'.format(1) }}",
    "{{ '{0.__class__}'.format_map({}) }}",
    "{{ '%s' % 'x' }}",
    "{{ '%s'|format('x') }}",
    "{{ ''|attr('format')('x') }}",
    "{{ ['{0.__class__}'.format]|map('call')|list }}",
    "{{ [1]|map('string')|join }}",
    "{{ contact|xmlattr }}",
    "{{ [contact]|selectattr('known')|list }}",
    "{{ contact|tojson }}",
    "{{ contact|pprint }}",
    "{{ [[1]]|sum(start=[]) }}",
    "{{ contact.tags|batch(2) }}",
    # blocks that are not texts
    "{% set x = 1 %}{{ x }}",
    "{% set x %}a{% endset %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% call now() %}{% endcall %}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% from 'os' import path %}",
    "{% extends '/etc/passwd' %}",
    "{% block x %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% with x = 1 %}{{ x }}{% endwith %}",
    "{% autoescape true %}x{% endautoescape %}",
    "{% raw %}{{ x }}{% endraw %}",
    "{%- raw -%}{{ x }}{% endraw %}",
    "{% do contact.update({}) %}",
    "{% debug %}",
    "{% trans %}x{% endtrans %}",
    "{{ super() }}",
    "{{ caller() }}",
    "{{ now(*contact.tags) }}",
    "{{ now(**contact.fields) }}",
    "{{ 'a'|replace(*contact.tags) }}",
    "{{ {'a': 1} }}",
    # loops and sizes
    "{% for a in contact.tags %}{% for b in contact.tags %}x{% endfor %}{% endfor %}",
    "{% for a in contact.tags %}{% if a %}{% for b in contact.tags %}x{% endfor %}{% endif %}{% endfor %}",
    "{% for a in contact.tags recursive %}{{ loop(a) }}{% endfor %}",
    "{% for a in contact.tags %}{{ loop(a) }}{% endfor %}",
    "{% for a in contact.tags %}{{ loop.cycle('a') }}{% endfor %}",
    "{% for a in contact.tags %}{{ loop._iterable }}{% endfor %}",
    "{% for a, b in contact.fields.items() %}{% endfor %}",
    "{% for a.b in contact.tags %}{% endfor %}",
    "{% for a in range(10) %}x{% endfor %}",
    "{% for a in contact.tags %}x{% endfor %}" * 6,
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ contact.tags * 1000 }}",
    "{{ 10 ** 10 ** 10 }}",
    "{{ 9 ** 999999 }}",
    "{{ 99999999999999999999999999 }}",
    "{{ 1e308 * 10 }}",
    "{{ " + "9" * 5000 + " }}",
    "{{ " + "(" * 1000 + "1" + ")" * 1000 + " }}",
    "{{ " + "[" * 1000 + "]" * 1000 + " }}",
    "{{ " + "not " * 1500 + "1 }}",
    "{{ " + "-" * 4000 + "1 }}",
    "{{ 1" + " + 1" * 1500 + " }}",
    "{{ [" + "1," * 700 + "] | length }}",
    "{{ message" + ".text" * 1000 + " }}",
    "{{ message.text" + "|upper" * 1000 + " }}",
    "{{ message.text" + "[0]" * 1000 + " }}",
    "{% if 1 %}" * 200 + "{% endif %}" * 200,
    "{{ message.text[0:5] }}",
    "{{ message.text[::-1] }}",
    "{{ contact.tags[1 + 1] }}",
    "{{ x" * 2000,
    "{# " * 2500,
    "{{ '" + "\\" * 7001 + "' }}",
    "{" * 8000,
    "x" * 9000,
    # look-alikes
    "{{ message.\uff3f\uff3fclass\uff3f\uff3f }}",
    "{{ \u202emessage.text }}",
    "{{ message\u200b.text }}",
    "{{ m\u0435ssage.text }}",
    "{{ message.text }\u200b}",
]  # fmt: skip

HARMLESS = [
    "{{ message.text }}",
    "{{ '{0.__class__}' }}",
    "{{ contact.fields.items }}",
    "{{ contact.fields['items'] }}",
    "{{ contact.fields.keys or 'none' }}",
    "{{ contact.fields.format or 'none' }}",
    "{{ vars['name'] }}",
    "{{ message.text | replace('7', '{{ contact }}') }}",
    "{{ message.text" + " | replace('7', '7777777777')" * 12 + " }}",
    "{{ contact.tags | join('" + "x" * 2000 + "') }}",
    "{% for a in contact.tags %}" + "x" * 4000 + "{% endfor %}",
    "{{ ('a' ~ 'b') | truncate(1) }}",
    "{{ '" + "\\" * 7000 + "' }}",
    "{{ 999999999999 * 999999999999 * 999999999999 * 999999999999 }}",
    "{{ ago('366d') }} {{ message.text is matches('(a+)+$') and 'a' or 'b' }}",
    "{{ message.text | truncate(-5) }}{{ 1.5 | round(10000) }}{{ 1 // 0 }}",
]


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: source[:40])
@pytest.mark.timeout(5)
def test_attack_is_refused_when_loaded_and_again_when_run(source):
    """The check finds an error, and rendering refuses by itself should the check have been left out."""
    severities = {fault.severity for fault in check_template(source, SCOPE)}

    assert "error" in severities
    with pytest.raises(ExpressionError):
        render(source, VALUES, FUNCTIONS)


@pytest.mark.parametrize("source", HARMLESS, ids=lambda source: source[:40])
@pytest.mark.timeout(5)
def test_what_looks_like_an_attack_ends_in_a_short_text_or_an_error(source):
    """What the check lets through stays within its limit and shows nothing of Python."""
    try:
        text = render(source, VALUES, FUNCTIONS)
    except ExpressionError as error:
        text = error.message

    assert len(text) <= 1600
    assert not {"<class", "<bound", "<built", "object at 0x", "Traceback"} & {part for part in (text,) if part in text}
    assert "<" not in text.replace("`<`", "")


def test_customers_text_is_never_a_template():
    """What a customer writes is printed as it stands, braces and all."""
    assert render("{{ message.text }}", VALUES, FUNCTIONS) == "{{ 7*7 }} {0.__class__}"


def test_names_of_methods_are_only_fields():
    """A field called `items` is the field; without one there is nothing, and never the method of a dict."""
    actual = [evaluate(source, VALUES, FUNCTIONS) for source in ("contact.fields.items", "contact.items", "vars.get")]

    assert actual == ["ours", None, None]


def test_private_keys_never_reach_a_context():
    """A custom field that begins with an underscore is not there."""
    assert "__class__" not in VALUES["contact"]["fields"]


def test_allow_list_names_nodes_that_there_are():
    """Each name of the allow-list is a node of this Jinja2; every other node is refused."""
    every = {name for name, kind in vars(nodes).items() if isinstance(kind, type) and issubclass(kind, nodes.Node)}
    named = set(grammar._CHECKS)

    assert named <= every
    assert not named & set(grammar._REFUSED)
    assert not named & {
        "Assign",
        "Macro",
        "Include",
        "Import",
        "Pow",
        "Dict",
        "Slice",
        "CallBlock",
        "InternationalizationExtension",
    }


def test_filters_and_tests_are_ours_alone():
    """No filter or test of Jinja2's own is within reach of a compiled template."""
    from quoflow.core import templating

    environment = templating._ENVIRONMENT

    assert environment.filters.keys() == FILTERS.keys()
    assert environment.tests.keys() == TESTS.keys()
    assert environment.globals == {}
    assert not {"attr", "format", "map", "xmlattr", "tojson", "pprint", "safe", "list"} & FILTERS.keys()


@pytest.mark.parametrize(
    "source",
    [
        "now.__self__",
        "''.join",
        "contact.items()",
        "message.text.upper()",
        "message.text.format",
        "contact.tags.append",
    ],
)
def test_sandbox_holds_without_the_allow_list(source):
    """Should the allow-list ever miss something, the sandbox itself gives no attribute or method of a value."""
    from quoflow.core import templating

    tree = templating._ENVIRONMENT.parse(f"{{{{ {source} }}}}")
    program = templating.Program(templating._ENVIRONMENT.from_string(tree).root_render_func)

    with pytest.raises((jinja2.TemplateError, ValueError)):
        list(program.render(VALUES, FUNCTIONS))


def test_replace_on_replace_ends_before_it_fills_the_memory():
    """A filter that would make a text beyond its bound says so and makes nothing."""
    source = "{{ message.text" + " | replace('7', '7777777777')" * 12 + " }}"

    with pytest.raises(ExpressionError) as raised:
        render(source, VALUES, FUNCTIONS, limit=10**12)

    assert f"beyond {LONGEST_RESULT:,} characters" in raised.value.message


WORDS = """
    {{ }} {% %} {# #} { } contact message . text tags first_name | upper ( ) [ ] ' " or and not if else elif endif for
    in endfor loop is defined matches now ago 2h + - ~ * // % == = < 1 0 , : vars x fields _ raw set macro endmacro
    default join length int none true
"""
PIECES = st.sampled_from([*WORDS.split(), " ", "\n", "\u2028", "\\", "\x00", "\ud800", "é"])
SOURCES = (
    st.text(max_size=60) | st.lists(PIECES, max_size=25).map(" ".join) | st.lists(PIECES, max_size=25).map("".join)
)
INSIDE = st.lists(PIECES, max_size=12).map(" ".join)


@given(source=SOURCES | INSIDE.map(lambda inside: f"{{{{ {inside} }}}}"))
def test_check_never_raises_and_what_passes_renders_or_says_why(source):
    """Whatever is written gives faults, and what has no error gives a text or an error in words."""
    faults = check_template(source, SCOPE)
    lines = source.count("\n") + 1

    assert all(fault.message and fault.line >= 1 and fault.column >= 1 for fault in faults)
    assert all(fault.line <= lines or "\u2028" in source for fault in faults)
    try:
        text = render(source, VALUES, FUNCTIONS)
    except ExpressionError as error:
        text = error.message

    assert len(text) <= 1600
    assert text.encode().decode() == text


@given(source=SOURCES | INSIDE)
def test_conditions_never_raise_anything_else(source):
    """The same of bare expressions."""
    check_expression(source, SCOPE)
    with suppress(ExpressionError):
        evaluate(source, VALUES, FUNCTIONS)
