"""How a test of rules is written: the models of a `*.test.yaml` file, and reading one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from quoflow.core import steps
from quoflow.core.durations import Duration
from quoflow.core.lists import as_tuple
from quoflow.errors import Problem
from quoflow.loader.documents import LARGEST_FILE, read_documents
from quoflow.loader.nodes import ListNode, MappingNode, Node, find_node
from quoflow.loader.report import Report, suggest
from quoflow.loader.validation import read_model

Many = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]

State = Literal[
    "queued", "waiting", "needs_approval", "held", "running", "succeeded", "failed", "cancelled", "skipped"
]  # fmt: skip


class Part(BaseModel):
    """A part of a test; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Person(Part):
    """A contact."""

    first_name: str = Field("", description="Their first name; events may name them by it.")
    last_name: str = Field("", description="Their last name.")
    company: str = Field("", description="Where they work.")
    role: str = Field("", description="What they do there.")
    phones: Many = Field((), alias="phone", description="Their number, or several.")
    emails: Many = Field((), alias="email", description="Their e-mail address, or several.")
    tags: Many = Field((), description="Their tags.")
    fields: Mapping[str, str] = Field({}, description="Other contact properties, by key.")
    id: str = Field("", description="Their id at Quo, if it matters.")


class OurLine(Part):
    """One of our phone numbers."""

    number: str = Field(description="The number, such as +12125550100.")
    name: str = Field("", description="Its name.")
    id: str = Field("", description="Its id at Quo, if it matters.")


class Text(Part):
    """A text that is written."""

    from_: str = Field("", alias="from", description="Who writes: a number, or a contact's first name.")
    to: str = Field("", description="To whom one of us writes: a number, or a contact's first name.")
    line: str = Field("", description="Our line; the first one unless said.")
    text: str = Field("", description="What is written.")


class Talk(Part):
    """A call, from its ringing to its end."""

    from_: str = Field("", alias="from", description="Who calls: a number, or a contact's first name.")
    to: str = Field("", description="Whom one of us calls: a number, or a contact's first name.")
    line: str = Field("", description="Our line; the first one unless said.")
    duration: Duration | None = Field(None, description="How long they talk, such as 5m.")
    voicemail: str | None = Field(None, description="What the caller says into the voicemail.")
    transcript: Many = Field((), description="What the caller says on the phone, line by line.")
    summary: Many = Field((), description="What Quo makes of the call, point by point.")


class Fire(Part):
    """A rule that somebody fires by hand."""

    rule: str = Field(description="The rule's name.")
    set: Mapping[str, str] = Field({}, description="What is put over its `vars`.")


class Happening(Part):
    """One thing that happens: one of these keys."""

    ago: Duration | None = Field(None, description="In `history`: how long before the test begins.")
    after: Duration | None = Field(None, description="Let this much time pass.")
    message_received: Text | None = Field(None, alias="message.received", description="A text comes in.")
    message_sent: Text | None = Field(None, alias="message.sent", description="One of us writes a text.")
    call_missed: Talk | None = Field(None, alias="call.missed", description="A call comes in, and nobody takes it.")
    call_answered: Talk | None = Field(None, alias="call.answered", description="A call comes in, and is taken.")
    call_made: Talk | None = Field(None, alias="call.made", description="One of us calls somebody, who takes it.")
    trigger: Fire | None = Field(None, description="Somebody fires a rule by hand.")

    @model_validator(mode="after")
    def _is_one_thing(self) -> Happening:
        named = [name for name in type(self).model_fields if name != "ago" and getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError("one thing happens at a time: name `after`, `trigger`, or one of the events")
        return self


class Reply(Part):
    """What a host outside answers to the step `http`."""

    url: str = Field(min_length=1, description="The address; without a `?` in it, whatever stands behind one.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] | None = Field(
        None, description="Of which method; any unless said."
    )
    status: int = Field(200, ge=200, le=599, description="The status, such as 404.")
    json_: Any = Field(None, alias="json", description="What it answers, as JSON.")
    text: str = Field("", description="What it answers, as text.")


class Given(Part):
    """How the world is before anything happens."""

    now: str | None = Field(None, description="The time on the configuration's clock, such as 2026-11-23 10:00.")
    lines: tuple[OurLine, ...] | None = Field(None, description="Our lines.")
    contacts: tuple[Person, ...] | None = Field(None, description="The contacts.")
    history: tuple[Happening, ...] | None = Field(None, description="What happened before, each with `ago`.")
    http: tuple[Reply, ...] | None = Field(None, description="What hosts outside answer to `http`.")
    approve: bool | None = Field(None, description="Whether a person says yes to what is asked; true unless said.")


class Expect(Part):
    """What must come of it; what is not named is not looked at."""

    writes: tuple[Mapping[str, Mapping[str, Any]], ...] | None = Field(
        None, description="Every write that goes out, in order, each with what matters of it."
    )
    told: tuple[Any, ...] | None = Field(None, description="Every text of `notify` and `log`, in order.")
    held: tuple[Mapping[str, Any], ...] | None = Field(None, description="Every write that does not go out.")
    skipped: tuple[Mapping[str, Any], ...] | None = Field(None, description="Every rule that fitted and kept quiet.")
    runs: Mapping[str, State] | None = Field(None, description="The state of each rule's latest run.")
    tags: Mapping[str, Many] | None = Field(None, description="The tags of a contact at the end.")
    nothing: bool = Field(False, description="true: nothing goes out, nothing is told, nothing is held.")

    @model_validator(mode="after")
    def _expects_something(self) -> Expect:
        if not self.nothing and all(
            getattr(self, name) is None for name in type(self).model_fields if name != "nothing"
        ):
            raise ValueError("a test that expects nothing at all cannot fail; say `nothing: true` if nothing must come")
        return self


class Case(Part):
    """One test."""

    name: str = Field(min_length=1, description="What it shows, in a few words.")
    given: Given = Field(Given(), description="What differs from the file's `given`.")
    when: tuple[Happening, ...] = Field(description="What happens, in order.")
    expect: Expect = Field(description="What must come of it.")


class CaseFile(Part):
    """A file of tests."""

    rules: Many = Field(
        (), description="The rules that run, by name; those of the file beside it, or all, unless said."
    )
    given: Given = Field(Given(), description="How the world is before each test.")
    tests: tuple[Case, ...] = Field(description="The tests.")


@dataclass(frozen=True, slots=True)
class Test:
    """One test with all that is given to it, and where it stands."""

    file: str
    line: int
    case: Case
    given: Given
    rules: tuple[str, ...]


def read_tests(path: Path, name: str) -> tuple[tuple[Test, ...], tuple[Problem, ...]]:
    """Read a file of tests; `name` is what problems call it. With any error there are no tests."""
    try:
        with path.open("rb") as stream:
            source = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        problem = Problem(name, 1, 1, "", "unreadable", f"the file cannot be read ({error.strerror})", "check the path")
        return (), (problem,)
    read = read_documents(source, name)
    report = Report(name, read.lines, list(read.problems))
    root = read.documents[0] if read.documents else MappingNode()
    found = read_model(CaseFile, root, report, ())
    tests = () if found is None else tuple(_list_tests(found, root, report, name))
    if found is not None and not found.tests:
        report.add(root, ("tests",), ("empty", "there is no test here", "write one, or delete the file"))
    return (() if report.has_errors else tests), tuple(report.problems)


def _list_tests(found: CaseFile, root: Node, report: Report, name: str) -> Iterator[Test]:
    listed = root.items.get("tests") if isinstance(root, MappingNode) else None
    nodes = listed.items if isinstance(listed, ListNode) else ()
    for position, (case, node) in enumerate(zip(found.tests, nodes, strict=True)):
        for number, write in enumerate(case.expect.writes or ()):
            path = ("tests", position, "expect", "writes", number)
            _check_write(write, find_node(root, path), report, path)
        yield Test(name, node.line, case, _lay_over(found.given, case.given), found.rules)


def _check_write(write: Mapping[str, Any], node: Node, report: Report, path: Sequence[str | int]) -> None:
    for action in write:
        if action not in steps.WRITES:
            hint = suggest(action, sorted(steps.WRITES), otherwise=f"writes are {', '.join(sorted(steps.WRITES))}")
            report.add(node, path, ("unknown-write", f"there is no write `{action}`", hint))
    if len(write) != 1:
        report.add(node, path, ("wrong-value", "each write is one action", "write `- send_message: {to: …, text: …}`"))


def _lay_over(under: Given, over: Given) -> Given:
    return under.model_copy(update={name: getattr(over, name) for name in over.model_fields_set})
