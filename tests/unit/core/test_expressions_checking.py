"""Checking: every mistake in an expression is found when a rule is loaded, at its place, with what to write."""

from __future__ import annotations

import pytest

from quoflow.core.contexts import build_scope
from quoflow.core.expressions import Fault, check_expression, check_template

RECEIVED = build_scope(
    ["message.received"],
    variables={"company": "Acme", "limit": "3", "count": 3, "plan": {"name": "gold"}},
    steps={"transcript": "fetch_transcript", "greeting": "send_message"},
    hours=["office", "support"],
)
MISSED = build_scope(["call.missed"], variables={}, steps={}, hours=["office"])
SCHEDULE = build_scope(["schedule"], variables={}, steps={}, hours=[])
MANUAL = build_scope(["manual"], variables={"plan": "gold"}, steps={}, hours=[])
BOTH = build_scope(["message.received", "call.missed"], variables={}, steps={}, hours=[])


def say(faults: tuple[Fault, ...]) -> list[tuple[str, str, str]]:
    return [(fault.severity, fault.message, fault.hint) for fault in faults]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "Hi there",
        "Braces { } are fine",
        "Hi {{ contact.first_name or 'there' }}",
        "Hi {{ contact.first_name | title or 'there' }}",
        "Hi {{ contact.first_name | default('there') }}",
        "Hi {% if contact.first_name %}{{ contact.first_name }}{% else %}there{% endif %}",
        "{% if contact.first_name is defined %}{{ contact.first_name }}{% endif %}",
        "{% if contact.first_name is not none %}{{ contact.first_name }}{% endif %}",
        "{% if not contact.first_name %}Hi{% else %}{{ contact.first_name }}{% endif %}",
        "{% if contact.first_name and contact.last_name %}{{ contact.first_name ~ contact.last_name }}{% endif %}",
        "{% if not contact.role or not contact.company %}{% else %}{{ contact.role }}{{ contact.company }}{% endif %}",
        "{% if contact.first_name == 'Ann' %}{{ contact.first_name }}{% endif %}",
        "{% if not contact.role %}{% elif contact.company %}{{ contact.role }}{{ contact.company }}{% endif %}",
        "{{ contact.first_name if contact.first_name else 'there' }}",
        "{{ contact.fields.plan or 'none' }} {{ contact.fields['renewal date'] | default('soon') }}",
        "{{ message.time }} {{ now() | time('%-I:%M %p') }} {{ today() }} {{ days_until('2026-12-25') }}",
        "{{ message.to | join(', ') }} {{ contact.tags | first or '' }} {{ contact.tags | length }}",
        "{{ contact.tags[0] or '' }} {{ vars.plan.name }} {{ vars['company'] }} {{ message.from }}",
        "{% for tag in contact.tags %}{{ loop.index }}. {{ tag }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for line in (steps.transcript.lines or []) if line.text %}{{ line.speaker or '' }}{% else %}-{% endfor %}",
        "{{ vars.count * 60 + 1 }} {{ vars.limit | int // 2 }} {{ -vars.count }} {{ 7 % 2 }}",
        "{{ message.text ~ vars.count ~ now() }} {{ 'a' + 'b' }} {{ segments(message.text) }}",
        "{{ format_phone(contact.phone) }} {{ contact.name }} {{ rule.name }} {{ connection.name }} {{ run.id }}",
        "{{ contact.known and 'yes' or 'no' }} {{ [1, 'a'] | join }} {{ [2, 1] | sort | first or 0 }}",
        "{# a remark #}{{ 'yes' if contact.known else 'no' }}",
        "{{ message.text | truncate(length=20, end='') | replace('a', 'b') | upper }}",
    ],
)
def test_good_templates_have_no_fault(source):
    """What can be rendered for every event is not complained about."""
    assert check_template(source, RECEIVED) == ()


@pytest.mark.parametrize(
    "source",
    [
        "contact.known",
        "not contact.known",
        "is_open()",
        "is_open('office') and not is_open(calendar='support')",
        "'do-not-text' not in contact.tags",
        "'refund' in message.text | lower",
        "'a' in contact.fields",
        "steps.transcript.text and 'refund' in steps.transcript.text | lower",
        "steps.transcript.found and (steps.transcript.text or '') != ''",
        "steps.transcript and steps.transcript.found",
        "message.direction == 'incoming' and message.direction in ['incoming', 'outgoing']",
        "message.time > ago('2h') and now() >= message.time",
        "days_until(contact.fields.renewal or '2026-12-31') < 30",
        "message.text is matches('(?i)\\\\brefund\\\\b')",
        "contact.first_name is none or contact.first_name != 'Bot'",
        "not contact.first_name or contact.first_name < 'M'",
        "contact.fields.age | int > 17",
        "contact.fields.age is number and contact.fields.age > 17",
        "1 < vars.count <= 5",
        "user and user.name == 'Ann'",
        "user.name == 'Ann'",
        "none in contact.tags or contact.company == none",
        "message.time | time('%H') | int >= 17",
        "count('call.missed', '7d') >= 2 and count(kind='message.received', within='1h30m') == 1",
        "not last('message.sent') or last('message.sent').time < ago('2d')",
        "last('message.received') and 'yes' in (last('message.received').text or '') | lower",
        "last('call.missed').direction == 'incoming'",
        "not replied_since(event.time) and not replied_since(ago('2h'))",
    ],
)
def test_good_conditions_have_no_fault(source):
    """What can be evaluated for every event is not complained about."""
    assert check_expression(source, RECEIVED) == ()


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        # names
        ("{{ mesage.text }}", "there is no `mesage`", "did you mean `message`?"),
        ("{{ first_name }}", "there is no `first_name`", "did you mean `contact.first_name`?"),
        ("{{ company }}", "there is no `company`", "write `vars.company`"),
        ("{{ greeting }}", "there is no `greeting`", "write `steps.greeting`"),
        ("{{ refund }}", "there is no `refund`", "quote it if it is a text"),
        ("{{ message.txt }}", "`message` has no `txt`", "did you mean `text`?"),
        ("{{ message.subject }}", "`message` has no `subject`", "it has id, text, from,"),
        ("{{ vars.comapny }}", "`vars` has no `comapny`", "did you mean `company`?"),
        ("{{ vars.zzz }}", "`vars` has no `zzz`", "set it under `vars`"),
        ("{{ steps.transcrpt.text }}", "no step `transcrpt` has run before this one", "did you mean `transcript`?"),
        ("{{ steps.later.text }}", "no step `later` has run before this one", "there are greeting, transcript"),
        ("{{ steps.transcript.txt }}", "`steps.transcript` has no `txt`", "did you mean `text`?"),
        ("{{ message.text.length }}", "`message.text` is text and has no `length`", "use `| length`"),
        ("{{ message.time.hour }}", "`message.time` is a time and has no `hour`", "use `| time('%H:%M')`"),
        ("{{ contact.tags.first }}", "`contact.tags` is a list of text and has no `first`", "use `| first`"),
        ("{{ contact.known.x }}", "`contact.known` is true or false and has no `x`", "leave it out"),
        ("{{ contact.fields._x }}", "`_x` is private", "do not begin with `_`"),
        ("{{ contact.fields['_x'] }}", "`_x` is private", "do not begin with `_`"),
        ("{{ 2 ** 3 }}", "`**` is not part of rule expressions", "multiply"),
        # what cannot be printed
        ("{{ contact.tags }}", "a list of text cannot be printed", "write `contact.tags | join(', ')`"),
        ("{{ steps.transcript.lines }}", "a list of record cannot be printed", "loop over it: {% for"),
        ("{{ contact }}", "a record cannot be printed", "contact.first_name"),
        ("{{ contact.fields }}", "a record cannot be printed", "contact.fields.…"),
        ("{{ contact.known }}", "true or false cannot be printed", "write `'yes' if contact.known else 'no'`"),
        ("{{ 'x' in message.text }}", "true or false cannot be printed", "'yes' if"),
        ("{{ none }}", "nothing cannot be printed", "leave it out"),
        ("{{ 'a' ~ contact.tags }}", "a list of text cannot be printed", "join"),
        ("{{ 'a' if contact.known }}", "does not say what to give otherwise", "add `else ''`"),
        # what does not go together
        ("{{ message.text * 3 }}", "`*` calculates with numbers; these are text and a number", "`| int`"),
        ("{{ message.text + 3 }}", "`+` calculates with numbers; these are text and a number", "join texts with `~`"),
        ("{{ 'ab' * 1000000 }}", "`*` calculates with numbers", "`| int`"),
        ("{{ contact.fields.x * 2 }}", "`*` calculates with numbers; these are anything and a number", "`| int`"),
        ("{{ now() - message.time }}", "`-` calculates with numbers; these are a time and a time", "ago('2h')"),
        ("{{ -message.text }}", "takes a number, and this is text", "`| int`"),
        ("{{ contact.tags | upper }}", "`upper` takes text, and this is a list of text", "`| join(', ')`"),
        ("{{ vars.count | upper }}", "`upper` takes text, and this is a number", "`| string`"),
        ("{{ vars.limit | round }}", "`round` takes a number, and this is text", "`| int`"),
        ("{{ message.text | time }}", "`time` takes a time or a date, and this is text", "`message.time` or `now()`"),
        ("{{ message.text | join }}", "`join` takes a list, and this is text", "give it a list"),
        ("{{ message.text[0] }}", "text has no items", "`list[0]`"),
        ("{{ [none, 'a'] | join }}", "`join` cannot take a list that holds text", "loop over it"),
        ("{{ [1, 'a'] | sort | join }}", "`sort` cannot take a list that holds a number or text", "loop over it"),
        ("{{ steps.transcript.lines | max }}", "`max` cannot take a list that holds a record", "loop over it"),
        ("{{ contact.known and 'yes' }}", "true or false or text cannot be printed", "'yes' if"),
        # filters, tests and functions
        ("{{ message.text | uper }}", "there is no filter `uper`", "did you mean `upper`?"),
        ("{{ message.text | zzz }}", "there is no filter `zzz`", "there are upper, lower"),
        ("{{ message.text | strip }}", "there is no filter `strip`", "use `| trim`"),
        ("{{ message.text.upper() }}", "`.upper()` cannot be called", "use `| upper`"),
        ("{{ isopen('office') }}", "there is no function `isopen`", "did you mean `is_open`?"),
        ("{{ lower(message.text) }}", "there is no function `lower`", "use `| lower`"),
        ("{{ zzz() }}", "there is no function `zzz`", "there are is_open, opens_at"),
        ("{{ now }}", "`now` is a function", "write `now(…)`"),
        ("{{ now('x') }}", "`now` takes no arguments", "write `now()`"),
        ("{{ count('call.mised', '7d') }}", "`call.mised` is not an event with a contact", "mean `call.missed`?"),
        ("{{ count('schedule', '7d') }}", "`schedule` is not an event with a contact", "there are message.received"),
        ("{{ count('call.missed', 'week') }}", "`week` is not a duration", "write whole numbers with a unit"),
        ("{{ count('call.missed', vars.limit) }}", "`count` takes a window that is written out", "write '7d'"),
        ("{{ count(message.text, '7d') }}", "`count` takes a kind that is written out", "write 'message.received'"),
        ("{{ 'y' if replied_since('2h') else 'n' }}", "`replied_since` takes a time as `time`, and this is text", ""),
        ("{{ count('call.missed') }}", "`count` needs `within`", "write `count(kind, within)`"),
        ("{{ count(5, '7d') }}", "`count` takes text as `kind`, and this is a number", ""),
        ("{{ last('call.missed').tme or '' }}", "`last('call.missed')` has no `tme`", "did you mean `time`?"),
        ("{{ days_until() }}", "`days_until` needs `day`", "write `days_until(day)`"),
        ("{{ days_until('2026-01-01', 2) }}", "`days_until` takes 1 argument", "write `days_until(day)`"),
        ("{{ days_until(date='2026-01-01') }}", "`days_until` has no argument `date`", "write `days_until(day)`"),
        ("{{ days_until(5) }}", "`days_until` takes a date or a time or text as `day`, and this is a number", ""),
        ("{{ days_until('christmas') }}", "`christmas` is not a date", ""),
        ("{{ message.text | replace('a') }}", "`replace` needs `new`", "write `| replace(old, new)`"),
        ("{{ message.text | truncate(1, '.', 3) }}", "`truncate` takes 0 to 2 arguments", "length=…"),
        ("{{ now() | time('%9999999d') }}", "`%9` is not a part of a time", ""),
        # blocks
        ("{% for x in message.text %}{{ x }}{% endfor %}", "a loop goes over a list, and this is text", "contact.tags"),
        ("{% for now in contact.tags %}{% endfor %}", "`now` already means something", "name the item otherwise"),
        ("{% for loop in contact.tags %}{% endfor %}", "`loop` already means something", "name the item otherwise"),
        ("{% for user in contact.tags %}{{ user.x }}{% endfor %}", "`user` is text and has no `x`", "leave it out"),
        ("{% for t in contact.tags %}{{ t.x }}{% endfor %}", "`t` is text and has no `x`", "leave it out"),
        ("{% for t in contact.tags %}{{ loop.idx }}{% endfor %}", "`loop` has no `idx`", "did you mean `index`?"),
        ("{% for t in contact.tags %}{% endfor %}{{ t }}", "there is no `t`", ""),
        ("{% for l in (steps.transcript.lines or []) %}{{ l.x }}{% endfor %}", "`l` has no `x`", "it has speaker"),
        ("{% if contact.knwn %}x{% endif %}", "`contact` has no `knwn`", "did you mean `known`?"),
        ("{% if contact.known %}x{% elif mesage %}{% endif %}", "there is no `mesage`", "did you mean `message`?"),
        ("{% if contact.known %}x{% else %}{{ mesage }}{% endif %}", "there is no `mesage`", "did you mean `message`?"),
    ],
)  # fmt: skip
def test_mistake_in_a_template_is_one_fault_with_a_hint(source, message, hint):
    """Each mistake is said once, in words, and never drags others along."""
    actual = say(check_template(source, RECEIVED))

    assert [severity for severity, _, _ in actual] == ["error"], actual
    assert message in actual[0][1]
    assert hint in actual[0][2]


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("vars.limit > 3", "`>` cannot compare text with a number", "write `vars.limit | int`"),
        ("3 < vars.limit", "`<` cannot compare a number with text", "write `vars.limit | int`"),
        ("vars.count == '3'", "a number is never equal to text", "without quotes"),
        ("vars.count > '3'", "`>` cannot compare a number with text", "without quotes"),
        ("message.text == 5", "text is never equal to a number", "write `message.text | int`"),
        ("contact.tags == 'vip'", "a list of text is never equal to text", "or `in`"),
        ("contact.tags > 1", "`>` cannot compare a list of text with a number", "use `| length`"),
        ("message.time > '10:00'", "`>` cannot compare a time with text", "compare times with `now()`"),
        ("message.time > today()", "`>` cannot compare a time with a date", "compare times with `now()`"),
        ("contact.known > true", "`>` cannot compare true or false with true or false", ""),
        ("message.direction == 'inbound'", "`message.direction` is never 'inbound'", "it is one of incoming, outgoing"),
        ("event.kind == 'message.recieved'", "is never 'message.recieved'", "did you mean `message.received`?"),
        ("'a' in vars.count", "`in` looks into a list or a text, and this is a number", "write `==`"),
        ("'a' in contact", "`in` looks into a list or a text, and this is a record", "name a list or a text"),
        ("5 in message.text", "text never holds a number", "quote it"),
        ("5 not in contact.tags", "a list of text never holds a number", "quote it"),
        ("is_open('offic')", "there is no calendar `offic`", "did you mean `office`?"),
        ("is_open('zzz')", "there is no calendar `zzz`", "under `hours`"),
        ("opens_at('offic') > now()", "there is no calendar `offic`", "did you mean `office`?"),
        ("is_open(5)", "`is_open` takes text as `calendar`, and this is a number", ""),
        ("message.time > ago('2 hours')", "`2 hours` is not a duration", ""),
        ("message.text is matches('(a')", "is not a regular expression that RE2 reads", ""),
        ("message.text is matches('(?=a)')", "is not a regular expression that RE2 reads", ""),
        ("message.text is matches(vars.company)", "takes a regular expression that is written out", "quote it"),
        ("message.text is match('a')", "there is no test `match`", "did you mean `matches`?"),
        ("vars.count is eq 3", "there is no test `eq`", "write ==, <, > or `in`"),
        ("{{ contact.known }}", "a condition is a bare expression", "leave out the braces"),
        ("", "the condition is empty", "such as `contact.known`"),
        ("message.text = 'x'", "`=` does not compare", "write `==`"),
        ("contact.known && is_open()", "`&` is not an operator here", "write `and`"),
        ("contact.known || is_open()", "`||` is not an operator here", "write `or`"),
        ("!contact.known", "`!` is not an operator here", "write `not`"),
        ("contact.known ? 1 : 2", "`?` is not an operator here", "if condition else"),
        ("contact.known is_open()", "`is_open` does not belong here", "join conditions with `and`"),
        ("message.text == 'x", "a quote is not closed", "close the text"),
        ("message.text == \u2018x\u2019", "typographic quotes do not quote", "write ' or \""),
        ("message.text ==", "it ends too early", "write what should stand here"),
        ("(contact.known", "it ends too early", "write what should stand here"),
    ],
)
def test_mistake_in_a_condition_is_one_fault_with_a_hint(source, message, hint):
    """Each mistake is said once, in words, with what to write."""
    actual = say(check_expression(source, RECEIVED))

    assert [severity for severity, _, _ in actual] == ["error"], actual
    assert message in actual[0][1]
    assert hint in actual[0][2]


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("{{ ", "braces are not closed", "close with }}"),
        ("{{ message.text }", "a brace is missing", "close with }}"),
        ("{% if contact.known %}x", "an `if` is not closed", "close it with {% endif %}"),
        ("{% for t in contact.tags %}x", "a `for` is not closed", "close it with {% endfor %}"),
        ("{% fi contact.known %}x{% endif %}", "there is no tag `fi`", "there are `if` and `for`"),
        ("{# never closed", "braces are not closed", ""),
        ("{{ }}", "an expression is missing", "write what should stand here"),
        ("{% endif %}", "there is no tag `endif`", ""),
    ],
)
def test_template_that_cannot_be_read_is_one_fault(source, message, hint):
    """Broken braces and blocks are explained, not shown as the parser's words."""
    actual = say(check_template(source, RECEIVED))

    assert [severity for severity, _, _ in actual] == ["error"], actual
    assert message in actual[0][1]
    assert hint in actual[0][2]


@pytest.mark.parametrize(
    ("source", "message", "hint"),
    [
        ("{{ contact.first_name }}", "`contact.first_name` may be nothing", "write `contact.first_name or 'there'`"),
        ("{{ contact.fields.plan }}", "`contact.fields.plan` may be nothing", "write `contact.fields.plan or ''`"),
        ("{{ contact.tags | first }}", "may be nothing", "write `"),
        ("{{ user.name }}", "`user.name` may be nothing", "or 'there'"),
        ("Hi {{ 'x' ~ contact.first_name }}", "`contact.first_name` may be nothing", "or 'there'"),
        ("{% if contact.known %}{{ contact.first_name }}{% endif %}", "`contact.first_name` may be nothing", ""),
        ("{% if contact.first_name or contact.known %}{{ contact.first_name }}{% endif %}", "may be nothing", ""),
        ("{% if contact.first_name %}{% endif %}{{ contact.first_name }}", "may be nothing", ""),
        ("{{ contact.first_name and contact.role }}", "may be nothing", ""),
        ("{{ format_phone(contact.fields.phone) }}", "may be nothing", "value or"),
        ("{% for line in steps.transcript.lines %}{% endfor %}", "`steps.transcript.lines` may be nothing", "or []"),
    ],
)
def test_value_that_may_be_nothing_is_a_warning(source, message, hint):
    """What fails only for some people is a warning: the rule may be used."""
    actual = say(check_template(source, RECEIVED))

    assert [severity for severity, _, _ in actual] == ["warning"], actual
    assert message in actual[0][1]
    assert hint in actual[0][2]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("'refund' in steps.transcript.text", "`steps.transcript.text` may be nothing, which `in` cannot look into"),
        ("'refund' in steps.transcript.text | lower", "`steps.transcript.text` may be nothing, which `in`"),
        ("contact.first_name < 'M'", "`contact.first_name` may be nothing, which `<` cannot compare"),
        ("contact.first_name in message.text", "what stands before `in` may be nothing"),
        ("'yes'", "this condition is always the same"),
    ],
)
def test_condition_that_may_fail_is_a_warning(source, message):
    """A comparison that meets None on some events is said beforehand."""
    actual = say(check_expression(source, RECEIVED))

    assert [severity for severity, _, _ in actual] == ["warning"], actual
    assert message in actual[0][1]


@pytest.mark.parametrize(
    ("scope", "source", "message", "hint"),
    [
        (MISSED, "{{ message.text }}", "`message` is there for message.*, conversation.* triggers, not", ""),
        (RECEIVED, "{{ transcript.text }}", "is there for transcript.completed triggers, not for message.received", ""),
        (RECEIVED, "{{ summary.text }}", "`summary` is there for summary.completed triggers", ""),
        (SCHEDULE, "{{ contact.name }}", "not for schedule", "`to:`"),
        (MANUAL, "{{ line.name }}", "not for manual", "`to:`"),
    ],
)
def test_name_of_another_trigger_says_which(scope, source, message, hint):
    """A name that this trigger does not have says which triggers do."""
    actual = say(check_template(source, scope))

    assert [severity for severity, _, _ in actual] == ["error"], actual
    assert message in actual[0][1]
    assert hint in actual[0][2]


def test_name_of_one_of_two_triggers_is_a_warning_that_says_why():
    """A rule with two triggers may use what one of them has, if it minds the other."""
    warned = say(check_template("{{ message.text }}", BOTH))
    fine = check_template("{% if message %}{{ message.text }}{% elif call %}{{ call.id }}{% endif %}", BOTH)

    assert [severity for severity, _, _ in warned] == ["warning"]
    assert "call.missed has no `message`" in warned[0][1]
    assert fine == ()


def test_manual_trigger_may_set_more_variables():
    """`--set` may bring any: an unknown variable of a manual rule is not a mistake, but may be nothing."""
    known = check_template("{{ vars.plan }}", MANUAL)
    unknown = say(check_template("{{ vars.other }}", MANUAL))

    assert known == ()
    assert [severity for severity, _, _ in unknown] == ["warning"]


def test_loop_hides_what_is_known_of_the_name_it_takes():
    """A loop's item is another value than the one that was looked at outside."""
    scope = build_scope(["manual"], variables={}, steps={"t": "fetch_transcript"}, hours=[])
    source = "{% if vars.speaker %}{% for vars in (steps.t.lines or []) %}{{ vars.speaker }}{% endfor %}{% endif %}"

    assert [severity for severity, _, _ in say(check_template(source, scope))] == ["warning"]


def test_all_mistakes_are_said_at_once_each_at_its_place():
    """Lines and columns count from 1 within the source."""
    source = (
        "txt {{ message.txt }}\n{{ contact.frist_name or 'x' }} and\n  {{ is_open('shop') and 'a' or 'b' }}{{ nope }}"
    )

    actual = [(fault.line, fault.column, fault.message.split("`")[-2]) for fault in check_template(source, RECEIVED)]

    assert actual == [(1, 16, "txt"), (2, 12, "frist_name"), (3, 6, "shop"), (3, 42, "nope")]


def test_unknown_calendars_pass_when_the_configuration_is_not_known():
    """Without a configuration, a rule's calendars cannot be wrong."""
    scope = build_scope(["message.received"], variables={}, steps={}, hours=None)

    assert check_expression("is_open('shop')", scope) == ()


def test_source_that_is_too_long_is_refused_unread():
    """The size is looked at first, in templates without braces too."""
    for check in (check_template, check_expression):
        actual = say(check("x" * 9000, RECEIVED))

        assert [message for _, message, _ in actual] == ["it is longer than 8,192 characters"]
