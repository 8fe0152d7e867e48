"""Documents: YAML read as text, with places; what is refused; and both parsers telling the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quoflow.loader.documents import DEEPEST, LARGEST_FILE, LARGEST_TEXT, Read, read_documents
from quoflow.loader.nodes import ListNode, MappingNode, Node, ScalarNode, to_plain
from quoflow.loader.report import MOST

GOLDEN = Path(__file__).parents[2] / "golden" / "check"
RULES = Path(__file__).parents[3] / "rules"
CORPUS = sorted([*GOLDEN.rglob("*.yaml"), *RULES.rglob("*.yaml")])


def read(text: str, *, pure: bool = False) -> Read:
    return read_documents(text.encode(), "rule.yaml", pure=pure)


def list_codes(found: Read) -> list[str]:
    return [problem.code for problem in found.problems]


def describe(node: Node) -> object:
    """Give everything that a node holds."""
    if isinstance(node, ScalarNode):
        return (node.value, node.line, node.column, node.style)
    if isinstance(node, ListNode):
        return (node.line, node.column, [describe(item) for item in node.items])
    return (
        node.line,
        node.column,
        [(describe(node.keys[key]), describe(value)) for key, value in node.items.items()],
    )


def describe_told(found: Read) -> object:
    """Give everything of a reading but what stands nowhere (empty list items)."""
    return [(one.line, one.column, one.code, one.message) for one in found.problems]


@pytest.mark.parametrize(
    "written",
    [
        "+15551234567",
        "02134",
        "1.10",
        "22:30",
        "08:00",
        "no",
        "yes",
        "on",
        "NO",
        "0x1f",
        "1e3",
        "2026-12-25",
        ".nan",
        "1_000",
        "True",
    ],
)
def test_scalars_keep_their_text(written: str) -> None:
    """A phone number, zip code, version, time, date or `no` is the text that was written."""
    found = read(f"key: {written}\nlist: [{written}]\n")

    assert [to_plain(node) for node in found.documents] == [{"key": written, "list": [written]}]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("null", None), ("~", None), ("", None), ("true", True), ("false", False), ("'true'", "true"), ('"null"', "null"),
     ("''", "")],
)  # fmt: skip
def test_only_few_words_are_values(written: str, expected: object) -> None:
    """Without quotes, true, false, null, ~ and nothing are values; with quotes they are texts."""
    found = read(f"key: {written}\n")

    assert to_plain(found.documents[0]) == {"key": expected}


def test_places_count_from_one() -> None:
    """Each node says where it begins, and each key of a mapping, too."""
    found = read("# comment\nname: rule\nactions:\n  - wait: 5m\n")
    root = found.documents[0]
    assert isinstance(root, MappingNode)

    assert describe(root) == (
        2,
        1,
        [
            (("name", 2, 1, ""), ("rule", 2, 7, "")),
            (("actions", 3, 1, ""), (4, 3, [(4, 5, [(("wait", 4, 5, ""), ("5m", 4, 11, ""))])])),
        ],
    )


def test_what_stands_empty_is_placed_at_its_key() -> None:
    """A key with nothing behind it is told of at the key, whichever parser reads."""
    for pure in (False, True):
        root = read("a: b\nkey:   # nothing\n", pure=pure).documents[0]
        assert isinstance(root, MappingNode)

        assert describe(root.items["key"]) == ("", 2, 1, "")


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: b\na: c\n", "duplicate-key", (2, 1)),
        ("a: !x b\n", "tag", (1, 4)),
        ("a: ! b\n", "tag", (1, 4)),
        ("a: &x b\n", "anchor", (1, 4)),
        ("a: *x\n", "alias", (1, 4)),
        ("<<: {a: b}\n", "merge-key", (1, 1)),
        ("%YAML 1.1\n---\na: b\n", "directive", (1, 1)),
        ("%YAML 1.20\n---\na: b\n", "directive", (1, 1)),
        ("%FOO\n---\na: b\n", "directive", (1, 1)),
        ("? [a]\n: b\n", "complex-key", (1, 3)),
        ("? {a: b}\n: b\n", "complex-key", (1, 3)),
        ("a:\tb\n", "tab", (1, 3)),
        ("a: b\x00\n", "control-character", (1, 5)),
        ("a: b\x85c\n", "control-character", (1, 5)),
        ("a: b\ufeff\n", "control-character", (1, 5)),
        ("a: {{ b }}\n", "unquoted-template", (1, 4)),
        ("a:\n  - {{ b }}\n", "unquoted-template", (2, 5)),
        ("a: {b: {{ c }}}\n", "unquoted-template", (1, 8)),
        ("a: {% if b %}c{% endif %}\n", "unquoted-template", (1, 4)),
        (": b\n", "syntax", (1, 1)),
        ("a: |#\n  b\n", "syntax", (1, 5)),
        ("--- a\n", "syntax", (1, 1)),
    ],
)
def test_what_is_refused(text: str, code: str, place: tuple[int, int]) -> None:
    """What we do not take is one clear problem at its place, whichever parser reads."""
    for pure in (False, True):
        found = read(text, pure=pure)

        assert [(one.code, (one.line, one.column)) for one in found.problems] == [(code, place)]


def test_both_places_of_a_duplicate_are_named() -> None:
    """A duplicate key is told of at the second place, and names the first."""
    found = read("a: b\nc: {d: e, d: f}\n")

    assert [(one.line, one.column, "2:5" in one.message) for one in found.problems] == [(2, 11, True)]


def test_reading_goes_on_behind_problems() -> None:
    """Problems are told of all at once: several in a document, and in documents behind a broken one."""
    found = read("a: &x b\na: {{ c }}\n---\nd: e: f\n---\ng: *h\n")

    assert list_codes(found) == ["anchor", "duplicate-key", "unquoted-template", "syntax", "alias"]


def test_aliases_cannot_explode() -> None:
    """The billion laughs are problems, and nothing grows."""
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    found = read("\n".join(lines))

    assert set(list_codes(found)) == {"anchor", "alias"}
    assert len(str(to_plain(found.documents[0]))) < 2_000


def test_recursion_is_refused() -> None:
    """An alias of what it stands in is a problem like any other."""
    assert list_codes(read("a: &a [*a]\n")) == ["anchor", "alias"]


@pytest.mark.parametrize("pure", [False, True])
@pytest.mark.parametrize("deep", ["[" * 5_000, "- " * 5_000, "{a: " * 5_000, "? " * 5_000])
def test_nesting_is_bounded(deep: str, *, pure: bool) -> None:
    """Nesting beyond 20 is one problem, however deep, and no traceback."""
    assert list_codes(read(f"a:\n  {deep}", pure=pure)) in (["too-deep"], ["syntax"])


def test_nesting_up_to_the_limit_is_fine() -> None:
    """Twenty levels are read, twenty-one are not."""
    assert list_codes(read("[" * DEEPEST + "]" * DEEPEST)) == []
    assert list_codes(read("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))) == ["too-deep"]


def test_sizes_are_bounded() -> None:
    """A text of 8 KB and a file of 1 MB are read, one byte more is not."""
    assert list_codes(read("a: " + "é" * (LARGEST_TEXT // 2))) == []
    assert list_codes(read("a: " + "é" * (LARGEST_TEXT // 2) + "x")) == ["too-long"]
    assert list_codes(read("#" * LARGEST_FILE)) == []

    assert list_codes(read("#" * (LARGEST_FILE + 1))) == ["too-large"]


def test_problems_are_bounded() -> None:
    """A file that is wrong on every line gives a hundred problems, not a hundred thousand."""
    assert len(read("- &a b\n" * 10_000).problems) == MOST


def test_many_unquoted_braces_end() -> None:
    """Reading again after each repair is bounded, and repairs do not feed on themselves."""
    found = read("- {{ x }}\n" * 5_000)
    assert len(found.problems) <= MOST

    assert set(list_codes(read("- x'{% y %}z'{% y %}\n- [a\\n{% y %}\n"))) == {"unquoted-template"}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "---\n---\n# x\n", "\n\n", "%YAML 1.2\n---\n"])
def test_empty_files_are_fine(text: str) -> None:
    """A file with nothing in it holds no documents and no problems."""
    assert read(text) == Read((), (), read(text).lines)


def test_line_ends_and_byte_order_mark_are_fine() -> None:
    """CRLF, CR and a byte order mark change nothing."""
    text = "a: b\nc: |\n  d\n  e\n"
    for changed in ("\ufeff" + text, text.replace("\n", "\r\n"), text.replace("\n", "\r")):
        found = read(changed)

        assert ([describe(node) for node in found.documents], found.problems) == (
            [describe(node) for node in read(text).documents],
            (),
        )


def test_documents_are_parted() -> None:
    """`---` and `...` part documents; line numbers go on."""
    found = read("a: b\n---\n# c\nd: e\n...\nf: g\n---\n")

    assert [describe(node) for node in found.documents] == [
        (1, 1, [(("a", 1, 1, ""), ("b", 1, 4, ""))]),
        (4, 1, [(("d", 4, 1, ""), ("e", 4, 4, ""))]),
        (6, 1, [(("f", 6, 1, ""), ("g", 6, 4, ""))]),
    ]


def test_encodings_other_than_utf8_are_told() -> None:
    """The first byte that is not UTF-8 is pointed at; UTF-16 is named."""
    latin = read_documents("a: b\nc: é\n".encode("latin-1"), "f")
    wide = read_documents("a: b\n".encode("utf-16"), "f")

    assert [(one.code, one.line, one.column) for one in (*latin.problems, *wide.problems)] == [
        ("encoding", 2, 4),
        ("encoding", 1, 1),
    ]


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: f"{file.parent.parent.name}-{file.name}")
def test_both_parsers_tell_the_same_of_the_corpus(file: Path) -> None:
    """The C parser and the pure one give the same nodes, places and problems for every rule file we have."""
    source = file.read_bytes()
    quick, pure = read_documents(source, "f"), read_documents(source, "f", pure=True)

    assert [describe(node) for node in quick.documents] == [describe(node) for node in pure.documents]
    assert describe_told(quick) == describe_told(pure)


PLAIN = st.sampled_from(
    [
        "a",
        "word",
        "two words",
        "08:00",
        "+15551234567",
        "é 😀",
        "no",
        "a'b",
        'a"b',
        "x-y",
        "a:b",
        "a#b",
        "~",
        "true",
        "1.10",
    ]
)
QUOTED = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Zl", "Zp")), max_size=12)
SINGLE = QUOTED.map(lambda text: "'" + text.replace("'", "''") + "'")
DOUBLE = QUOTED.map(lambda text: '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"')
FLOW = st.recursive(
    PLAIN | SINGLE | DOUBLE,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"k{at}: {item}" for at, item in enumerate(items)) + "}"
        )
    ),
    max_leaves=6,
)
TEXT_LINES = st.lists(st.sampled_from(["word", "{{ x }}", "  more", "", "a: b", "- c", "'q'"]), min_size=1, max_size=4)


@st.composite
def block(draw: st.DrawFn, depth: int = 0) -> list[str]:
    """Give the lines of a block: a mapping or a list of flow values, block texts and blocks."""
    lines = []
    is_list = draw(st.booleans())
    for at in range(draw(st.integers(1, 3))):
        head = "-" if is_list else f"key{at}:"
        shape = draw(st.integers(0, 3 if depth < 3 else 1))
        if shape == 0:
            lines.append(f"{head} {draw(FLOW)}{draw(st.sampled_from(['', '  # comment', ' ']))}")
        elif shape == 1:
            header = draw(st.sampled_from(["|", ">", "|-", ">-", "|+", ">+"]))
            lines += [f"{head} {header}", *(f"   {line}".rstrip() for line in ["first", *draw(TEXT_LINES), "last"])]
        else:
            lines += [head, *(f"  {line}" for line in draw(block(depth=depth + 1)))]
    return lines


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(block(), min_size=1, max_size=2))
def test_both_parsers_tell_the_same_of_good_documents(blocks: list[list[str]]) -> None:
    """Whatever mixture of styles is written, both parsers read the same nodes at the same places, without problems."""
    text = "\n---\n".join("\n".join(lines) for lines in blocks) + "\n"
    quick, pure = read(text), read(text, pure=True)

    assert describe_told(quick) == describe_told(pure) == []
    assert [describe(node) for node in quick.documents] == [describe(node) for node in pure.documents]


PIECES = [
    "a",
    "b: ",
    "- ",
    "\n",
    "\n  ",
    "'",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "{{ x }}",
    "{% y %}",
    "|",
    ">-",
    "# c",
]
REFUSED = ["&a ", "*a ", "!t ", "<<: ", "? ", "---\n", "%YAML 1.1\n", "\t", "é", "@", "`", "\\q", "~", "\r\n", "\x00"]
SOUP = st.lists(st.sampled_from([*PIECES, *REFUSED]), max_size=14).map("".join)


@settings(max_examples=300, deadline=None)
@given(SOUP)
def test_nothing_raises(text: str) -> None:
    """Whatever is written, reading gives nodes and problems with places inside the file, and never raises."""
    for pure in (False, True):
        found = read(text, pure=pure)

        assert all(1 <= one.line <= max(len(found.lines), 1) and one.column >= 1 for one in found.problems)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_raise(source: bytes) -> None:
    """Any bytes are read or told of: what is not UTF-8 is a problem, and every problem has a place."""
    found = read_documents(source, "f")
    is_text = source.decode("utf-8", "replace").encode() == source

    assert is_text or "encoding" in list_codes(found)
    assert all(one.line >= 1 and one.column >= 1 for one in found.problems)
