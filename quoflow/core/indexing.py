"""Which rules an event can match at all, found without asking each one; what many ask alike is asked once. Pure.

A rule is filed by trigger kind, by line where it names some, and by words where it wants one of them in the text:
one pass over the text (Aho and Corasick's automaton) finds every word that any rule wants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from quoflow.core import awaiting, fitting, literals, matching, phones, retrospect
from quoflow.core.events import Event
from quoflow.core.facts import Line
from quoflow.core.functions import Functions
from quoflow.core.matching import Verdict
from quoflow.core.rules import Condition, Filters, Rule

MOST_REMEMBERED = 4096
"""Answers that are kept at most, of each sort: kinds times lines, and the sets of words that texts hold."""

_OWN = re.compile(r"\b(?:rule|run|steps|vars)\b")
"""Names that mean something else in each rule, so that nothing that holds one is asked for several rules at once."""

See = Callable[[Rule], tuple[Mapping[str, Any], Functions]]
"""Gives the context of a rule (as `contexts.build_values` makes it) and the functions; asked only where needed."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule in the index, with numbers that are equal for rules that ask the same of every event.

    Attributes:
        whole: the number of all that it asks: connection, filters and conditions.
        conditions: the number of its conditions alone.
    """

    position: int
    rule: Rule
    whole: int
    conditions: int


@dataclass(slots=True)
class _Shelf:
    """The rules for one kind of event on one line: those that want a word, and those that want none."""

    always: dict[int, _Entry] = field(default_factory=dict)
    by_word: dict[str, dict[int, _Entry]] = field(default_factory=dict)
    found: dict[frozenset[str], tuple[_Entry, ...]] = field(default_factory=dict)
    scan: Callable[[str], frozenset[str]] | None = None

    def add(self, entry: _Entry, words: frozenset[str] | None) -> None:
        """File a rule under each word of which it wants one, or under none."""
        files = [self.always] if words is None else [self.by_word.setdefault(word, {}) for word in words]
        for file in files:
            file[entry.position] = entry

    def list_entries(self, text: str | None) -> tuple[_Entry, ...]:
        """Give the rules that may match this text, in their order."""
        if self.scan is None:
            self.scan = _make_scanner(self.by_word)
        words = self.scan(text.casefold()) if text else frozenset()
        if words not in self.found:
            if len(self.found) >= MOST_REMEMBERED:
                self.found.clear()
            files = (self.always, *(self.by_word[word] for word in words))
            entries = {position: entry for file in files for position, entry in file.items()}
            self.found[words] = tuple(entries[position] for position in sorted(entries))
        return self.found[words]


class RuleIndex:
    """Finds the rules that may match an event without asking each one, and the verdicts of those that do.

    `kinds` are the events that the rules wait for: what no rule waits for need not be looked for.
    """

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = tuple(rules)
        self.kinds = frozenset(_list_kinds(rules))
        self._files: dict[tuple[str, str | None], dict[int, tuple[_Entry, frozenset[str] | None]]] = {}
        self._shelves: dict[tuple[str | None, ...], _Shelf] = {}
        numbers: dict[object, int] = {}
        for position, rule in enumerate(rules):
            if rule.enabled:
                whole, conditions = _list_questions(rule, position)
                number = [numbers.setdefault(one, len(numbers)) for one in (whole, conditions)]
                self._file(_Entry(position, rule, *number))

    def _file(self, entry: _Entry) -> None:
        for trigger in entry.rule.triggers:
            words = literals.find_words(trigger, entry.rule.when)
            for key in _list_line_keys(trigger.filters):
                file = self._files.setdefault((trigger.kind, key), {})
                _, filed = file.get(entry.position, (entry, frozenset()))
                file[entry.position] = (entry, None if words is None or filed is None else words | filed)

    def candidates(self, event: Event, lines: Sequence[Line]) -> tuple[Rule, ...]:
        """Give every enabled rule that may match, in the rules' order: never too few, as few as the index can tell."""
        return tuple(entry.rule for entry in self._list_entries(event, fitting.find_line(event, lines)))

    def match(self, event: Event, see: See, *, lines: Sequence[Line], region: str) -> Iterator[tuple[Rule, Verdict]]:
        """Give the rules that match an event, in their order, each with its verdict.

        Args:
            event: what happened.
            see: gives what a rule's conditions see.
            lines: our lines, to resolve a filter's line.
            region: how a number without a country code is read (ISO, such as US).
        """
        subject = fitting.Subject(event, fitting.find_line(event, lines), region)
        answers: dict[int, matching.Answer] = {}
        for entry in self._list_entries(event, subject.line):
            answer = answers.get(entry.whole)
            if answer is None:
                answer = answers[entry.whole] = _answer(entry, subject, see, answers)
            if answer.objection is None:
                yield entry.rule, matching.make_verdict(entry.rule, event, answer)

    def _list_entries(self, event: Event, line: Line | None) -> tuple[_Entry, ...]:
        keys = (line.id, line.number, line.name) if line else (event.line_id,)
        question = (event.connection, event.kind, *keys)
        shelf = self._shelves.get(question)
        if shelf is None:
            if len(self._shelves) >= MOST_REMEMBERED:
                self._shelves.clear()  # lines that nobody knows could go on for ever
            shelf = self._shelves[question] = self._make_shelf(event, keys)
        found = shelf.list_entries(fitting.read_text(event))
        if event.kind in matching.ADDRESSED:
            return tuple(one for one in found if matching.is_for(event, one.rule))
        return found

    def _make_shelf(self, event: Event, keys: tuple[str | None, ...]) -> _Shelf:
        shelf = _Shelf()
        for key in {None, *(fitting.fold(key) for key in keys if key)}:
            for entry, words in self._files.get((event.kind, key), {}).values():
                if matching.has_connection(entry.rule, event):
                    shelf.add(entry, words)
        return shelf


def _answer(entry: _Entry, subject: fitting.Subject, see: See, answers: dict[int, matching.Answer]) -> matching.Answer:
    """Ask a rule's filters, and its conditions if no rule with the same ones has asked them of this event."""
    objection = matching.object_to(entry.rule, subject)
    if objection is not None:
        return matching.Answer(objection)
    if entry.conditions not in answers:
        answers[entry.conditions] = matching.ask(entry.rule.when, *see(entry.rule))
    return answers[entry.conditions]


def _list_questions(rule: Rule, position: int) -> tuple[object, object]:
    """Give what a rule asks, and its conditions alone: equal for rules that ask the same."""
    conditions: object = position if _OWN.search(_list_sources(rule.when)) else rule.when
    if any(trigger.kind in matching.ADDRESSED for trigger in rule.triggers):
        return (position, conditions), (conditions,)
    return (tuple(replace(trigger, id=None) for trigger in rule.triggers), conditions, rule.connections), (conditions,)


def _list_sources(when: Condition) -> str:
    return "\n".join(leaf.expression for leaf in literals.list_leaves(when))


def _make_scanner(words: Iterable[str]) -> Callable[[str], frozenset[str]]:
    """Make a function that gives those of the words that a folded text holds."""
    wanted = list(words)
    if not wanted:
        return lambda _text: frozenset()
    import ahocorasick

    automaton = ahocorasick.Automaton()
    for word in wanted:
        automaton.add_word(word, word)
    automaton.make_automaton()
    return lambda text: frozenset([word for _, word in automaton.iter(text)])


def _list_kinds(rules: Iterable[Rule]) -> Iterator[str]:
    """List the kinds of events that rules wait for: those that begin a run, would cancel one, or are looked back at."""
    for rule in rules:
        yield from awaiting.list_within(rule)
        yield from (question.kind for question in retrospect.find_questions(rule))
        yield from (trigger.kind for trigger in rule.triggers if rule.enabled)


def _list_line_keys(filters: Filters) -> tuple[str | None, ...]:
    """Give under which lines a trigger is filed; None is every line.

    A number that is not E.164 needs the region to be read, so its rule is filed under every line.
    """
    if any(not phones.is_e164(one) and not one.strip()[:1].isalpha() for one in filters.line):
        return (None,)
    return tuple(map(fitting.fold, filters.line)) or (None,)
