"""Validation: any model's errors become problems in plain words, with places; texts become what the model wants."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator

from quoflow.core.durations import Duration
from quoflow.errors import Problem
from quoflow.loader.documents import read_documents
from quoflow.loader.nodes import MappingNode
from quoflow.loader.validation import validate


class Inner(BaseModel):
    """A model inside a model."""

    model_config = ConfigDict(extra="forbid")

    size: int = Field(1, ge=1, le=10, description="How many.")
    color: Literal["red", "green"] = Field("red", description="Which color.")


class Model(BaseModel):
    """Everything that a model may hold."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("x", min_length=1, max_length=5, description="What it is called.")
    is_on: bool = Field(False, alias="on", description="Whether it is on.")
    maybe: bool | None = None
    ratio: float = Field(1, gt=0, lt=5)
    money: Decimal = Decimal(1)
    wait: Duration = timedelta(0)
    words: Annotated[tuple[str, ...], BeforeValidator(lambda one: (one,) if isinstance(one, str) else one)] = ()
    flags: tuple[bool, ...] = ()
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    named: Mapping[str, Inner] = {}
    free: Mapping[str, Any] = {}
    picky: str = ""
    short: str = Field("", pattern="^[a-z]*$")

    @field_validator("picky")
    @classmethod
    def _is_nice(cls, value: str) -> str:
        if value == "bad":
            raise ValueError("`bad` is not nice; write something nice")
        return value


def read(text: str) -> tuple[Model | None, tuple[Problem, ...]]:
    found = read_documents(text.encode(), "file.yaml")
    assert found.problems == ()
    return validate(Model, found.documents[0] if found.documents else MappingNode(), "file.yaml")


@pytest.mark.parametrize(
    ("text", "field", "expected"),
    [
        ("name: true", "name", "true"),
        ("name: 0123", "name", "0123"),
        ("on: true", "is_on", True),
        ("on: 'false'", "is_on", False),
        ("maybe:", "maybe", None),
        ("maybe: true", "maybe", True),
        ("ratio: 2.5", "ratio", 2.5),
        ("money: 2.50", "money", Decimal("2.50")),
        ("wait: 1h30m", "wait", timedelta(minutes=90)),
        ("words: no", "words", ("no",)),
        ("words: [no, 1.10]", "words", ("no", "1.10")),
        ("flags: [true, false]", "flags", (True, False)),
        ("inner: {size: 5}", "inner", Inner(size=5)),
        ("inner:", "inner", None),
        ("free: {a: no, b: true, c: null, d: 1}", "free", {"a": "no", "b": True, "c": None, "d": "1"}),
    ],
)
def test_texts_become_what_the_model_wants(text: str, field: str, expected: object) -> None:
    """Where a type is declared it decides; where none is, only true, false and null are values."""
    model, problems = read(text)

    assert problems == ()
    assert getattr(model, field) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nam: x", (1, 1, "nam", "unknown-key", "`nam` is not known here", "did you mean `name`?")),
        ("a: b\nname: ''", (2, 7, "name", "empty", "nothing is written here", "What it is called.")),
        ("name:", (1, 1, "name", "empty", "nothing is written here", "What it is called.")),
        ("name: [a]", (1, 7, "name", "wrong-value", "expected a text, found a list", "What it is called.")),
        ("name: abcdef", (1, 7, "name", "wrong-value", "this text is longer than 5 characters", "What it is called.")),
        ("on: yes", (1, 5, "on", "not-boolean", "`yes` is neither true nor false", "write `true` or `false`")),
        ("on: True", (1, 5, "on", "not-boolean", "`True` is neither true nor false", "write `true` or `false`")),
        ("on: []", (1, 5, "on", "wrong-value", "expected true or false, found a list", "Whether it is on.")),
        (
            "flags: [true, 1]",
            (1, 15, "flags[1]", "not-boolean", "`1` is neither true nor false", "write `true` or `false`"),
        ),
        ("inner: {size: 0}", (1, 15, "inner.size", "wrong-value", "`0` is less than 1", "How many.")),
        ("inner: {size: 11}", (1, 15, "inner.size", "wrong-value", "`11` is more than 10", "How many.")),
        ("inner: {size: x}", (1, 15, "inner.size", "wrong-value", "expected a whole number, found `x`", "How many.")),
        (
            "inner: {size: 1.5}",
            (1, 15, "inner.size", "wrong-value", "expected a whole number, found `1.5`", "How many."),
        ),
        (
            "inner: {color: gren}",
            (1, 16, "inner.color", "wrong-value", "`gren` is not possible here", "did you mean `green`?"),
        ),
        (
            "inner: {color: x}",
            (1, 16, "inner.color", "wrong-value", "`x` is not possible here", "write `red` or `green`"),
        ),
        ("inner: {colr: x}", (1, 9, "inner.colr", "unknown-key", "`colr` is not known here", "did you mean `color`?")),
        ("inner: x", (1, 8, "inner", "wrong-value", "expected a mapping (`key: value`), found `x`", "")),
        ("inners:\n  - {}\n  - {size: 0}", (3, 12, "inners[1].size", "wrong-value", "`0` is less than 1", "How many.")),
        ("named: {a: {size: 0}}", (1, 19, "named.a.size", "wrong-value", "`0` is less than 1", "How many.")),
        (
            "named: {a: {sise: 0}}",
            (1, 13, "named.a.sise", "unknown-key", "`sise` is not known here", "did you mean `size`?"),
        ),
        ("ratio: 5", (1, 8, "ratio", "wrong-value", "`5` is not less than 5", "")),
        ("ratio: 0", (1, 8, "ratio", "wrong-value", "`0` is not more than 0", "")),
        ("ratio: x", (1, 8, "ratio", "wrong-value", "expected a number, found `x`", "")),
        ("money: x", (1, 8, "money", "wrong-value", "expected a number, found `x`", "")),
        ("picky: bad", (1, 8, "picky", "wrong-value", "`bad` is not nice", "write something nice")),
        ("short: A", (1, 8, "short", "wrong-value", "`A` has not the form that is expected here", "")),
        ("words: {a: b}", (1, 8, "words", "wrong-value", "expected a list, found a mapping", "")),
        ("- a", (1, 1, "", "wrong-value", "expected a mapping (`key: value`), found a list", "")),
    ],
)
def test_errors_in_plain_words(text: str, expected: tuple[object, ...]) -> None:
    """Each error says place, path, code, what is wrong and what to write; never pydantic's own words."""
    model, problems = read(text)
    told = [(one.line, one.column, one.path, one.code, one.message, one.hint) for one in problems]

    assert model is None
    assert expected in told


def test_all_errors_are_told_at_once() -> None:
    """What is not a boolean hides no other error, and nothing is told twice."""
    _, problems = read("on: yes\nname: ''\ninner: {size: x, colr: red}\nfoo: bar\n")

    assert sorted((one.line, one.code) for one in problems) == [
        (1, "not-boolean"),
        (2, "empty"),
        (3, "unknown-key"),
        (3, "wrong-value"),
        (4, "unknown-key"),
    ]


def test_nothing_is_an_empty_model() -> None:
    """A file with nothing in it is a model with its defaults."""
    model, problems = read("")

    assert (model, problems) == (Model(), ())
