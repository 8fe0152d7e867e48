"""Shapes: what is known of a value, and data made to fit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.core import shapes
from quoflow.core.shapes import (
    ANY,
    BOOLEAN,
    DATE,
    MAP,
    NOTHING,
    NUMBER,
    TEXT,
    TIME,
    UNSURE,
    Shape,
    list_of,
    maybe,
    record,
)

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
PERSON = record({"name": TEXT, "age": maybe(NUMBER), "tags": list_of(TEXT), "since": TIME})
EITHER = Shape("either", options=(TEXT, NUMBER))

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just(NOW)
    | st.binary(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
SHAPES = st.recursive(
    st.sampled_from([TEXT, NUMBER, BOOLEAN, TIME, ANY, MAP, NOTHING]).flatmap(
        lambda one: st.sampled_from([one, maybe(one)])
    ),
    lambda inner: (
        inner.map(list_of) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3).map(record) | inner.map(maybe)
    ),
    max_leaves=6,
)


@given(shape=SHAPES, raw=PLAIN)
def test_conforming_makes_the_declared_shape_of_whatever_comes(fits, shape, raw):
    """No data from outside, however wrong, becomes a value of another shape than was declared."""
    value = shapes.conform(shape, raw, otherwise=NOW)

    assert fits(shape, value)


@given(raw=PLAIN)
def test_plain_data_keeps_its_own_shape(fits, raw):
    """The shape that is told of plain data is the shape that it has."""
    plain = shapes.make_plain(raw)

    assert fits(shapes.shape_of(plain), plain)


@given(left=PLAIN, right=PLAIN)
def test_joined_shape_covers_both(fits, left, right):
    """A value of either shape is of the joined one, and the order does not matter to the kind."""
    left, right = shapes.make_plain(left), shapes.make_plain(right)
    both = shapes.join(shapes.shape_of(left), shapes.shape_of(right))

    assert fits(both, left)
    assert fits(both, right)
    assert both.kind == shapes.join(shapes.shape_of(right), shapes.shape_of(left)).kind


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, {"name": "", "age": None, "tags": [], "since": NOW}),
        ({"name": 7, "age": True, "tags": "vip"}, {"name": "7", "age": None, "tags": ["vip"], "since": NOW}),
        (
            {"name": "Ann", "age": 3, "tags": ["a", None], "since": "2026-01-02T03:04:05", "more": 1},
            {"name": "Ann", "age": 3, "tags": ["a", ""], "since": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)},
        ),
        ({"age": float("nan"), "since": "soon"}, {"name": "", "age": None, "tags": [], "since": NOW}),
    ],
)
def test_what_is_missing_or_wrong_is_empty(raw, expected):
    """A missing text is empty, a missing list has no items, a missing time is the event's; more fields are dropped."""
    actual = shapes.conform(PERSON, raw, otherwise=NOW)

    assert expected == actual


def test_objects_private_keys_and_depth_are_left_out_of_plain_data():
    """Nothing but plain data gets through, and never without an end."""
    endless: dict[str, object] = {"_secret": 1, "object": object(), "list": (1, {"_x": 2, "y": 3})}
    endless["self"] = endless

    actual = shapes.make_plain(endless)
    expected = {"object": None, "list": [1, {"y": 3}]}

    assert expected == {key: actual[key] for key in expected}
    assert "_secret" not in actual
    assert str(actual).count("self") == shapes.DEEPEST


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (TEXT, TEXT, TEXT),
        (TEXT, NOTHING, maybe(TEXT)),
        (NOTHING, TEXT, maybe(TEXT)),
        (TEXT, maybe(TEXT), maybe(TEXT)),
        (TEXT, NUMBER, EITHER),
        (maybe(TEXT), NUMBER, maybe(EITHER)),
        (EITHER, TEXT, EITHER),
        (EITHER, MAP, Shape("either", options=(TEXT, NUMBER, MAP))),
        (EITHER, ANY, ANY),
        (maybe(EITHER), ANY, UNSURE),
        (PERSON, MAP, MAP),
        (NOTHING, NOTHING, NOTHING),
        (list_of(TEXT), Shape("list"), list_of(TEXT)),
        (list_of(TEXT), list_of(NUMBER), list_of(EITHER)),
        (record({"a": TEXT}), record({"b": TEXT}), MAP),
        (record({"a": TEXT}), record({"a": NOTHING}), record({"a": maybe(TEXT)})),
        (shapes.choice("a", "b"), shapes.choice("b", "c"), shapes.choice("a", "b", "c")),
        (shapes.choice("a"), TEXT, TEXT),
    ],
)
def test_join_is_the_narrowest_cover(left, right, expected):
    """Two shapes join to the narrowest that covers both."""
    actual = shapes.join(left, right)

    assert expected == actual


@pytest.mark.parametrize(
    ("shape", "expected"),
    [(TEXT, "text"), (NUMBER, "a number"), (list_of(TEXT), "a list of text"), (list_of(NUMBER), "a list of number"),
     (list_of(ANY), "a list"), (EITHER, "text or a number"),
     (PERSON, "a record"), (MAP, "a record"), (DATE, "a date"), (NOTHING, "nothing")],
)  # fmt: skip
def test_shapes_are_named_for_people(shape, expected):
    """Messages name shapes in words."""
    actual = str(shape)

    assert expected == actual
