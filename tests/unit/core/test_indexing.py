"""The index: no rule that matches is left out, and what it says of each is what asking each alone would say."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import indexing, literals, matching
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.rules import AllOf, AnyOf, Filters, Holds, Not, Rule, Trigger

NOW = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
FUNCTIONS = Functions(now=NOW)
MAIN = Line(id="PNmain", number="+15550001111", name="Main Line")
SALES = Line(id="PNsales", number="+15550002222", name="Sales")
LINES = (MAIN, SALES)


def make_event(text="I want a REFUND, bitte Straße", *, kind="message.received", **changes):
    part = kind.partition(".")[0]
    part = part if part in literals.TEXTS else "call"
    event = Event(
        id=f"{kind}:AC1",
        kind=kind,
        connection="main",
        occurred_at=NOW,
        line_id="PNmain",
        peer="+15550104567",
        direction="incoming",
        data={part: {"text": text, "status": "received"}},
    )
    return replace(event, **changes)


MESSAGE = make_event()


def filters(**written):
    return Filters.model_validate(written)


def rule(*kinds, when=AllOf(), name="a-rule", **options):  # noqa: B008  a frozen value
    found = options.pop("filters", Filters())
    triggers = tuple(Trigger(kind=kind, filters=found) for kind in kinds or ("message.received",))
    return Rule(name=name, version="0" * 12, document={}, triggers=triggers, steps=(), when=when, **options)


def see_of(event):
    def see(asked):
        texts = {name: event.data.get(name) for name in literals.TEXTS}
        return {
            **texts,
            "contact": {"tags": ["vip"]},
            "rule": {"name": asked.name},
            "vars": dict(asked.vars),
        }, FUNCTIONS

    return see


def ask_each(made, event):
    """Ask every rule alone: what the index must come to."""
    found = []
    for one in made:
        values, functions = see_of(event)(one)
        verdict = matching.match(one, event, values, functions, lines=LINES, region="US")
        if verdict.matched:
            found.append((one, verdict))
    return found


def test_candidates_keep_the_rules_order_and_come_once():
    """The index leaves out other kinds, lines and connections, keeps the order and repeats nothing."""
    anywhere = rule(name="anywhere")
    on_main = rule(name="on-main", filters=filters(line=["Main Line", "PNmain", "+15550001111"]))
    on_sales = rule(name="on-sales", filters=filters(line="sales"))
    written_out = rule(name="written-out", filters=filters(line="(555) 000-1111"))
    elsewhere = rule(name="elsewhere", connections=("east",))
    twice = rule("message.received", "message.received", name="twice")
    index = indexing.RuleIndex([twice, on_sales, on_main, elsewhere, anywhere, written_out, rule("call.missed")])

    assert index.candidates(MESSAGE, LINES) == (twice, on_main, anywhere, written_out)
    assert index.candidates(replace(MESSAGE, line_id="PNsales"), LINES) == (twice, on_sales, anywhere, written_out)
    assert index.candidates(replace(MESSAGE, connection="east"), LINES) == (
        twice,
        on_main,
        elsewhere,
        anywhere,
        written_out,
    )


def test_a_renamed_line_is_found_at_once():
    """Candidates follow the lines they are asked with, not those of an earlier question."""
    on_main = rule(filters=filters(line="Main Line"))
    index = indexing.RuleIndex([on_main])

    assert index.candidates(MESSAGE, LINES) == (on_main,)
    assert index.candidates(MESSAGE, (replace(MAIN, name="Front Desk"), SALES)) == ()
    assert index.candidates(replace(MESSAGE, line_id="PNsales"), (MAIN, replace(SALES, name="Main Line"))) == (on_main,)


WORDS = st.sampled_from(["refund", "REFUND", "straße", "STRASSE", "ss", "price", " a ", "ı", "İ", "ς", "Σ", "x"])
LINE_NAMES = st.sampled_from(
    ["Main Line", "sales", "PNmain", "+15550001111", "(555) 000-2222", "15550001111", "Nowhere"]
)
KINDS = st.sampled_from(["message.received", "message.sent", "call.missed", "voicemail.received"])
SOURCES = st.builds(
    lambda pattern, one, other: pattern.format(one, other),
    st.sampled_from(
        [
            "'{0}' in message.text",
            "'{0}' in message.text | lower",
            "'{0}' in message.text | upper",
            "'{0}' in message.text or '{1}' in message.text | lower",
            "'{0}' in message.text and contact.tags",
            "'{0}' not in message.text",
            "'{0}' in voicemail.text | lower",
            "message.text == '{0}'",
            "rule.name == 'r1' or '{0}' in message.text",
            "'vip' in contact.tags",
            "vars.wanted in contact.tags",
            "message.text < 3",
        ]
    ),
    WORDS,
    WORDS,
)
CONDITIONS = st.recursive(
    SOURCES.map(Holds),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=4,
)
RULES = st.lists(
    st.builds(
        lambda kinds, lines, words, when, wanted: (kinds, lines, words, AllOf((when,)), wanted),
        st.lists(KINDS, min_size=1, max_size=2),
        st.sets(LINE_NAMES, max_size=2),
        st.none() | st.lists(WORDS, min_size=1, max_size=2),
        CONDITIONS,
        st.sampled_from(["vip", "lead"]),
    ),
    max_size=6,
)


@given(
    RULES,
    KINDS,
    st.lists(WORDS, max_size=4).map(" ".join),
    st.sampled_from(["PNmain", "PNsales", None]),
)
def test_the_index_comes_to_what_asking_each_rule_alone_does(drawn, kind, text, line_id):
    """Whatever the rules and the text: the same rules match, in their order, each with the very same verdict."""
    made = [
        rule(
            *kinds,
            name=f"r{number}",
            when=when,
            vars={"wanted": wanted},
            filters=filters(line=list(lines), **({"text": {"contains": words}} if words else {})),
        )
        for number, (kinds, lines, words, when, wanted) in enumerate(drawn)
    ]
    event = make_event(text, kind=kind, line_id=line_id)
    index = indexing.RuleIndex(made)

    expected = ask_each(made, event)

    assert list(index.match(event, see_of(event), lines=LINES, region="US")) == expected
    assert {one.name for one, _ in expected} <= {one.name for one in index.candidates(event, LINES)}


def test_lower_case_folds_to_the_same():
    """What is looked for in a text in lower case is looked for in the folded text: true for all of Unicode."""
    characters = [chr(code) for code in range(sys.maxunicode + 1)]

    assert [one for one in characters if one.lower().casefold() != one.casefold()] == []


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("'Price' in message.text", {"price"}),
        ("'price' in message.text | lower", {"price"}),
        ("'a' in message.text or 'B' in message.text | lower", {"a", "b"}),
        ("contact.known and 'a' in message.text", {"a"}),
        ("'a' in message.text or contact.known", None),
        ("'a' in message.text | upper", None),
        ("'a' not in message.text", None),
        ("'' in message.text", None),
        ("'a' in voicemail.text", None),
        ("'a' in [message.text]", None),
        ("message.text in 'a'", None),
        ("'a' in message.text in 'b'", None),
    ],
)
def test_words_are_read_from_conditions(source, words):
    """Only where the text must hold one of them is a rule filed under words."""
    found = literals.find_words(Trigger("message.received"), AllOf((Holds(source),)))

    assert found == (None if words is None else frozenset(words))


def test_rules_for_other_words_are_not_asked():
    """Of a hundred rules, each for its own word, only the one whose word stands in the text is a candidate."""
    made = [rule(name=f"r{n}", filters=filters(text={"contains": f"word{n}x"})) for n in range(50)]
    made += [rule(name=f"c{n}", when=AllOf((Holds(f"'word{n}x' in message.text | lower"),))) for n in range(50)]
    index = indexing.RuleIndex(made)

    found = index.candidates(make_event("I say WORD7x"), LINES)

    assert [one.name for one in found] == ["r7", "c7"]


def test_what_rules_ask_alike_is_asked_once():
    """Ten rules with the same conditions and two filters: the facts are looked at once."""
    when = AllOf((Holds("'vip' in contact.tags"),))
    made = [
        rule(name=f"r{n}", when=when, filters=filters(text={"contains": "refund" if n % 2 else "want"}))
        for n in range(10)
    ]
    asked = []

    def see(one):
        asked.append(one.name)
        return see_of(MESSAGE)(one)

    found = list(indexing.RuleIndex(made).match(MESSAGE, see, lines=LINES, region="US"))

    assert [one.name for one, _ in found] == [f"r{n}" for n in range(10)]
    assert [verdict.rule for _, verdict in found] == [f"r{n}" for n in range(10)]
    assert asked == ["r0"]


def test_the_index_remembers_a_bounded_number_of_answers(monkeypatch):
    """However many lines nobody knows are named: what is remembered stays small, and the answers right."""
    monkeypatch.setattr(indexing, "MOST_REMEMBERED", 10)
    wanted = rule("message.received")
    index = indexing.RuleIndex([wanted])
    for number in range(100):
        assert index.candidates(replace(MESSAGE, line_id=f"PN{number}"), LINES) == (wanted,)

    assert len(index._shelves) <= 10


@pytest.mark.parametrize(
    "source", ["rule.name == 'r1'", "vars.wanted in contact.tags", "contact.tags and vars.wanted == 'vip'"]
)
def test_what_means_each_rule_itself_is_asked_of_each(source):
    """Two rules with the same words in their conditions, and other values of their own: each has its own answer."""
    when = AllOf((Holds(source),))
    made = [rule(name=f"r{n}", when=when, vars={"wanted": wanted}) for n, wanted in enumerate(["lead", "vip"])]

    found = indexing.RuleIndex(made).match(MESSAGE, see_of(MESSAGE), lines=LINES, region="US")

    assert [one.name for one, _ in found] == ["r1"]
