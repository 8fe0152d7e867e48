"""Nodes: plain data and back, and places inside texts found again in the file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quoflow.loader.documents import read_documents
from quoflow.loader.nodes import MappingNode, ScalarNode, find_node, format_path, from_plain, locate, to_plain

PLAIN_DATA = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.sampled_from(["null", "true", "~", "", "no", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(PLAIN_DATA)
def test_plain_data_survives(data: object) -> None:
    """Plain data made into nodes and back is the same: a text `true` stays a text."""
    assert to_plain(from_plain(data)) == data


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ((), ""),
        (("a",), "a"),
        (("actions", 0, "send_message", "text"), "actions[0].send_message.text"),
        ((1, "a"), "[1].a"),
    ],
)
def test_paths_are_written_as_people_do(path: tuple[str | int, ...], expected: str) -> None:
    """Keys are joined by dots, positions stand in brackets."""
    assert format_path(path) == expected


def test_a_path_leads_as_far_as_there_are_nodes() -> None:
    """Following a path stops at the last node there is."""
    root = from_plain({"a": [{"b": "c"}]})

    assert find_node(root, ("a", 0, "b")) == ScalarNode("c", style="'")
    assert find_node(root, ("a", 5, "b")) == from_plain([{"b": "c"}])
    assert find_node(root, ("a", 0, "b", "x")) == ScalarNode("c", style="'")


def find_mark(text: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Read `key: …` that holds an @ mark; give where the mark is found again, and where it truly stands."""
    read = read_documents(text.encode(), "f")
    assert not read.problems, read.problems
    root = read.documents[0]
    assert isinstance(root, MappingNode)
    scalar = root.items["key"]
    assert isinstance(scalar, ScalarNode)
    at = scalar.value.index("@")
    line = scalar.value.count("\n", 0, at) + 1
    column = at - (scalar.value.rfind("\n", 0, at) + 1) + 1
    before = text[: text.index("@")]
    return locate(scalar, (line, column), read.lines), (
        before.count("\n") + 1,
        len(before) - (before.rfind("\n") + 1) + 1,
    )


@pytest.mark.parametrize(
    "text",
    [
        "key: some text @ here\n",
        "a: b\nkey: some\n  text that\n\n  goes @ on\n",
        "key: 'it''s @ here'\n",
        "key: 'over\n  two ''lines'' @'\n",
        'key: "a \\"quote\\" \\u00e9 \\n \\t \\x41 @"\n',
        'key: "folded \\\n  line @"\n',
        "key: |\n  one\n    two @\n",
        "key: |2-   # a comment\n\n\n    two\n  @ three\n",
        "key: >-\n  folded\n  text\n\n  and @ more\n",
        "key: >\n\n  # not a comment @\n",
        "{a: b, key: 'x @'}\n",
        "key: é😀 @\n",
    ],
)
def test_places_inside_texts_are_found_in_the_file(text: str) -> None:
    """A place in a text's value is the right line and column of the file, in every style of writing."""
    found, true = find_mark(text)

    assert found == true


@given(
    st.lists(st.sampled_from(["word", "a b", "", "  deep", "é", "#x", "'q'", '"']), max_size=6), st.sampled_from("|>")
)
def test_places_in_block_texts_are_exact(lines: list[str], style: str) -> None:
    """Wherever the mark stands in a block text, it is found there."""
    body = "\n".join(f"  {line}".rstrip() for line in ["first", *lines, "then @ mark", *lines])
    found, true = find_mark(f"key: {style}\n{body}\n")

    assert found == true


def test_a_place_beyond_the_end_is_the_start() -> None:
    """What cannot be found is told of where the text begins."""
    assert locate(ScalarNode("abc", 3, 5), (9, 9), ["", "", "key: abc"]) == (3, 5)
