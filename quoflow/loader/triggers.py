"""Reads `trigger`: a name, a mapping of one name to its filters, or a list of those."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quoflow.core import cron, differences, events, filters, phones, schedule
from quoflow.core.rules import Filters, Schedule, Trigger, list_filters
from quoflow.loader import mappings
from quoflow.loader.known import Known
from quoflow.loader.nodes import Key, ListNode, MappingNode, Node, ScalarNode
from quoflow.loader.report import Report, find_close, join_words, suggest
from quoflow.loader.validation import read_model

EXAMPLE = "such as `trigger: message.received`"
FEW = 4
"""Triggers that a hint lists one by one."""

_EVERY_FILTER = frozenset(info.alias or name for name, info in Filters.model_fields.items())
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,49}")
_SHORT_CODE = re.compile(r"\d{3,6}")
_PUNCTUATION = re.compile(r"[\s().-]")


@dataclass(frozen=True, slots=True)
class Triggers:
    """What was read: the triggers, and the kinds that were named, those of triggers that cannot be used included."""

    triggers: tuple[Trigger, ...]
    kinds: tuple[str, ...]


def read_triggers(node: Node | None, owner: MappingNode, report: Report, known: Known) -> Triggers:
    """Read a rule's triggers; `owner` is where a missing one is told of, `known` what the configuration says."""
    if node is None or (isinstance(node, ScalarNode) and node.is_null):
        report.add(
            node or owner, ("trigger",), ("missing-key", "`trigger` is missing", f"say when the rule runs, {EXAMPLE}")
        )
        return Triggers((), ())
    if isinstance(node, ListNode):
        if not node.items:
            report.add(node, ("trigger",), ("empty", "no trigger is listed here", f"name one, {EXAMPLE}"))
        places: list[tuple[Node, tuple[Key, ...]]] = [(item, ("trigger", at)) for at, item in enumerate(node.items)]
    else:
        places = [(node, ("trigger",))]
    triggers: list[Trigger] = []
    kinds: dict[str, None] = {}
    for item, path in places:
        reader = _Reader(report, known, path)
        trigger = reader.read(item)
        if reader.kind:
            kinds[reader.kind] = None
        if trigger is not None:
            _check_id_is_new(trigger, triggers, (item, path), report)
            triggers.append(trigger)
    return Triggers(tuple(triggers), tuple(kinds))


def _check_id_is_new(
    trigger: Trigger, earlier: Sequence[Trigger], place: tuple[Node, Sequence[Key]], report: Report
) -> None:
    if trigger.id is not None and any(trigger.id == other.id for other in earlier):
        problem = ("duplicate-id", f"the id `{trigger.id}` is another trigger's already", "give each its own")
        report.add(place[0], place[1], problem)


@dataclass(slots=True)
class _Reader:
    """Reads one trigger; `kind` is what it names, once that is known."""

    report: Report
    known: Known
    path: tuple[Key, ...]
    kind: str = ""

    def read(self, node: Node) -> Trigger | None:
        if isinstance(node, ScalarNode):
            return self._read_kind(node, node.value, MappingNode(line=node.line, column=node.column))
        if isinstance(node, ListNode):
            self.report.add(node, self.path, ("wrong-type", "a trigger is a name or a mapping, not a list", EXAMPLE))
            return None
        names = [key for key in node.items if key != "id"]
        if len(names) != 1:
            message = "each trigger has one name" if names else "a trigger's name is missing"
            problem = ("wrong-value", message, "write a list, with one name in each item" if names else EXAMPLE)
            self.report.add(node, self.path, problem)
            return None
        inner = self._read_filters_node(node.items[names[0]], names[0])
        if inner is None:
            return None
        if "id" in node.items:
            items, keys = {**inner.items, "id": node.items["id"]}, {**inner.keys, "id": node.keys["id"]}
            inner = MappingNode(items, keys, inner.line, inner.column)
        return self._read_kind(node.keys[names[0]], names[0], inner)

    def _read_filters_node(self, node: Node, name: str) -> MappingNode | None:
        if isinstance(node, MappingNode):
            return node
        if isinstance(node, ScalarNode) and node.is_null:
            return MappingNode(line=node.line, column=node.column)
        self.kind = name if name in events.KINDS else ""
        hint = (
            f'write `{name}: {{cron: "0 9 * * MON-FRI"}}`' if name == "schedule" else f"write `{name}: {{line: Main}}`"
        )
        self.report.add(node, (*self.path, name), ("wrong-type", "filters are a mapping (`key: value`)", hint))
        return None

    def _read_kind(self, place: ScalarNode, name: str, node: MappingNode) -> Trigger | None:
        if name not in events.KINDS:
            hint = suggest(name, events.KINDS, otherwise=_list_kinds())
            self.report.add(place, self.path, ("unknown-trigger", f"there is no trigger `{name}`", hint))
            # The rest of the rule is checked against the one that was probably meant: all problems in one go.
            self.kind = find_close(name, events.KINDS) or ""
            return None
        self.kind = name
        inside = (*self.path, name)
        identifier = self._read_id(node, inside)
        node = mappings.drop_keys(node, ("id",))
        if name == "schedule":
            spec = self._read_schedule(node, inside)
            return None if spec is None else Trigger(name, identifier, schedule=spec)
        if name == "manual":
            for key in node.items:
                problem = ("unknown-key", "the trigger `manual` has no filters", "leave it out")
                self.report.add(node.keys[key], (*inside, key), problem)
            return Trigger(name, identifier)
        found = self._read_filters(node, inside)
        return None if found is None else Trigger(name, identifier, found)

    def _read_id(self, node: MappingNode, path: Sequence[Key]) -> str | None:
        found = node.items.get("id")
        if found is None:
            return None
        if isinstance(found, ScalarNode) and _ID.fullmatch(found.value):
            return found.value
        self.report.add(found, (*path, "id"), ("wrong-value", "this is not an id", "use letters, digits, `_` and `-`"))
        return None

    def _read_schedule(self, node: MappingNode, path: Sequence[Key]) -> Schedule | None:
        begun = len(self.report.problems)
        spec = read_model(Schedule, node, self.report, path)
        if spec is None:
            return None
        for key in ("timezone", "cron", "every"):
            part = Schedule.model_construct(**{"cron": None, "every": None, "timezone": None, key: getattr(spec, key)})
            if key in node.items and (fault := schedule.check_schedule(part)):
                message, _, hint = fault.partition("; ")
                self.report.add(node.items[key], (*path, key), ("wrong-value", message, hint))
        if len(self.report.problems) > begun:
            return None
        self._warn_schedule(spec, node, path)
        return spec

    def _warn_schedule(self, spec: Schedule, node: MappingNode, path: Sequence[Key]) -> None:
        """Warn of what is well and is easily misread."""
        if spec.cron is not None and (doubt := cron.warn_cron(spec.cron)):
            message, _, hint = doubt.partition("; ")
            self.report.warn(node.items["cron"], (*path, "cron"), ("either-day", message, hint))
        if spec.every is not None and spec.timezone is not None:
            problem = (
                "no-effect",
                "`timezone` changes nothing for `every`, which goes by elapsed time",
                "leave it out",
            )
            self.report.warn(node.keys["timezone"], (*path, "timezone"), problem)

    def _read_filters(self, node: MappingNode, path: Sequence[Key]) -> Filters | None:
        begun = len(self.report.problems)
        node = self._refuse_senseless(node, path)
        read = read_model(Filters, node, self.report, path)
        for key in ("from", "to"):
            self._check_numbers(node.items.get(key), (*path, key))
        check_pattern(node.items.get("text"), (*path, "text", "matches"), self.report)
        self._check_changed(node.items.get("changed"), (*path, "changed"))
        self._check_wait(node, path)
        if read is None or len(self.report.problems) > begun:
            return None
        numbers = {key: tuple(read_number(one) or one for one in getattr(read, key)) for key in ("from_", "to")}
        return read.model_copy(update=numbers)

    def _refuse_senseless(self, node: MappingNode, path: Sequence[Key]) -> MappingNode:
        """Refuse filters that this trigger has nothing for, and give the mapping without them."""
        known = list_filters(self.kind)
        senseless = [key for key in node.items if key in _EVERY_FILTER and key not in known]
        for key in senseless:
            having = [kind for kind in events.KINDS if key in list_filters(kind)]
            hint = f"it is for {join_words(having)}" if len(having) <= FEW else _tell_filters(known)
            self.report.add(node.keys[key], (*path, key), ("unknown-key", f"`{self.kind}` has no `{key}`", hint))
        return mappings.drop_keys(node, senseless)

    def _check_numbers(self, node: Node | None, path: tuple[Key, ...]) -> None:
        if isinstance(node, ListNode):
            for at, item in enumerate(node.items):
                self._check_numbers(item, (*path, at))
        elif isinstance(node, ScalarNode) and not (node.is_null or _is_number(node.value)):
            self.report.add(node, path, tell_number(node.value, self.known.region))

    def _check_changed(self, node: Node | None, path: tuple[Key, ...]) -> None:
        if isinstance(node, ListNode):
            for at, item in enumerate(node.items):
                self._check_changed(item, (*path, at))
        elif isinstance(node, ScalarNode) and not node.is_null and not _is_field(node.value):
            known = (*differences.NAMES, differences.CUSTOM.rstrip("."))
            otherwise = f"there are {join_words(known, last='and')}; write `fields.{node.value}` for a custom field"
            hint = suggest(node.value, known, otherwise=otherwise)
            self.report.add(node, path, ("wrong-value", f"contacts have no field `{node.value}`", hint))

    def _check_wait(self, node: MappingNode, path: Sequence[Key]) -> None:
        if self.kind != "conversation.unanswered":
            return
        if "for" not in node.items:
            hint = f"say how long nobody has answered: `{self.kind}: {{for: 30m, within: office}}`"
            self.report.add(node, path, ("missing-key", "`for` is missing", hint))
        calendar, calendars = node.items.get("within"), self.known.calendars
        if not isinstance(calendar, ScalarNode) or calendar.is_null or calendars is None or calendar.value in calendars:
            return
        hint = suggest(calendar.value, calendars, otherwise="name it under `hours` in the configuration")
        told = ("unknown-calendar", f"there is no calendar `{calendar.value}`", hint)
        self.report.add(calendar, (*path, "within"), told)


def check_pattern(node: Node | None, path: tuple[Key, ...], report: Report) -> None:
    """Check the regular expression of a filter by text, where it has one."""
    pattern = node.items.get("matches") if isinstance(node, MappingNode) else None
    if not isinstance(pattern, ScalarNode) or pattern.is_null:
        return
    try:
        filters.compile_pattern(pattern.value)
    except ValueError as error:
        hint = "see https://github.com/google/re2/wiki/Syntax; there is no look-ahead and no back-reference"
        report.add(pattern, path, ("pattern", str(error), hint))


def tell_event(kind: str) -> tuple[str, str, str] | None:
    """Give the problem of a word that is no event of a contact: code, message, hint; None where it is one."""
    if kind in events.ABOUT_SOMEBODY:
        return None
    hint = suggest(kind, events.ABOUT_SOMEBODY, otherwise=f"there are {', '.join(events.ABOUT_SOMEBODY)}")
    return "unknown-trigger", f"`{kind}` is not an event of a contact", hint


def _tell_filters(known: Sequence[str]) -> str:
    return f"it has {join_words(known, last='and')}" if known else "leave it out"


def _is_field(text: str) -> bool:
    """Whether it names a field of contacts: one that all have, any custom field, or one of them."""
    name, _, custom = text.strip().casefold().partition(".")
    is_custom = name == differences.CUSTOM.rstrip(".")
    return bool(custom) if "." in text and is_custom else is_custom or text.strip().casefold() in differences.NAMES


def _is_number(text: str) -> bool:
    return read_number(text) is not None or _SHORT_CODE.fullmatch(text) is not None


def read_number(text: str) -> str | None:
    """Read a number that is written in full, with or without blanks and punctuation; give E.164, or None."""
    bare = _PUNCTUATION.sub("", text)
    return bare if phones.is_e164(bare) else None


def tell_number(text: str, region: str) -> tuple[str, str, str]:
    """Give the problem of a number that is not written in full: code, message, hint."""
    digits = re.sub(r"\D", "", text)
    hint = "write it with `+` and the country code, such as +15555550123"
    if region in ("US", "CA") and len(digits) in (10, 11):
        full = f"+{digits}" if len(digits) == 11 else f"+1{digits}"
        hint = f"write it with `+` and the country code: {full}" if phones.is_e164(full) else hint
    return "phone-number", f"`{text}` is not a full phone number", hint


def _list_kinds() -> str:
    return f"there are {', '.join(events.KINDS)}"
